// Places that somebody else counts, leased when they are needed: a place that is left serves the next of the same client here, or goes
// back a moment later. While nobody answers, each borrower lets its own part of the places be taken, and tells afterwards.

import { boundedKey } from './bounded-key.ts';
import { forgetOne } from './forget-one.ts';
import type { Lender } from './lender.ts';
import type { Reach } from './reach.ts';
import type { PlaceLimit, Places } from './tokens.ts';

/** A place that nobody here wants goes back after this time, or twice that. */
const KEPT_MS = 50;
/** So many for each worker, and places are kept. */
const KEPT_FROM = 8;
/** A client that was refused a place is not asked for again before: another worker may have given one back by then. */
const REFUSED_MS = 50;
/** Clients that have nothing open here are remembered up to so many. */
const KEYS_MAX = 16_384;
const WAITING_MAX = 10_000;

interface Held {
  readonly limit: number;
  readonly key: string;
  /** Leased and not taken. */
  free: number;
  /** Leased and taken. */
  taken: number;
  /** Taken, and nobody was asked. */
  alone: number;
  refusedUntilMs: number;
  /** In which silence it was asked for last; -1: that was answered. */
  askedIn: number;
  waiting: ((entered: boolean) => void)[];
}

export interface PlaceLeaseParts {
  readonly limits: readonly PlaceLimit[];
  readonly borrowers: number;
  readonly lender: Lender;
  readonly reach: Reach;
  now(): number;
  later(ms: number, deed: () => void): void;
}

export class PlaceLeases implements Places {
  readonly #parts: PlaceLeaseParts;
  readonly #held: readonly Map<string, Held>[];
  /** Those with places that nobody has taken, and since when. */
  readonly #keeping = new Map<Held, number>();
  /** Those with places that nobody was asked for. */
  readonly #owing = new Set<Held>();
  #returning = false;
  #silences = 0;

  constructor(parts: PlaceLeaseParts) {
    this.#parts = parts;
    this.#held = parts.limits.map(() => new Map());
    parts.reach.onChange((state) => {
      if (state === 'answers') this.#settle();
      else this.#silences += 1;
    });
  }

  enter(limit: number, name: string): boolean | Promise<boolean> {
    const key = boundedKey(name);
    const { reach } = this.#parts;
    const held = this.#held[limit]?.get(key);
    if (held !== undefined && held.free > 0) return this.#take(held);
    if (held !== undefined && this.#parts.now() < held.refusedUntilMs) return false;
    const found = held ?? this.#open(limit, key);
    if (reach.silent) {
      if (reach.probes()) this.#lease(found, 0);
      return this.#takeAlone(found);
    }
    if (reach.waiting >= WAITING_MAX) return this.#takeAlone(found);
    return this.#wait(found);
  }

  leave(limit: number, key: string): void {
    const held = this.#held[limit]?.get(boundedKey(key));
    if (held === undefined || held.taken + held.alone === 0) {
      throw new Error('a place was given back twice');
    }
    if (held.alone > 0) {
      held.alone -= 1;
      if (held.alone === 0) this.#owing.delete(held);
    } else {
      held.taken -= 1;
      if (this.#mayKeep(limit)) {
        held.free += 1;
        this.#keep(held);
      } else this.#parts.lender.giveBack(limit, held.key, 1);
    }
    this.#forgetIfEmpty(held);
  }

  /** Where there are few, those that lie idle with others would be missed by who comes to yet another worker. */
  #mayKeep(limit: number): boolean {
    const most = this.#parts.limits[limit]?.most ?? 0;
    return most >= KEPT_FROM * this.#parts.borrowers;
  }

