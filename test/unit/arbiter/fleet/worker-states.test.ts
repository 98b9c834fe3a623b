// The table of a worker's states, walked: every state is reached, every state ends, and the lengths of time come from
// the settings.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workerLimits, workerStates } from '../../../../src/arbiter/fleet/worker-states.ts';

test('from every state an overdue worker is ended in at most three steps', () => {
  for (const start of Object.keys(workerStates) as (keyof typeof workerStates)[]) {
    let state: string = start;
    const path = [state];
    while (state in workerStates && path.length <= 3) {
      state = workerStates[state as keyof typeof workerStates].on.overdue ?? 'nowhere';
      path.push(state);
    }
    assert.equal(path.at(-1), 'dead', path.join(' > '));
  }
});

test('the end of the process is the end in every state, and every state can be reached', () => {
  const reached = new Set(['booting']);
  for (const state of reached) {
    if (state === 'dead') continue;
    const row = workerStates[state as keyof typeof workerStates];
    assert.equal(row.on.exit, 'dead');
    for (const next of Object.values(row.on)) reached.add(next);
  }
  assert.deepEqual([...reached].sort(), [...Object.keys(workerStates), 'dead'].sort());
});

test('only silence is measured from the last sign of life', () => {
  const resets = Object.entries(workerStates).filter(([, row]) => row.heartbeatResets);
  assert.deepEqual(
    resets.map(([state]) => state),
    ['ready'],
  );
});

test('timeout 0 switches the watch over silence off, and short ones are taken as 3 s', () => {
  const silence = (timeout: number): number =>
    workerLimits({ timeout, boot_timeout: 60, hook_timeout: 30, graceful_timeout: 30 }).silence;
  assert.equal(silence(0), Infinity);
  assert.equal(silence(0.1), 3_000);
  assert.equal(silence(3.001), 3_001);
  assert.equal(silence(30), 30_000);
});

test('the backstop of graceful_timeout comes after the end that the worker makes itself', () => {
  const { graceful, boot } = workerLimits({
    timeout: 1,
    boot_timeout: 2.5,
    hook_timeout: 30,
    graceful_timeout: 4,
  });
  assert.ok(graceful > 5_000 && graceful <= 6_000);
  assert.equal(boot, 2_500);
});
