// Of what comes to grief the first few in a second are told at once, and of the others how many there were.

import assert from 'node:assert/strict';
import test from 'node:test';
import type { Trouble } from '../../../src/wire/arbiter-worker.ts';
import { TroubleTeller } from '../../../src/worker/telemetry/trouble-teller.ts';

test('a few messages a second tell of any number of troubles', () => {
  const said: Trouble[] = [];
  const deeds: (() => void)[] = [];
  const teller = new TroubleTeller({
    say: (trouble) => said.push(trouble),
    later: (_, deed) => deeds.push(deed),
  });
  for (let each = 0; each < 1000; each++) {
    teller.tell('overdue', each % 2 === 0 ? 'overdue' : 'stream-overdue', `number ${each}`);
  }
  assert.equal(said.length, 4);
  assert.equal(deeds.length, 1);
  deeds.shift()?.();
  assert.equal(said.length, 6);
  assert.equal(
    said.reduce((all, { count }) => all + count, 0),
    1000,
  );
  teller.tell('died', 'thread-died', 'thread 1 is gone');
  assert.deepEqual(said.at(-1), {
    about: 'died',
    code: 'thread-died',
    count: 1,
    sentence: 'thread 1 is gone',
  });
  assert.equal(deeds.length, 1);
  // What is held back when the worker ends is told then, once.
  for (let each = 0; each < 10; each++) teller.tell('overdue', 'overdue', 'the last ones');
  teller.flush();
  deeds.shift()?.();
  assert.equal(
    said.reduce((all, { count }) => all + count, 0),
    1011,
  );
});
