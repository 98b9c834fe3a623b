// The arbiter: the process that owns listening sockets, signals and workers. It puts together what the other files of
// this folder do (bind, find Python, keep the fleet, hear signals) and ends with an exit code. It never accepts a
// connection and knows neither HTTP nor the application.

import { readFileSync } from 'node:fs';
import { monotonicMs } from '../clock.ts';
import { createLog, type Log } from '../observe/log.ts';
import { parseBind } from '../settings/bind.ts';
import type { Settings } from '../settings/settings.ts';
import type { ToWorker } from '../wire/arbiter-worker.ts';
import { Alarm } from './alarm.ts';
import { exitCodes } from './exit-codes.ts';
import { Fleet } from './fleet.ts';
import { bindAll, type Listener } from './listeners.ts';
import { listenToSignals } from './signals.ts';
import { enterFolder, messageOf, prepare, type Surroundings } from './surroundings.ts';
import { workerLimits } from './worker-states.ts';

export interface ArbiterOptions {
  /** Stands in for worker/main in tests. */
  readonly workerUrl?: URL;
  /** For a drill: the token of its probe paths. Nothing on the command line leads here. */
  readonly probe?: string;
}

/** Serves until it is told to stop. Resolves with the exit code; everything it started and opened is gone then. */
export async function runArbiter(
  settings: Settings,
  options: ArbiterOptions = {},
): Promise<number> {
  let settled: Settings;
  let log: Log;
  try {
    settled = enterFolder(settings);
    log = openLog(settled);
  } catch (error) {
    // There is no log to say it in.
    process.stderr.write(`\nError: ${messageOf(error)}\n`);
    return exitCodes.badStart;
  }
  // Not flushed here: a flush overtakes lines whose write is under way, and the end of the process waits for both.
  return serve(settled, options, log);
}

function openLog({ loglevel, errorlog, log_json }: Settings): Log {
  return createLog({ level: loglevel, destination: errorlog, json: log_json });
}

async function serve(settings: Settings, options: ArbiterOptions, log: Log): Promise<number> {
  log.info(`Starting tunicorn ${version()}`);
  let surroundings: Surroundings;
  let listeners: readonly Listener[];
  try {
    surroundings = await prepare(settings, options.workerUrl);
    const scheme = surroundings.tls === null ? 'http' : 'https';
    listeners = await bindAll(settings.bind.map(parseBind), scheme);
  } catch (error) {
    log.error(messageOf(error));
    return exitCodes.badStart;
  }
  for (const warning of surroundings.warnings) log.warning(warning);
  const labels = listeners.map(({ address }) => address.label).join(',');
  log.info(`Listening at: ${labels} (${process.pid})`);
  log.info(`Using worker: ${settings.worker_class}`);
  return runFleet(settings, surroundings, listeners, log, options.probe ?? null);
}

function runFleet(
  settings: Settings,
  { python, tls, launch }: Surroundings,
  listeners: readonly Listener[],
  log: Log,
  probe: string | null,
): Promise<number> {
  const addresses = listeners.map(({ address }) => address);
  const startMessage = (age: number): ToWorker => {
    return { kind: 'start', settings, listeners: addresses, age, python, tls, check: false, probe };
  };
  return new Promise((resolve) => {
    const alarm = new Alarm(monotonicMs, (lateMs) => fleet.tick(lateMs));
    const fleet = new Fleet({
      workers: settings.workers,
      limits: workerLimits(settings),
      log,
      now: monotonicMs,
      launch,
      startMessage,
      listenHandle: (index) => listeners[index]?.handle ?? null,
      closeListeners: () => {
        for (const listener of listeners) listener.close();
      },
      wakeAt: (atMs) => alarm.set(atMs),
      finished: (exitCode) => {
        deafen();
        alarm.stop();
        resolve(exitCode);
      },
    });
    const deafen = listenToSignals(log, monotonicMs, (how) => fleet.stop(how));
    fleet.tick();
  });
}

function version(): string {
  // dist/src/arbiter is three folders below the package.
  const file = new URL('../../../package.json', import.meta.url);
  const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'));
  return typeof parsed === 'object' && parsed !== null && 'version' in parsed
    ? String(parsed.version)
    : 'of unknown version';
}
