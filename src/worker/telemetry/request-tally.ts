// Counts the requests of this worker, from its start: by class of their status, and how long they took and waited in buckets. A
// few additions for each request; nothing is made anew but when a heartbeat asks.

import type { ConnectionCounts } from '../../connection/states/counts.ts';
import { BOUNDS_MS, type Counts, type HistogramCounts, type Tally } from '../../wire/tally.ts';

/** By the first digit of the status; 0: there was none. */
const CLASSES = ['none', '1xx', '2xx', '3xx', '4xx', '5xx'] as const;
const ZERO = 48;

/** What is noted of a request. */
export interface Answered {
  /** "200 OK"; empty when nothing was answered. */
  readonly status: string;
  /** null where it says nothing of how fast it was answered. */
  readonly durationMs: number | null;
  /** null where no thread began it. */
  readonly queuedMs: number | null;
  readonly heldMs: number | null;
  /** Empty where nothing went wrong. */
  readonly failureCode: string;
  readonly bodyBytes: number;
}

/** What others count, since the start. */
export interface Elsewhere {
  readonly refused: Counts;
  readonly uncounted: number;
  readonly acceptPauses: number;
  /** Of OpenTelemetry; absent: none are made. */
  readonly spans?: { readonly exported: number; readonly dropped: number };
  readonly connections: Pick<ConnectionCounts, 'received' | 'sent' | 'passedDeadlines'>;
}

export class RequestTally {
  readonly #answered = new Float64Array(CLASSES.length);
  readonly #durations = new Histogram();
  readonly #queueWaits = new Histogram();
  readonly #held = new Histogram();
  readonly #failed = new Map<string, number>();
  readonly #lost = new Map<string, number>();
  #responseBytes = 0;
  #busyMs = 0;

  /** A request is over. */
  note({ status, durationMs, queuedMs, heldMs, failureCode, bodyBytes }: Answered): void {
    const digit = status === '' ? 0 : status.charCodeAt(0) - ZERO;
    this.#answered[digit] = (this.#answered[digit] ?? 0) + 1;
    if (durationMs !== null) this.#durations.add(durationMs);
    if (queuedMs !== null) this.#queueWaits.add(queuedMs);
    if (heldMs !== null) this.#held.add(heldMs);
    if (failureCode !== '') {
      this.#failed.set(failureCode, (this.#failed.get(failureCode) ?? 0) + 1);
    }
    this.#responseBytes += bodyBytes;
  }

  /** So many threads have had a request for so long. */
  busy(threads: number, ms: number): void {
    this.#busyMs += threads * ms;
  }

  /** A thread died or was given up. */
  lost(code: string): void {
    this.#lost.set(code, (this.#lost.get(code) ?? 0) + 1);
  }

  /** As it is now. */
  tally(elsewhere: Elsewhere): Tally {
    return {
      answered: Object.fromEntries(CLASSES.map((name, at) => [name, this.#answered[at] ?? 0])),
      durations: this.#durations.counted,
      queueWaits: this.#queueWaits.counted,
      held: this.#held.counted,
      failed: Object.fromEntries(this.#failed),
      refused: elsewhere.refused,
      passed: elsewhere.connections.passedDeadlines,
      lost: Object.fromEntries(this.#lost),
      amounts: {
        responseBytes: this.#responseBytes,
        receivedBytes: elsewhere.connections.received,
        sentBytes: elsewhere.connections.sent,
        uncounted: elsewhere.uncounted,
        acceptPauses: elsewhere.acceptPauses,
        busyMs: this.#busyMs,
        spansExported: elsewhere.spans?.exported ?? 0,
        spansDropped: elsewhere.spans?.dropped ?? 0,
      },
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
