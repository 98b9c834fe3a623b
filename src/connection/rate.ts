// The lower bound on how fast a client must send or read: after a grace period, a minimum of bytes per second over the
// whole transfer. The pause between two pieces has a deadline of its own; this bounds a client that drips.

export class Rate {
  readonly #minBytesPerSecond: number;
  readonly #graceMs: number;
  #beganMs = 0;
  #bytes = 0;

  /** @param minBytesPerSecond 0 = no bound */
  constructor(minBytesPerSecond: number, graceMs: number) {
    this.#minBytesPerSecond = minBytesPerSecond;
    this.#graceMs = graceMs;
  }

  begin(nowMs: number): void {
    this.#beganMs = nowMs;
    this.#bytes = 0;
  }

  /** Time in which nothing could move, and not by the other side's fault. */
  forgive(ms: number): void {
    this.#beganMs += ms;
  }

  /** Bytes that moved. */
  count(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Counts bytes that moved; true when the transfer is now too slow as a whole. */
  tooSlow(bytes: number, nowMs: number): boolean {
    this.#bytes += bytes;
    const allowedMs = this.#graceMs + (this.#bytes / this.#minBytesPerSecond) * 1000;
    return this.#minBytesPerSecond > 0 && nowMs - this.#beganMs > allowedMs;
  }
}
