// What the whole server has answered since its start, and in the last seconds: what each worker told last, added up, with that of
// the workers that have left. So a sum never goes back when a worker is replaced or the settings are read anew. What a worker had
// not told when it was killed, a second's worth at most, is lost.

import type { Trouble } from '../../wire/arbiter-worker.ts';
import { StoreSilences } from './store-silences.ts';
import { countOf, minus, NOTHING, plus, quantile, type Sums } from './tally-sums.ts';

/** "Lately" is as long: workers speak each second, so that a shorter time would jump. */
const LATELY_MS = 5000;
/** Between two marks; a little less than between two heartbeats, or one that is early would double it. */
const MARK_MS = 900;
/** Nobody has said anything for so long: what was last is not "lately". */
const SILENT_MS = 2500;

interface Mark {
  readonly atMs: number;
  readonly sums: Sums;
}

/** Half of them, and all but a hundredth, took no longer. null: there were none. */
export interface Quantiles {
  readonly p50: number | null;
  readonly p99: number | null;
}

export interface Lately {
  readonly seconds: number;
  readonly sums: Sums;
  readonly perSecond: number;
  readonly durationMs: Quantiles;
  readonly queueWaitMs: Quantiles;
}

/** Is told of each heartbeat. */
export interface TrafficWatcher {
  /** This worker has counted so much since it told before. */
  counted(worker: object, more: Sums): void;
  /** A request or a thread of it came to grief. */
  trouble?(worker: object, trouble: Trouble): void;
  /** It will count nothing more. */
  gone?(worker: object): void;
}

export class Traffic {
  readonly #now: () => number;
  /** Of workers that have left. */
  #left = NOTHING;
  readonly #told = new Map<object, Sums>();
  /** Oldest first: one that is as old as LATELY_MS, if any is, and those that are younger. */
  #marks: readonly Mark[];
  readonly #watchers = new Set<TrafficWatcher>();
  readonly storeSilences = new StoreSilences();

  /** @param now monotonic milliseconds */
  constructor(now: () => number) {
    this.#now = now;
    this.#marks = [{ atMs: now(), sums: NOTHING }];
  }

  /** A worker has counted so much since its start. */
  told(worker: object, sums: Sums): void {
    if (this.#watchers.size > 0) {
      const more = minus(sums, this.#told.get(worker) ?? NOTHING);
      for (const watcher of this.#watchers) watcher.counted(worker, more);
    }
    this.#told.set(worker, sums);
    if (this.#now() - this.#newest.atMs >= MARK_MS) this.#mark();
  }

  trouble(worker: object, trouble: Trouble): void {
    for (const watcher of this.#watchers) watcher.trouble?.(worker, trouble);
  }

  watch(watcher: TrafficWatcher): void {
    this.#watchers.add(watcher);
  }

  unwatch(watcher: TrafficWatcher): void {
    this.#watchers.delete(watcher);
  }

  /** It will tell nothing more. */
  gone(worker: object): void {
    for (const watcher of this.#watchers) watcher.gone?.(worker);
    const sums = this.#told.get(worker);
    if (sums === undefined) return;
    this.#told.delete(worker);
    this.#left = plus(this.#left, sums);
  }

  /** How many requests this worker has answered. */
  answeredBy(worker: object): number {
    return countOf(this.#told.get(worker)?.answered ?? {});
  }

  /** Since the start of the server. */
  get sums(): Sums {
    return [...this.#told.values()].reduce(plus, this.#left);
  }

  lately(): Lately {
    if (this.#now() - this.#newest.atMs >= SILENT_MS) this.#mark();
    const [first = this.#newest] = this.#marks;
    const sums = minus(this.#newest.sums, first.sums);
    const seconds = (this.#newest.atMs - first.atMs) / 1000;
    return {
      seconds,
      sums,
      perSecond: seconds === 0 ? 0 : countOf(sums.answered) / seconds,
      durationMs: { p50: quantile(sums.durations, 0.5), p99: quantile(sums.durations, 0.99) },
      queueWaitMs: { p50: quantile(sums.queueWaits, 0.5), p99: quantile(sums.queueWaits, 0.99) },
    };
  }

  get #newest(): Mark {
    const mark = this.#marks.at(-1);
    if (mark === undefined) throw new Error('there is one from the start');
    return mark;
  }

  #mark(): void {
    const nowMs = this.#now();
    const marks = [...this.#marks, { atMs: nowMs, sums: this.sums }];
    const first = marks.findLastIndex(({ atMs }) => nowMs - atMs >= LATELY_MS);
    this.#marks = marks.slice(Math.max(0, first));
  }
}
