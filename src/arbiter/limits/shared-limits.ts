// Counts for all workers what clients may have: workers lease tokens and places of it (wire/limits.ts). What was counted outlives
// workers and reloads. A message is bounded work, nonsense in it is passed over, and what a worker that died had is free.

import { KEY_LENGTH_MAX } from '../../limits/bounded-key.ts';
import type { Grant } from '../../limits/bucket.ts';
import { LEASE_VALID_MS } from '../../limits/leases.ts';
import type { Lease } from '../../limits/lender.ts';
import { type LimitList, limitListOf } from '../../limits/limit-list.ts';
import { LocalTokens } from '../../limits/local.ts';
import { SharedPlaces } from '../../limits/shared-places.ts';
import type { PlaceLimit } from '../../limits/tokens.ts';
import type { Log } from '../../observe/log.ts';
import type { Settings } from '../../settings/settings.ts';
import type { ToWorker } from '../../wire/arbiter-worker.ts';
import {
  KEY_COUNTS_MAX,
  type KeyCount,
  type LeaseAnswer,
  type LeaseQuestion,
} from '../../wire/limits.ts';
import { Hosts } from './hosts.ts';
import { type SilenceWatcher, type StoreNeighbours, storedTokens } from './stored-limits.ts';

/** A worker, as far as it is known here. */
export interface Borrower {
  say(message: ToWorker): void;
}

/** Who counts tokens: this process, or it together with a store. */
export interface TokenCounter {
  take(limit: number, key: string, count: number): Grant | Lease | Promise<Grant | Lease>;
  giveBack(limit: number, key: string, count: number): void;
  charge(limit: number, key: string, count: number): void;
}

const TEND_MS = 250;
/** More tokens no lease has. */
const COUNT_MAX = 1_000_000;
/** What a key has used is forgiven before, whatever the limit; the bucket has a bound of its own. */
const OWED_MAX_MS = Number.MAX_SAFE_INTEGER;
/** Leases of one worker that it may give back; of older ones it may not. */
const OUT_MAX = 4096;
/** Who does not answer in time is refused nothing and granted nothing: the worker goes on alone. */
const NOTHING: LeaseAnswer = [0, 0, 0, 0, 0];

export class SharedLimits {
  readonly #now: () => number;
  readonly #log: () => Log;
  readonly #places = new SharedPlaces();
  #local: LocalTokens | null = null;
  #tending: NodeJS.Timeout | null = null;
  /** Of generations that have workers, or will. */
  readonly #shares = new Set<LimitShare>();
  /** Counts by itself. */
  #alone: Borrower | null = null;

  readonly #neighbours: StoreNeighbours;

  /**
   * @param now milliseconds, monotonic
   * @param silences is told of a store that does not answer
   */
  constructor(now: () => number, log: () => Log, silences: SilenceWatcher) {
    this.#neighbours = { silences, hosts: new Hosts(now) };
    this.#now = now;
    this.#log = log;
  }

