// Who counts what clients may have, as a worker sees it: a single worker by itself, at once and with nobody asked; one of several, or
// one of a host that shares a store with others, with leases of the arbiter. One that was single may become one of several.

import { later, monotonicMs } from '../../clock.ts';
import { arbiterTerms } from '../../limits/debts.ts';
import { TokenLeases } from '../../limits/leases.ts';
import type { LimitList } from '../../limits/limit-list.ts';
import { LocalTokens } from '../../limits/local.ts';
import { LocalPlaces } from '../../limits/local-places.ts';
import { PlaceLeases } from '../../limits/place-leases.ts';
import { Reach } from '../../limits/reach.ts';
import type { Answer, Places, Tokens } from '../../limits/tokens.ts';
import type { Log } from '../../observe/log.ts';
import { Seldom } from '../../observe/seldom.ts';
import type { LeaseQuestion, LeaseReply } from '../../wire/limits.ts';
import { ArbiterLender } from './arbiter-lender.ts';

export interface LimitCountsOptions {
  readonly limits: LimitList;
  /** The arbiter counts for this worker and others. */
  readonly shared: boolean;
  /** How many workers there should be. */
  readonly workers: number;
  readonly timeoutMs: number;
  readonly log: Log;
  ask(question: LeaseQuestion): void;
}

export class LimitCounts implements Tokens, Places {
  readonly #options: LimitCountsOptions;
  readonly #borrowers: number;
  /** The truth of a single worker; of one of several what goes on while the arbiter does not answer. */
  readonly #local: LocalTokens;
  readonly #localPlaces: LocalPlaces;
  #tokens: Tokens;
  #places: Places;
  #lenders: readonly ArbiterLender[] = [];
  readonly #told = new Seldom();

  constructor(options: LimitCountsOptions) {
    const { limits, workers, shared } = options;
    this.#options = options;
    this.#borrowers = shared ? Math.max(2, workers) : 1;
    this.#local = new LocalTokens(partOf(limits, this.#borrowers), monotonicMs);
    this.#localPlaces = new LocalPlaces(limits.places);
    this.#tokens = this.#local;
    this.#places = this.#localPlaces;
    if (shared) this.#lease();
  }

  ask(limit: number, key: string): Answer | Promise<Answer> {
    return this.#tokens.ask(limit, key);
  }

  enter(limit: number, key: string): boolean | Promise<boolean> {
    return this.#places.enter(limit, key);
  }

  leave(limit: number, key: string): void {
    this.#places.leave(limit, key);
  }

  /** To be called on every tick of the worker. */
  tick(): void {
    this.#local.tend();
  }

  /** Another worker serves, too. What this one has counted so far begins anew; what is open is told. */
  share(): void {
    if (this.#lenders.length === 0) this.#lease();
  }

  heard(reply: LeaseReply): void {
    for (const lender of this.#lenders) lender.heard(reply);
  }

  #lease(): void {
    const { limits, timeoutMs, ask } = this.#options;
    const reach = new Reach({ timeoutMs, now: monotonicMs, later });
    reach.onChange((state) => this.#tell(state));
    const tokens = new ArbiterLender('tokens', ask);
    const places = new ArbiterLender('places', ask);
    const common = { borrowers: Math.max(2, this.#borrowers), reach, now: monotonicMs, later };
    this.#lenders = [tokens, places];
    this.#tokens = new TokenLeases({
      ...common,
      limits: limits.tokens,
      lender: tokens,
      alone: this.#local,
      terms: arbiterTerms(common.borrowers),
    });
    const leases = new PlaceLeases({ ...common, limits: limits.places, lender: places });
    for (const [limit, key, count] of this.#localPlaces.open()) leases.adopt(limit, key, count);
    this.#places = leases;
  }

  #tell(state: 'answers' | 'silent'): void {
    const { log, timeoutMs } = this.#options;
    if (state === 'answers' || !this.#told.claim(monotonicMs())) return;
    log.warning(
      `The arbiter did not tell within ${timeoutMs} ms what clients may have. This worker goes by its own count until it does.`,
      { metric: 'tunicorn.limits.alone', value: 1, mtype: 'counter' },
    );
  }
}

/** What one of so many may let through while it cannot ask. */
function partOf(limits: LimitList, borrowers: number): LimitList['tokens'] {
  return limits.tokens.map(({ id, rate: { requests, perMs, burst } }) => ({
    id,
    rate: {
      requests: requests / borrowers,
      perMs,
      burst: Math.max(1, Math.floor(burst / borrowers)),
    },
  }));
}
