// How the worker process ends. process.exit() waits for every thread, and one in native code may never return: so the
// process exits where all threads have ended, and otherwise kills itself, with its logs written and the arbiter told
// that this was its end and no accident. Without threads the application may end the process, too: that is told from our own end.

import { setTimeout as pause } from 'node:timers/promises';
import { flushAll } from '../observe/last-words.ts';
import { killDescendants } from '../process-tree.ts';
import type { ToArbiter } from '../wire/arbiter-worker.ts';

/** A last message is on its way within this time, or never will be. */
const LAST_WORDS_MS = 500;
/** Threads have so long to end once they were told to: those in JavaScript take some milliseconds. With the last words
 * less than the arbiter's patience (arbiter/fleet/worker-states.ts, quitMs). */
const LAST_MOMENTS_MS = 700;

const send = process.send?.bind(process);
let exiting = false;

/** `sent`: called when it is on its way or cannot be sent. */
export function say(message: ToArbiter, sent: () => void = () => {}): void {
  // The callback takes the error of a channel that has closed: `disconnect` tells the same.
  if (process.connected) send?.(message, undefined, undefined, sent);
  else sent();
}

/** The process exits, and means to: what listens to that may ask `isExiting`. */
export function exitNow(exitCode: number): never {
  exiting = true;
  process.exit(exitCode);
}

/** Without threads: the application may end the process from here on, nothing is left to be lost. */
export function mayExit(): void {
  exiting = true;
}

export function isExiting(): boolean {
  return exiting;
}

/** Resolves when it is on its way; when it cannot be sent, after a moment. */
export function sayLast(message: ToArbiter): Promise<void> {
  const sent = new Promise<void>((resolve) => say(message, resolve));
  return Promise.race([sent, pause(LAST_WORDS_MS)]);
}

/** Whether threads that were told to end have, within their last moments. */
export function endedSoon(ended: Promise<boolean>): Promise<boolean> {
  return Promise.race([ended, pause(LAST_MOMENTS_MS, false)]);
}

/**
 * At once, with all that the application has started: whoever waits for a command in native code returns when that is
 * killed. `ended`: whether all threads have, as Application.kill tells.
 */
export async function endProcess(exitCode: number, ended: Promise<boolean>): Promise<void> {
  killDescendants();
  if (await endedSoon(ended)) exitNow(exitCode);
  flushAll();
  await sayLast({ kind: 'finished' });
  process.kill(process.pid, 'SIGKILL');
}
