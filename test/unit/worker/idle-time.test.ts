// How much time idle connections have as a worker fills up: those that come, and those that are idle already.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IdleTime } from '../../../src/worker/idle-time.ts';
import { World } from '../../model/world.ts';

test('idle deadlines shrink evenly between seven tenths and nineteen twentieths of the places', () => {
  const idle = new IdleTime(0.7);
  const at = (taken: number): number => {
    idle.look(taken);
    return Math.round(idle.of(10_000, 150));
  };
  assert.deepEqual(
    [0, 0.7, 0.75, 0.825, 0.95, 1, 0.7].map(at),
    [10_000, 10_000, 8200, 5500, 1000, 1000, 10_000],
  );
});

test('no idle deadline becomes shorter than what an idle connection has at the limit, or longer than it is', () => {
  const idle = new IdleTime(0.7);
  idle.look(1);
  assert.deepEqual([idle.of(1000, 150), idle.of(100, 150)], [150, 100]);
});

test('with 100 percent they never shrink', () => {
  const idle = new IdleTime(1);
  assert.equal(idle.look(1), false);
  assert.equal(idle.of(10_000, 150), 10_000);
});

test('those that are idle are told again only when much has changed', () => {
  const idle = new IdleTime(0.7);
  const told = [0.71, 0.73, 0.74, 0.76, 0.7, 0.73].map((taken) => idle.look(taken));
  assert.deepEqual(told, [false, true, false, true, false, true]);
});

/** How long a connection that was answered and is idle is kept beside so many others of ten, ms. */
function stays(others: number, comeAfterMs = 0): number {
  const world = new World({ limit: 10, threads: 1, capacity: 1, buffered: true });
  world.connect();
  const [[connection, client] = assert.fail()] = world.open;
  connection.bytes(Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
  const job = world.threads[0]?.jobs[0] ?? assert.fail('no job');
  const leave = (): void => {
    job.whole({ status: '200 OK', fields: '', sendDate: true }, Buffer.alloc(0));
    world.threads[0]?.leave(job);
  };
  // Either it is idle when the others come, or they are there already.
  if (comeAfterMs > 0) leave();
  world.advance(comeAfterMs);
  for (let n = 0; n < others; n++) world.connect();
  world.advance(50);
  const sinceMs = world.nowMs;
  if (comeAfterMs === 0) leave();
  while (client.closing === 'no') world.advance(50);
  return comeAfterMs > 0 ? world.nowMs : world.nowMs - sinceMs;
}

test('an idle connection is closed sooner as its worker fills up, before anybody waits outside', () => {
  assert.ok(stays(4) >= 2000, 'five of ten: the whole of its two seconds');
  const eight = stays(7);
  assert.ok(eight >= 1000 && eight < 1600, `eight of ten: ${eight} ms`);
  const nine = stays(8);
  assert.ok(nine >= 500 && nine < 900, `nine of ten: ${nine} ms`);
  const late = stays(8, 400);
  assert.ok(late >= 500 && late < 900, `it was idle when the others came: ${late} ms`);
});
