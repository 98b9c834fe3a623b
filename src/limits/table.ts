// One number for each key, the time at which all that it has used is forgiven, in typed arrays of 16 bytes an entry, for up to so many
// keys. An entry that is forgiven is free. Where there is no room, the one that would be forgiven soonest goes: many light clients
// never push a heavy one out.
//
// Sets of 16 entries; a key may stand in either of two sets, which keeps them evenly filled. The table grows and shrinks by one set
// at a time (linear hashing, Litwin 1980), so that no step takes long: set 0 is split in two, then set 1 ..., and after one round
// there are twice as many.

const WAYS = 16;
const SETS_IN_SEGMENT = 256;
const SLOTS_IN_SEGMENT = SETS_IN_SEGMENT * WAYS;
/** The least there are: a power of two. */
const FIRST_SETS = 64;
/** Fuller than this it grows; of a million keys none was without room then (bench/limits). */
const FULL = 0.55;
/** Emptier than this it shrinks. */
const EMPTY = 0.2;
/** So many splits look for room at once before an entry has to go though there could be more. */
const SPLITS_MAX = 64;
/** Sets looked over in one call of `tend`: some 10 microseconds. */
const TENDED = 256;

export const ENTRY_BYTES = 16;

interface Segment {
  /** When it is forgiven, ms; 0: nobody is there. */
  readonly until: Float64Array;
  readonly low: Uint32Array;
  readonly high: Uint32Array;
}

export class ForgivenTable {
  readonly #setsMax: number;
  readonly #segments: Segment[] = [];
  #sets = FIRST_SETS;
  /** The greatest power of two that is at most #sets. */
  #round = FIRST_SETS;
  /** Entries that somebody stands in, forgiven or not. */
  #taken = 0;
  /** The next set to be looked over. */
  #hand = 0;
  /** Entries that had to go before they were forgiven. */
  #lost = 0;
  #latestMs = 0;

  constructor(entriesMax: number) {
    this.#setsMax = Math.max(FIRST_SETS, Math.floor(entriesMax / WAYS));
    this.#segments.push(makeSegment());
  }

  get taken(): number {
    return this.#taken;
  }

  /** When the last of all is forgiven, as far as it was ever said; some may have had something given back since. */
  get latestMs(): number {
    return this.#latestMs;
  }

  get lost(): number {
    return this.#lost;
  }

  /** What it takes of memory. */
  get bytes(): number {
    return this.#segments.length * SLOTS_IN_SEGMENT * ENTRY_BYTES;
  }

  /** When the key is forgiven; 0 where nothing is known of it. */
  get(low: number, high: number): number {
    const slot = this.#find(low, high);
    return slot === -1 ? 0 : this.#untilOf(slot);
  }

  /** `untilMs` at or before `nowMs` frees the entry. */
  set(low: number, high: number, untilMs: number, nowMs: number): void {
    let slot = this.#find(low, high);
    if (slot === -1) {
      if (untilMs <= nowMs) return;
      slot = this.#room(low, high, nowMs);
    }
    if (untilMs <= nowMs) this.#free(slot);
    else this.#write(slot, low, high, untilMs);
    if (untilMs > this.#latestMs) this.#latestMs = untilMs;
  }

  /** To be called a few times a second: forgets who is forgiven, and gives memory back. */
  tend(nowMs: number): void {
    this.#sweep(nowMs, TENDED);
    for (let times = 0; times < TENDED && this.#sets > FIRST_SETS; times++) {
      if (this.#taken > this.#sets * WAYS * EMPTY || !this.#merge()) return;
    }
  }

  #address(hash: number): number {
    const wide = hash & (this.#round * 2 - 1);
    return wide < this.#sets ? wide : hash & (this.#round - 1);
  }

  #find(low: number, high: number): number {
    const slot = this.#findIn(this.#address(low), low, high);
    return slot === -1 ? this.#findIn(this.#address(high), low, high) : slot;
  }

  #findIn(set: number, low: number, high: number): number {
    const segment = this.#segmentOf(set * WAYS);
    const first = (set * WAYS) % SLOTS_IN_SEGMENT;
    for (let at = first; at < first + WAYS; at++) {
      if (segment.low[at] === low && segment.high[at] === high && segment.until[at] !== 0) {
        return set * WAYS + at - first;
      }
    }
    return -1;
  }

  /** A slot for a key that is not there: empty, forgiven, or taken from who is forgiven soonest. */
  #room(low: number, high: number, nowMs: number): number {
    if (this.#taken > this.#sets * WAYS * FULL) this.#grow(nowMs);
    let slot = this.#soonest(low, high);
    for (let times = 0; times < SPLITS_MAX && this.#untilOf(slot) > nowMs; times++) {
      if (!this.#split()) break;
      slot = this.#soonest(low, high);
    }
    if (this.#untilOf(slot) > nowMs) this.#lost += 1;
    return slot;
  }

  /** Of both sets of the key; of two the emptier one, by whose entries are forgiven sooner. */
  #soonest(low: number, high: number): number {
    const first = this.#soonestIn(this.#address(low));
    const second = this.#soonestIn(this.#address(high));
    if (this.#untilOf(first) === 0 && this.#untilOf(second) === 0) {
      return this.#fill(this.#address(low)) <= this.#fill(this.#address(high)) ? first : second;
    }
    return this.#untilOf(first) <= this.#untilOf(second) ? first : second;
  }

  #soonestIn(set: number): number {
    const { until } = this.#segmentOf(set * WAYS);
    const first = (set * WAYS) % SLOTS_IN_SEGMENT;
    let found = first;
    for (let at = first + 1; at < first + WAYS; at++) {
      if ((until[at] ?? 0) < (until[found] ?? 0)) found = at;
    }
    return set * WAYS + found - first;
  }

