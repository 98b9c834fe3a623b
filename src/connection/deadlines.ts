// One timer for all connections: a wheel of buckets, a tick apart. A deadline fires up to four ticks late and
// never early: enough for limits counted in seconds, and moving one costs a request two comparisons and no timer. The wheel
// has a clock of its own that advances by at most two ticks at once, so that a pause of our own loop (a stopped
// process, a long collection) does not expire everybody when it ends.

/** Distance of two ticks in milliseconds. */
export const TICK_MS = 50;
/** Buckets: 1024 ticks, 51 s. A deadline further away waits in the last bucket and is put on again from there. */
const BUCKETS = 1024;

/** Something with one deadline. Extend it; the wheel keeps its bookkeeping in it to save an allocation. */
export abstract class Timed {
  /** Tick at which it is due; 0 when it has no deadline. */
  dueTick = 0;
  /** Tick of the bucket it stands in; 0 when in none. Never later than dueTick. */
  standsAt = 0;
  previous: Timed | null = null;
  next: Timed | null = null;

  /** Its deadline has passed; it has none now. */
  abstract overdue(): void;
}

class Bucket {
  first: Timed | null = null;
}

export class DeadlineWheel {
  readonly #buckets: readonly Bucket[] = Array.from({ length: BUCKETS }, () => new Bucket());
  #tick = 1;
  #size = 0;
  #lastMs: number;

  /** @param nowMs monotonic milliseconds, as given to `turn` later */
  constructor(nowMs: number) {
    this.#lastMs = nowMs;
  }

  /** The wheel's own time in milliseconds; coarse, and slower than the clock after a pause of our loop. */
  get nowMs(): number {
    return this.#tick * TICK_MS;
  }

  /** How many stand in it: those whose deadline was taken away stay until their bucket turns. */
  get size(): number {
    return this.#size;
  }

  /** Sets or moves the deadline to `afterMs` from now. */
  set(timed: Timed, afterMs: number): void {
    // Two more: the current tick began up to two ticks ago when the loop lags, and a deadline is never early.
    const due = this.#tick + Math.ceil(afterMs / TICK_MS) + 2;
    timed.dueTick = due;
    // Standing in an earlier bucket is fine: when that one turns, it is put on again (usually it has moved by then).
    if (timed.standsAt !== 0 && timed.standsAt <= due) return;
    this.#place(timed);
  }

  /** Takes the deadline away. It may stay in its bucket until that turns. */
  clear(timed: Timed): void {
    timed.dueTick = 0;
  }

  /** Takes it out of the wheel for good: nothing here refers to it any more. */
  remove(timed: Timed): void {
    timed.dueTick = 0;
    if (timed.standsAt !== 0) this.#unlink(timed);
  }

  /** Advances to `nowMs` and calls what is due. Call it about every TICK_MS. */
  turn(nowMs: number): void {
    const elapsed = Math.min(2, Math.floor((nowMs - this.#lastMs) / TICK_MS));
    if (elapsed < 1) return;
    this.#lastMs = elapsed === 2 ? nowMs : this.#lastMs + elapsed * TICK_MS;
    for (let i = 0; i < elapsed; i++) {
      this.#tick += 1;
      this.#fire(this.#bucketAt(this.#tick));
    }
  }

  #fire(bucket: Bucket): void {
    // All are taken out before the first is called: whoever is called may set, clear or remove any deadline.
    const standing: Timed[] = [];
    for (let t = bucket.first; t !== null; t = t.next) standing.push(t);
    bucket.first = null;
    this.#size -= standing.length;
    for (const timed of standing) forget(timed);
    for (const timed of standing) {
      if (timed.standsAt !== 0 || timed.dueTick === 0) continue;
      if (timed.dueTick > this.#tick) this.#place(timed);
      else {
        timed.dueTick = 0;
        timed.overdue();
      }
    }
  }

  #place(timed: Timed): void {
    if (timed.standsAt !== 0) this.#unlink(timed);
    this.#size += 1;
    const at = Math.min(timed.dueTick, this.#tick + BUCKETS - 1);
    const bucket = this.#bucketAt(at);
    timed.standsAt = at;
    timed.previous = null;
    timed.next = bucket.first;
    if (bucket.first !== null) bucket.first.previous = timed;
    bucket.first = timed;
  }

  #unlink(timed: Timed): void {
    if (timed.previous !== null) timed.previous.next = timed.next;
    else this.#bucketAt(timed.standsAt).first = timed.next;
    if (timed.next !== null) timed.next.previous = timed.previous;
    forget(timed);
    this.#size -= 1;
  }

  #bucketAt(tick: number): Bucket {
    const bucket = this.#buckets[tick % BUCKETS];
    if (bucket === undefined) throw new Error('a tick is never negative');
    return bucket;
  }
}

function forget(timed: Timed): void {
  timed.next = null;
  timed.previous = null;
  timed.standsAt = 0;
}
