// Who counts what clients may have, as a worker sees it: the arbiter, of which it leases, for all workers, for those before them and,
// where there is a store, with other hosts. Requests a worker counts by itself while it is the only one, and tells; and while the
// arbiter does not answer.

import { later, monotonicMs } from '../../clock.ts';
import { arbiterTerms } from '../../limits/debts.ts';
import { TokenLeases } from '../../limits/leases.ts';
import type { LimitList } from '../../limits/limit-list.ts';
import { OwnCount } from '../../limits/own-count.ts';
import { PlaceLeases } from '../../limits/place-leases.ts';
import { Reach } from '../../limits/reach.ts';
import { Share } from '../../limits/share.ts';
import type { Answer, Places, Tokens } from '../../limits/tokens.ts';
import type { Log } from '../../observe/log.ts';
import { Seldom } from '../../observe/seldom.ts';
import type { LeaseQuestion, LeaseReply } from '../../wire/limits.ts';
import { ArbiterLender } from './arbiter-lender.ts';

export interface LimitCountsOptions {
  readonly limits: LimitList;
  /** How many workers there should be. */
  readonly workers: number;
  /** How long the arbiter has, which may ask a store. */
  readonly patienceMs: number;
  readonly log: Log;
  ask(question: LeaseQuestion): void;
}

export class LimitCounts implements Tokens, Places {
  readonly #options: LimitCountsOptions;
  /** What goes on while the arbiter does not answer. */
  readonly #alone: Share;
  readonly #leases: TokenLeases;
  /** While no other worker is there. */
  #own: OwnCount | null = null;
  readonly #places: PlaceLeases;
  readonly #lenders: { readonly tokens: ArbiterLender; readonly places: ArbiterLender };
  readonly #told = new Seldom();

  constructor(options: LimitCountsOptions) {
    const { limits, patienceMs, ask, workers: borrowers } = options;
    this.#options = options;
    const reach = new Reach({ timeoutMs: patienceMs, now: monotonicMs, later });
    reach.onChange((state) => this.#tell(state));
    const tokens = new ArbiterLender('tokens', ask);
    const places = new ArbiterLender('places', ask);
    const common = { borrowers, reach, now: monotonicMs, later };
    this.#lenders = { tokens, places };
    this.#alone = new Share(limits.tokens, monotonicMs, () => borrowers);
    this.#leases = new TokenLeases({
      ...common,
      limits: limits.tokens,
      lender: tokens,
      alone: this.#alone,
      terms: arbiterTerms(borrowers),
    });
    this.#places = new PlaceLeases({ ...common, limits: limits.places, lender: places });
  }

  ask(limit: number, key: string): Answer | Promise<Answer> {
    return (this.#own ?? this.#leases).ask(limit, key);
  }

  enter(limit: number, key: string): boolean | Promise<boolean> {
    return this.#places.enter(limit, key);
  }

  leave(limit: number, key: string): void {
    this.#places.leave(limit, key);
  }

  /** To be called on every tick of the worker. */
  tick(): void {
    this.#alone.tend();
    this.#own?.tend();
  }

  heard(reply: LeaseReply): void {
    this.#lenders[reply.of]?.heard(reply);
  }

  /** `inheritsMs`: no other worker counts, and that is for how long the arbiter may know what is not known here; null: others do. */
  countAlone(inheritsMs: readonly number[] | null): void {
    this.tellAll();
    this.#own?.end();
    this.#own = null;
    if (inheritsMs === null) return;
    this.#own = new OwnCount({
      limits: this.#options.limits.tokens,
      inheritsMs,
      leases: this.#leases,
      owe: (limit, key, resetMs) => this.#lenders.tokens.owe(limit, key, resetMs),
      now: monotonicMs,
    });
  }

  /** What it has counted by itself is on its way. */
  tellAll(): void {
    let all = false;
    while (!all) {
      all = this.#own?.tell() ?? true;
      this.#lenders.tokens.hurry();
    }
  }

  #tell(state: 'answers' | 'silent'): void {
    const { log, patienceMs } = this.#options;
    if (state === 'answers' || !this.#told.claim(monotonicMs())) return;
    log.warning(
      `The arbiter did not tell within ${patienceMs} ms what clients may have. This worker goes by its own count until it does.`,
      { metric: 'tunicorn.limits.alone', value: 1, mtype: 'counter' },
    );
  }
}
