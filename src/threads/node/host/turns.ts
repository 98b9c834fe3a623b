// For how long the loop of a thread has stood still, as far as its counter in shared memory was looked at.

import { monotonicMs } from '../../../clock.ts';
import type { Cells } from './cells.ts';

/** A loop that turns does so every 100 ms; one that has not for this long is held by what it runs. */
const BLOCKED_MS = 150;
/** A turn begins requests for 5 ms (guest/channel.ts): a loop that has not turned for twice as long, while a request waits, is
 * held by one that it has begun, or gets no processor. */
const HELD_MS = 10;

export class Turns {
  readonly #cells: Cells;
  #seen = 0;
  #seenAtMs = monotonicMs();
  #held = false;

  constructor(cells: Cells) {
    this.#cells = cells;
  }

  /** Notes whether the loop has turned since the look before. */
  look(nowMs: number): void {
    const { turns } = this.#cells;
    if (turns === this.#seen) return;
    this.#seen = turns;
    this.#seenAtMs = nowMs;
  }

  /** It was heard of, which is as good as a turn. */
  heard(nowMs: number): void {
    this.#seenAtMs = nowMs;
  }

  /**
   * Something holds the loop while a request waits that it has not begun, since `waitingSinceMs` (null: none does). Once held
   * it is so until it turns, also when all that waited went elsewhere.
   */
  areHeld(waitingSinceMs: number | null): boolean {
    if (waitingSinceMs === null && !this.#held) return false;
    const nowMs = monotonicMs();
    this.look(nowMs);
    const waitedMs = this.#held ? Number.POSITIVE_INFINITY : nowMs - (waitingSinceMs ?? nowMs);
    this.#held = Math.min(waitedMs, this.ageMs(nowMs)) > HELD_MS;
    return this.#held;
  }

  /** As far as that is known. */
  standStill(nowMs: number): boolean {
    return this.ageMs(nowMs) > BLOCKED_MS;
  }

  /** Since the last look that saw a turn, ms. */
  ageMs(nowMs: number): number {
    return nowMs - this.#seenAtMs;
  }
}