  #fill(set: number): number {
    const { until } = this.#segmentOf(set * WAYS);
    const first = (set * WAYS) % SLOTS_IN_SEGMENT;
    let fill = 0;
    for (let at = first; at < first + WAYS; at++) if (until[at] !== 0) fill += 1;
    return fill;
  }

  /** Only when nobody is forgiven who could make room. */
  #grow(nowMs: number): void {
    this.#sweep(nowMs, 2);
    if (this.#taken > this.#sets * WAYS * FULL) this.#split();
  }

  #sweep(nowMs: number, sets: number): void {
    for (let count = Math.min(sets, this.#sets); count > 0; count--) {
      if (this.#hand >= this.#sets) this.#hand = 0;
      const { until } = this.#segmentOf(this.#hand * WAYS);
      const first = (this.#hand * WAYS) % SLOTS_IN_SEGMENT;
      for (let at = first; at < first + WAYS; at++) {
        const untilMs = until[at] ?? 0;
        if (untilMs === 0 || untilMs > nowMs) continue;
        until[at] = 0;
        this.#taken -= 1;
      }
      this.#hand += 1;
    }
  }

  /** False: there are as many sets as there may be. */
  #split(): boolean {
    if (this.#sets >= this.#setsMax) return false;
    const from = this.#sets - this.#round;
    const oldMask = this.#round - 1;
    const newMask = this.#round * 2 - 1;
    const to = this.#sets;
    this.#sets += 1;
    if (this.#sets === this.#round * 2) this.#round *= 2;
    if (this.#segments.length * SETS_IN_SEGMENT < this.#sets) this.#segments.push(makeSegment());
    const segment = this.#segmentOf(from * WAYS);
    const first = (from * WAYS) % SLOTS_IN_SEGMENT;
    let next = to * WAYS;
    for (let at = first; at < first + WAYS; at++) {
      const untilMs = segment.until[at] ?? 0;
      if (untilMs === 0) continue;
      const low = segment.low[at] ?? 0;
      const high = segment.high[at] ?? 0;
      const hash = (low & oldMask) === from ? low : high;
      if ((hash & newMask) !== to) continue;
      segment.until[at] = 0;
      this.#taken -= 1;
      this.#write(next, low, high, untilMs);
      next += 1;
    }
    return true;
  }

  /** Gives up the last set. False: what stands in it has no room elsewhere. */
  #merge(): boolean {
    const last = this.#sets - 1;
    const round = this.#sets === this.#round ? this.#round / 2 : this.#round;
    const segment = this.#segmentOf(last * WAYS);
    const first = (last * WAYS) % SLOTS_IN_SEGMENT;
    if (this.#fill(last) + this.#fill(last - round) > WAYS) return false;
    this.#sets = last;
    this.#round = round;
    for (let at = first; at < first + WAYS; at++) {
      const untilMs = segment.until[at] ?? 0;
      if (untilMs === 0) continue;
      segment.until[at] = 0;
      this.#taken -= 1;
      // Empty ones are at 0: there is one.
      const slot = this.#soonestIn(last - round);
      this.#write(slot, segment.low[at] ?? 0, segment.high[at] ?? 0, untilMs);
    }
    if ((this.#segments.length - 1) * SETS_IN_SEGMENT >= this.#sets) this.#segments.pop();
    return true;
  }

  #segmentOf(slot: number): Segment {
    const segment = this.#segments[Math.floor(slot / SLOTS_IN_SEGMENT)];
    if (segment === undefined) throw new Error(`there is no slot ${slot}`);
    return segment;
  }

  #untilOf(slot: number): number {
    return this.#segmentOf(slot).until[slot % SLOTS_IN_SEGMENT] ?? 0;
  }

  #write(slot: number, low: number, high: number, untilMs: number): void {
    const segment = this.#segmentOf(slot);
    const at = slot % SLOTS_IN_SEGMENT;
    if (segment.until[at] === 0) this.#taken += 1;
    segment.until[at] = untilMs;
    segment.low[at] = low;
    segment.high[at] = high;
  }

  #free(slot: number): void {
    const segment = this.#segmentOf(slot);
    segment.until[slot % SLOTS_IN_SEGMENT] = 0;
    this.#taken -= 1;
  }
}

function makeSegment(): Segment {
  return {
    until: new Float64Array(SLOTS_IN_SEGMENT),
    low: new Uint32Array(SLOTS_IN_SEGMENT),
    high: new Uint32Array(SLOTS_IN_SEGMENT),
  };
}
