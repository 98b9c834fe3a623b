// For how long the loop of a thread has stood still, as far as its counter in shared memory was looked at.

import { monotonicMs } from '../../../clock.ts';
import type { Cells } from './cells.ts';

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

  /** Since the last look that saw a turn, ms. */
  ageMs(nowMs: number): number {
    return nowMs - this.#seenAtMs;
  }
}
