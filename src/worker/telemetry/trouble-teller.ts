// Tells the arbiter of requests and threads that came to grief, a sentence for each: a few in a second at once, and of more than
// those how many there were and one of them.

import type { Trouble } from '../../wire/arbiter-worker.ts';

/** In a second. */
const AT_ONCE_MAX = 4;
const SECOND_MS = 1000;

export interface TroubleTellerParts {
  say(trouble: Trouble): void;
  later(ms: number, deed: () => void): void;
}

export class TroubleTeller {
  readonly #parts: TroubleTellerParts;
  readonly #held = new Map<string, Trouble>();
  #said = 0;

  constructor(parts: TroubleTellerParts) {
    this.#parts = parts;
  }

  tell(about: Trouble['about'], code: string, sentence: string): void {
    if (this.#said === 0) this.#parts.later(SECOND_MS, () => this.#next());
    this.#said += 1;
    const trouble = { about, code, count: 1, sentence };
    if (this.#said <= AT_ONCE_MAX) this.#parts.say(trouble);
    else {
      const key = `${about} ${code}`;
      const { count } = this.#held.get(key) ?? { count: 0 };
      this.#held.set(key, { ...trouble, count: count + 1 });
    }
  }

  /** To be called before the end, or what was held back would be lost. */
  flush(): void {
    for (const trouble of this.#held.values()) this.#parts.say(trouble);
    this.#held.clear();
  }

  /** A second is over. */
  #next(): void {
    this.#said = 0;
    this.flush();
  }
}
