// The order in which waiting requests are served, and the bound on how many may wait.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { JobQueue } from '../../../src/dispatch/queue.ts';
import type { Job } from '../../../src/threads/app-thread.ts';

/** The queue looks at no member of a job. */
const job = (name: string): Job => ({ name }) as unknown as Job;

test('first come, first served', () => {
  const queue = new JobQueue(10, () => 0);
  const [a, b] = [job('a'), job('b')];
  queue.add(a);
  queue.add(b);
  assert.equal(queue.take(), a);
  assert.equal(queue.take(), b);
  assert.equal(queue.take(), null);
});

test('a job that left from the middle is not served', () => {
  const queue = new JobQueue(10, () => 0);
  const [a, b, c] = [job('a'), job('b'), job('c')];
  for (const one of [a, b, c]) queue.add(one);
  assert.equal(queue.remove(b), true);
  assert.equal(queue.remove(b), false);
  assert.deepEqual([queue.take(), queue.take(), queue.take()], [a, c, null]);
});

test('at its limit it takes a job, one above it does not', () => {
  const queue = new JobQueue(2, () => 0);
  assert.equal(queue.add(job('a')), true);
  assert.equal(queue.add(job('b')), true);
  assert.equal(queue.add(job('c')), false);
  assert.equal(queue.length, 2);
});

test('what a thread gave back goes first, even into a full queue', () => {
  const queue = new JobQueue(1, () => 0);
  const [waiting, returned] = [job('waiting'), job('returned')];
  queue.add(waiting);
  queue.putBack(returned);
  assert.equal(queue.length, 2);
  assert.equal(queue.take(), returned);
  assert.equal(queue.take(), waiting);
});

test('under overload what a thread gave back goes last, as the oldest', () => {
  let nowMs = 0;
  const queue = new JobQueue(10, () => nowMs);
  const [returned, old, young] = [job('returned'), job('old'), job('young')];
  queue.putBack(returned);
  queue.add(old);
  nowMs = 501;
  queue.add(young);
  assert.deepEqual([queue.take(), queue.take(), queue.take()], [young, old, returned]);
  assert.equal(queue.take(), null);
});

test('a queue that was emptied, filled and thinned out again keeps its order', () => {
  const queue = new JobQueue(10, () => 0);
  const [a, b, c, d] = [job('a'), job('b'), job('c'), job('d')];
  queue.add(a);
  assert.equal(queue.take(), a);
  assert.equal(queue.take(), null);
  for (const one of [b, c, d]) queue.add(one);
  queue.remove(b);
  assert.equal(queue.take(), c);
  queue.add(a);
  assert.deepEqual([queue.take(), queue.take(), queue.take()], [d, a, null]);
});

test('when the oldest has waited too long the newest goes first, until the queue has drained', () => {
  let nowMs = 0;
  const queue = new JobQueue(10, () => nowMs);
  const [a, b, c, d, e] = [job('a'), job('b'), job('c'), job('d'), job('e')];
  queue.add(a);
  queue.add(b);
  nowMs = 500;
  assert.equal(queue.take(), a, 'half a second is not too long');
  queue.add(c);
  nowMs = 501;
  assert.equal(queue.take(), c);
  queue.add(d);
  assert.ok(queue.overloaded);
  assert.equal(queue.take(), d);
  assert.equal(queue.take(), b);
  assert.ok(!queue.overloaded);
  queue.add(e);
  queue.add(a);
  assert.equal(queue.take(), e, 'drained: first come, first served again');
});

test('overload ends as well when what a thread gave back was the last that waited', () => {
  for (const leave of ['take', 'remove'] as const) {
    let nowMs = 0;
    const queue = new JobQueue(10, () => nowMs);
    const [lost, returned, a, b] = [job('lost'), job('returned'), job('a'), job('b')];
    queue.putBack(lost);
    queue.putBack(returned);
    nowMs = 501;
    assert.equal(queue.take(), lost);
    assert.ok(queue.overloaded);
    if (leave === 'take') assert.equal(queue.take(), returned);
    else assert.ok(queue.remove(returned));
    assert.ok(!queue.overloaded, leave);
    queue.add(a);
    queue.add(b);
    assert.equal(queue.take(), a, leave);
  }
});

test('whatever comes, leaves and waits, every job is served once or leaves, and none is lost', () => {
  const event = fc.constantFrom('add', 'add', 'take', 'remove', 'wait', 'back');
  fc.assert(
    fc.property(
      fc.array(fc.tuple(event, fc.nat(20)), { size: 'max', maxLength: 200 }),
      (events) => {
        let nowMs = 0;
        const queue = new JobQueue(15, () => nowMs);
        const waiting: Job[] = [];
        let name = 0;
        for (const [what, at] of events) {
          if (what === 'add') {
            const one = job(`${name++}`);
            assert.equal(queue.add(one), waiting.length < 15);
            if (waiting.length < 15) waiting.push(one);
          } else if (what === 'take') {
            const taken = queue.take();
            assert.equal(taken === null, waiting.length === 0);
            if (taken !== null)
              assert.ok(waiting.splice(waiting.indexOf(taken), 1).includes(taken));
          } else if (what === 'remove') {
            const one = waiting[at];
            if (one !== undefined) assert.ok(queue.remove(one));
            if (one !== undefined) waiting.splice(at, 1);
          } else if (what === 'back' && waiting.length < 15) {
            const one = job(`${name++}`);
            queue.putBack(one);
            waiting.push(one);
          } else nowMs += at * 20;
          assert.equal(queue.length, waiting.length);
        }
      },
    ),
  );
});
