// How long a dead worker's place stays empty.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Backoff, healthyMs } from '../../../../src/arbiter/fleet/backoff.ts';

const delays = (backoff: Backoff, lives: readonly (number | null)[]): number[] =>
  lives.map((servedMs) => backoff.afterDeath(servedMs).delayMs);

test('one short life is made good at once, the next ones wait twice as long each', () => {
  const lives = Array<number>(9).fill(50);
  assert.deepEqual(delays(new Backoff(), lives), [0, 100, 200, 400, 800, 1600, 3200, 5000, 5000]);
});

test('a worker that never was ready is not tried again at once', () => {
  assert.deepEqual(delays(new Backoff(), [null, null, null]), [100, 200, 400]);
});

test('a healthy life starts the count anew, one millisecond less does not', () => {
  const backoff = new Backoff();
  assert.deepEqual(delays(backoff, [0, 0, 0, healthyMs, 0, 0]), [0, 100, 200, 0, 0, 100]);
  assert.deepEqual(delays(backoff, [healthyMs - 1]), [200]);
});

test('whatever happens, the delay is bounded and never shrinks without a healthy life', () => {
  const lives = fc.array(fc.option(fc.double({ min: 0, max: healthyMs * 2, noNaN: true })));
  fc.assert(
    fc.property(lives, (each) => {
      const backoff = new Backoff();
      let before = 0;
      for (const servedMs of each) {
        const { delayMs } = backoff.afterDeath(servedMs);
        assert.ok(delayMs >= 0 && delayMs <= 5_000);
        const healthy = servedMs !== null && servedMs >= healthyMs;
        if (healthy) assert.equal(delayMs, 0);
        // A life that served earns at most the head start of one doubling over one that never did.
        else if (servedMs === null) assert.ok(delayMs >= before);
        before = delayMs;
      }
    }),
  );
});
