// How far ahead of its thread's loop requests may be given to it. A loop that keeps up has as many as it has places: what
// comes begins at once. One that does not is behind, and then only a few are given ahead: the rest waits in the pool's
// queue, where clients take turns, the newest goes first under overload, a deadline holds, and a thread that is quicker may have it.

/** Enough that the loop never waits for our answer, little enough that nobody waits long behind them. */
export const AHEAD_WHEN_BEHIND = 4;
/** It may have twice as many at each look without anybody who waits too long; with so many it keeps up again. */
const AHEAD_MAX = 4096;

export class Backlog {
  #ahead = Number.POSITIVE_INFINITY;

  /** The loop does not keep up, or has not shown yet that it does. */
  get behind(): boolean {
    return this.#ahead !== Number.POSITIVE_INFINITY;
  }

  /** So many that it has not begun it may have. */
  get ahead(): number {
    return this.#ahead;
  }

  /**
   * To be called on every tick. `late`: a request that was there at the look before has not begun. A loop with few ahead is soon
   * through with them, which says nothing of how it would fare with more: so it gets more bit by bit.
   */
  look(late: boolean): void {
    if (late) this.#ahead = AHEAD_WHEN_BEHIND;
    else if (this.#ahead >= AHEAD_MAX) this.#ahead = Number.POSITIVE_INFINITY;
    else if (this.behind) this.#ahead *= 2;
  }
}
