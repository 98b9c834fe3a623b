// For how long the loop of a thread has stood still, as far as its counter in shared memory was looked at.

import { monotonicMs } from '../../../clock.ts';
import type { Cells } from './cells.ts';

/** A loop that turns does so every 100 ms; one that has not for this long is held by what it runs. */
const BLOCKED_MS = 150;

export class Turns {
  readonly #cells: Cells;
  #seen = 0;
  #seenAtMs = monotonicMs();

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

  /** As far as that is known. */
  standStill(nowMs: number): boolean {
    return this.ageMs(nowMs) > BLOCKED_MS;
  }

  /** Since the last look that saw a turn, ms. */
  ageMs(nowMs: number): number {
    return nowMs - this.#seenAtMs;
  }
}
