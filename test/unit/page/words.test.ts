// What the page writes and says, without a browser: numbers, charts in words, the order of threads, what is said aloud and how often.

import assert from 'node:assert/strict';
import test from 'node:test';
import { Announcing, QUIET_MS } from '../../../src/page/announcing.ts';
import {
  axisEnd,
  columns,
  LATENCY,
  QUEUE_WAIT,
  RATE,
  times,
} from '../../../src/page/charts/series.ts';
import { bytes, compactRate, mebibytes, parted, rate, whole } from '../../../src/page/numbers.ts';
import { threadRows } from '../../../src/page/tables/thread-rows.ts';
import { event, point, request, thread } from './live-samples.ts';

test('numbers are short, and never wider than they must be', () => {
  assert.deepEqual([0, 7, 1234, 1234567].map(whole), ['0', '7', '1,234', '1,234,567']);
  assert.deepEqual([0, 0.44, 3, 9.94, 9.96, 1234.5].map(rate), [
    '0',
    '0.4',
    '3',
    '9.9',
    '10',
    '1,235',
  ]);
  assert.deepEqual([0, 999, 1000, 9_960, 34_000_000, 2e18].map(bytes), [
    '0B',
    '999B',
    '1.0kB',
    '10kB',
    '34MB',
    '2000PB',
  ]);
  assert.equal(mebibytes(88 * 2 ** 20), '88MiB');
  assert.deepEqual(parted('1.5ms'), { number: '1.5', unit: 'ms' });
  assert.deepEqual(parted('4m05s'), { number: '4m05s', unit: '' });
});

test('charts are said in words, with their highest moment', () => {
  assert.equal(RATE.words([]), 'No requests yet.');
  assert.match(
    RATE.words([point(1, { perSecond: 20, failedPerSecond: 2 }), point(2, { perSecond: 1234 })]),
    /^At most 1,234\/s at \d\d:\d\d:02; 2 failed\.$/,
  );
  assert.match(LATENCY.words([point(1, { p99Ms: 12 }), point(2)]), /^p99 at most 12ms at .*:01\.$/);
});

test('a chart has a column for each line, gaps where nothing was, and an axis that does not dance', () => {
  const points = [point(1, { perSecond: 5 }), point(2, { perSecond: 6, failedPerSecond: 1 })];
  assert.deepEqual(columns(RATE, points), [
    [1, 2],
    [5, 6],
    [null, 1],
  ]);
  assert.deepEqual(columns(LATENCY, points)[1], [null, null]);
  assert.deepEqual(
    [0, 7, 11, 49, 51, 1001].map((most) => axisEnd(most, 10)),
    [10, 10, 20, 50, 100, 2000],
  );
  assert.deepEqual(times([point(1000), point(1010)]), [950, 1010]);
  assert.deepEqual(times([point(1000), point(1599)]), [999, 1599]);
});

test('no label of an axis is wider than its room, however much there is', () => {
  assert.deepEqual(
    [0.44, 10, 500, 999.6, 1000, 2500, 15_000, 100_000, 1_500_000, 2e9].map(compactRate),
    ['0.4', '10', '500', '1k', '1k', '2.5k', '15k', '100k', '1.5M', '2G'],
  );
  const marks = [5000, 9999, 10_001, 700_000].map((most) => {
    const end = axisEnd(most, RATE.least);
    return [RATE.mark(end / 2), RATE.mark(end)];
  });
  assert.deepEqual(marks, [
    ['2.5k/s', '5k/s'],
    ['5k/s', '10k/s'],
    ['10k/s', '20k/s'],
    ['500k/s', '1M/s'],
  ]);
  for (const { mark, least } of [RATE, LATENCY, QUEUE_WAIT]) {
    // Up to a million requests a second, and a quarter of an hour.
    for (let most = 1; most <= 1e6; most *= 1.3) {
      const end = axisEnd(most, least);
      for (const text of [mark(end / 2), mark(end)]) assert.ok(text.length <= 8, text);
    }
  }
});

test('threads that are held come first, the oldest on top; the others keep their places', () => {
  const rows = threadRows([
    thread(2, 'thread 1', { load: 1, requests: [request(30, 0.01)] }),
    thread(1, 'thread 10'),
    thread(1, 'thread 2', { load: 3, requests: [request(5000, 0.2), request(4000, 0.9, '/late')] }),
    thread(2, 'thread 3', { load: 1, requests: [request(9000, 0.3)] }),
    thread(1, 'thread 9', { state: 'stuck' }),
  ]);
  assert.deepEqual(
    rows.map(({ key, isLate }) => [key, isLate]),
    [
      ['2 thread 3', false],
      ['1 thread 2', true],
      ['1 thread 9', true],
      ['1 thread 10', false],
      ['2 thread 1', false],
    ],
  );
  assert.deepEqual([rows[1]?.request?.path, rows[1]?.others], ['/late', 2]);
});

test('only what harms somebody is said aloud, not twice, and one sentence in ten seconds', () => {
  const announcing = new Announcing(new Set(['timed out', 'thread died']));
  assert.equal(announcing.next([event(1)], false, 0), null, 'what was there before');
  const shed = event(2, { kind: 'shed' });
  assert.equal(announcing.next([shed], false, 1000), null);
  const late = event(3, { why: 'GET /report ran for 30s.' });
  assert.equal(announcing.next([late, shed], false, 2000), 'timed out: GET /report ran for 30s.');
  const two = [event(5, { kind: 'thread died' }), event(4, { count: 3 }), late, shed];
  assert.equal(announcing.next(two, false, 2000 + QUIET_MS - 1), null);
  assert.equal(
    announcing.next(two, true, 2000 + QUIET_MS),
    'The server is away. 2 new events: thread died once, timed out 3 times.',
  );
  assert.equal(announcing.next([event(1)], false, 90_000), 'Connected again. timed out: why.');
});
