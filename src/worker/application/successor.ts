// A Node.js thread that is loaded before its place is free. When every thread has stood still for nearly as long as it may, one is
// about to be given up, and then nobody would serve until another one has loaded the application, which takes long on a busy
// machine. Should the threads go on after all it is ended, and for a while none is loaded so early.

import type { StandingThread } from '../../threads/node/host/standstill.ts';

/** So long before, or half of what a thread may stand still for. An application that takes longer to load gains as much. */
const AHEAD_MS = 1000;
/** After one that was loaded in vain: whoever computes for nearly too long does so again and again. */
const IN_VAIN_MS = 60_000;

/** A thread, as far as is looked at. */
export interface Predecessor extends Pick<StandingThread, 'blocked' | 'lastTurnAgeMs' | 'isStuck'> {
  readonly state: string;
  /** Which place of the pool it fills. */
  readonly number: number;
}

export class Successor<T extends Predecessor> {
  readonly #aheadMs: number;
  #thread: T | null = null;
  #isLoaded = false;
  #notBeforeMs = 0;

  /** @param stuckAfterMs how long a thread may stand still */
  constructor(stuckAfterMs: number) {
    this.#aheadMs = Math.min(AHEAD_MS, stuckAfterMs / 2);
  }

  /** To be called often. The place that one is to be loaded for now, by `began`; null: none is. */
  wanted(threads: Iterable<T>, nowMs: number): number | null {
    if (this.#thread !== null || nowMs < this.#notBeforeMs) return null;
    const ages = new Map<T, number>();
    for (const thread of threads) {
      if (thread.state !== 'ready' || !thread.blocked) return null;
      ages.set(thread, thread.lastTurnAgeMs(nowMs));
    }
    // What only the first place of a worker does (listeners of its own) is not to be done twice, where there is another.
    const oldest = [...ages].sort((one, other) => other[1] - one[1]);
    const [thread, ageMs] = oldest.find(([{ number }]) => number !== 1) ?? oldest[0] ?? [];
    if (thread === undefined || ageMs === undefined) return null;
    return thread.isStuck(ageMs, -this.#aheadMs) ? thread.number : null;
  }

  began(thread: T): void {
    this.#thread = thread;
    this.#isLoaded = false;
  }

  /** It has loaded the application. True: its place is not free, and it is given nothing. */
  waits(thread: T): boolean {
    if (thread !== this.#thread) return false;
    this.#isLoaded = true;
    return true;
  }

  /** A place is free. It takes it, loaded ('ready') or as soon as it is ('loading'), if it was meant for that. */
  take(number: number): { readonly thread: T; readonly is: 'ready' | 'loading' } | null {
    if (this.#thread?.number !== number) return null;
    const thread = this.#thread;
    this.#thread = null;
    return { thread, is: this.#isLoaded ? 'ready' : 'loading' };
  }

  /** It could not be loaded, or has ended, before its place was free. False: it is none. */
  lost(thread: unknown, nowMs: number): boolean {
    if (thread !== this.#thread) return false;
    this.#thread = null;
    this.#notBeforeMs = nowMs + IN_VAIN_MS;
    return true;
  }

  /** To be called often: the one that was loaded in vain, whose place is not becoming free; null while there is none. */
  inVain(threads: Iterable<T>, nowMs: number): T | null {
    const thread = this.#thread;
    if (thread === null || !this.#isLoaded) return null;
    for (const each of threads) {
      if (each === thread || each.number !== thread.number || each.blocked) continue;
      this.lost(thread, nowMs);
      return thread;
    }
    return null;
  }
}
