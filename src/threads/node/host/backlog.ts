// How far ahead of its thread's loop requests may be given to it. A loop that keeps up has as many as it has places: what
// comes begins at once. One that does not is behind, and then only a few are given ahead: the rest waits in the pool's
// queue, where the newest goes first under overload, a deadline holds, and a thread that is quicker may have it.

/** Enough that the loop never waits for our answer, little enough that nobody waits long behind them. */
export const AHEAD_WHEN_BEHIND = 4;
/** So many looks without anybody who waits too long, and it keeps up again: half a second of the pool's ticks. */
const CALM_LOOKS = 10;

export class Backlog {
  #calm = CALM_LOOKS;

  /** The loop does not keep up. */
  get behind(): boolean {
    return this.#calm < CALM_LOOKS;
  }

  /** To be called on every tick. `late`: a request that was there at the look before has not begun. */
  look(late: boolean): void {
    if (late) this.#calm = 0;
    else if (this.behind) this.#calm += 1;
  }
}
