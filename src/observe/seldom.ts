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

/** The same for each of several things, by name; few of them. */
export class SeldomEach {
  readonly #each = new Map<string, { readonly seldom: Seldom; unsaid: number }>();

  /** Null: it is not to be said now. Else how often it was not since it was said last. */
  claim(name: string, nowMs: number): number | null {
    const one = this.#each.get(name) ?? { seldom: new Seldom(), unsaid: 0 };
    this.#each.set(name, one);
    if (!one.seldom.claim(nowMs)) {
      one.unsaid += 1;
      return null;
    }
    const { unsaid } = one;
    one.unsaid = 0;
    return unsaid;
  }
}
