// Arithmetic with what workers count: sums, differences, and a quantile out of buckets. Pure. A worker of another version may lack a
// count; it adds nothing then.

import { BOUNDS_MS, type Counts, type HistogramCounts, type Tally } from '../../wire/tally.ts';

/** Of one worker or of many. */
export interface Sums extends Tally {
  /** Answered 503 because no thread could have them in time, by the code of their lines in the log. */
  readonly unserved: Counts;
}

const NO_TIMES: HistogramCounts = {
  counts: Array.from({ length: BOUNDS_MS.length + 1 }, () => 0),
  sumMs: 0,
};

export const NOTHING: Sums = {
  answered: {},
  unserved: {},
  durations: NO_TIMES,
  queueWaits: NO_TIMES,
  held: NO_TIMES,
  failed: {},
  refused: {},
  passed: {},
  lost: {},
  amounts: {
    responseBytes: 0,
    receivedBytes: 0,
    sentBytes: 0,
    acceptPauses: 0,
    busyMs: 0,
    uncounted: 0,
    spansExported: 0,
    spansDropped: 0,
  },
};

export function plus(one: Sums, other: Sums): Sums {
  return combined(one, other, 1);
}

/** `share`: of the other, 0 to 1. */
export function plusPart(one: Sums, other: Sums, share: number): Sums {
  return combined(one, other, share);
}

/** What came to `before` until it was `after`. */
export function minus(after: Sums, before: Sums): Sums {
  return combined(after, before, -1);
}

export function countOf(counts: Counts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/**
 * The time that a share of all was not longer than: read off a straight line within its bucket, and the last bound where it was
 * longer than that. null: nothing was counted.
 */
export function quantile({ counts }: HistogramCounts, share: number): number | null {
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (all <= 0) return null;
  const rank = share * all;
  let below = 0;
  for (const [at, count] of counts.entries()) {
    if (count > 0 && below + count >= rank) {
      const upper = BOUNDS_MS[at];
      const lower = BOUNDS_MS[at - 1] ?? 0;
      return upper === undefined ? lower : lower + ((upper - lower) * (rank - below)) / count;
    }
    below += count;
  }
  return BOUNDS_MS.at(-1) ?? null;
}

function combined(one: Sums, other: Sums, times: number): Sums {
  return {
    answered: ofCounts(one.answered, other.answered, times),
    unserved: ofCounts(one.unserved, other.unserved, times),
    durations: ofTimes(one.durations, other.durations, times),
    queueWaits: ofTimes(one.queueWaits, other.queueWaits, times),
    held: ofTimes(one.held, other.held, times),
    failed: ofCounts(one.failed, other.failed, times),
    refused: ofCounts(one.refused, other.refused, times),
    passed: ofCounts(one.passed, other.passed, times),
    lost: ofCounts(one.lost, other.lost, times),
    amounts: ofCounts(one.amounts, other.amounts, times),
  };
}

function ofCounts<C extends Counts>(one: C, other: C, times: number): C {
  const sums: Record<string, number> = { ...one };
  for (const [name, count] of Object.entries(other)) sums[name] = (sums[name] ?? 0) + times * count;
  return sums as C;
}

function ofTimes(one: HistogramCounts, other: HistogramCounts, times: number): HistogramCounts {
  return {
    counts: one.counts.map((count, at) => count + times * (other.counts[at] ?? 0)),
    sumMs: one.sumMs + times * other.sumMs,
  };
}