  #take(held: Held): true {
    held.free -= 1;
    held.taken += 1;
    if (held.free === 0) this.#keeping.delete(held);
    return true;
  }

  #takeAlone(held: Held): boolean {
    const most = this.#parts.limits[held.limit]?.most ?? 0;
    const part = Math.max(1, Math.floor(most / this.#parts.borrowers));
    if (held.taken + held.alone >= part) {
      this.#forgetIfEmpty(held);
      return false;
    }
    held.alone += 1;
    this.#owing.add(held);
    return true;
  }

  #wait(held: Held): Promise<boolean> {
    return new Promise((resolve) => {
      const answer = (entered: boolean): void => {
        over();
        resolve(entered);
      };
      const over = this.#parts.reach.wait(() => {
        held.waiting = held.waiting.filter((one) => one !== answer);
        resolve(this.#takeAlone(held));
      });
      held.waiting.push(answer);
      if (held.askedIn !== this.#silences) this.#lease(held, held.waiting.length);
    });
  }

  #lease(held: Held, count: number): void {
    held.askedIn = this.#silences;
    const asked = Math.max(1, count);
    const answered = this.#parts.reach.asked();
    this.#parts.lender.take(held.limit, held.key, asked, ({ granted }) => {
      answered();
      this.#leased(held, asked, granted);
    });
  }

  #leased(held: Held, asked: number, granted: number): void {
    // The answer is late, and meanwhile nobody had anything open and it was forgotten: another one may stand for this client.
    if (!this.#isKnown(held)) {
      if (granted > 0) this.#parts.lender.giveBack(held.limit, held.key, granted);
      return;
    }
    held.askedIn = -1;
    held.free += granted;
    if (granted < asked) held.refusedUntilMs = this.#parts.now() + REFUSED_MS;
    const { waiting } = held;
    held.waiting = [];
    for (const answer of waiting) {
      if (held.free > 0) answer(this.#take(held));
      else if (granted < asked) answer(false);
      else held.waiting.push(answer);
    }
    if (held.free > 0) this.#keep(held);
    if (held.waiting.length > 0) this.#lease(held, held.waiting.length);
  }

  #keep(held: Held): void {
    if (!this.#keeping.has(held)) this.#keeping.set(held, this.#parts.now());
    if (this.#returning) return;
    this.#returning = true;
    this.#parts.later(KEPT_MS, () => this.#returnUnused());
  }

  #returnUnused(): void {
    this.#returning = false;
    const beforeMs = this.#parts.now() - KEPT_MS;
    for (const [held, sinceMs] of this.#keeping) {
      // In the order in which they were left.
      if (sinceMs > beforeMs) break;
      this.#keeping.delete(held);
      this.#parts.lender.giveBack(held.limit, held.key, held.free);
      held.free = 0;
      this.#forgetIfEmpty(held);
    }
    if (this.#keeping.size === 0) return;
    this.#returning = true;
    this.#parts.later(KEPT_MS, () => this.#returnUnused());
  }

  #settle(): void {
    for (const held of this.#owing) {
      this.#parts.lender.charge(held.limit, held.key, held.alone);
      held.taken += held.alone;
      held.alone = 0;
    }
    this.#owing.clear();
  }

  #open(limit: number, key: string): Held {
    const all = this.#held[limit];
    if (all === undefined) throw new Error(`there is no limit ${limit}`);
    if (all.size >= KEYS_MAX) forgetOne(all, (one) => this.#mayGo(one));
    const held: Held = {
      limit,
      key,
      free: 0,
      taken: 0,
      alone: 0,
      refusedUntilMs: 0,
      askedIn: -1,
      waiting: [],
    };
    all.set(key, held);
    return held;
  }

  /** Whoever has something open stays; there are no more of those than connections. */
  #mayGo(held: Held): boolean {
    held.refusedUntilMs = 0;
    return this.#isEmpty(held);
  }

  #forgetIfEmpty(held: Held): void {
    if (this.#isEmpty(held) && this.#isKnown(held)) this.#held[held.limit]?.delete(held.key);
  }

  #isEmpty(held: Held): boolean {
    const isOpen = held.free + held.taken + held.alone + held.waiting.length > 0;
    if (isOpen || held.askedIn === this.#silences) return false;
    return this.#parts.now() >= held.refusedUntilMs;
  }

  #isKnown(held: Held): boolean {
    return this.#held[held.limit]?.get(held.key) === held;
  }
}
