// How requests are shared out: ahead to one thread while the application only computes and is quick, one for each thread
// as soon as it waits or takes its time.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pace } from '../../../src/threads/python/pace.ts';

class Run {
  readonly pace = new Pace();
  nowMs = 1000;

  /** Two threads end a request each at about the same time. */
  together(ms: number): void {
    this.pace.began();
    this.pace.began();
    this.nowMs += ms;
    this.pace.took(ms, this.nowMs);
    this.pace.took(ms, this.nowMs);
  }

  /** Requests one after another, one in sixteen of which is looked at. */
  alone(requests: number, ms: number, waited: boolean): void {
    for (let i = 0; i < requests; i++) {
      this.pace.began();
      this.nowMs += ms;
      if (i % 16 === 15) this.pace.sample(waited, this.nowMs);
      this.pace.took(ms, this.nowMs);
    }
  }
}

test('nothing is sent ahead while one thread is enough anyway', () => {
  const run = new Run();
  run.alone(1000, 0.1, false);
  assert.equal(run.pace.ahead, 1);
});

test('when several threads are busy the lane is tried; a quick application keeps it, with 16 ahead at most', () => {
  const run = new Run();
  run.together(0.4);
  assert.ok(run.pace.ahead > 1);
  run.alone(1000, 0.2, false);
  assert.ok(run.pace.ahead >= 9 && run.pace.ahead <= 10, `${run.pace.ahead}`);
  run.alone(1000, 0.001, false);
  assert.equal(run.pace.ahead, 16);
});

test('an application that waits leaves the lane after two samples', () => {
  const run = new Run();
  run.together(0.4);
  run.alone(16, 0.1, true);
  assert.ok(run.pace.ahead > 1);
  run.alone(16, 0.1, true);
  assert.equal(run.pace.ahead, 1);
});

test('one that waits in one request of twenty keeps it', () => {
  const run = new Run();
  run.together(0.4);
  for (let i = 0; i < 200; i++) run.pace.sample(i % 20 === 19, run.nowMs);
  assert.ok(run.pace.ahead > 1);
});

test('requests of a few milliseconds leave the lane', () => {
  const run = new Run();
  run.together(5);
  run.alone(30, 5, false);
  assert.equal(run.pace.ahead, 1);
});

test('one slow request ends nothing; one in five does', () => {
  const run = new Run();
  run.together(0.4);
  run.alone(100, 0.1, false);
  run.alone(1, 300, false);
  run.pace.stalled(run.nowMs);
  assert.ok(run.pace.ahead > 1);
  run.alone(100, 0.1, false);
  for (let i = 0; i < 20 && run.pace.ahead > 1; i++) {
    run.alone(4, 0.1, false);
    run.pace.stalled(run.nowMs);
  }
  assert.equal(run.pace.ahead, 1);
});

test('after stalls every thread has one request; the next trial comes later each time, until a lane has lasted', () => {
  const run = new Run();
  const gaps: number[] = [];
  for (let trial = 0; trial < 7; trial++) {
    const from = run.nowMs;
    while (run.pace.ahead === 1) run.together(1);
    gaps.push(run.nowMs - from);
    for (let i = 0; i < 4; i++) run.pace.stalled(run.nowMs);
    assert.equal(run.pace.ahead, 1);
  }
  assert.deepEqual(
    gaps.map((gap) => Math.round(gap / 250)),
    [0, 2, 4, 8, 16, 32, 32],
  );
  while (run.pace.ahead === 1) run.together(1);
  run.alone(20_000, 0.1, false);
  for (let i = 0; i < 4; i++) run.pace.stalled(run.nowMs);
  const from = run.nowMs;
  while (run.pace.ahead === 1) run.together(1);
  assert.equal(Math.round((run.nowMs - from) / 250), 1);
});

test('what other threads still run when the lane is entered counts neither for nor against it', () => {
  const run = new Run();
  for (let i = 0; i < 4; i++) run.pace.began();
  run.nowMs += 1;
  run.pace.took(1, run.nowMs);
  assert.ok(run.pace.ahead > 1);
  run.pace.began();
  run.pace.sample(true, run.nowMs);
  for (let i = 0; i < 2; i++) run.pace.took(50, run.nowMs);
  assert.ok(run.pace.ahead > 1);
});
