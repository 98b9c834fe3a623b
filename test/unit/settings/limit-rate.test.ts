// A rate as people write it: what is read, what is refused and why, and that what is written again means the same.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { LimitRateError, limitRateText, parseLimitRate } from '../../../src/settings/limit-rate.ts';

test('a rate of each unit is read, with its burst or the one that follows from it', () => {
  assert.deepEqual(parseLimitRate('100/s'), { requests: 100, perMs: 1000, burst: 100 });
  assert.deepEqual(parseLimitRate('100/s:200'), { requests: 100, perMs: 1000, burst: 200 });
  assert.deepEqual(parseLimitRate(' 5/m:1 '), { requests: 5, perMs: 60_000, burst: 1 });
  assert.deepEqual(parseLimitRate('20/h'), { requests: 20, perMs: 3_600_000, burst: 20 });
  assert.deepEqual(parseLimitRate('1000/d'), { requests: 1000, perMs: 86_400_000, burst: 1000 });
});

test('what is no rate is refused by what is wrong with it', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['', /ends with \/s, \/m, \/h or \/d/],
    ['100', /ends with/],
    ['100/min', /ends with/],
    ['5/s/m', /ends with/],
    ['0/s', /before the \/ must be a whole number from 1 to 1000000/],
    ['-5/s', /before the \//],
    ['1.5/s', /before the \//],
    ['1000001/s', /before the \//],
    ['5/s:', /burst behind the colon must be/],
    ['5/s:0', /burst behind the colon/],
    ['5/s:2:3', /only one burst/],
  ];
  for (const [text, message] of cases) {
    assert.throws(
      () => parseLimitRate(text),
      (error) => error instanceof LimitRateError && message.test(error.message),
      text,
    );
  }
});

test('a rate that is written again is the same rate', () => {
  const count = fc.integer({ min: 1, max: 1_000_000 });
  fc.assert(
    fc.property(count, fc.constantFrom('s', 'm', 'h', 'd'), fc.option(count), (n, unit, burst) => {
      const rate = parseLimitRate(`${n}/${unit}${burst === null ? '' : `:${burst}`}`);
      assert.deepEqual(parseLimitRate(limitRateText(rate)), rate);
    }),
  );
});
