// The threads of a worker and which of them is next. A few that answer quickly are kept busy, and the others are there for
// when they do not: each thread that runs costs the caches of a core, and what one gathers costs less to send. Otherwise
// it is the one with most room, before all that something holds, and among equals the one used last: its caches are warm,
// and a hot Python thread keeps the interpreter lock from bouncing.

import type { AppThread } from '../threads/app-thread.ts';

export class Pool {
  /** Most recently used first. */
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
    const lively = this.#mostRoom(this.#atOnce, (thread) => thread.lively === true);
    if (lively !== null) return lively;
    const all = this.#threads.length;
    const best = this.#mostRoom(all, (thread) => thread.held !== true) ?? this.#mostRoom(all);
    if (best !== null && best !== this.#threads[0]) this.#toFront(best);
    return best;
  }

  /** Of the first so many. */
  #mostRoom(among: number, fits: (thread: AppThread) => boolean = () => true): AppThread | null {
    let best: AppThread | null = null;
    let bestRoom = 0;
    for (const thread of this.#threads) {
      if (among-- <= 0) break;
      const room = thread.room;
      if (room <= bestRoom || !fits(thread)) continue;
      best = thread;
      bestRoom = room;
    }
    return best;
  }

  #toFront(thread: AppThread): void {
    this.remove(thread);
    this.#threads.unshift(thread);
  }
}
