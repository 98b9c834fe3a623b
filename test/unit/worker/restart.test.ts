// How long what died waits for its next start, and how long that start may take.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RestartDelay, within } from '../../../src/worker/restart.ts';

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
  await within(60, Promise.resolve(), giveUp);
  await assert.rejects(
    within(60, Promise.reject(new Error('no database')), giveUp),
    /^Error: no data/,
  );
});

test("a start that takes too long is given up, and what comes of it later is nobody's concern", async () => {
  let fail: (error: Error) => void = () => {};
  const started = new Promise<void>((_, reject) => {
    fail = reject;
  });
  await assert.rejects(
    within(0.01, started, () => fail(new Error('killed'))),
    /not loaded within 0\.01 s \(boot_timeout\)/,
  );
});
