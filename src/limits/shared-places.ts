// Places as the arbiter counts them: how many of each client all workers have together, and which worker has how many, so that
// those of one that died are free at once. Keeps nothing of a client that has none.

import type { PlaceLimit } from './tokens.ts';

/** Whoever leases: a worker. */
type Holder = object;
type Counts = Map<string, number>;

export class SharedPlaces {
  /** By the id of the limit: what is open outlives a reload. */
  readonly #taken = new Map<string, Counts>();
  readonly #byHolder = new Map<Holder, Map<string, Counts>>();

  /** How many of `count` there were. */
  take(holder: Holder, { id, most }: PlaceLimit, key: string, count: number): number {
    const taken = this.#taken.get(id)?.get(key) ?? 0;
    const granted = Math.max(0, Math.min(count, most - taken));
    this.#add(holder, id, key, granted);
    return granted;
  }

  /** At most as many as it has. */
  giveBack(holder: Holder, { id }: PlaceLimit, key: string, count: number): void {
    const has = this.#byHolder.get(holder)?.get(id)?.get(key) ?? 0;
    this.#add(holder, id, key, -Math.min(count, has));
  }

  /** It has so many more, whoever has allowed that. */
  charge(holder: Holder, { id }: PlaceLimit, key: string, count: number): void {
    this.#add(holder, id, key, count);
  }

  /** All that it has is free. */
  gone(holder: Holder): void {
    const has = this.#byHolder.get(holder);
    if (has === undefined) return;
    this.#byHolder.delete(holder);
    for (const [id, counts] of has) {
      for (const [key, count] of counts) add(this.#taken, id, key, -count);
    }
  }

  #add(holder: Holder, id: string, key: string, count: number): void {
    if (count === 0) return;
    add(this.#taken, id, key, count);
    let has = this.#byHolder.get(holder);
    if (has === undefined) {
      has = new Map();
      this.#byHolder.set(holder, has);
    }
    add(has, id, key, count);
  }
}

function add(all: Map<string, Counts>, id: string, key: string, count: number): void {
  let counts = all.get(id);
  if (counts === undefined) {
    counts = new Map();
    all.set(id, counts);
  }
  const sum = (counts.get(key) ?? 0) + count;
  if (sum > 0) counts.set(key, sum);
  else counts.delete(key);
  if (counts.size === 0) all.delete(id);
}
