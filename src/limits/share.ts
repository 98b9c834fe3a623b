// What one of several lets through while nobody answers who counts for all: its share of the limit, as if the others were as busy. It
// begins where the count stood when that was last told, so that what was used up stays used up.

import type { Grant } from './bucket.ts';
import { LocalTokens } from './local.ts';
import type { TokenLimit } from './tokens.ts';

export class Share {
  readonly #limits: readonly TokenLimit[];
  readonly #local: LocalTokens;
  readonly #sharers: () => number;

  /**
   * @param now milliseconds, monotonic
   * @param sharers how many share the limit; may change
   */
  constructor(limits: readonly TokenLimit[], now: () => number, sharers: () => number) {
    this.#limits = limits;
    this.#local = new LocalTokens(limits, now);
    this.#sharers = sharers;
  }

  /** Each request takes as many tokens as there are sharers; where the burst has fewer, the first one takes all of it, and owes. */
  take(limit: number, key: string, count: number): Grant {
    const rate = this.#limits[limit]?.rate;
    if (rate === undefined) throw new Error(`there is no limit ${limit}`);
    const price = this.#sharers();
    const needed = Math.min(price, rate.burst);
    const taken = this.#local.take(limit, key, count * needed);
    const granted = Math.floor(taken.granted / needed);
    const rest = taken.granted - granted * needed;
    if (rest > 0) this.#local.giveBack(limit, key, rest);
    if (price > needed && granted > 0) this.#local.charge(limit, key, granted * (price - needed));
    const intervalMs = rate.perMs / rate.requests;
    const resetMs = this.#local.resetMs(limit, key);
    const left = rate.burst - resetMs / intervalMs;
    return {
      granted,
      remaining: Math.max(0, Math.floor(left / price)),
      resetMs,
      retryMs: granted === count ? 0 : Math.max(0, (needed - left) * intervalMs),
    };
  }

  /** Who counts for all has said that what the key has used is forgiven in so long. */
  told(limit: number, key: string, resetMs: number): void {
    if (resetMs > 0) this.#local.raise(limit, key, resetMs);
  }

  /** So many went on that were granted; of its share they are used, too. */
  used(limit: number, key: string, count: number): void {
    this.#local.take(limit, key, count * this.#sharers());
  }

  /** To be called a few times a second. */
  tend(): void {
    this.#local.tend();
  }
}
