// The threads of a worker and which of them is next: the one with most room, and among equals the one used last. Its
// caches are warm, and a hot Python thread keeps the interpreter lock from bouncing.

import type { AppThread } from '../threads/app-thread.ts';

export class Pool {
  /** Most recently used first. */
  readonly #threads: AppThread[] = [];

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
    let best: AppThread | null = null;
    let bestRoom = 0;
    for (const thread of this.#threads) {
      const room = thread.room;
      if (room <= bestRoom) continue;
      best = thread;
      bestRoom = room;
    }
    if (best !== null && best !== this.#threads[0]) this.#toFront(best);
    return best;
  }

  #toFront(thread: AppThread): void {
    this.remove(thread);
    this.#threads.unshift(thread);
  }
}
