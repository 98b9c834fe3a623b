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

test('of a total each kind has its share, and both together no more than all', () => {
  const total = new SpoolBudget(100);
  const uploads = new SpoolBudget(75, total);
  const responses = new SpoolBudget(75, total);
  assert.equal(uploads.take(76), false, 'beyond its share');
  assert.equal(uploads.take(75), true);
  assert.equal(responses.room, 25);
  assert.equal(responses.take(26), false, 'beyond the total');
  assert.equal(responses.take(25), true);
  assert.deepEqual([uploads.used, responses.used, total.used], [75, 25, 100]);
});

test('who waits for room of the total is woken by what the other kind gives back', () => {
  const total = new SpoolBudget(100);
  const uploads = new SpoolBudget(75, total);
  const responses = new SpoolBudget(75, total);
  uploads.take(75);
  responses.take(25);
  let woken = 0;
  responses.wait(() => {
    woken += 1;
    assert.equal(responses.take(10), true);
  });
  uploads.give(10);
  assert.equal(woken, 1);
  assert.deepEqual([uploads.used, responses.used, total.used], [65, 35, 100]);
});
