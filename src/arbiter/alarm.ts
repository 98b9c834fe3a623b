// One timer for everything the arbiter waits for, set to whatever is due first. It also tells how late it rang: a
// large delay means that this process itself was stopped (SIGSTOP, a laptop's sleep), not that its workers are silent.

/** setTimeout's own bound; an alarm further off rings early, finds nothing due and is set again. */
const longestMs = 2 ** 31 - 1;

export class Alarm {
  readonly #now: () => number;
  readonly #ring: (lateMs: number) => void;
  #timer: NodeJS.Timeout | null = null;

  constructor(now: () => number, ring: (lateMs: number) => void) {
    this.#now = now;
    this.#ring = ring;
  }

  /** Replaces the time set before. Infinity: nothing is due. */
  set(atMs: number): void {
    this.stop();
    if (atMs === Infinity) return;
    const delayMs = Math.min(longestMs, Math.max(0, atMs - this.#now()));
    const dueAtMs = this.#now() + delayMs;
    this.#timer = setTimeout(() => this.#ring(Math.max(0, this.#now() - dueAtMs)), delayMs);
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
