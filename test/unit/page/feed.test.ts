// What the page makes of the feed, without a browser: the stream of events in pieces of any size, the line as a table of states, and what
// is known after each message.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { EventStream } from '../../../src/page/feed/event-stream.ts';
import { next, pauseMs } from '../../../src/page/feed/link.ts';
import { begun, followed } from '../../../src/page/feed/seen.ts';
import { EVENTS_MAX, HISTORY_POINTS } from '../../../src/wire/live.ts';
import { event, frame, point, SERVER } from './live-samples.ts';

test('a stream of events is read whole, wherever it is cut', () => {
  const text =
    ': a comment\r\nevent: history\r\ndata: {"a":1}\r\n\r\nevent: frame\ndata: one\ndata:two\n\nid: 7\n\ndata: plain\r\rdata: unfinished';
  const wanted = [
    { event: 'history', data: '{"a":1}' },
    { event: 'frame', data: 'one\ntwo' },
    { event: 'message', data: 'plain' },
  ];
  fc.assert(
    fc.property(fc.array(fc.nat(text.length)), (cuts) => {
      const stream = new EventStream();
      const at = [0, ...cuts.sort((one, other) => one - other), text.length];
      const read = at.flatMap((from, index) =>
        stream.push(text.slice(from, at[index + 1] ?? from)),
      );
      assert.deepEqual(read, wanted);
    }),
  );
});

test('a line of the feed without an end is not kept for ever', () => {
  const stream = new EventStream();
  const piece = 'x'.repeat(1 << 22);
  assert.throws(() => {
    for (let each = 0; each < 10; each++) stream.push(piece);
  }, /no end/);
});

test('the line goes from state to state as its table says, and waits longer each time', () => {
  assert.equal(next(next('connecting', 'opened'), 'failed'), 'waiting');
  assert.equal(next(next('waiting', 'try again'), 'token wanted'), 'locked');
  assert.throws(() => next('locked', 'opened'), /locked knows no "opened"/);
  assert.deepEqual([1, 2, 3, 9].map(pauseMs), [500, 1000, 2000, 10_000]);
});

test('a frame adds its seconds and events once, and nothing grows without a bound', () => {
  let seen = begun(null, { server: SERVER, points: [point(1), point(2)], events: [event(1)] });
  seen = followed(seen, frame({ points: [point(2), point(3)], events: [event(1), event(2)] }));
  assert.deepEqual(
    seen.points.map(({ atMs }) => atMs),
    [1000, 2000, 3000],
  );
  assert.deepEqual(
    seen.events.map(({ id }) => id),
    [2, 1],
  );
  for (let each = 4; each < 1500; each++) {
    seen = followed(seen, frame({ points: [point(each)], events: [event(each)] }));
  }
  assert.equal(seen.points.length, HISTORY_POINTS);
  assert.equal(seen.events.length, EVENTS_MAX);
  assert.equal(seen.events[0]?.id, 1499);
});

test('a history replaces all that was known, and the last frame only of another server', () => {
  const seen = followed(begun(null, { server: SERVER, points: [], events: [] }), frame({}));
  const again = begun(seen, { server: SERVER, points: [point(9)], events: [] });
  assert.equal(again.frame, seen.frame);
  assert.equal(again.points.length, 1);
  const other = begun(again, { server: { ...SERVER, pid: 2 }, points: [], events: [] });
  assert.deepEqual([other.frame, other.points.length], [null, 0]);
});
