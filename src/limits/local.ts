// Tokens that are counted in this process: a table of keys for each limit. It is what the arbiter counts with for its workers, what a
// worker counts with that serves alone, and what goes on where the arbiter, or a store, does not answer.

import { randomBytes } from 'node:crypto';
import { chargeTokens, type Grant, giveBackTokens, raiseTokens, takeTokens } from './bucket.ts';
import { type HashSeed, KeyHash } from './hash.ts';
import { ForgivenTable } from './table.ts';
import type { Answer, TokenLimit, Tokens } from './tokens.ts';

/** For all limits together: two million keys are 32 MB. */
const ENTRIES_MAX = 2 ** 21;
/** Each limit has room for at least so many. */
const ENTRIES_MIN = 2 ** 16;

export class LocalTokens implements Tokens {
  readonly #limits: readonly TokenLimit[];
  readonly #tables: readonly ForgivenTable[];
  readonly #hash: KeyHash;
  /** By what is counted together: those of the limits here, and of the limits before them. */
  readonly #known: ReadonlyMap<string, ForgivenTable>;
  readonly #now: () => number;

  /**
   * @param now milliseconds, monotonic
   * @param before counted until now: a limit that is the same goes on from there, and so does one that was away for one reload
   */
  constructor(
    limits: readonly TokenLimit[],
    now: () => number,
    {
      entriesMax = ENTRIES_MAX,
      before = null,
    }: { readonly entriesMax?: number; readonly before?: LocalTokens | null } = {},
  ) {
    this.#limits = limits;
    this.#now = now;
    this.#hash = before === null ? new KeyHash(makeSeed()) : before.#hash;
    const each = Math.max(ENTRIES_MIN, Math.floor(entriesMax / Math.max(1, limits.length)));
    const known = before === null ? new Map<string, ForgivenTable>() : before.#known;
    this.#tables = limits.map((limit) => known.get(identityOf(limit)) ?? new ForgivenTable(each));
    this.#known = new Map([...(before === null ? [] : before.#own()), ...this.#own()]);
  }

  get bytes(): number {
    return this.#tables.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  ask(limit: number, key: string): Answer {
    return answerOf(this.take(limit, key, 1));
  }

  /** Up to `count` at once. */
  take(limit: number, key: string, count: number): Grant {
    const { rate, table } = this.#at(limit);
    const { low, high } = this.#hashOf(key);
    const nowMs = this.#now();
    const untilMs = table.get(low, high);
    const taken = takeTokens(rate, untilMs, count, nowMs);
    if (taken.granted > 0) table.set(low, high, taken.untilMs, nowMs);
    return taken;
  }

  /** Of what was taken so many are not used. */
  giveBack(limit: number, key: string, count: number): void {
    const { rate, table } = this.#at(limit);
    const { low, high } = this.#hashOf(key);
    const untilMs = table.get(low, high);
    if (untilMs > 0) table.set(low, high, giveBackTokens(rate, untilMs, count), this.#now());
  }

  /** So many went on that nobody had granted here. */
  charge(limit: number, key: string, count: number): void {
    const { rate, table } = this.#at(limit);
    const { low, high } = this.#hashOf(key);
    const nowMs = this.#now();
    table.set(low, high, chargeTokens(rate, table.get(low, high), count, nowMs), nowMs);
  }

  /** Somebody else who counts has it forgiven in so long: it is so here as well, if that is later. */
  raise(limit: number, key: string, resetMs: number): void {
    const { rate, table } = this.#at(limit);
    const { low, high } = this.#hashOf(key);
    const nowMs = this.#now();
    const untilMs = raiseTokens(rate, table.get(low, high), nowMs + resetMs, nowMs);
    table.set(low, high, untilMs, nowMs);
  }

  /** How long until all is forgiven that the key has used; 0: nothing is known of it. */
  resetMs(limit: number, key: string): number {
    const { low, high } = this.#hashOf(key);
    return Math.max(0, this.#at(limit).table.get(low, high) - this.#now());
  }

  /** For each limit how long until whatever was counted is forgiven; at most. */
  longestMs(): readonly number[] {
    const nowMs = this.#now();
    return this.#tables.map(({ latestMs }) => Math.max(0, latestMs - nowMs));
  }

  /** To be called a few times a second. */
  tend(): void {
    const nowMs = this.#now();
    for (const table of this.#tables) table.tend(nowMs);
  }

  #own(): [string, ForgivenTable][] {
    return this.#limits.flatMap((limit, index) => {
      const table = this.#tables[index];
      return table === undefined ? [] : [[identityOf(limit), table]];
    });
  }

  #hashOf(key: string): KeyHash {
    this.#hash.of(key);
    return this.#hash;
  }

  #at(limit: number): { readonly rate: TokenLimit['rate']; readonly table: ForgivenTable } {
    const found = this.#limits[limit];
    const table = this.#tables[limit];
    if (found === undefined || table === undefined) throw new Error(`there is no limit ${limit}`);
    return { rate: found.rate, table };
  }
}

function makeSeed(): HashSeed {
  return [randomBytes(4).readInt32LE(), randomBytes(4).readInt32LE()];
}

/** At another rate the same time until forgiveness means another count. */
function identityOf({ id, rate: { requests, perMs, burst } }: TokenLimit): string {
  return `${requests}/${perMs}:${burst} ${id}`;
}

/** What one request hears of a grant. */
export function answerOf({ granted, remaining, resetMs, retryMs }: Grant): Answer {
  return { granted: granted > 0, remaining, resetMs, retryMs };
}
