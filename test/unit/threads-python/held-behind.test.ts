// Which requests that waited behind a held interpreter are taken to hold the next one, too.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Job } from '../../../src/threads/app-thread.ts';
import { holderOf, othersThan } from '../../../src/threads/python/held-behind.ts';
import { RecordingJob } from './running-app.ts';

function thread(job: Job, number: number, sinceMs: number) {
  return { number, ran: (begun: number) => (number > begun ? null : { job, sinceMs }) };
}

test('the holder is the last that has begun', () => {
  const [early, holder, never] = ['/early', '/holder', '/never'].map(
    (path) => new RecordingJob(path),
  );
  assert.ok(early && holder && never);
  const threads = [thread(early, 3, 10), thread(holder, 7, 20), thread(never, 5, 30)];
  assert.equal(
    holderOf(threads, ({ number }) => (number === 5 ? 4 : number)),
    holder,
  );
  assert.equal(
    holderOf(threads, () => null),
    null,
    'the ledger is gone',
  );
});

test('what has its method and path, whatever the query, is refused and over; the others are not touched', () => {
  const holder = new RecordingJob('/report?year=1');
  const alike = new RecordingJob('/report?year=2');
  const others = [new RecordingJob('/report', { method: 'POST' }), new RecordingJob('/report/1')];
  assert.deepEqual(othersThan(holder, [alike, ...others]), others);
  assert.equal(alike.failures[0]?.code, 'held-behind');
  assert.equal(alike.over, 1);
  assert.ok(others.every(({ heard, over }) => heard.length === 0 && over === 0));
  assert.deepEqual(othersThan(null, [alike]), [alike]);
});
