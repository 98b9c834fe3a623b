// The last ten minutes, a point for each second, whether anybody looks or not. Workers tell once a second, each at a moment of its
// own: what one tells is spread over the seconds that passed since it told before, so that no second is empty or counted double
// when a heartbeat comes a little late. A second is closed one later, when all have told of it. Pure; told the time.

import { readRefused } from '../../limits/refusals.ts';
import { FRAME_MS, HISTORY_POINTS, type Point } from '../../wire/live.ts';
import { countOf, NOTHING, plusPart, quantile, type Sums } from '../telemetry/tally-sums.ts';
import type { TrafficWatcher } from '../telemetry/traffic.ts';

/** A heartbeat may be late by a tenth of a second without a part of it falling into the second after. */
const CLOSED_AFTER_MS = FRAME_MS + 100;

/** How many there are of what is no rate. */
export type Present = Pick<Point, 'queued' | 'connections' | 'busyThreads'>;

export interface HistoryClocks {
  /** Monotonic ms. */
  now(): number;
  /** Unix ms. */
  wall(): number;
}

export class History implements TrafficWatcher {
  readonly #clocks: HistoryClocks;
  readonly #beganMs: number;
  readonly #told = new WeakMap<object, number>();
  /** Number of the first second that is not closed, counted from our beginning. */
  #first = 0;
  /** What is known of it and of those after it. */
  readonly #open = new Map<number, Sums>();
  #points: readonly Point[] = [];

  constructor(clocks: HistoryClocks) {
    this.#clocks = clocks;
    this.#beganMs = clocks.now();
  }

  /** Oldest first. */
  get points(): readonly Point[] {
    return this.#points;
  }

  /** When `close` should be called next: so many ms from now. */
  get nextInMs(): number {
    return Math.max(1, this.#endOf(this.#first) + CLOSED_AFTER_MS - this.#clocks.now());
  }

  counted(worker: object, more: Sums): void {
    const nowMs = this.#clocks.now();
    const toldMs = this.#told.get(worker) ?? nowMs - FRAME_MS;
    this.#told.set(worker, nowMs);
    const sinceMs = Math.min(nowMs, Math.max(toldMs, this.#endOf(this.#first - 1)));
    const last = Math.max(this.#first, this.#secondOf(nowMs));
    if (sinceMs >= nowMs) {
      this.#add(last, more, 1);
      return;
    }
    // A worker that was silent for long, and an arbiter that stood still: no more seconds than are kept.
    const first = Math.max(this.#first, this.#secondOf(sinceMs), last - HISTORY_POINTS);
    for (let second = first; second <= last; second++) {
      const from = second === first ? sinceMs : this.#endOf(second - 1);
      const until = Math.min(nowMs, this.#endOf(second));
      this.#add(second, more, (until - from) / (nowMs - sinceMs));
    }
  }

  gone(worker: object): void {
    this.#told.delete(worker);
  }

  /** Closes the seconds that are over for long enough, and tells them. */
  close(present: Present): readonly Point[] {
    const over = this.#secondOf(this.#clocks.now() - CLOSED_AFTER_MS);
    this.#leap(over - HISTORY_POINTS);
    const closed: Point[] = [];
    for (; this.#first < over; this.#first++) {
      closed.push(this.#point(this.#first, present));
      this.#open.delete(this.#first);
    }
    this.#points = [...this.#points, ...closed].slice(-HISTORY_POINTS);
    return closed;
  }

  /** We stood still for longer than the history is: seconds that would be forgotten at once are none of their own. */
  #leap(to: number): void {
    if (to <= this.#first) return;
    for (const [second, sums] of this.#open) {
      if (second >= to) continue;
      this.#open.delete(second);
      this.#add(to, sums, 1);
    }
    this.#first = to;
  }

  #add(second: number, more: Sums, share: number): void {
    this.#open.set(second, plusPart(this.#open.get(second) ?? NOTHING, more, share));
  }

  #point(second: number, present: Present): Point {
    const { answered, refused, durations, queueWaits } = this.#open.get(second) ?? NOTHING;
    const agoMs = this.#clocks.now() - this.#endOf(second - 1);
    return {
      atMs: Math.round(this.#clocks.wall() - agoMs),
      perSecond: rounded(countOf(answered)),
      failedPerSecond: rounded((answered['5xx'] ?? 0) + (answered['none'] ?? 0)),
      limitedPerSecond: rounded(limited(refused)),
      p50Ms: roundedOrNone(quantile(durations, 0.5)),
      p99Ms: roundedOrNone(quantile(durations, 0.99)),
      queueP50Ms: roundedOrNone(quantile(queueWaits, 0.5)),
      queueP99Ms: roundedOrNone(quantile(queueWaits, 0.99)),
      ...present,
    };
  }

  #secondOf(ms: number): number {
    return Math.floor((ms - this.#beganMs) / FRAME_MS);
  }

  #endOf(second: number): number {
    return this.#beganMs + (second + 1) * FRAME_MS;
  }
}

/** Without what only would have been refused (limit_dry_run). */
function limited(refused: Sums['refused']): number {
  return Object.entries(refused).reduce(
    (all, [what, count]) => (readRefused(what).isDry ? all : all + count),
    0,
  );
}

function rounded(number: number): number {
  return Math.round(number * 1000) / 1000;
}

function roundedOrNone(ms: number | null): number | null {
  return ms === null ? null : rounded(ms);
}
