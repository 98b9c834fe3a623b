// How fast those who wait are served, and so how long it takes until so many have been: over the last half second to
// second, because what threads could do before says little of what they can do now.

const WINDOW_MS = 500;

export class DrainRate {
  /** The window before this one: how long it was, and how many were served in it. */
  #beforeMs = 0;
  #before = 0;
  #sinceMs = 0;
  #served = 0;

  /** Somebody begins to wait, and nobody did. What was known of a queue of long ago counts for nothing. */
  begin(nowMs: number): void {
    if (nowMs - this.#sinceMs <= WINDOW_MS) return;
    this.#beforeMs = 0;
    this.#before = 0;
    this.#sinceMs = nowMs;
    this.#served = 0;
  }

  served(nowMs: number): void {
    this.#turn(nowMs);
    this.#served += 1;
  }

  /** How long it takes until one of those who wait has been served, ms; where none was yet, as long as they wait already. */
  msEach(nowMs: number): number {
    this.#turn(nowMs);
    const ms = this.#beforeMs + nowMs - this.#sinceMs;
    return ms / Math.max(1, this.#before + this.#served);
  }

  #turn(nowMs: number): void {
    const ms = nowMs - this.#sinceMs;
    if (ms < WINDOW_MS) return;
    // A window in which nobody was served for long, because all threads stood still, is no longer than another.
    this.#beforeMs = WINDOW_MS;
    this.#before = ms < 2 * WINDOW_MS ? this.#served : 0;
    this.#sinceMs = nowMs;
    this.#served = 0;
  }
}
