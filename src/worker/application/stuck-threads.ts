// Threads that were given up and still run: native code keeps them, and their memory, until it returns, if it ever
// does. They are replaced by new threads up to a bound; the process is replaced when as many are stuck as should serve,
// or when one has been for so long that it will hardly return.

import { Seldom } from '../../observe/seldom.ts';

/** Of a thread, what is looked at here. */
export interface StuckThread {
  readonly running: boolean;
  /** It was told to end, in vain. */
  readonly endless: boolean;
}

export interface StuckThreadsOptions {
  /** How many should serve. */
  readonly threads: number;
  /** A thread that has been stuck for as long as a request may take is stuck for good; 0: after a second. */
  readonly timeoutMs: number;
  /** See ApplicationOptions. */
  replaceMe(reason: string): void;
}

/** So many stuck threads are put up with for each that should serve; none is started in the place of any beyond. */
const STUCK_FOR_EACH = 2;
const SHORTEST_MS = 1000;

export class StuckThreads<T extends StuckThread> {
  readonly #options: StuckThreadsOptions;
  /** And since when, by the clock of `look`; null until it is looked at. */
  readonly #since = new Map<T, number | null>();
  /** Places of the pool that are empty because too many are stuck. */
  readonly #vacant: number[] = [];
  readonly #wish = new Seldom();

  constructor(options: StuckThreadsOptions) {
    this.#options = options;
  }

  get threads(): Iterable<T> {
    return this.#since.keys();
  }

  /** It was given up; it may well end in a moment. */
  add(thread: T): void {
    this.#since.set(thread, null);
  }

  /** False: not now. `look` names the place when it can be filled. */
  mayReplace(place: number): boolean {
    if (!this.isFullWith(0)) return true;
    this.#vacant.push(place);
    return false;
  }

  /** To be called often. Forgets those that have ended; answers the places that can be filled now. */
  look(nowMs: number): number[] {
    if (this.#since.size === 0) return this.#vacant.splice(0);
    let endless = 0;
    let longestMs = 0;
    for (const [thread, sinceMs] of this.#since) {
      if (!thread.running) this.#since.delete(thread);
      else if (sinceMs === null) this.#since.set(thread, nowMs);
      else if (thread.endless) {
        endless += 1;
        longestMs = Math.max(longestMs, nowMs - sinceMs);
      }
    }
    this.#consider(endless, longestMs, nowMs);
    return this.isFullWith(0) ? [] : this.#vacant.splice(0);
  }

  /** With so many more no thread is started in the place of any. */
  isFullWith(more: number): boolean {
    return this.#since.size + more > this.#options.threads * STUCK_FOR_EACH;
  }

  #consider(endless: number, longestMs: number, nowMs: number): void {
    const { threads, timeoutMs } = this.#options;
    const forGood = endless > 0 && longestMs >= Math.max(timeoutMs, SHORTEST_MS);
    if ((endless < threads && !forGood) || !this.#wish.claim(nowMs)) return;
    const many = endless === 1 ? '1 of its threads is' : `${endless} of its threads are`;
    this.#options.replaceMe(`${many} in native code that does not return`);
  }
}
