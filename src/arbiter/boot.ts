// From the settings to an arbiter that serves, and to its exit code: opens the log, listens to signals, writes the pid file,
// prepares the first stage and calls the hooks of a start. Whatever fails on the way, or is stopped, leaves nothing behind.

import { once } from 'node:events';
import { monotonicMs } from '../clock.ts';
import { messageOf } from '../message-of.ts';
import type { ErrorLog } from '../observe/log.ts';
import { serverCode } from '../observe/server-codes.ts';
import { packageVersion } from '../package-folder.ts';
import { currentConfiguration } from '../settings/describe/print-config.ts';
import type { Settings } from '../settings/settings.ts';
import type { HookServer } from '../wire/hooks.ts';
import { Arbiter, type ArbiterOptions } from './arbiter.ts';
import { exitCodes } from './exit-codes.ts';
import { Outputs } from './fleet/outputs.ts';
import type { Hooking } from './hooks/make-hooks.ts';
import { SharedLimits } from './limits/shared-limits.ts';
import { titleOf } from './service/identity.ts';
import type { Inheritance } from './service/inheritance.ts';
import { type Origin, takeOrigin } from './service/origin.ts';
import { besides, PidFile } from './service/pid-file.ts';
import { type Deeds, listenToSignals } from './signals.ts';
import { PreloadError } from './stage/preloaded.ts';
import { openLog, prepareStage, type Stage, type StageParts } from './stage/stage.ts';
import { enterFolder } from './stage/surroundings.ts';
import { makeTicketSecret } from './stage/ticket-keys.ts';
import { Starting } from './starting.ts';
import { Traffic } from './telemetry/traffic.ts';

/** Serves until it is told to stop. Resolves with the exit code; everything it started and opened is gone then. */
export async function runArbiter(
  settings: Settings,
  options: ArbiterOptions = {},
): Promise<number> {
  const opened = open(settings);
  if (opened === null) return exitCodes.badStart;
  const { origin, log } = opened;
  let arbiter: Arbiter | null = null;
  const current = (): ErrorLog => arbiter?.log ?? log;
  const starting = new Starting(current);
  let deeds: Deeds = starting;
  const deafen = listenToSignals(current, monotonicMs, () => deeds);
  // A reload may change the log while those print that were started before.
  const outputs = new Outputs((pid, stream, lines) => current().printed(pid, stream, lines));
  const ticketSecret = origin.inheritance?.ticketSecret ?? makeTicketSecret();
  const traffic = new Traffic(monotonicMs);
  const sharedLimits = new SharedLimits(monotonicMs, current, traffic.storeSilences);
  const shared = { traffic, sharedLimits };
  const parts = { ...options, activated: origin.activated, ticketSecret, outputs, ...shared };
  process.title = titleOf(opened.settled, origin.inheritance !== null);
  // Not flushed here: a flush overtakes lines whose write is under way, and the end of the process waits for both.
  log.info(`Starting tunicorn ${packageVersion()}`);
  if (log.writes('debug')) log.debug(currentConfiguration(opened.settled));
  try {
    const begun = await begin(opened, parts, starting, () => arbiter);
    if (typeof begun === 'number') return begun;
    const { stage, pidFile } = begun;
    arbiter = new Arbiter(stage, parts, origin, pidFile);
    // A stop does not wait for it: it is one of the last hooks then.
    const ready = stage.hooks?.tell('when_ready', null);
    await Promise.race([ready, starting.stopped.aborted || once(starting.stopped, 'abort')]);
    deeds = arbiter;
    return await arbiter.run(starting);
  } finally {
    sharedLimits.close();
    await outputs.close();
    deafen();
  }
}

interface Opened {
  readonly origin: Origin;
  /** With nothing left to resolve. */
  readonly settled: Settings;
  readonly log: ErrorLog;
}

/** null: it cannot be, and that was said. */
function open(settings: Settings): Opened | null {
  let origin: Origin | null = null;
  try {
    origin = takeOrigin(process.env);
    const settled = enterFolder(settings);
    const log = openLog(settled);
    return { origin, settled, log: origin.waiting?.listenTo(log) ?? log };
  } catch (error) {
    // There is no log to say it in.
    process.stderr.write(`\nError: ${messageOf(error)}\n`);
    origin?.waiting?.error(messageOf(error));
    return null;
  }
}

/** The first stage, and the file that tells who prepares it; the exit code where there is nothing to serve. */
async function begin(
  { origin, settled, log }: Opened,
  parts: ArbiterOptions & StageParts,
  { stopped }: Starting,
  arbiter: () => Arbiter | null,
): Promise<{ stage: Stage; pidFile: PidFile | null } | number> {
  const hooking: Hooking = {
    file: parts.hooks ?? null,
    current: () => arbiter()?.hooks ?? null,
    picture: () => arbiter()?.picture() ?? nobodyYet,
    async beforeBind(hooks) {
      await hooks.tell('nworkers_changed', null, settled.workers, null);
      await hooks.call('on_starting', null);
    },
  };
  let pidFile: PidFile | null = null;
  try {
    pidFile = openPidFile(settled, origin.inheritance);
    const inherited = origin.inheritance?.sockets ?? new Map();
    const stage = await prepareStage(settled, { ...parts, stopped }, { inherited }, hooking, log);
    for (const warning of [...origin.warnings, ...stage.warnings]) log.warning(warning);
    log.info(`Using worker: ${settled.worker_class}`);
    return { stage, pidFile };
  } catch (error) {
    pidFile?.remove();
    if (stopped.aborted) {
      log.info('Shutting down: Master');
      return exitCodes.ok;
    }
    const sentence = messageOf(error);
    const listens = sentence.startsWith('Cannot listen on ');
    log.error(sentence, serverCode(listens ? 'cannot-listen' : 'cannot-start'));
    return error instanceof PreloadError ? error.exitCode : exitCodes.badStart;
  }
}

/** Before there is an arbiter. */
const nobodyYet: HookServer = { num_workers: 0, worker_age: 0, listeners: [], workers: [] };

/** While the arbiter that started this one lives, the name without `.2` is its. */
function openPidFile({ pidfile }: Settings, inheritance: Inheritance | null): PidFile | null {
  if (pidfile === null) return null;
  return new PidFile(inheritance === null ? pidfile : besides(pidfile));
}
