// When the next thread of a Node.js application is loaded before its place is free, and when it was in vain.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Predecessor, Successor } from '../../../src/worker/application/successor.ts';

interface Thread extends Predecessor {
  blocked: boolean;
}

/** Stands still since 0. May do so for 5 s. */
function thread(number: number, state = 'ready'): Thread {
  return {
    number,
    state,
    blocked: true,
    lastTurnAgeMs: (nowMs) => nowMs,
    isStuck: (standstillMs, laterMs) => standstillMs - laterMs >= 5000,
  };
}

test('it is loaded a second before, for another place than the first', () => {
  const successor = new Successor<Thread>(5000);
  const threads = [thread(1), thread(2)];
  assert.equal(successor.wanted(threads, 3999), null);
  assert.equal(successor.wanted(threads, 4000), 2);
  assert.equal(successor.wanted([thread(1)], 4000), 1, 'but where there is no other');
});

test('none is loaded while somebody goes on, or is being loaded anyway', () => {
  const successor = new Successor<Thread>(5000);
  assert.equal(successor.wanted([thread(1), { ...thread(2), blocked: false }], 4000), null);
  assert.equal(successor.wanted([thread(1), thread(2, 'booting')], 4000), null);
  assert.equal(successor.wanted([], 4000), null);
});

test('one at a time: it takes the place that it was loaded for, at once or when it is loaded', () => {
  const successor = new Successor<Thread>(5000);
  const threads = [thread(1), thread(2)];
  for (const is of ['ready', 'loading'] as const) {
    assert.equal(successor.wanted(threads, 4000), 2);
    const next = thread(2, 'booting');
    successor.began(next);
    assert.equal(successor.wanted(threads, 4500), null);
    if (is === 'ready') assert.ok(successor.waits(next));
    assert.equal(successor.take(1), null);
    assert.deepEqual(successor.take(2), { thread: next, is });
    assert.ok(!successor.waits(next), 'its place is free');
  }
});

test('one whose place does not become free is ended, once it is loaded, and the next comes later', () => {
  const successor = new Successor<Thread>(5000);
  const [first, second] = [thread(1), thread(2)];
  const next = { ...thread(2), blocked: false };
  successor.began(next);
  second.blocked = false;
  assert.equal(successor.inVain([first, second, next], 5000), null, 'it loads');
  successor.waits(next);
  assert.equal(successor.inVain([first, second, next], 5000), next);
  assert.equal(successor.inVain([first, second], 5000), null);
  second.blocked = true;
  assert.equal(successor.wanted([first, second], 60_000), null);
  assert.equal(successor.wanted([first, second], 65_000), 2);
});

test('one that ends before its place is free is missed by nobody', () => {
  const successor = new Successor<Thread>(5000);
  const next = thread(2);
  successor.began(next);
  assert.ok(successor.lost(next, 5000));
  assert.ok(!successor.lost(next, 5000));
  assert.equal(successor.take(2), null);
});
