// Requests that still run although nobody listens any more: the client has gone, or it has its whole response and the
// iterator's close() does not return. No connection waits for them, so no deadline of a connection ends them: each would
// keep its thread for ever.

import type { Job } from '../app-thread.ts';

/** A thread, as far as is looked at. */
export interface HeardThread {
  /** The request that it runs and nobody listens to; null when there is none. */
  readonly unheard: { readonly job: Job; readonly extendedUntilMs: number } | null;
}

export interface Left<T> {
  readonly thread: T;
  readonly job: Job;
  /** For how long nobody has listened, ms. */
  readonly forMs: number;
}

interface Seen {
  readonly job: Job;
  sinceMs: number;
}

/** Looks from outside, so that a request costs nothing. */
export class Unheard<T extends HeardThread> {
  readonly #timeoutMs: number;
  #seen = new Map<T, Seen>();

  /** `timeoutMs`: so long a request may run on; 0: for ever. */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /**
   * To be called often. Answers those that have run on for too long, each once, or again when it has for as long again.
   * `nowMs`: monotonic.
   */
  look(threads: readonly T[], nowMs: number): Left<T>[] {
    if (this.#timeoutMs <= 0) return [];
    const overdue: Left<T>[] = [];
    const seen = new Map<T, Seen>();
    for (const thread of threads) {
      const { unheard } = thread;
      if (unheard === null) continue;
      const { job, extendedUntilMs } = unheard;
      const before = this.#seen.get(thread);
      const now = before?.job === job ? before : { job, sinceMs: nowMs };
      seen.set(thread, now);
      const forMs = nowMs - now.sinceMs;
      if (forMs < this.#timeoutMs || nowMs < extendedUntilMs) continue;
      overdue.push({ thread, job, forMs });
      now.sinceMs = nowMs;
    }
    this.#seen = seen;
    return overdue;
  }
}
