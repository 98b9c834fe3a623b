// When a thread counts as lively, and when what waits behind its request is wanted elsewhere.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Pace } from '../../../src/threads/node/host/pace.ts';

/** A pace on a clock of the test: `ms` is what time it is, `size` how many requests the thread has, `told` how often it was silent. */
function paced(): { pace: Pace; at: { ms: number; size: number; told: number } } {
  const at = { ms: 1_000, size: 0, told: 0 };
  const silent = (): void => {
    at.told += 1;
  };
  return { at, pace: new Pace(at, silent, () => at.ms) };
}

function give({ pace, at }: ReturnType<typeof paced>): void {
  pace.given();
  at.size += 1;
}

test('a thread without requests is lively, and one that has just spoken', () => {
  const { pace, at } = paced();
  assert.equal(pace.lively, true);
  give({ pace, at });
  at.ms += 2;
  assert.equal(pace.lively, true);
  at.ms += 1;
  assert.equal(pace.lively, false);
  pace.heard();
  assert.equal(pace.lively, true);
});

test('a request given behind others does not make a silent thread lively', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { pace, at } = paced();
  give({ pace, at });
  at.ms += 10;
  give({ pace, at });
  assert.equal(pace.lively, false);
});

test('pauses that are usual are no silence, up to a bound', () => {
  const { pace, at } = paced();
  give({ pace, at });
  const speaks = (times: number, everyMs: number): void => {
    for (let time = 0; time < times; time++) {
      at.ms += everyMs;
      pace.heard();
    }
  };
  speaks(100, 4);
  at.ms += 12;
  assert.equal(pace.lively, true);
  at.ms += 6;
  assert.equal(pace.lively, false);
  speaks(100, 1_000);
  at.ms += 26;
  assert.equal(pace.lively, false);
});

test('with many requests a longer pause is no silence', () => {
  const { pace, at } = paced();
  give({ pace, at });
  at.size = 8;
  at.ms += 24;
  assert.equal(pace.lively, true);
  at.ms += 1;
  assert.equal(pace.lively, false);
});

/** Time passes, millisecond by millisecond. */
function pass(t: TestContext, at: { ms: number }, ms: number, each = (): void => {}): void {
  for (let passed = 0; passed < ms; passed++) {
    at.ms += 1;
    t.mock.timers.tick(1);
    each();
  }
}

test('silence with somebody waiting is told once', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { pace, at } = paced();
  give({ pace, at });
  give({ pace, at });
  pass(t, at, 2);
  assert.equal(at.told, 0);
  pass(t, at, 1);
  assert.equal(at.told, 1);
  pass(t, at, 100);
  assert.equal(at.told, 1);
});

test('as long as it speaks nothing is told, and then it is', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { pace, at } = paced();
  give({ pace, at });
  give({ pace, at });
  pass(t, at, 20, () => pace.heard());
  assert.equal(at.told, 0);
  pass(t, at, 20);
  assert.equal(at.told, 1);
});

test('when nobody waits any more nothing is told', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { pace, at } = paced();
  give({ pace, at });
  give({ pace, at });
  at.size = 1;
  pass(t, at, 100);
  assert.equal(at.told, 0);
});
