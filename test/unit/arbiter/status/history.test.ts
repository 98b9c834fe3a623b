// Seconds of the history from heartbeats that come when they come, on a clock of its own. Seen to fail: what a heartbeat tells put
// whole into the second in which it came, which has seconds of nothing and of twice as much.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { History } from '../../../../src/arbiter/status/history.ts';
import { NOTHING, type Sums } from '../../../../src/arbiter/telemetry/tally-sums.ts';
import { HISTORY_POINTS, type Point } from '../../../../src/wire/live.ts';

const PRESENT = { queued: 0, connections: 0, busyThreads: 0 };

function answered(count: number): Sums {
  return { ...NOTHING, answered: { '2xx': count } };
}

class Clock {
  ms = 5_000_000;
  readonly now = (): number => this.ms;
  readonly wall = (): number => 1_700_000_000_000 + this.ms;
}

const sum = (points: readonly Point[]): number =>
  points.reduce((all, { perSecond }) => all + perSecond, 0);

test('whenever heartbeats come, nothing is lost, and a steady rate is steady in every second', () => {
  const worker = fc.record({
    phaseMs: fc.integer({ min: 0, max: 999 }),
    lateMs: fc.array(fc.integer({ min: 0, max: 90 }), { minLength: 20, maxLength: 20 }),
  });
  fc.assert(
    fc.property(fc.array(worker, { minLength: 1, maxLength: 6 }), (workers) => {
      const clock = new Clock();
      const history = new History(clock);
      const beats = workers
        .flatMap(({ phaseMs, lateMs }, who) =>
          lateMs.map((late, at) => ({ who, atMs: clock.ms + phaseMs + at * 1000 + late })),
        )
        .sort((one, other) => one.atMs - other.atMs);
      const names = workers.map(() => ({}));
      const toldMs = workers.map(({ phaseMs }) => clock.ms + phaseMs - 1000);
      const endMs = clock.ms + 20_000;
      const points: Point[] = [];
      let told = 0;
      for (const { who, atMs } of beats) {
        while (clock.ms + history.nextInMs <= atMs) {
          clock.ms += history.nextInMs;
          points.push(...history.close(PRESENT));
        }
        clock.ms = atMs;
        // A request for each 10 ms that have passed.
        const count = (atMs - (toldMs[who] ?? 0)) / 10;
        toldMs[who] = atMs;
        told += count;
        history.counted(names[who] ?? {}, answered(count));
      }
      const whole = points.filter(({ atMs }) => atMs < clock.wall() - (clock.ms - endMs) - 3000);
      for (const { perSecond } of whole.slice(1)) {
        assert.ok(Math.abs(perSecond - 100 * workers.length) < 25, `${perSecond} in a second`);
      }
      clock.ms += 5000;
      points.push(...history.close(PRESENT));
      assert.ok(Math.abs(sum(points) - told) < 0.5, `${sum(points)} of ${told}`);
      const moments = points.map(({ atMs }) => atMs);
      assert.deepEqual(
        moments,
        moments.map((_, at) => (moments[0] ?? 0) + at * 1000),
      );
    }),
    { numRuns: 50 },
  );
});

test('a worker that was silent, and an arbiter that stood still, lose nothing', () => {
  const clock = new Clock();
  const history = new History(clock);
  const worker = {};
  history.counted(worker, answered(1));
  clock.ms += 8000;
  history.close(PRESENT);
  history.counted(worker, answered(80));
  clock.ms += 3000;
  history.close(PRESENT);
  assert.ok(Math.abs(sum(history.points) - 81) < 0.01, `${sum(history.points)}`);
  // An hour: only as many seconds as are kept, and what was open is in the first of them.
  history.counted(worker, answered(7));
  clock.ms += 3_600_000;
  const closed = history.close(PRESENT);
  assert.equal(closed.length, HISTORY_POINTS);
  assert.equal(history.points.length, HISTORY_POINTS);
  assert.ok(Math.abs(sum(closed) - 7) < 0.01, `${sum(closed)}`);
});

test('a point has rates, quantiles, what failed, and what was refused but for a dry run', () => {
  const clock = new Clock();
  const history = new History(clock);
  clock.ms += 1000;
  const counts = NOTHING.durations.counts.map((_, at) => (at === 5 ? 100 : 0));
  history.counted(
    {},
    {
      ...NOTHING,
      answered: { '2xx': 90, '5xx': 8, none: 2 },
      refused: { 'rate login': 3, 'dry connections': 9 },
      durations: { counts, sumMs: 900 },
    },
  );
  clock.ms += 1100;
  const [point] = history.close({ queued: 4, connections: 5, busyThreads: 6 });
  assert.deepEqual(point, {
    atMs: clock.wall() - 2100,
    perSecond: 100,
    failedPerSecond: 10,
    limitedPerSecond: 3,
    // Between 7.5 and 10 ms.
    p50Ms: 8.75,
    p99Ms: 9.975,
    queueP50Ms: null,
    queueP99Ms: null,
    queued: 4,
    connections: 5,
    busyThreads: 6,
  });
});
