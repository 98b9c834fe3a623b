// Whom limits refuse most: the clients and keys that were refused lately, heaviest first, in a table of fixed size (Space-Saving with
// counts that halve every ten seconds). Whoever has more than one in ENTRIES of what was refused lately is in it, however many
// others there are; a newcomer takes the place of the lightest. Time is told to it.

import { shownKey } from '../settings/describe/shown.ts';
import { KEY_LENGTH_MAX } from './bounded-key.ts';
import type { Refused } from './refused.ts';

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
  /** Its place in the table. */
  readonly at: number;
  /** By which it is found. */
  name = '';
  refused: Refused;
  count = 0;
  firstMs = 0;
  lastMs = 0;
  readonly #seconds = new Uint32Array(LATELY_SECONDS);
  #second = 0;

  constructor(at: number, refused: Refused) {
    this.at = at;
    this.refused = refused;
  }

  begin(name: string, nowMs: number): void {
    this.name = name;
    this.count = 0;
    this.firstMs = nowMs;
    this.#seconds.fill(0);
    this.#second = Math.floor(nowMs / 1000);
  }

  add(refused: Refused, nowMs: number): void {
    this.#turnTo(nowMs);
    this.refused = refused;
    this.count += 1;
    this.lastMs = nowMs;
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
  readonly #entries: Entry[] = [];
  readonly #byName = new Map<string, Entry>();
  /** By place. Whoever takes somebody's place inherits it, so that one that comes and goes is not underrated. */
  readonly #weights = new Float64Array(ENTRIES);
  /** A refusal then weighs 1. */
  #baseMs = 0;

  note(given: Refused, nowMs: number): void {
    const refused = { ...given, key: shortKey(given.key) };
    const { reason, limit, key, dry } = refused;
    const name = `${reason} ${limit}\n${dry ? 'dry' : ''}\n${key}`;
    let entry = this.#byName.get(name);
    if (entry === undefined) {
      entry = this.#place(refused);
      this.#byName.delete(entry.name);
      entry.begin(name, nowMs);
      this.#byName.set(name, entry);
    }
    entry.add(refused, nowMs);
    const weight = this.#weightAt(nowMs);
    this.#weights[entry.at] = (this.#weights[entry.at] ?? 0) + weight;
  }

  /** Those of the last minutes, whoever was refused most lately first. */
  list(nowMs: number): RefusedClient[] {
    const weightOf = ({ at }: Entry): number => this.#weights[at] ?? 0;
    return this.#entries
      .filter(({ lastMs }) => nowMs - lastMs < REMEMBERED_MS)
      .sort((one, other) => weightOf(other) - weightOf(one))
      .map((entry) => ({
        ...entry.refused,
        refused: entry.count,
        lately: entry.lately(nowMs),
        firstMs: entry.firstMs,
        lastMs: entry.lastMs,
      }));
  }

  /** A free one, or that of the lightest, which goes. */
  #place(refused: Refused): Entry {
    if (this.#entries.length < ENTRIES) {
      const free = new Entry(this.#entries.length, refused);
      this.#entries.push(free);
      return free;
    }
    // All are looked at: 256 numbers beside each other take a fraction of a microsecond.
    let lightest = 0;
    let least = Number.POSITIVE_INFINITY;
    for (let at = 0; at < ENTRIES; at++) {
      const weight = this.#weights[at] as number;
      if (weight >= least) continue;
      lightest = at;
      least = weight;
    }
    return this.#entries[lightest] as Entry;
  }

  #weightAt(nowMs: number): number {
    const halves = (nowMs - this.#baseMs) / HALF_LIFE_MS;
    if (halves <= HALVES_MAX) return 2 ** halves;
    for (let at = 0; at < ENTRIES; at++) {
      this.#weights[at] = (this.#weights[at] as number) * 2 ** -halves;
    }
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
