// How many file descriptors this process has left. Accepting stops before none is left, because Node.js's event loop
// answers accept(2)'s EMFILE by taking the clients that wait and closing them; and because a body that goes to a file, a thread or a
// Python process that must be replaced, and a duplicate of a listening handle need some, too.

import type { DescriptorSource } from '../../open-files.ts';

/** They are counted this often; when more than half are taken, on every tick. */
const COUNT_MS = 1000;
/** Counting takes a microsecond for each; it may take a fiftieth of the time. */
const COUNT_SHARE = 50;
/** Kept free whatever is served: files of bodies, handle duplicates, a log that is reopened. */
const RESERVE = 16;
/** With less than this nothing works. */
const RESERVE_MIN = 4;

export interface DescriptorNeeds {
  /** What replacing a thread or a process takes for a moment. */
  readonly forReplacing: number;
  /** Addresses that are listened on: each has a descriptor while accepting, and none while not. */
  readonly listeners: number;
}

export class Descriptors {
  readonly #source: DescriptorSource;
  readonly #needs: DescriptorNeeds;
  /** As last counted, and the connections that came and went since. */
  #used = 0;
  /** Those that the process has before it serves. */
  #base = 0;
  #reserve = RESERVE_MIN;
  #nextCountMs = 0;
  #short = false;
  #limit = Number.POSITIVE_INFINITY;

  constructor(source: DescriptorSource, needs: DescriptorNeeds) {
    this.#source = source;
    this.#needs = needs;
  }

  /** The application is loaded, nobody is served yet: what is open now is open always. */
  begin(nowMs: number): void {
    this.#count(nowMs);
    this.#base = this.#used;
    const half = Math.floor((this.limit - this.#base) / 2);
    this.#reserve = Math.max(RESERVE_MIN, Math.min(RESERVE + this.#needs.forReplacing, half));
  }

  get limit(): number {
    return this.#limit;
  }

  /** How many are open, as last counted. */
  get used(): number {
    return this.#used;
  }

  /** Connections for which there is room, if nothing else takes any. */
  get capacity(): number {
    return Math.max(1, this.limit - this.#base - this.#reserve);
  }

  /** Which share of what there is for connections is taken, by them or by others. */
  get taken(): number {
    return (this.#used - this.#base) / this.capacity;
  }

  /** What `connections` may need with a file for each of their bodies, as a round number. */
  needFor(connections: number): number {
    const need = this.#base + RESERVE + this.#needs.forReplacing + 2 * connections;
    const step = 2 ** Math.max(0, Math.floor(Math.log2(need)) - 3);
    return Math.ceil(need / step) * step;
  }

  /** One more connection can be accepted, beside `open` others. The first may take from the reserve. */
  roomFor(open: number): boolean {
    const free = this.limit - this.#used;
    const spare = open === 0 ? 1 : this.#reserve;
    // What pausing gives back is no reason to resume: that would go to and fro on every tick.
    this.#short = free <= spare + (this.#short ? this.#needs.listeners + 1 : 0);
    return !this.#short;
  }

  accepted(): void {
    this.#used += 1;
  }

  closed(): void {
    this.#used -= 1;
  }

  /** To be called on every tick; counts when it is time. */
  tick(nowMs: number): void {
    const near = this.#used > this.limit / 2;
    if (near || nowMs >= this.#nextCountMs) this.#countUnlessCostly(nowMs);
  }

  #countUnlessCostly(nowMs: number): void {
    const costMs = this.#used / 1000;
    if (nowMs < this.#nextCountMs - COUNT_MS + COUNT_SHARE * costMs) return;
    this.#count(nowMs);
  }

  #count(nowMs: number): void {
    this.#limit = this.#source.limit() ?? this.#limit;
    this.#used = Math.min(this.#source.count() ?? 0, this.#limit);
    this.#nextCountMs = nowMs + COUNT_MS;
  }
}
