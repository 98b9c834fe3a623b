// A loop that stands still is found, whoever else waits in it; one that had no chance to turn is left alone.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type StandingThread, Standstills } from '../../../src/threads/node/host/standstill.ts';

function thread(load = 1): StandingThread & { blocked: boolean } {
  return {
    blocked: true,
    load,
    unstarted: () => ['one that has not begun'],
    lastTurnAgeMs: (nowMs) => nowMs,
    isStuck: (standstillMs, laterMs) => standstillMs - laterMs >= 1000,
  };
}

/** How many are told in each of so many looks, 50 ms apart from `fromMs` on. */
function look(
  standstills: Standstills<StandingThread>,
  one: StandingThread,
  fromMs: number,
): number {
  let told = 0;
  for (let at = 0; at < 19; at++) told += standstills.look([one], fromMs + 50 * at).length;
  return told;
}

test('it is told once it has been seen to stand for long enough', () => {
  const standstills = new Standstills<StandingThread>();
  const one = thread();
  assert.equal(look(standstills, one, 50), 0);
  assert.equal(standstills.look([one], 1000).length, 1);
});

test('after a pause of the whole process a loop has time to turn', () => {
  const standstills = new Standstills<StandingThread>();
  const one = thread();
  assert.equal(look(standstills, one, 60_000), 0);
  one.blocked = false;
  assert.equal(standstills.look([one], 61_000).length, 0);
  one.blocked = true;
  assert.equal(look(standstills, one, 62_000), 0);
});

test('the deadline of a request that somebody waits for comes first, by a second', () => {
  const standstills = new Standstills<StandingThread>();
  const one = thread(2);
  for (const fromMs of [50, 1000]) assert.equal(look(standstills, one, fromMs), 0);
  assert.equal(standstills.look([one], 1999).length, 0);
  assert.equal(standstills.look([one], 2000).length, 1);
});
