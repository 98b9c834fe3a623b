// How fast those who wait are served, and so how long it takes until so many have been: by the last sixteen who were, whether that
// took a moment or a minute. The longest pause among them does not count: it may have been the one of all threads at once (a long
// collection, a slow database) that is over now.

const REMEMBERED = 16;
/** What was known of a queue of so long ago counts for nothing, ms. */
const LONG_AGO_MS = 1000;

export class DrainRate {
  /** How long each was after the one before, ms; in a ring. */
  readonly #pausesMs = new Float64Array(REMEMBERED);
  #count = 0;
  #next = 0;
  #lastMs = 0;

  /** Somebody begins to wait, and nobody did. */
  begin(nowMs: number): void {
    if (nowMs - this.#lastMs > LONG_AGO_MS) this.#count = 0;
    this.#lastMs = nowMs;
  }

  served(nowMs: number): void {
    this.#pausesMs[this.#next] = nowMs - this.#lastMs;
    this.#next = (this.#next + 1) % REMEMBERED;
    this.#count = Math.min(REMEMBERED, this.#count + 1);
    this.#lastMs = nowMs;
  }

  /** How long it takes until one of those who wait has been served, ms; while nobody is, as long as that lasts already. */
  msEach(nowMs: number): number {
    return Math.max(this.#usualMs(), nowMs - this.#lastMs);
  }

  #usualMs(): number {
    if (this.#count < 2) return 0;
    let sum = 0;
    let longest = 0;
    for (let back = 1; back <= this.#count; back++) {
      const ms = this.#pausesMs[(this.#next - back + REMEMBERED) % REMEMBERED] ?? 0;
      sum += ms;
      if (ms > longest) longest = ms;
    }
    return (sum - longest) / (this.#count - 1);
  }
}
