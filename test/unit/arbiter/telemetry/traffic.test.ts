// What workers count and what the arbiter makes of it, with a clock of its own. Seen to fail: sums that forget a worker that left,
// and a quantile that takes the bound of its bucket.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOTHING, quantile, type Sums } from '../../../../src/arbiter/telemetry/tally-sums.ts';
import { Traffic } from '../../../../src/arbiter/telemetry/traffic.ts';
import { BOUNDS_MS } from '../../../../src/wire/tally.ts';
import { RequestTally } from '../../../../src/worker/telemetry/request-tally.ts';

const NOTHING_ELSE = {
  refused: {},
  uncounted: 0,
  acceptPauses: 0,
  connections: { received: 0, sent: 0, passedDeadlines: {} },
};

function note(
  tally: RequestTally,
  status: string,
  durationMs: number | null,
  queuedMs: number | null,
): void {
  tally.note({ status, durationMs, queuedMs, heldMs: queuedMs, failureCode: '', bodyBytes: 0 });
}

/** One that has answered so many with 200 after so many milliseconds, and waited half of them. */
function counted(requests: number, ms: number): Sums {
  const tally = new RequestTally();
  for (let each = 0; each < requests; each++) note(tally, '200 OK', ms, ms / 2);
  return { ...tally.tally(NOTHING_ELSE), unserved: { 'queue-full': requests } };
}

test('a request is counted once, by the class of its status and in the bucket of its times', () => {
  const tally = new RequestTally();
  note(tally, '200 OK', 1, 0);
  note(tally, '204 No Content', 1.01, 0);
  note(tally, '503 Service Unavailable', 90_000, null);
  note(tally, '101 Switching Protocols', null, 3);
  note(tally, '', 7, 3);
  const { answered, durations, queueWaits } = tally.tally(NOTHING_ELSE);
  assert.deepEqual(answered, { none: 1, '1xx': 1, '2xx': 2, '3xx': 0, '4xx': 0, '5xx': 1 });
  const inBuckets = durations.counts.flatMap((count, at) => (count > 0 ? [[at, count]] : []));
  assert.deepEqual(inBuckets, [
    [0, 1],
    [1, 1],
    [4, 1],
    [BOUNDS_MS.length, 1],
  ]);
  assert.equal(durations.sumMs, 90_009.01);
  assert.deepEqual([queueWaits.counts[0], queueWaits.counts[2], queueWaits.sumMs], [2, 2, 6]);
});

test('a quantile is read off within its bucket, and off its last bound where all took longer', () => {
  assert.equal(quantile(NOTHING.durations, 0.5), null);
  // All between 10 and 15 ms.
  assert.equal(quantile(counted(100, 12).durations, 0.5), 12.5);
  assert.equal(quantile(counted(4, 61_000).durations, 0.99), 60_000);
  const tally = new RequestTally();
  for (let ms = 1; ms <= 1000; ms++) note(tally, '200 OK', ms, null);
  const p50 = quantile(tally.tally(NOTHING_ELSE).durations, 0.5) ?? 0;
  const p99 = quantile(tally.tally(NOTHING_ELSE).durations, 0.99) ?? 0;
  assert.ok(Math.abs(p50 - 500) <= 1 && Math.abs(p99 - 990) <= 1, `${p50} ${p99}`);
});

test('sums never go back when a worker is replaced, and its successor counts from nothing', () => {
  let nowMs = 0;
  const traffic = new Traffic(() => nowMs);
  const [old, young] = [{}, {}];
  const all = (): number => traffic.sums.answered['2xx'] ?? 0;
  traffic.told(old, counted(70, 1));
  nowMs = 1000;
  traffic.told(young, counted(5, 1));
  assert.deepEqual([all(), traffic.answeredBy(young)], [75, 5]);
  traffic.told(old, counted(80, 1));
  traffic.gone(old);
  traffic.gone(old);
  assert.deepEqual(
    [all(), traffic.sums.unserved, traffic.answeredBy(old)],
    [85, { 'queue-full': 85 }, 0],
  );
});

test('lately is the last five seconds, and nothing once nobody has spoken for them', () => {
  let nowMs = 0;
  const traffic = new Traffic(() => nowMs);
  assert.deepEqual([traffic.lately().seconds, traffic.lately().perSecond], [0, 0]);
  const worker = {};
  // 100 a second that take 12 ms, then 10 a second that take 40.
  const tally = new RequestTally();
  for (let second = 1; second <= 20; second++) {
    nowMs = second * 1000 + (second % 3);
    for (let each = 0; each < (second <= 10 ? 100 : 10); each++) {
      note(tally, '200 OK', second <= 10 ? 12 : 40, 0);
    }
    traffic.told(worker, { ...tally.tally(NOTHING_ELSE), unserved: {} });
    if (second === 10) {
      const { perSecond, durationMs } = traffic.lately();
      assert.ok(Math.abs(perSecond - 100) < 1, String(perSecond));
      assert.deepEqual([durationMs.p50, (durationMs.p99 ?? 0) <= 15], [12.5, true]);
    }
  }
  const { seconds, perSecond, durationMs } = traffic.lately();
  assert.ok(
    Math.abs(perSecond - 10) < 0.1 && Math.abs(seconds - 5) < 1.1,
    `${perSecond} ${seconds}`,
  );
  assert.equal(durationMs.p50, 40);
  nowMs += 60_000;
  traffic.lately();
  nowMs += 5_000;
  assert.equal(traffic.lately().perSecond, 0);
});
