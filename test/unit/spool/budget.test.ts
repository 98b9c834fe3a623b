// The budget that the spools of a worker share.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SpoolBudget } from '../../../src/spool/budget.ts';

test('exactly the limit can be taken, one byte more cannot', () => {
  const budget = new SpoolBudget(100);
  assert.equal(budget.take(100), true);
  assert.equal(budget.take(1), false);
  budget.give(1);
  assert.equal(budget.take(1), true);
  assert.equal(budget.used, 100);
});

test('giving back more than was taken is an error', () => {
  const budget = new SpoolBudget(100);
  budget.take(10);
  assert.throws(() => budget.give(11), /gave back more/);
});

test('those who wait are woken in order, once, and only while there is room', () => {
  const budget = new SpoolBudget(10);
  const woken: string[] = [];
  budget.take(10);
  budget.wait(() => {
    woken.push('first');
    budget.take(4);
  });
  budget.wait(() => woken.push('second'));
  const third = () => void woken.push('third');
  budget.wait(third);
  budget.forget(third);
  budget.give(4);
  assert.deepEqual(woken, ['first'], 'the first took the room');
  budget.give(1);
  budget.give(1);
  assert.deepEqual(woken, ['first', 'second']);
});
