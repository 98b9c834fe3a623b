// The order in which waiting requests are served, and the bound on how many may wait.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JobQueue } from '../../../src/dispatch/queue.ts';
import type { Job } from '../../../src/threads/app-thread.ts';

/** The queue looks at no member of a job. */
const job = (name: string): Job => ({ name }) as unknown as Job;

test('first come, first served', () => {
  const queue = new JobQueue(10);
  const [a, b] = [job('a'), job('b')];
  queue.add(a);
  queue.add(b);
  assert.equal(queue.take(), a);
  assert.equal(queue.take(), b);
  assert.equal(queue.take(), null);
});

test('a job that left from the middle is not served', () => {
  const queue = new JobQueue(10);
  const [a, b, c] = [job('a'), job('b'), job('c')];
  for (const one of [a, b, c]) queue.add(one);
  assert.equal(queue.remove(b), true);
  assert.equal(queue.remove(b), false);
  assert.deepEqual([queue.take(), queue.take(), queue.take()], [a, c, null]);
});

test('at its limit it takes a job, one above it does not', () => {
  const queue = new JobQueue(2);
  assert.equal(queue.add(job('a')), true);
  assert.equal(queue.add(job('b')), true);
  assert.equal(queue.add(job('c')), false);
  assert.equal(queue.length, 2);
});

test('what a thread gave back goes first, even into a full queue', () => {
  const queue = new JobQueue(1);
  const [waiting, returned] = [job('waiting'), job('returned')];
  queue.add(waiting);
  queue.putBack(returned);
  assert.equal(queue.length, 2);
  assert.equal(queue.take(), returned);
  assert.equal(queue.take(), waiting);
});

test('a queue that was emptied, filled and thinned out again keeps its order', () => {
  const queue = new JobQueue(10);
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
