// The arbiter: the process that owns listening sockets, signals and workers. It puts together what the other files of
// this folder do (bind, find Python, keep the fleet, hear signals) and ends with an exit code. It never accepts a
// connection and knows neither HTTP nor the application.

import { readFileSync } from 'node:fs';
import { resolve as resolvePath } from 'node:path';
import { monotonicMs } from '../clock.ts';
import { createLog, type Log } from '../observe/log.ts';
import { type BindAddress, parseBind } from '../settings/bind.ts';
import type { Settings } from '../settings/settings.ts';
import type { ToWorker } from '../wire/arbiter-worker.ts';
import { Alarm } from './alarm.ts';
import { exitCodes } from './exit-codes.ts';
import { Fleet } from './fleet.ts';
import { bindAll, type Listener } from './listeners.ts';
import { listenToSignals } from './signals.ts';
import { prepare, type Surroundings } from './surroundings.ts';
import { workerLimits } from './worker-states.ts';

export interface ArbiterOptions {
  /** Stands in for worker/main in tests. */
  readonly workerUrl?: URL;
}

/** Serves until it is told to stop. Resolves with the exit code; everything it started and opened is gone then. */
export async function runArbiter(
  settings: Settings,
  options: ArbiterOptions = {},
): Promise<number> {
  const log = createLog({
    level: settings.loglevel,
    destination: settings.errorlog,
    json: settings.log_json,
  });
  try {
    return await serve(settings, options, log);
  } finally {
    log.flush();
  }
}

async function serve(settings: Settings, options: ArbiterOptions, log: Log): Promise<number> {
  log.info(`Starting tunicorn ${version()}`);
  let surroundings: Surroundings;
  let listeners: readonly Listener[];
  try {
    surroundings = await prepare(settings, options.workerUrl);
    listeners = await bindAll(addressesOf(settings, surroundings.folder));
  } catch (error) {
    log.error(error instanceof Error ? error.message : String(error));
    return exitCodes.badStart;
  }
  const labels = listeners.map(({ address }) => address.label).join(',');
  log.info(`Listening at: ${labels} (${process.pid})`);
  log.info(`Using worker: ${settings.worker_class}`);
  return runFleet(settings, surroundings, listeners, log);
}

/** Relative socket paths are meant from the application's folder, as Gunicorn takes them. */
function addressesOf(settings: Settings, folder: string): BindAddress[] {
  return settings.bind.map((text) => {
    const address = parseBind(text);
    return address.kind === 'unix'
      ? { ...address, path: resolvePath(folder, address.path) }
      : address;
  });
}

function runFleet(
  settings: Settings,
  { python, launch }: Surroundings,
  listeners: readonly Listener[],
  log: Log,
): Promise<number> {
  const addresses = listeners.map(({ address }) => address);
  const startMessage = (age: number): ToWorker => {
    return { kind: 'start', settings, listeners: addresses, age, python, check: false };
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
