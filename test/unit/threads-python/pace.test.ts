// How requests are shared out: ahead to one thread while the application only computes and is quick, one for each thread
// as soon as it waits or takes its time.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pace } from '../../../src/threads/python/pace.ts';

/** Many requests of this length, one in sixteen of which is looked at. */
function run(pace: Pace, requests: number, ms: number, waited: boolean): void {
  for (let i = 0; i < requests; i++) {
    pace.took(ms);
    if (i % 16 === 15) pace.sample(waited);
  }
}

test('nothing is sent ahead before the application is known', () => {
  assert.equal(new Pace().ahead, 1);
});

test('a quick application that only computes gets requests ahead, never more than 16', () => {
  const pace = new Pace();
  run(pace, 1000, 0.1, false);
  assert.equal(pace.ahead, 9);
  run(pace, 1000, 0.001, false);
  assert.equal(pace.ahead, 16);
});

test('an application that waits in one request of five gets one request for each thread', () => {
  const pace = new Pace();
  run(pace, 1000, 0.1, false);
  for (let i = 0; i < 40; i++) pace.sample(i % 5 === 4);
  assert.equal(pace.ahead, 1);
});

test('one slow request ends sending ahead at once; quick ones bring it back later', () => {
  const pace = new Pace();
  run(pace, 1000, 0.1, false);
  pace.took(20);
  assert.equal(pace.ahead, 1);
  run(pace, 30, 0.1, false);
  assert.equal(pace.ahead, 1);
  run(pace, 1000, 0.1, false);
  assert.ok(pace.ahead > 1);
});

test('after a stall it takes hundreds of quick requests before anything is sent ahead again', () => {
  const pace = new Pace();
  run(pace, 1000, 0.1, false);
  pace.stalled();
  run(pace, 200, 0.1, false);
  assert.equal(pace.ahead, 1);
  run(pace, 400, 0.1, false);
  assert.ok(pace.ahead > 1);
});
