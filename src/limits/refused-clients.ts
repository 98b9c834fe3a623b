// Whom limits refuse most: the clients and keys that were refused lately, heaviest first, in a table of fixed size (Space-Saving with
// counts that halve every ten seconds). Whoever has more than one in ENTRIES of what was refused lately is in it, however many
// others there are; a newcomer takes the place of the lightest. Time is told to it.

import { shownKey } from '../settings/describe/shown.ts';
import { KEY_LENGTH_MAX } from './bounded-key.ts';
import type { Refused } from './refusals.ts';

/** Of one worker. One costs some 300 bytes. */
const ENTRIES = 256;
/** What was refused so long ago counts half as much for who stays. */
const HALF_LIFE_MS = 10_000;
/** Weights grow instead of all others shrinking; then all are made smaller at once, long before a number has no place for them. */
const HALVES_MAX = 500;
/** `lately` is so many whole seconds and the present one. */
export const LATELY_SECONDS = 10;
/** Nobody asks who was refused longer ago. */
const REMEMBERED_MS = 600_000;

export interface RefusedClient extends Refused {
  /** Of this client by this limit since `firstMs`. */
  readonly refused: number;
  /** In the last LATELY_SECONDS. */
  readonly lately: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

class Entry {
  refused: Refused;
  count = 0;
  firstMs = 0;
  lastMs = 0;
  /** Inherited from whoever had the place before, so that one that comes and goes is not underrated. */
  weight = 0;
  readonly #seconds = new Uint32Array(LATELY_SECONDS);
  #second = 0;

  constructor(refused: Refused) {
    this.refused = refused;
  }

  begin(refused: Refused, nowMs: number): void {
    this.refused = refused;
    this.count = 0;
    this.firstMs = nowMs;
    this.#seconds.fill(0);
    this.#second = Math.floor(nowMs / 1000);
  }

  add(refused: Refused, weight: number, nowMs: number): void {
    this.#turnTo(nowMs);
    this.refused = refused;
    this.count += 1;
    this.lastMs = nowMs;
    this.weight += weight;
    const slot = this.#second % LATELY_SECONDS;
    this.#seconds[slot] = (this.#seconds[slot] ?? 0) + 1;
  }

  lately(nowMs: number): number {
    this.#turnTo(nowMs);
    return this.#seconds.reduce((sum, count) => sum + count, 0);
  }

  #turnTo(nowMs: number): void {
    const second = Math.floor(nowMs / 1000);
    if (second - this.#second >= LATELY_SECONDS) this.#seconds.fill(0);
    else {
      for (let each = this.#second + 1; each <= second; each++) {
        this.#seconds[each % LATELY_SECONDS] = 0;
      }
    }
    this.#second = second;
  }
}

export class RefusedClients {
  readonly #entries = new Map<string, Entry>();
  /** A refusal then weighs 1. */
  #baseMs = 0;

  note(given: Refused, nowMs: number): void {
    const refused = { ...given, key: shortKey(given.key) };
    const { reason, limit, key, dry } = refused;
    const name = `${reason} ${limit}\n${dry ? 'dry' : ''}\n${key}`;
    let entry = this.#entries.get(name);
    if (entry === undefined) {
      entry = this.#place(refused);
      entry.begin(refused, nowMs);
      this.#entries.set(name, entry);
    }
    entry.add(refused, this.#weightAt(nowMs), nowMs);
  }

  /** Those of the last minutes, whoever was refused most lately first. */
  list(nowMs: number): RefusedClient[] {
    return [...this.#entries.values()]
      .filter(({ lastMs }) => nowMs - lastMs < REMEMBERED_MS)
      .sort((one, other) => other.weight - one.weight)
      .map((entry) => ({
        ...entry.refused,
        refused: entry.count,
        lately: entry.lately(nowMs),
        firstMs: entry.firstMs,
        lastMs: entry.lastMs,
      }));
  }

  /** A free one, or the lightest, which goes. */
  #place(refused: Refused): Entry {
    if (this.#entries.size < ENTRIES) return new Entry(refused);
    let lightest = '';
    let least: Entry | null = null;
    for (const [name, entry] of this.#entries) {
      if (least !== null && entry.weight >= least.weight) continue;
      lightest = name;
      least = entry;
    }
    this.#entries.delete(lightest);
    return least ?? new Entry(refused);
  }

  #weightAt(nowMs: number): number {
    const halves = (nowMs - this.#baseMs) / HALF_LIFE_MS;
    if (halves <= HALVES_MAX) return 2 ** halves;
    for (const entry of this.#entries.values()) entry.weight *= 2 ** -halves;
    this.#baseMs = nowMs;
    return 1;
  }
}

/** As keyInWords has it, where a client has sent a long one: memory is bounded in bytes, too. */
function shortKey(key: string): string {
  return key.length <= KEY_LENGTH_MAX ? key : `#${shownKey(key.slice(1))}`;
}

/** A key of ClientLimits for people: what a client sends begins with =, and is not shown. */
export function keyInWords(key: string): string {
  if (key.startsWith('#')) return key.slice(1);
  if (key.startsWith('=')) return shownKey(key.slice(1));
  if (key === '') return 'a unix socket';
  return key === '*' ? 'everybody' : key;
}
