// The threads of a worker and which of them is next. A few that answer quickly are kept busy, always the same ones, and the
// others are there for when they do not: each thread that runs compiles the application for itself and costs the caches of
// a core, and what one gathers costs less to send. Where none is quick it is the one with most room, before all that
// something holds. Threads that cannot say how quick they are, Python's, take turns by room, and among equals it is the one
// used last: its caches are warm, and a hot one keeps the interpreter lock from bouncing.

import type { AppThread } from '../threads/app-thread.ts';

export class Pool {
  /** In the order they came; those that cannot say whether they are lively, the one used last first. */
  readonly #threads: AppThread[] = [];
  readonly #atOnce: number;

  /** @param atOnce how many can run at once, which is what there are cores for */
  constructor(atOnce: number) {
    this.#atOnce = atOnce;
  }

  add(thread: AppThread): void {
    this.#threads.push(thread);
  }

  remove(thread: AppThread): void {
    const at = this.#threads.indexOf(thread);
    if (at >= 0) this.#threads.splice(at, 1);
  }

  get threads(): readonly AppThread[] {
    return this.#threads;
  }

  /** The thread for the next job; null when none has room. */
  next(): AppThread | null {
    const lively = this.#mostRoom((thread) => thread.lively === true, this.#atOnce);
    if (lively !== null) return lively;
    const best = this.#mostRoom((thread) => thread.held !== true) ?? this.#mostRoom(() => true);
    if (best !== null && best.lively === undefined) this.#toFront(best);
    return best;
  }

  /** Of the first so many that fit. */
  #mostRoom(
    fits: (thread: AppThread) => boolean,
    among: number = this.#threads.length,
  ): AppThread | null {
    let best: AppThread | null = null;
    let bestRoom = 0;
    let seen = 0;
    for (const thread of this.#threads) {
      const room = thread.room;
      if (room === 0 || !fits(thread)) continue;
      if (room > bestRoom) best = thread;
      bestRoom = Math.max(bestRoom, room);
      seen += 1;
      if (seen === among) break;
    }
    return best;
  }

  #toFront(thread: AppThread): void {
    if (thread === this.#threads[0]) return;
    this.remove(thread);
    this.#threads.unshift(thread);
  }
}
