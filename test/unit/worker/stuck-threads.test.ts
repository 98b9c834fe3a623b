// Which threads in native code are put up with, and when the process is to be replaced because of them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StuckThreads } from '../../../src/worker/application/stuck-threads.ts';

class FakeThread {
  running = true;
  endless = false;
}

function stuckThreads(threads: number, timeoutMs = 30_000) {
  const wishes: string[] = [];
  const stuck = new StuckThreads<FakeThread>({
    threads,
    timeoutMs,
    replaceMe: (reason) => wishes.push(reason),
  });
  const add = (endless: boolean): FakeThread => {
    const thread = new FakeThread();
    thread.endless = endless;
    stuck.add(thread);
    return thread;
  };
  return { stuck, wishes, add };
}

test('as many threads in native code as should serve have the process replaced', () => {
  const { stuck, wishes, add } = stuckThreads(4);
  for (let at = 0; at < 3; at++) add(true);
  stuck.look(0);
  stuck.look(50);
  assert.deepEqual(wishes, []);
  add(true);
  stuck.look(100);
  stuck.look(150);
  assert.deepEqual(wishes, ['4 of its threads are in native code that does not return']);
});

test('one that is stuck for as long as a request may take has the process replaced', () => {
  const { stuck, wishes, add } = stuckThreads(4);
  add(true);
  stuck.look(0);
  stuck.look(29_999);
  assert.deepEqual(wishes, []);
  stuck.look(30_000);
  assert.deepEqual(wishes, ['1 of its threads is in native code that does not return']);
});

test('the wish is not said at every look, but again after a while', () => {
  const { stuck, wishes, add } = stuckThreads(1);
  add(true);
  for (let nowMs = 0; nowMs <= 20_000; nowMs += 50) stuck.look(nowMs);
  assert.equal(wishes.length, 2);
});

test('threads that end, sooner or later, have nothing replaced', () => {
  const { stuck, wishes, add } = stuckThreads(2);
  const threads = [add(false), add(false), add(false)];
  stuck.look(0);
  stuck.look(1_000);
  for (const thread of threads) thread.endless = true;
  for (const thread of threads.slice(1)) thread.running = false;
  stuck.look(29_000);
  for (const thread of threads) thread.running = false;
  stuck.look(60_000);
  assert.deepEqual(wishes, []);
  assert.deepEqual([...stuck.threads], []);
});

test('beyond twice as many as should serve no place is filled, until one of them ends', () => {
  const { stuck, add } = stuckThreads(2);
  const threads = [add(true), add(true), add(true), add(true)];
  assert.ok(stuck.mayReplace(1));
  threads.push(add(true));
  assert.ok(!stuck.mayReplace(2));
  assert.ok(!stuck.mayReplace(1));
  assert.deepEqual(stuck.look(0), []);
  for (const thread of threads.slice(0, 1)) thread.running = false;
  assert.deepEqual(stuck.look(50), [2, 1]);
  assert.deepEqual(stuck.look(100), []);
});