  /** For the workers of one generation; null where nothing is limited. */
  share(settings: Settings): LimitShare | null {
    const limits = limitListOf(settings);
    if (limits.tokens.length + limits.places.length === 0) return null;
    const before = this.#local;
    const local = new LocalTokens(limits.tokens, this.#now, { before });
    this.#local = local;
    this.#tending ??= setInterval(() => this.#local?.tend(), TEND_MS).unref();
    const [now, log, neighbours] = [this.#now, this.#log, this.#neighbours];
    const stored = storedTokens(settings, limits.tokens, local, now, log, neighbours);
    const share = new LimitShare(limits, stored?.tokens ?? local, this.#places, {
      local: stored === null ? local : null,
      fleetChanged: () => this.#fleetChanged(),
      over: () => {
        this.#shares.delete(share);
        stored?.close();
      },
      // What counts goes on: limits that are not in this one are no longer away by it.
      dropped: () => {
        if (this.#local === local) this.#local = before;
      },
    });
    this.#shares.add(share);
    return share;
  }

  /** A worker that is the only one counts requests by itself, which takes nobody's time. */
  #fleetChanged(): void {
    const all = [...this.#shares].flatMap((share) =>
      share.workers.map((worker) => ({ worker, local: share.local })),
    );
    const [first = null] = all;
    const alone = all.length === 1 && first?.local != null ? first : null;
    if (alone?.worker === this.#alone) return;
    const before = all.find(({ worker }) => worker === this.#alone);
    this.#alone = alone?.worker ?? null;
    before?.worker.say({ kind: 'count-limits', alone: null });
    alone?.worker.say({ kind: 'count-limits', alone: alone.local?.longestMs() ?? [] });
  }

  close(): void {
    if (this.#tending !== null) clearInterval(this.#tending);
    for (const share of this.#shares) share.close();
  }
}

interface ShareParts {
  /** Who counts, where nobody else counts with it. */
  readonly local: LocalTokens | null;
  /** A worker has come or gone. */
  fleetChanged(): void;
  /** No worker has it any more, and none will. */
  over(): void;
  /** No worker served with it. */
  dropped(): void;
}

export class LimitShare {
  readonly #limits: LimitList;
  readonly #tokens: TokenCounter;
  readonly #places: SharedPlaces;
  /** Workers, each with the tokens that it may give back. */
  readonly #borrowers = new Map<Borrower, Map<string, number>>();
  readonly #parts: ShareParts;
  #retired = false;

  constructor(limits: LimitList, tokens: TokenCounter, places: SharedPlaces, parts: ShareParts) {
    this.#parts = parts;
    this.#limits = limits;
    this.#tokens = tokens;
    this.#places = places;
  }

  /** Another generation serves: it is over with its last worker. */
  retire(): void {
    this.#retired = true;
    this.#closeIfOver();
  }

  /** Its generation will not serve: what was counted before it goes on. */
  drop(): void {
    this.#parts.dropped();
    this.retire();
  }

  close(): void {
    this.#parts.over();
  }

  #closeIfOver(): void {
    if (this.#retired && this.#borrowers.size === 0) this.close();
  }

  get workers(): readonly Borrower[] {
    return [...this.#borrowers.keys()];
  }

  get local(): LocalTokens | null {
    return this.#parts.local;
  }

  /** A worker begins. */
  joined(worker: Borrower): void {
    this.#borrowers.set(worker, new Map());
    this.#parts.fleetChanged();
  }

  gone(worker: Borrower): void {
    this.#borrowers.delete(worker);
    this.#places.gone(worker);
    this.#parts.fleetChanged();
    this.#closeIfOver();
  }

  asked(worker: Borrower, question: LeaseQuestion): void {
    const { of, id } = question;
    const out = this.#borrowers.get(worker);
    if (out === undefined || !Number.isSafeInteger(id)) return;
    const reply = (leases: readonly LeaseAnswer[]): void =>
      worker.say({ kind: 'leased', of, id, leases });
    if (of === 'places') {
      reply(this.#forPlaces(worker, question));
      return;
    }
    if (of !== 'tokens') return;
    const leases = this.#forTokens(out, question);
    if (leases.every((lease) => !(lease instanceof Promise))) reply(leases as LeaseAnswer[]);
    else void Promise.all(leases).then(reply);
  }

  #forTokens(
    out: Map<string, number>,
    { take, giveBack, charge, owed }: LeaseQuestion,
  ): (LeaseAnswer | Promise<LeaseAnswer>)[] {
    const tokens = this.#tokens;
    for (const [limit, key, resetMs] of this.#understood(owed, 'tokens', OWED_MAX_MS)) {
      this.#parts.local?.raise(limit, key, resetMs);
    }
    for (const [limit, key, count] of this.#understood(giveBack, 'tokens')) {
      const name = `${limit} ${key}`;
      const had = out.get(name) ?? 0;
      const back = Math.min(count, had);
      out.set(name, had - back);
      if (back === had) out.delete(name);
      if (back > 0) tokens.giveBack(limit, key, back);
    }
    for (const [limit, key, count] of this.#understood(charge, 'tokens')) {
      tokens.charge(limit, key, count);
    }
    return this.#inOrder(take, 'tokens', (limit, key, count) => {
      const lent = (lease: Grant | Lease): LeaseAnswer => {
        if (lease.granted > 0) remember(out, `${limit} ${key}`, lease.granted);
        const { granted, remaining, resetMs, retryMs } = lease;
        const validMs = 'validMs' in lease ? lease.validMs : LEASE_VALID_MS;
        return [granted, remaining, resetMs, retryMs, validMs];
      };
      const lease = tokens.take(limit, key, count);
      return lease instanceof Promise ? lease.then(lent) : lent(lease);
    });
  }

  #forPlaces(worker: Borrower, { take, giveBack, charge }: LeaseQuestion): readonly LeaseAnswer[] {
    const limits = this.#limits.places;
    // First: what was taken alone may have been left since, in the same message.
    for (const [limit, key, count] of this.#understood(charge, 'places')) {
      this.#places.charge(worker, limits[limit] as PlaceLimit, key, count);
    }
    for (const [limit, key, count] of this.#understood(giveBack, 'places')) {
      this.#places.giveBack(worker, limits[limit] as PlaceLimit, key, count);
    }
    return this.#inOrder(take, 'places', (limit, key, count) => {
      const granted = this.#places.take(worker, limits[limit] as PlaceLimit, key, count);
      return [granted, 0, 0, 0, 0] as const;
    });
  }

  /** An answer for each question, whatever it is. */
  #inOrder<A>(
    asked: readonly KeyCount[],
    of: 'tokens' | 'places',
    answer: (limit: number, key: string, count: number) => A,
  ): (A | LeaseAnswer)[] {
    if (!Array.isArray(asked)) return [];
    return asked
      .slice(0, KEY_COUNTS_MAX)
      .map((one) => (this.#isSound(one, of) ? answer(...one) : NOTHING));
  }

  #understood(
    counts: readonly KeyCount[],
    of: 'tokens' | 'places',
    most = COUNT_MAX,
  ): readonly KeyCount[] {
    if (!Array.isArray(counts)) return [];
    return counts.slice(0, KEY_COUNTS_MAX).filter((one: unknown) => this.#isSound(one, of, most));
  }

  #isSound(one: unknown, of: 'tokens' | 'places', most = COUNT_MAX): one is KeyCount {
    if (!Array.isArray(one)) return false;
    const [limit, key, count]: unknown[] = one;
    if (!Number.isSafeInteger(limit) || !Number.isSafeInteger(count)) return false;
    if (typeof key !== 'string' || key.length > KEY_LENGTH_MAX) return false;
    const [index, many] = [Number(limit), Number(count)];
    return index >= 0 && index < this.#limits[of].length && many > 0 && many <= most;
  }
}

function remember(out: Map<string, number>, name: string, count: number): void {
  out.set(name, (out.get(name) ?? 0) + count);
  if (out.size <= OUT_MAX) return;
  for (const oldest of out.keys()) {
    out.delete(oldest);
    return;
  }
}
