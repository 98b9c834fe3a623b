// What went on while those who count did not answer, and that they are told when they do: a slice at a time, so that many keys do not
// silence them again, and each until it is known that they have heard.

import type { Lender } from './leases.ts';
import type { TokenLimit } from './tokens.ts';

/** As many as one message to the arbiter holds. */
const SLICE = 256;
/** Keys that are remembered for each limit; what goes on alone beyond that is not told. */
const KEYS_MAX = 16_384;
/** How many old ones are looked at for one that is forgiven by now. */
const LOOKS = 8;

export interface DebtParts {
  readonly limits: readonly TokenLimit[];
  readonly lender: Pick<Lender, 'charge'>;
  /** Milliseconds, monotonic. */
  now(): number;
}

export class Debts {
  readonly #parts: DebtParts;
  /** For each limit: when what a key owes is forgiven, at the rate of all. */
  readonly #owed: readonly Map<string, number>[];
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
    if (known === undefined && (count < 0 || !hasRoom(owed, nowMs))) return;
    const untilMs = Math.max(nowMs, known ?? 0) + (count * rate.perMs) / rate.requests;
    if (untilMs > nowMs) owed.set(key, untilMs);
    else owed.delete(key);
  }

  /** They answer. */
  settle(): void {
    this.#again = this.#underWay > 0;
    if (this.#again) return;
    const charges = this.#nextSlice();
    this.#underWay = charges.length;
    this.#unheard = false;
    for (const [limit, key, count] of charges) {
      this.#parts.lender.charge(limit, key, count, (heard) => {
        if (heard) this.owe(limit, key, -count);
        else this.#unheard = true;
        this.#underWay -= 1;
        if (this.#underWay === 0 && (this.#again || !this.#unheard)) this.settle();
      });
    }
  }

  #nextSlice(): readonly (readonly [limit: number, key: string, count: number])[] {
    const nowMs = this.#parts.now();
    const charges: [number, string, number][] = [];
    for (const [limit, owed] of this.#owed.entries()) {
      const rate = this.#parts.limits[limit]?.rate;
      if (rate === undefined) continue;
      for (const [key, untilMs] of owed) {
        if (charges.length === SLICE) return charges;
        const count = Math.round(((untilMs - nowMs) * rate.requests) / rate.perMs);
        if (count > 0) charges.push([limit, key, count]);
        else owed.delete(key);
      }
    }
    return charges;
  }
}

function hasRoom(owed: Map<string, number>, nowMs: number): boolean {
  if (owed.size < KEYS_MAX) return true;
  let looks = 0;
  for (const [key, untilMs] of owed) {
    if (untilMs <= nowMs) {
      owed.delete(key);
      return true;
    }
    looks += 1;
    if (looks === LOOKS) return false;
  }
  return false;
}
