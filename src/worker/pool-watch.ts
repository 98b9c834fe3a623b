// Whether file operations of this process still come back. They share libuv's pool with each other, and with what a
// Node.js application asks of it: calls that never return (a named pipe, a disk that hangs) hold all its threads sooner or
// later, and then no log line, no request body and no response goes through a file any more. Nothing in the process can
// end them, so it asks to be replaced.

import { Seldom } from '../observe/seldom.ts';

/** One question is under way at a time, and so often at most. */
const ASK_MS = 1000;
/** Ticks in which it must be seen: after a pause of the whole process the answer is there and was not read. */
const LOOKS_MIN = 20;

export interface PoolWatchOptions {
  /** How long an operation may take that takes no time, ms; 0: it does not matter. */
  readonly limitMs: number;
  /** Has the pool do the smallest thing; `answered` is called once it has. */
  ask(answered: () => void): void;
  /** See ApplicationOptions. */
  replaceMe(reason: string): void;
}

export class PoolWatch {
  readonly #options: PoolWatchOptions;
  #waiting = false;
  #askedMs = -Infinity;
  #looks = 0;
  readonly #wish = new Seldom();

  constructor(options: PoolWatchOptions) {
    this.#options = options;
  }

  /** To be called on every tick, with monotonic milliseconds. */
  tick(nowMs: number): void {
    if (this.#waiting) this.#look(nowMs);
    else if (nowMs - this.#askedMs >= ASK_MS) this.#ask(nowMs);
  }

  #ask(nowMs: number): void {
    this.#waiting = true;
    this.#askedMs = nowMs;
    this.#looks = 0;
    this.#options.ask(() => {
      this.#waiting = false;
    });
  }

  #look(nowMs: number): void {
    this.#looks += 1;
    const { limitMs, replaceMe } = this.#options;
    const lateMs = nowMs - this.#askedMs;
    if (limitMs === 0 || lateMs < limitMs || this.#looks < LOOKS_MIN) return;
    if (!this.#wish.claim(nowMs)) return;
    replaceMe(
      `no file operation has come back for ${(lateMs / 1000).toFixed(1)} s: calls that do not return (fs, dns, crypto; a disk that hangs) hold all threads of its pool (UV_THREADPOOL_SIZE)`,
    );
  }
}
