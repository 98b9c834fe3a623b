// How late the loop of this process was at most, by the ticks of its worker: no timer of its own wakes an idle one.

import { TICK_MS } from '../connection/deadlines.ts';

export class LoopDelay {
  #lastMs: number | null = null;
  #mostMs = 0;

  /** To be called on every tick; monotonic ms. */
  tick(nowMs: number): void {
    if (this.#lastMs !== null) {
      this.#mostMs = Math.max(this.#mostMs, nowMs - this.#lastMs - TICK_MS);
    }
    this.#lastMs = nowMs;
  }

  /** The longest since this was asked last, ms. */
  take(): number {
    const mostMs = this.#mostMs;
    this.#mostMs = 0;
    return Math.round(mostMs * 10) / 10;
  }
}
