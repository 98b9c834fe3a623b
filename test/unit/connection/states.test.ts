// The tables of the states: the page made from them is up to date, every state can be reached and left, and no way is
// missing a deadline.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { statesPage } from '../../../src/connection/describe-states.ts';
import { OWING, PAIRS, READING } from '../../../src/connection/states.ts';
import { ConnectionState, StateFault } from '../../../src/connection/transition.ts';
import { defaultSeconds } from '../../../src/settings/describe/defaults.ts';

test('docs/states.md is what the tables say now (npm run docs)', () => {
  const page = readFileSync(new URL('../../../../docs/states.md', import.meta.url), 'utf8');
  assert.equal(page, statesPage(defaultSeconds));
});

test('every pair of halves that may be has at least one deadline', () => {
  for (const [reading, owings] of Object.entries(PAIRS)) {
    for (const owing of owings) {
      const deadlines = [READING[reading as keyof typeof READING].deadline, OWING[owing].deadline];
      const isPassing = reading === 'complete' && owing === 'nothing';
      assert.ok(isPassing || deadlines.some((one) => one !== 'other half'), `${reading}, ${owing}`);
    }
  }
});

test('every state of each half is reached from its first one', () => {
  for (const [rows, first] of [
    [READING, 'handshake'],
    [OWING, 'nothing'],
  ] as const) {
    const ways: Record<string, { on: Record<string, string> }> = rows;
    const reached = new Set<string>([first]);
    for (const state of reached)
      for (const next of Object.values(ways[state]?.on ?? {})) reached.add(next);
    for (const state of Object.keys(rows))
      assert.ok(reached.has(state), `${state} is never reached`);
  }
});

test('a connection that may give way owes nothing', () => {
  for (const [reading, { givesWay }] of Object.entries(READING))
    if (givesWay) assert.deepEqual(PAIRS[reading as keyof typeof PAIRS], ['nothing'], reading);
});

test('an event that a state does not know is a fault that names both', () => {
  const state = new ConnectionState();
  assert.throws(
    () => state.read('body complete'),
    (error: unknown) => {
      return error instanceof StateFault && /"body complete" in "new"/.test(error.message);
    },
  );
  assert.throws(() => state.owe('started'), /"started" in "nothing"/);
});

test('a pair of halves that may not be is a fault', () => {
  const state = new ConnectionState();
  assert.throws(() => state.owe('submitted'), /the pair "new", "queued" may not be/);
});
