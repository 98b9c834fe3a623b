// Whether a client that is owed bytes reads any. What it reads out of the kernel's own buffer, which may be megabytes, is
// not seen as a write that goes on; so the time of write_timeout is cut into parts, and after each the kernel is asked
// how much it still holds. A client that reads nothing is over after the whole, a slow one goes on.

import type { ConnectionContext } from './context.ts';
import type { Effects } from './effects.ts';
import type { HalfDeadline } from './half-deadline.ts';
import { Rate } from './rate.ts';

/** Parts of write_timeout. The first look is what later ones are held against, so a client is seen to read in the three
 * quarters that follow it. */
const PARTS = 4;

export interface WriteWatchOwner {
  /** Nothing was read in all parts. */
  readsNothing(): void;
  /** The client has read something of what the kernel holds. */
  readsOn(): void;
}

export class WriteWatch {
  readonly #context: ConnectionContext;
  readonly #effects: Effects;
  readonly #owner: WriteWatchOwner;
  readonly #deadline: HalfDeadline;
  /** How fast the kernel takes what is owed. */
  readonly #takenRate: Rate;
  /** How fast the kernel's buffer is read while nothing else moves. */
  readonly #readRate: Rate;
  /** Parts that have passed without anything read. */
  #quiet = 0;
  /** What the kernel held at the last look; null before the first. */
  #held: number | null = null;
  #drips = false;
  /** Counts beginnings: an answer to a question from before means nothing. */
  #epoch = 0;

  constructor(
    context: ConnectionContext,
    effects: Effects,
    deadline: HalfDeadline,
    owner: WriteWatchOwner,
  ) {
    this.#context = context;
    this.#effects = effects;
    this.#owner = owner;
    this.#deadline = deadline;
    const { writeMinBytesPerSecond: rate, deadlinesMs } = context;
    this.#takenRate = new Rate(rate, deadlinesMs.write_timeout);
    this.#readRate = new Rate(rate, deadlinesMs.write_timeout);
  }

  /** Something begins to wait for the client. */
  begin(): void {
    this.#takenRate.begin(this.#context.wheel.nowMs);
    this.progressed();
  }

  /** The kernel has taken so many bytes. */
  taken(bytes: number): void {
    this.#takenRate.count(bytes);
  }

  /** The kernel takes less than `write_min_rate`. To be asked when it has just taken what it has room for. */
  get tooSlow(): boolean {
    return this.#takenRate.tooSlow(0, this.#context.wheel.nowMs);
  }

  /** The kernel has taken more: the time counts anew. */
  progressed(): void {
    this.#epoch += 1;
    this.#quiet = 0;
    this.#held = null;
    this.#drips = false;
    this.#armPart();
  }

  /** Nothing waits any more. */
  end(): void {
    this.#epoch += 1;
  }

  /** A part has passed: the deadline stands at the next one. False: the client has read nothing in all of them, or too little. */
  goesOn(): boolean {
    this.#quiet += 1;
    if (this.#drips || this.#quiet > PARTS) return false;
    this.#armPart();
    const epoch = this.#epoch;
    this.#effects.askKernel((held) => {
      if (epoch !== this.#epoch) return;
      this.#look(held);
      if (this.#quiet >= PARTS) this.#owner.readsNothing();
    });
    return true;
  }

  #armPart(): void {
    this.#deadline.armPart('write_timeout', this.#quiet, PARTS);
  }

  #look(held: number | null): void {
    if (held === null) return;
    const nowMs = this.#context.wheel.nowMs;
    const before = this.#held;
    this.#held = held;
    if (before === null) this.#readRate.begin(nowMs);
    else if (held < before) {
      this.#quiet = 0;
      this.#owner.readsOn();
      this.#drips = this.#readRate.tooSlow(before - held, nowMs);
    }
  }
}
