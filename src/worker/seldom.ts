// What goes on and on is said once in a while: a lack that lasts, a wish that nobody has heard because the arbiter was about
// something else.

const EVERY_MS = 10_000;

export class Seldom {
  readonly #everyMs: number;
  #nextMs = -Infinity;

  constructor(everyMs = EVERY_MS) {
    this.#everyMs = everyMs;
  }

  /** True: it is to be said now, and not again for so long. `nowMs` of one and the same clock. */
  claim(nowMs: number): boolean {
    if (nowMs < this.#nextMs) return false;
    this.#nextMs = nowMs + this.#everyMs;
    return true;
  }
}
