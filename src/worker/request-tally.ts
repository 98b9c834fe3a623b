// Counts the requests of this worker, from its start: by class of their status, and how long they took and waited in buckets. A
// few additions for each request; nothing is made anew but when a heartbeat asks.

import { BOUNDS_MS, type HistogramCounts, type Tally } from '../wire/tally.ts';

/** By the first digit of the status; 0: there was none. */
const CLASSES = ['none', '1xx', '2xx', '3xx', '4xx', '5xx'] as const;
const ZERO = 48;

export class RequestTally {
  readonly #answered = new Float64Array(CLASSES.length);
  readonly #durations = new Histogram();
  readonly #queueWaits = new Histogram();

  /**
   * A request is over. `status`: "200 OK"; empty when nothing was answered. `durationMs`: null where it says nothing of how fast it
   * was answered. `queuedMs`: null where no thread began it.
   */
  note(status: string, durationMs: number | null, queuedMs: number | null): void {
    const digit = status === '' ? 0 : status.charCodeAt(0) - ZERO;
    this.#answered[digit] = (this.#answered[digit] ?? 0) + 1;
    if (durationMs !== null) this.#durations.add(durationMs);
    if (queuedMs !== null) this.#queueWaits.add(queuedMs);
  }

  /** As it is now. */
  get tally(): Tally {
    return {
      answered: Object.fromEntries(CLASSES.map((name, at) => [name, this.#answered[at] ?? 0])),
      durations: this.#durations.counted,
      queueWaits: this.#queueWaits.counted,
    };
  }
}

class Histogram {
  readonly #counts = new Float64Array(BOUNDS_MS.length + 1);
  #sumMs = 0;

  add(ms: number): void {
    // Most are short: a search from below ends soon.
    let at = 0;
    while (at < BOUNDS_MS.length && ms > (BOUNDS_MS[at] ?? 0)) at += 1;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#sumMs += ms;
  }

  get counted(): HistogramCounts {
    return { counts: [...this.#counts], sumMs: this.#sumMs };
  }
}
