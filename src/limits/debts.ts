// What went on while those who count did not answer, and that they are told: a slice at a time, so that many keys do not silence them
// again, and each until it is known that they have heard. Nothing is forgiven that they forgive as well: their own count fills up again
// meanwhile, and what is both forgiven here and there would be let through twice.

import type { LimitRate } from '../settings/limit-rate.ts';
import { forgetOne } from './forget-one.ts';
import type { Lender } from './lender.ts';
import type { TokenLimit } from './tokens.ts';

/** As many as one message to the arbiter holds. */
const SLICE = 256;
/** Keys that are remembered for each limit; what goes on alone beyond that is not told. */
const KEYS_MAX = 16_384;
/** Whoever hears late hears within this time, unless it is silent for all. */
const LATE_MS = 1000;

/** How those are told who count. */
export interface DebtTerms {
  /** They hear also while they are silent, late and for certain: so they are told at once. Else when they answer. */
  readonly hearLate: boolean;
  /** What is owed is forgiven at the rate divided by so many ... */
  readonly debtors: number;
  /** ... from so long after it began. */
  forgivenAfterMs(rate: LimitRate): number;
}

/**
 * Of the arbiter. Who has not heard for the time of two bursts was silent for all, and its count has stood full meanwhile: from then
 * on all workers together forgive what the rate allows, so that who kept to half of it is not held up after the longest silence (bucket.ts counts from when it hears).
 */
export function arbiterTerms(workers: number): DebtTerms {
  return {
    hearLate: true,
    debtors: workers,
    forgivenAfterMs: ({ requests, perMs, burst }) =>
      Math.max(LATE_MS, (2 * burst * perMs) / requests),
  };
}

/** Of a store: it counts in windows, each of which forgives all, and what is lost on the way there may have been heard. */
export const STORE_TERMS: DebtTerms = {
  hearLate: false,
  debtors: 1,
  forgivenAfterMs: () => 0,
};

export interface DebtParts {
  readonly limits: readonly TokenLimit[];
  readonly lender: Pick<Lender, 'charge'>;
  readonly terms: DebtTerms;
  /** Milliseconds, monotonic. */
  now(): number;
}

interface Owed {
  count: number;
  /** As it was then. */
  atMs: number;
  readonly forgivenFromMs: number;
}

export class Debts {
  readonly #parts: DebtParts;
  /** For each limit. */
  readonly #owed: readonly Map<string, Owed>[];
  /** Charges of the present slice of which it is not known whether they were heard. */
  #underWay = 0;
  /** One of them was not: the rest waits until they answer. */
  #unheard = false;
  /** That was said meanwhile. */
  #again = false;

  constructor(parts: DebtParts) {
    this.#parts = parts;
    this.#owed = parts.limits.map(() => new Map());
  }

  get size(): number {
    return this.#owed.reduce((sum, { size }) => sum + size, 0);
  }

  /** So many more went on; fewer than none: of those so many did not. */
  owe(limit: number, key: string, count: number): void {
    const owed = this.#owed[limit];
    const rate = this.#parts.limits[limit]?.rate;
    if (owed === undefined || rate === undefined) return;
    const nowMs = this.#parts.now();
    const known = owed.get(key);
    if (known !== undefined) {
      this.#forgive(known, rate, nowMs);
      known.count += count;
      if (known.count <= 0) owed.delete(key);
    } else if (count > 0 && this.#hasRoom(owed, rate, nowMs)) {
      const forgivenFromMs = nowMs + this.#parts.terms.forgivenAfterMs(rate);
      owed.set(key, { count, atMs: nowMs, forgivenFromMs });
    }
  }

  /** They answer, or hear. */
  settle(): void {
    this.#again = this.#underWay > 0;
    if (this.#again) return;
    const charges = this.#nextSlice();
    this.#underWay = charges.length;
    this.#unheard = false;
    for (const [limit, key, count] of charges) {
      this.#parts.lender.charge(limit, key, count, (heard) => {
        if (!heard) {
          this.owe(limit, key, count);
          this.#unheard = true;
        }
        this.#underWay -= 1;
        if (this.#underWay === 0 && (this.#again || !this.#unheard)) this.settle();
      });
    }
  }

  /** What is in it is owed no more, unless it is not heard. */
  #nextSlice(): readonly (readonly [limit: number, key: string, count: number])[] {
    const nowMs = this.#parts.now();
    const charges: [number, string, number][] = [];
    for (const [limit, owed] of this.#owed.entries()) {
      const rate = this.#parts.limits[limit]?.rate;
      if (rate === undefined) continue;
      for (const [key, one] of owed) {
        if (charges.length === SLICE) return charges;
        this.#forgive(one, rate, nowMs);
        const count = Math.round(one.count);
        if (count > 0) charges.push([limit, key, count]);
        owed.delete(key);
      }
    }
    return charges;
  }

  #forgive(one: Owed, { requests, perMs }: LimitRate, nowMs: number): void {
    const forMs = nowMs - Math.max(one.atMs, one.forgivenFromMs);
    if (forMs > 0) {
      one.count = Math.max(0, one.count - (forMs * requests) / perMs / this.#parts.terms.debtors);
    }
    one.atMs = nowMs;
  }

  #hasRoom(owed: Map<string, Owed>, rate: LimitRate, nowMs: number): boolean {
    if (owed.size < KEYS_MAX) return true;
    return forgetOne(owed, (one) => {
      this.#forgive(one, rate, nowMs);
      return one.count === 0;
    });
  }
}
