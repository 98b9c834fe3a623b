// Stacks for whoever asks at the status address. To take one stops its thread for a moment: that is done four times a second for
// each thread at most, whoever asks and how often, and those who ask in between are given the last one.

import { AtOnce } from './at-once.ts';

/** One that hangs in native code takes seconds to be known as such. */
const AT_ONCE_MAX = 4;
const FRESH_MS = 250;

interface Taken {
  readonly stack: Promise<object>;
  /** null: it is being taken. */
  readyMs: number | null;
}

export class Stacks {
  readonly #take: (worker: number, thread: string) => Promise<object>;
  readonly #now: () => number;
  readonly #atOnce = new AtOnce(AT_ONCE_MAX);
  readonly #taken = new Map<string, Taken>();

  /** @param now monotonic milliseconds */
  constructor(take: (worker: number, thread: string) => Promise<object>, now: () => number) {
    this.#take = take;
    this.#now = now;
  }

  /** Rejects with a Refusal. */
  of(worker: number, thread: string): Promise<object> {
    this.#forgetOld();
    const key = `${worker} ${thread}`;
    const known = this.#taken.get(key);
    if (known !== undefined) return known.stack;
    const stack = this.#atOnce.run(() => this.#take(worker, thread));
    const taken: Taken = { stack, readyMs: null };
    this.#taken.set(key, taken);
    stack.then(
      () => (taken.readyMs = this.#now()),
      // Names of what there is not are anybody's choice, and not kept.
      () => this.#taken.delete(key),
    );
    return stack;
  }

  #forgetOld(): void {
    for (const [key, { readyMs }] of this.#taken) {
      if (readyMs !== null && this.#now() - readyMs >= FRESH_MS) this.#taken.delete(key);
    }
  }
}
