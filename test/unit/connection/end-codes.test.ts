// End codes and the times of phases: docs/logs.md has the tables that the code stands on, and the moments of a request are those of
// the transitions, whatever the order in which they are heard of.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { END_CODES, endCodesTables } from '../../../src/connection/states/describe-end-codes.ts';
import { ENDERS } from '../../../src/connection/states/failures.ts';
import { Moments } from '../../../src/connection/states/moments.ts';
import { OWING, READING } from '../../../src/connection/states/states.ts';
import { ConnectionState } from '../../../src/connection/states/transition.ts';
import { root } from '../../house/sources.ts';

test('docs/logs.md has the letters and the codes as the tables have them', () => {
  assert.ok(
    readFileSync(`${root}docs/logs.md`, 'utf8').includes(`\n${endCodesTables()}\n`),
    `docs/logs.md should hold this:\n${endCodesTables()}`,
  );
});

test('every end code is made of a letter of who and a letter of a state', () => {
  const letters = [...Object.values(READING), ...Object.values(OWING)].map(({ letter }) => letter);
  for (const code of Object.keys(END_CODES)) {
    const [who = '', state = ''] = code;
    assert.ok(Object.hasOwn(ENDERS, who), code);
    assert.ok(code === '--' || letters.includes(state), code);
  }
});

/** A state whose transitions are a second apart. */
function timed(): { state: ConnectionState; moments: Moments } {
  let seconds = 0;
  const moments = new Moments(() => ++seconds * 1000);
  return { state: new ConnectionState('new', moments), moments };
}

function times({ headMs, bodyMs, queueMs, applicationMs, writeMs }: Moments): unknown[] {
  return [headMs, bodyMs, queueMs, applicationMs, writeMs];
}

test('the phases of a gathered request follow one another', () => {
  const { state, moments } = timed();
  for (const event of ['first byte', 'head with body', 'body complete'] as const) state.read(event);
  for (const event of ['submitted', 'started', 'head out', 'answered', 'settled'] as const) {
    state.owe(event);
  }
  // The submission, a second behind the end of the body, is where the body ends for a reader of the log.
  assert.deepEqual(times(moments), [1000, 2000, 1000, 2000, 1000]);
  assert.equal(moments.responding, moments.answered - 1000);
});

test('a request that ends early has the times until then, and the next one none of them', () => {
  const { state, moments } = timed();
  state.read('first byte');
  state.read('head without body');
  state.owe('submitted');
  state.owe('answered');
  state.owe('settled');
  assert.deepEqual(times(moments), [1000, 0, 1000, null, 1000], 'refused in the queue');
  state.read('answered, next at hand');
  state.read('head without body');
  state.read('close');
  assert.deepEqual(times(moments), [1000, 0, null, null, null], 'it was not even handed on');
});

test('a body that streams overlaps, and one that never comes whole lasts until the end', () => {
  const { state, moments } = timed();
  state.read('first byte');
  state.read('head with body');
  state.owe('submitted');
  state.owe('started');
  state.read('close');
  assert.deepEqual(times(moments), [1000, 3000, 1000, 1000, null]);
});

test('a beginning that is heard of late counts from when it was, and one that was taken back not at all', () => {
  const { state, moments } = timed();
  state.read('first byte');
  state.read('head without body');
  state.owe('submitted');
  state.owe('started');
  state.owe('handed back');
  state.owe('started');
  moments.startedAt(3500);
  assert.equal(moments.queueMs, 500);
  moments.startedAt(100);
  assert.equal(moments.queueMs, 500, 'not before it was handed on');
  state.read('close');
  assert.equal(moments.applicationMs, 2500);
});
