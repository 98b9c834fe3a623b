// How far the wall clock is ahead of the monotonic one, more exactly than the wall clock shows: it tells whole milliseconds, and
// spans of the application, which are timed by others, should not seem to begin before ours.

/** Apart by more, the wall clock was set. */
const MILLISECOND = 1;

export class WallOffset {
  /** It lies between these, from what was seen. */
  #least = Number.NEGATIVE_INFINITY;
  #most = Number.POSITIVE_INFINITY;

  /** `wallMs` has lost its fraction; the monotonic clock was looked at before and after it. */
  look(beforeMs: number, wallMs: number, afterMs: number): void {
    const least = wallMs - afterMs;
    const most = wallMs + MILLISECOND - beforeMs;
    if (least >= this.#most || most <= this.#least) {
      this.#least = least;
      this.#most = most;
      return;
    }
    this.#least = Math.max(this.#least, least);
    this.#most = Math.min(this.#most, most);
  }

  /** The wall clock when the monotonic one was at 0. */
  get epochMs(): number {
    return (this.#least + this.#most) / 2;
  }
}
