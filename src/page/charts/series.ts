// The last ten minutes as columns for charts, and in words for whoever does not see them. Pure.

import { brief } from '../../durations.ts';
import type { Point } from '../../wire/live.ts';
import { clockTime, compactRate, rate, whole } from '../numbers.ts';

export type Value = number | null;

/** One line of a chart. */
export interface Line {
  readonly name: string;
  readonly of: (point: Point) => Value;
  readonly ink: 'accent' | 'soft' | 'hot';
  readonly isFilled: boolean;
  /** Nothing is drawn where there is none. */
  readonly isSilentAtZero?: boolean;
}

export interface ChartKind {
  readonly title: string;
  readonly lines: readonly Line[];
  /** A value as text. */
  readonly text: (value: Value) => string;
  /** The same beside a gridline, where there is room for eight signs (`AXIS_PIXELS`). */
  readonly mark: (value: number) => string;
  /** The axis never ends below. */
  readonly least: number;
  readonly words: (points: readonly Point[]) => string;
}

const perSecond = (value: Value): string => (value === null ? '–' : `${rate(value)}/s`);
const milliseconds = (value: Value): string => (value === null ? '–' : brief(value));

export const RATE: ChartKind = {
  title: 'Requests',
  lines: [
    { name: 'all', of: (point) => point.perSecond, ink: 'accent', isFilled: true },
    {
      name: 'failed',
      of: (point) => point.failedPerSecond,
      ink: 'hot',
      isFilled: true,
      isSilentAtZero: true,
    },
  ],
  text: perSecond,
  mark: (value) => `${compactRate(value)}/s`,
  least: 10,
  words: (points) => {
    const failed = points.reduce((all, point) => all + point.failedPerSecond, 0);
    const most = highest(points, (point) => point.perSecond);
    if (most === null) return 'No requests yet.';
    const came = failed === 0 ? 'none failed' : `${whole(failed)} failed`;
    return `At most ${perSecond(most.value)} at ${clockTime(most.atMs)}; ${came}.`;
  },
};

export const LATENCY: ChartKind = {
  title: 'Latency',
  lines: [
    { name: 'p99', of: (point) => point.p99Ms, ink: 'accent', isFilled: true },
    { name: 'p50', of: (point) => point.p50Ms, ink: 'soft', isFilled: false },
  ],
  text: milliseconds,
  mark: milliseconds,
  least: 10,
  words: (points) => slowest(points, (point) => point.p99Ms),
};

export const QUEUE_WAIT: ChartKind = {
  title: 'Queue wait',
  lines: [
    { name: 'p99', of: (point) => point.queueP99Ms, ink: 'accent', isFilled: true },
    { name: 'p50', of: (point) => point.queueP50Ms, ink: 'soft', isFilled: false },
  ],
  text: milliseconds,
  mark: milliseconds,
  least: 10,
  words: (points) => slowest(points, (point) => point.queueP99Ms),
};

function slowest(points: readonly Point[], of: (point: Point) => Value): string {
  const most = highest(points, of);
  if (most === null) return 'Nothing measured yet.';
  return `p99 at most ${milliseconds(most.value)} at ${clockTime(most.atMs)}.`;
}

function highest(
  points: readonly Point[],
  of: (point: Point) => Value,
): { readonly value: number; readonly atMs: number } | null {
  let most: { value: number; atMs: number } | null = null;
  for (const point of points) {
    const value = of(point);
    if (value !== null && value > (most?.value ?? 0)) most = { value, atMs: point.atMs };
  }
  return most;
}

/** For uPlot: seconds, then a column for each line. A second that is missing is a gap. */
export function columns(kind: ChartKind, points: readonly Point[]): Value[][] {
  const times = points.map(({ atMs }) => atMs / 1000);
  return [
    times,
    ...kind.lines.map(({ of, isSilentAtZero = false }) =>
      points.map((point) => (isSilentAtZero && of(point) === 0 ? null : of(point))),
    ),
  ];
}

/** Seconds that the axis of time may show. */
const SPANS: readonly number[] = [60, 90, 120, 180, 240, 300, 420, 600];

/** A server that has just started fills its charts; from ten minutes on they show ten. */
export function times(points: readonly Point[]): readonly [number, number] {
  const first = (points[0]?.atMs ?? 0) / 1000;
  const last = (points.at(-1)?.atMs ?? 0) / 1000;
  const span = SPANS.find((one) => last - first <= one) ?? SPANS.at(-1) ?? 0;
  return [last - span, last];
}

/** An axis that ends at 1, 2 or 5 times a power of ten: it does not dance with each message. */
export function axisEnd(most: number, least: number): number {
  const wanted = Math.max(most, least);
  const power = 10 ** Math.floor(Math.log10(wanted));
  const step = [1, 2, 5, 10].find((one) => wanted <= one * power) ?? 10;
  return step * power;
}
