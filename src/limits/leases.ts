// Tokens that somebody else counts, leased a few at a time: what a lease holds is used at once, and what is not used soon goes back, so
// that the sum of all who lease never exceeds the limit and hardly anything lies idle. A refusal is remembered until there is something
// again. How many are leased follows what was used: one for who comes once, up to a bound for who comes all the time.

import { boundedKey } from './bounded-key.ts';
import type { Grant } from './bucket.ts';
import { Debts, type DebtTerms } from './debts.ts';
import { forgetOne } from './forget-one.ts';
import type { Lease, Lender } from './lender.ts';
import { answerOf } from './local.ts';
import type { Reach } from './reach.ts';
import type { Answer, TokenLimit, Tokens } from './tokens.ts';

/** What goes on by itself while nobody answers. */
export interface Alone {
  take(limit: number, key: string, count: number): Grant;
  /** The lender had said that what the key has used is forgiven in so long. */
  told?(limit: number, key: string, resetMs: number): void;
}

/** What one lease may hold is used up in this time by as many borrowers as there are. */
const LEASE_MS = 50;
/** What a lease holds is given back after this time. */
export const LEASE_VALID_MS = 100;
/** A refused key is not asked for again before: what comes meanwhile is then had at once. */
const REFUSED_MS = 5;
/** Keys that are known here, for each limit; then the oldest are forgotten, which costs a question. */
const KEYS_MAX = 16_384;
/** So many wait at most; others go on alone. */
const WAITING_MAX = 10_000;

interface Waiting {
  readonly count: number;
  readonly answer: (grant: Grant) => void;
}

interface Held {
  readonly limit: number;
  readonly key: string;
  tokens: number;
  /** As many as the last lease held. */
  size: number;
  /** Until when they may be used. */
  dueMs: number;
  /** Used since the last lease began. */
  used: number;
  refusedUntilMs: number;
  /** Left with the lender, when it last said. */
  beyond: number;
  resetAtMs: number;
  /** In which silence it was asked for last; -1: that was answered. */
  askedIn: number;
  waiting: Waiting[];
}

export interface LeaseParts {
  readonly limits: readonly TokenLimit[];
  /** How many lease from the same lender. */
  readonly borrowers: number;
  readonly lender: Lender;
  readonly alone: Alone;
  /** How the lender is told what went on alone. */
  readonly terms: DebtTerms;
  readonly reach: Reach;
  /** Milliseconds, monotonic. */
  now(): number;
  later(ms: number, deed: () => void): void;
}

export class TokenLeases implements Tokens {
  readonly #parts: LeaseParts;
  readonly #reach: Reach;
  readonly #held: readonly Map<string, Held>[];
  /** Those with tokens, which go back when they are not used. */
  readonly #holding = new Set<Held>();
  /** What went on alone. */
  readonly #debts: Debts;
  #returning = false;
  /** How often the lender fell silent: what was asked before that may never be answered. */
  #silences = 0;

  constructor(parts: LeaseParts) {
    this.#parts = parts;
    this.#held = parts.limits.map(() => new Map());
    this.#debts = new Debts(parts);
    this.#reach = parts.reach;
    parts.reach.onChange((state) => {
      if (state === 'answers') this.#debts.settle();
      else this.#silences += 1;
    });
  }

  ask(limit: number, key: string): Answer | Promise<Answer> {
    const grant = this.take(limit, boundedKey(key), 1);
    return grant instanceof Promise ? grant.then(answerOf) : answerOf(grant);
  }

