// --check-config: loads the application in one worker, as it would be served, without a socket. Says nothing when all
// is well; otherwise what Gunicorn says, with the traceback, and exit code 1.

import { monotonicMs } from '../clock.ts';
import { messageOf } from '../message-of.ts';
import type { Sources } from '../settings/resolve.ts';
import { SettingError } from '../settings/setting-error.ts';
import type { Settings } from '../settings/settings.ts';
import { Alarm } from './alarm.ts';
import { exitCodes } from './exit-codes.ts';
import type { Generation } from './fleet/generation.ts';
import { type Death, WorkerHandle, type WorkerOwner } from './fleet/worker-handle.ts';
import { workerLimits, workerStates } from './fleet/worker-states.ts';
import { enterFolder, prepare, type Surroundings } from './stage/surroundings.ts';
import { makeTicketSecret } from './stage/ticket-keys.ts';

export interface CheckOptions {
  readonly workerUrl?: URL;
  /** Where each setting was set. */
  readonly sources?: Sources;
}

/** The exit code. Every failure has been written to standard error, but for a SettingError, which is thrown. */
export async function checkApplication(
  settings: Settings,
  options: CheckOptions = {},
): Promise<number> {
  let settled: Settings;
  let surroundings: Surroundings;
  try {
    settled = enterFolder(settings);
    surroundings = await prepare(
      settled,
      makeTicketSecret(),
      options.workerUrl,
      null,
      options.sources,
    );
    for (const warning of surroundings.warnings) process.stderr.write(`Warning: ${warning}\n`);
  } catch (error) {
    // Said as everything that is wrong with settings, by whoever asked.
    if (error instanceof SettingError) throw error;
    process.stderr.write(`\nError: ${messageOf(error)}\n`);
    return exitCodes.badStart;
  }
  const trouble = await load(settled, surroundings);
  if (trouble === null) return exitCodes.ok;
  process.stderr.write(`\nError while loading the application:\n\n${trouble.trimEnd()}\n`);
  return exitCodes.badStart;
}

/** null when the application was loaded, else why not. Resolves when the worker has gone. */
function load(
  settings: Settings,
  { python, tls, networks, launch }: Surroundings,
): Promise<string | null> {
  return new Promise((resolve) => {
    let trouble: string | null = null;
    const generation: Generation = {
      limits: workerLimits(settings),
      memoryBytesMax: 0,
      lives: null,
      share: null,
      traffic: null,
      launch,
      startMessage: (age, place, workers) => ({
        kind: 'start',
        workers,
        // Nobody counts a check, and a name that cannot be looked up would hold it up.
        settings: { ...settings, statsd_host: null },
        listeners: [],
        age,
        place,
        python,
        preload: null,
        tls,
        networks,
        check: true,
        probe: null,
        hooks: null,
      }),
      listen: () => Promise.resolve([]),
      listenHandle: () => null,
    };
    const owner: WorkerOwner = {
      now: monotonicMs,
      hello: (worker) =>
        worker.say(worker.generation.startMessage(worker.age, 0, settings.workers)),
      loaded: () => undefined,
      wantsListener: () => undefined,
      deadlineMoved: () => undefined,
      loadedFiles: () => undefined,
      heartbeat: () => undefined,
      wantsReplacement: () => undefined,
      ready: (worker) => worker.quit(),
      bootFailed: (_worker, _exitCode, message) => {
        trouble = message;
      },
      overdue: (worker, during, limitMs) => {
        if (during === 'booting') trouble = workerStates.booting.overdue.text(worker.pid, limitMs);
      },
      died: (_worker, death) => {
        alarm.stop();
        resolve(trouble ?? unexplained(death));
      },
    };
    const worker = new WorkerHandle(1, generation, owner);
    const alarm = new Alarm(monotonicMs, () => {
      worker.tick();
      if (worker.state !== 'dead') alarm.set(worker.dueAtMs);
    });
    alarm.set(worker.dueAtMs);
  });
}

/** A worker that was ready did its part, however it left. */
function unexplained({ servedMs, code, signal }: Death): string | null {
  if (servedMs !== null) return null;
  return `The worker ended (${signal ?? `exit code ${code}`}) before the application was loaded.`;
}
