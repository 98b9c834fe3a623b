// Requests that nobody listens to are found by looking, each from when it was first seen.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Job } from '../../../src/threads/app-thread.ts';
import { type HeardThread, Unheard } from '../../../src/threads/python/unheard.ts';

function running(name: string, extendedUntilMs = 0): HeardThread {
  return { unheard: { job: { name } as unknown as Job, extendedUntilMs } };
}

test('one that runs on for the timeout is told, and again after as long', () => {
  const unheard = new Unheard(1000);
  const threads = [running('a'), { unheard: null }];
  const told = [0, 999, 1000, 1001, 2000].map((nowMs) => unheard.look(threads, nowMs).length);
  assert.deepEqual(told, [0, 0, 1, 0, 1]);
});

test('another request of the same thread has a time of its own', () => {
  const unheard = new Unheard(1000);
  const thread = { ...running('a') };
  unheard.look([thread], 0);
  assert.equal(unheard.look([Object.assign(thread, running('b'))], 1500).length, 0);
  assert.equal(unheard.look([thread], 2500).length, 1);
});

test('what was granted more time has it, and without a timeout there is no end', () => {
  const granted = [running('a', 5000)];
  const unheard = new Unheard(1000);
  assert.deepEqual(
    [0, 4999, 5000].map((nowMs) => unheard.look(granted, nowMs).length),
    [0, 0, 1],
  );
  const endless = new Unheard(0);
  assert.deepEqual(
    [0, 1e9].map((nowMs) => endless.look(granted, nowMs).length),
    [0, 0],
  );
});
