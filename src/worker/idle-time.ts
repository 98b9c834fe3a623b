// For how long an idle connection may stay, as its worker fills up: the whole of its deadline while there is room enough, and less
// and less of it before anybody has to wait outside (Envoy has it as reduce_timeouts). A number for all connections, which
// costs a request nothing.

/** What is left of a deadline when nearly all places are taken: at the limit idle connections give way much sooner. */
const SHARE_MIN = 0.1;
/** Of the way from where it begins to the limit: there the least is reached. With 70 % that is at 95 %. */
const LEAST_AT = 5 / 6;
/** Those that are idle already are told when it is less than so much of what they were told last. */
const TOLD_AGAIN_AT = 0.9;
export class IdleTime {
  readonly #beginsAt: number;
  #share = 1;
  #toldShare = 1;

  /** @param beginsAt at which share of its places taken; 1: never */
  constructor(beginsAt: number) {
    this.#beginsAt = beginsAt;
  }

  /** How much of a deadline this long is left, and not less than `leastMs` if it has that. */
  of(fullMs: number, leastMs: number): number {
    if (this.#share === 1) return fullMs;
    return Math.min(fullMs, Math.max(leastMs, fullMs * this.#share));
  }

  /**
   * To be called on every tick. `taken`: which share of the places is. True when those that are idle already are to be told that
   * they have less time now.
   */
  look(taken: number): boolean {
    const way = (taken - this.#beginsAt) / ((1 - this.#beginsAt) * LEAST_AT);
    // Without a beginning there is no way: 0 / 0.
    this.#share = way > 0 ? Math.max(SHARE_MIN, 1 - way * (1 - SHARE_MIN)) : 1;
    if (this.#share < this.#toldShare * TOLD_AGAIN_AT) {
      this.#toldShare = this.#share;
      return true;
    }
    this.#toldShare = Math.max(this.#toldShare, this.#share);
    return false;
  }
}
