// One timer for everything the arbiter waits for, set to whatever is due first. It rings at least once a second: how
// late it does tells whether this process itself was stopped (SIGSTOP, a starved machine), in which case the silence
// of its workers proves nothing, because nobody listened.

const longestMs = 1_000;

export class Alarm {
  readonly #now: () => number;
  readonly #ring: (lateMs: number) => void;
  #timer: NodeJS.Timeout | null = null;

  constructor(now: () => number, ring: (lateMs: number) => void) {
    this.#now = now;
    this.#ring = ring;
  }

  /** Replaces the time set before. May ring earlier, when nothing is due: set it again then. */
  set(atMs: number): void {
    this.stop();
    const delayMs = Math.min(longestMs, Math.max(0, atMs - this.#now()));
    const dueAtMs = this.#now() + delayMs;
    this.#timer = setTimeout(() => this.#ring(Math.max(0, this.#now() - dueAtMs)), delayMs);
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