  /** Up to `count` at once. */
  take(limit: number, key: string, count: number): Grant | Promise<Grant> {
    const nowMs = this.#parts.now();
    const held = this.#held[limit]?.get(key);
    if (held !== undefined) {
      const usable = nowMs < held.dueMs ? held.tokens : 0;
      if (usable >= count) return this.#use(held, count, nowMs);
      if (nowMs < held.refusedUntilMs) return this.#use(held, usable, nowMs, count);
    }
    if (this.#reach.silent) {
      if (this.#reach.probes()) this.#probe(limit, key);
      return this.#goAlone(limit, key, count);
    }
    if (this.#reach.waiting >= WAITING_MAX) return this.#goAlone(limit, key, count);
    const found = held ?? this.#open(limit, key);
    return found === null ? this.#goAlone(limit, key, count) : this.#wait(found, count);
  }

  #use(held: Held, count: number, nowMs: number, asked = count): Grant {
    held.tokens -= count;
    held.used += count;
    if (held.tokens === 0) this.#holding.delete(held);
    // The next lease should be here before this one is used up.
    if (held.size > 3 && held.tokens * 2 < held.size && nowMs >= held.refusedUntilMs) {
      if (held.askedIn !== this.#silences && !this.#reach.silent) this.#lease(held, 0);
    }
    return {
      granted: count,
      remaining: held.tokens + held.beyond,
      resetMs: Math.max(0, held.resetAtMs - nowMs),
      retryMs: count === asked ? 0 : Math.max(0, held.refusedUntilMs - nowMs),
    };
  }

  #wait(held: Held, count: number): Promise<Grant> {
    return new Promise((resolve) => {
      const waiting: Waiting = {
        count,
        answer: (grant) => {
          over();
          resolve(grant);
        },
      };
      const over = this.#reach.wait(() => {
        held.waiting = held.waiting.filter((one) => one !== waiting);
        resolve(this.#goAlone(held.limit, held.key, count));
      });
      held.waiting.push(waiting);
      if (held.askedIn !== this.#silences) this.#lease(held, count);
    });
  }

  #lease(held: Held, atLeast: number): void {
    const most = this.#most(held.limit);
    // Twice what the last one was used for, so that who comes all the time soon asks rarely.
    const asked = Math.max(atLeast, Math.min(most, Math.max(1, held.used * 2)));
    held.used = 0;
    held.askedIn = this.#silences;
    const answered = this.#reach.asked();
    this.#parts.lender.take(held.limit, held.key, asked, (lease) => {
      answered();
      this.#leased(held, asked, lease);
    });
  }

  #leased(held: Held, asked: number, lease: Lease): void {
    const nowMs = this.#parts.now();
    held.askedIn = -1;
    if (nowMs >= held.dueMs) this.#giveBack(held);
    held.tokens += lease.granted;
    held.size = lease.granted;
    held.dueMs = nowMs + lease.validMs;
    held.beyond = lease.remaining;
    held.resetAtMs = nowMs + lease.resetMs;
    held.refusedUntilMs =
      lease.granted < asked ? nowMs + Math.max(lease.retryMs, this.#rest(held.limit)) : 0;
    if (held.tokens > 0) this.#hold(held);
    const { waiting } = held;
    held.waiting = [];
    let wanted = 0;
    for (const one of waiting) {
      const refused = nowMs < held.refusedUntilMs;
      if (held.tokens >= one.count || refused) {
        one.answer(this.#use(held, Math.min(held.tokens, one.count), nowMs, one.count));
      } else {
        held.waiting.push(one);
        wanted += one.count;
      }
    }
    if (wanted > 0) this.#lease(held, wanted);
  }

  /** So many went on that the lender is to hear of, as its terms say; fewer than none: of those so many did not. */
  owe(limit: number, key: string, count: number): void {
    this.#debts.owe(limit, key, count);
    if (this.#parts.terms.hearLate || !this.#reach.silent) this.#debts.settle();
  }

  #goAlone(limit: number, key: string, count: number): Grant {
    const { alone } = this.#parts;
    const known = this.#held[limit]?.get(key);
    if (known !== undefined) alone.told?.(limit, key, known.resetAtMs - this.#parts.now());
    const grant = alone.take(limit, key, count);
    if (grant.granted > 0) this.owe(limit, key, grant.granted);
    return grant;
  }

  /** Asks who is silent; nobody waits. */
  #probe(limit: number, key: string): void {
    const answered = this.#reach.asked();
    this.#parts.lender.take(limit, key, 1, (lease) => {
      answered();
      if (lease.granted > 0) this.#parts.lender.giveBack(limit, key, lease.granted);
    });
  }

  /** null: there is no room. */
  #open(limit: number, key: string): Held | null {
    const all = this.#held[limit];
    if (all === undefined) throw new Error(`there is no limit ${limit}`);
    if (all.size >= KEYS_MAX && !forgetOne(all, (one) => this.#mayGo(one))) return null;
    const held: Held = {
      limit,
      key,
      tokens: 0,
      size: 0,
      dueMs: 0,
      used: 0,
      refusedUntilMs: 0,
      beyond: 0,
      resetAtMs: 0,
      askedIn: -1,
      waiting: [],
    };
    all.set(key, held);
    return held;
  }

  #mayGo(held: Held): boolean {
    if (held.askedIn === this.#silences) return false;
    this.#giveBack(held);
    return true;
  }

  #hold(held: Held): void {
    this.#holding.add(held);
    if (this.#returning) return;
    this.#returning = true;
    this.#parts.later(LEASE_MS, () => this.#returnUnused());
  }

  #returnUnused(): void {
    this.#returning = false;
    const nowMs = this.#parts.now();
    for (const held of this.#holding) if (nowMs >= held.dueMs) this.#giveBack(held);
    if (this.#holding.size === 0) return;
    this.#returning = true;
    this.#parts.later(LEASE_MS, () => this.#returnUnused());
  }

  #giveBack(held: Held): void {
    this.#holding.delete(held);
    if (held.tokens > 0) this.#parts.lender.giveBack(held.limit, held.key, held.tokens);
    held.tokens = 0;
  }

  /** The most that one lease holds. */
  #most(limit: number): number {
    const rate = this.#parts.limits[limit]?.rate;
    if (rate === undefined) return 1;
    const perLease = (rate.requests / rate.perMs) * LEASE_MS;
    return Math.max(1, Math.floor(Math.min(perLease, rate.burst / 2) / this.#parts.borrowers));
  }

  /** How long a refused key rests at least: not so long that the burst fills up meanwhile. */
  #rest(limit: number): number {
    const rate = this.#parts.limits[limit]?.rate;
    if (rate === undefined) return 0;
    return Math.min(REFUSED_MS, (rate.burst * rate.perMs) / rate.requests / 4);
  }
}
