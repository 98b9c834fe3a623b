// Which thread is next: a few lively ones are kept busy, the others are there for when those fall silent.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pool } from '../../../src/dispatch/pool.ts';
import type { AppThread } from '../../../src/threads/app-thread.ts';

interface Fake {
  readonly name: string;
  room: number;
  lively?: boolean;
  held?: boolean;
}

function poolOf(atOnce: number, threads: readonly Fake[]): Pool {
  const pool = new Pool(atOnce);
  for (const thread of threads) pool.add(thread as unknown as AppThread);
  return pool;
}

const names = (pool: Pool, times: number): string[] =>
  Array.from({ length: times }, () => pool.next()?.name ?? 'none');

test('a lively thread has one more request although others have none', () => {
  const [a, b] = [
    { name: 'a', room: 7, lively: true },
    { name: 'b', room: 10, lively: true },
  ];
  assert.deepEqual(names(poolOf(1, [a, b]), 2), ['a', 'a']);
});

test('of as many lively ones as there are cores for, the one with most room is next', () => {
  const threads = [
    { name: 'a', room: 7, lively: true },
    { name: 'b', room: 8, lively: true },
    { name: 'c', room: 9, lively: true },
  ];
  assert.equal(poolOf(2, threads).next()?.name, 'b');
});

test('when it falls silent the next lively one is next, until it speaks again', () => {
  const [a, b, c]: [Fake, Fake, Fake] = [
    { name: 'a', room: 9, lively: false },
    { name: 'b', room: 9, lively: true },
    { name: 'c', room: 10, lively: true },
  ];
  const pool = poolOf(1, [a, b, c]);
  assert.deepEqual(names(pool, 2), ['b', 'b']);
  a.lively = true;
  assert.equal(pool.next()?.name, 'a');
});

test('when none is lively the one with most room is next', () => {
  const threads = [
    { name: 'a', room: 8, lively: false },
    { name: 'b', room: 9, lively: false },
  ];
  assert.deepEqual(names(poolOf(1, threads), 2), ['b', 'b']);
});

test('a lively thread without room is none', () => {
  const threads = [
    { name: 'a', room: 0, lively: true },
    { name: 'b', room: 1, lively: false },
  ];
  assert.deepEqual(names(poolOf(1, threads), 1), ['b']);
});

test('threads that cannot say it share by room, the one used last first', () => {
  const [a, b] = [
    { name: 'a', room: 1 },
    { name: 'b', room: 1 },
  ];
  const pool = poolOf(1, [a, b]);
  assert.equal(pool.next()?.name, 'a');
  a.room = 0;
  assert.equal(pool.next()?.name, 'b');
  a.room = 1;
  assert.equal(pool.next()?.name, 'b');
  b.room = 0;
  a.room = 0;
  assert.equal(pool.next(), null);
});

test('a thread that something holds comes after all that go on, and is better than none', () => {
  const [a, b] = [
    { name: 'a', room: 9, held: true },
    { name: 'b', room: 1 },
  ];
  const pool = poolOf(1, [a, b]);
  assert.equal(pool.next()?.name, 'b');
  b.room = 0;
  assert.equal(pool.next()?.name, 'a');
});
