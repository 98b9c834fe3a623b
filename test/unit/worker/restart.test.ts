// How long what died waits for its next start, and how long that start may take.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RestartDelay, within } from '../../../src/worker/application/restart.ts';

test('the first death is made good at once, and every further one later, up to five seconds', () => {
  const delay = new RestartDelay();
  const delays = Array.from({ length: 10 }, () => {
    delay.started();
    return delay.afterDeath();
  });
  assert.deepEqual(delays, [0, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
});

test('a start that succeeds or fails in time is passed on as it is', async () => {
  const giveUp = (): void => assert.fail('nobody is given up');
  await within(60, Promise.resolve(), giveUp, nowhere, assert.fail);
  await assert.rejects(
    within(60, Promise.reject(new Error('no database')), giveUp, nowhere, assert.fail),
    /^Error: no data/,
  );
});

test("a start that takes too long is given up, and what comes of it later is nobody's concern", async () => {
  let fail: (error: Error) => void = () => {};
  const started = new Promise<void>((_, reject) => {
    fail = reject;
  });
  await assert.rejects(
    within(
      0.01,
      started,
      () => fail(new Error('killed')),
      nowhere,
      () => {},
    ),
    /not loaded within 0\.01 s \(boot_timeout\)/,
  );
});

test('who takes long to start is asked in time where it is, and is told of', async () => {
  const told: string[] = [];
  const never = new Promise<void>(() => {});
  const where = (): Promise<string> => Promise.resolve('  at import (app.py:3)');
  await assert.rejects(
    within(
      0.05,
      never,
      () => {},
      where,
      (line) => told.push(line),
    ),
  );
  assert.deepEqual(told, [
    'Still loading the application after 0.04 s (boot_timeout 0.05 s):\n  at import (app.py:3)',
  ]);
});

function nowhere(): Promise<string> {
  return Promise.resolve('');
}
