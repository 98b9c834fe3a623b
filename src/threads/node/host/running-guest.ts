// What runs the application of one Node.js thread, from its start to its end: whether it still runs, and whether it was ended
// in vain. Native code cannot be ended: whoever waits for that waits for a second, or longer where the thread has had no processor
// to end with.

import { setTimeout as pause } from 'node:timers/promises';
import { monotonicMs } from '../../../clock.ts';
import { goBehindOthers, type ThreadUse, threadUse } from '../../../system-thread.ts';
import { inspectStack } from './inspect-stack.ts';
import type { Guest } from './start-guest.ts';

/** A thread that has not ended so long after `terminate` is in native code and is given up. */
const TERMINATE_MS = 1000;
/** So long may it take for one that gets no processor. */
export const STARVED_MS = 10_000;
/** How often it is looked at then. */
const LOOK_MS = 100;
/** Of the processor. JavaScript stops within milliseconds, and what it leaves is cleared away in some ten more. */
const ENOUGH_MS = 200;

export class RunningGuest {
  readonly #systemThread: () => number;
  #guest: Guest | null = null;
  #running = false;
  #endedInVain = false;

  /** @param systemThread the system's number of its thread, 0 while that is unknown */
  constructor(systemThread: () => number) {
    this.#systemThread = systemThread;
  }

  began(guest: Guest): void {
    this.#guest = guest;
    this.#running = true;
  }

  ended(): void {
    this.#running = false;
  }

  /** Also when it has ended since. */
  get hasBegun(): boolean {
    return this.#guest !== null;
  }

  get running(): boolean {
    return this.#running;
  }

  /** It was ended in vain and still runs: native code that may never return. It would hold up the process's exit. */
  get endless(): boolean {
    return this.#running && this.#endedInVain;
  }

  /** The stack it is in now, from outside; null when it runs native code or is idle and does not pause. */
  stack(): Promise<string | null> {
    const { threadId = null } = this.#guest ?? {};
    return threadId === null ? Promise.resolve(null) : inspectStack(threadId);
  }

  /** See goBehindOthers in system-thread.ts. */
  goBehindOthers(): void {
    if (this.#running) goBehindOthers(this.#systemThread());
  }

  /** False when it had not ended after a second, or after `atMostMs` where it has hardly had a processor since. */
  async terminate(atMostMs = TERMINATE_MS): Promise<boolean> {
    if (this.#guest === null || !this.#running) return true;
    const untilMs = monotonicMs() + atMostMs;
    const before = threadUse(this.#systemThread());
    const ended = this.#guest.terminate().then(() => true);
    let result = await orLate(ended, TERMINATE_MS);
    while (
      !result &&
      monotonicMs() < untilMs &&
      isStarved(before, threadUse(this.#systemThread()))
    ) {
      result = await orLate(ended, LOOK_MS);
    }
    if (!result) this.#endedInVain = true;
    return result;
  }
}

async function orLate(ended: Promise<boolean>, ms: number): Promise<boolean> {
  const waiting = new AbortController();
  const late = pause(ms, false, { signal: waiting.signal }).catch(() => false);
  const result = await Promise.race([ended, late]);
  waiting.abort();
  return result;
}

/** It would run if it were let, and has had no time to end in. */
function isStarved(before: ThreadUse | null, now: ThreadUse | null): boolean {
  return before !== null && now?.isRunnable === true && now.usedMs - before.usedMs < ENOUGH_MS;
}
