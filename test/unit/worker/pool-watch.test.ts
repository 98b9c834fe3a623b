// File operations that do not come back are noticed, late ones are put up with, and a pause of the process proves nothing.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PoolWatch } from '../../../src/worker/pool-watch.ts';

const TICK_MS = 50;

class Pool {
  readonly wishes: string[] = [];
  readonly watch: PoolWatch;
  questions = 0;
  nowMs = 100_000;
  answer: () => void = () => {};

  constructor(limitMs: number) {
    this.watch = new PoolWatch({
      limitMs,
      ask: (answered) => {
        this.questions += 1;
        this.answer = answered;
      },
      replaceMe: (reason) => this.wishes.push(reason),
    });
  }

  tickFor(ms: number): void {
    for (const untilMs = this.nowMs + ms; this.nowMs < untilMs; this.nowMs += TICK_MS) {
      this.watch.tick(this.nowMs);
    }
  }
}

test('it asks once a second and one question at a time', () => {
  const pool = new Pool(5000);
  pool.tickFor(2000);
  assert.equal(pool.questions, 1);
  pool.answer();
  pool.tickFor(50);
  assert.equal(pool.questions, 2);
  pool.answer();
  pool.tickFor(950);
  assert.equal(pool.questions, 2);
  pool.tickFor(50);
  assert.equal(pool.questions, 3);
});

test('a replacement is asked for at the limit, and again ten seconds later', () => {
  const pool = new Pool(5000);
  pool.tickFor(5000);
  assert.deepEqual(pool.wishes, []);
  pool.tickFor(50);
  assert.equal(pool.wishes.length, 1);
  assert.match(pool.wishes[0] ?? '', /no file operation has come back for 5\.0 s/);
  pool.tickFor(10_000);
  assert.equal(pool.wishes.length, 2);
});

test('an answer just before the limit costs nothing', () => {
  const pool = new Pool(5000);
  pool.tickFor(5000);
  pool.answer();
  pool.tickFor(4000);
  assert.deepEqual(pool.wishes, []);
});

test('after a pause of the whole process the answer has time to be read', () => {
  const pool = new Pool(5000);
  pool.tickFor(100);
  pool.nowMs += 60_000;
  pool.tickFor(900);
  pool.answer();
  pool.tickFor(4000);
  assert.deepEqual(pool.wishes, []);
});

test('without a limit nothing is asked for', () => {
  const pool = new Pool(0);
  pool.tickFor(60_000);
  assert.deepEqual(pool.wishes, []);
});
