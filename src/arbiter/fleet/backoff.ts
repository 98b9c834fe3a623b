// How long to wait before a worker that died is replaced. A single death is made good at once; workers that die
// again and again soon after they started wait longer each time, so that a crash loop does not eat the machine.
// Pure: it is told how long the worker lived and answers with a delay.

/** A worker that served this long was healthy: its death starts the count anew. */
export const healthyMs = 10_000;
const firstDelayMs = 100;
/** Long enough to leave the machine in peace, short enough that a mended database is noticed within seconds. */
const longestDelayMs = 5_000;

export interface Pause {
  /** Short lives in a row, this one included; 0 after a healthy one. */
  readonly shortLives: number;
  readonly delayMs: number;
}

export class Backoff {
  #shortLives = 0;

  /**
   * The pause after a death. `servedMs`: how long the worker was ready; null when it never was. A worker that served
   * is replaced at once the first time; one that could not even start would most likely fail again, so it waits.
   */
  afterDeath(servedMs: number | null): Pause {
    if (servedMs !== null && servedMs >= healthyMs) {
      this.#shortLives = 0;
      return { shortLives: 0, delayMs: 0 };
    }
    this.#shortLives += 1;
    const doublings = this.#shortLives - (servedMs === null ? 1 : 2);
    const delayMs = doublings < 0 ? 0 : Math.min(longestDelayMs, firstDelayMs * 2 ** doublings);
    return { shortLives: this.#shortLives, delayMs };
  }
}
