// What a worker counts of the requests that it answers, as each of its heartbeats tells it: from its start, so that one that is lost
// costs nothing. worker/telemetry/request-tally.ts counts; arbiter/telemetry/traffic.ts adds up workers and says what that means.

/**
 * Upper bounds of the buckets of every histogram, milliseconds; one bucket more has what is longer. Each is at most twice the one
 * before, so that a quantile read from them is not far off, and few enough for a metric of each.
 */
export const BOUNDS_MS: readonly number[] = [
  1, 2, 3, 5, 7.5, 10, 15, 20, 30, 50, 75, 100, 150, 200, 300, 500, 750, 1000, 1500, 2000, 3000,
  5000, 7500, 10_000, 15_000, 20_000, 30_000, 60_000,
];

export interface HistogramCounts {
  /** How many were in each bucket and in none before it. */
  readonly counts: readonly number[];
  /** Of all that were counted. */
  readonly sumMs: number;
}

/** Named counts. */
export interface Counts {
  readonly [name: string]: number;
}

/**
 * What else is counted: bytes of response bodies, all bytes that came from clients and went to them, how often accepting rested,
 * thread-seconds with a request in milliseconds, requests that limits let through without having counted them,
 * spans that were sent and that were not.
 */
export type Amount =
  | 'responseBytes'
  | 'receivedBytes'
  | 'sentBytes'
  | 'acceptPauses'
  | 'busyMs'
  | 'uncounted'
  | 'spansExported'
  | 'spansDropped';

export interface Tally {
  /** By class of their status: "2xx"; "none" for those that were answered nothing. */
  readonly answered: Counts;
  /** From the moment that a request was complete until its response had left. None of a connection that an application took over. */
  readonly durations: HistogramCounts;
  /** From the same moment until a thread began it. None of a request that no thread began. */
  readonly queueWaits: HistogramCounts;
  /** From then until its thread was done with it, or its time was up. */
  readonly held: HistogramCounts;
  /** By the code of their lines in the error log (docs/errors.md). */
  readonly failed: Counts;
  /** What the limits of clients refused, by reason and limit: "rate login", "connections". */
  readonly refused: Counts;
  /** Deadlines of connections and requests that passed, by their setting. */
  readonly passed: Counts;
  /** Threads that died or were given up, by the code of their lines in the error log. */
  readonly lost: Counts;
  readonly amounts: Readonly<Record<Amount, number>>;
}
