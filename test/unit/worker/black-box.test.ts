// The picture that stands with the first line of its kind in a while.

import assert from 'node:assert/strict';
import test from 'node:test';
import { BlackBox, type Picture, withPicture } from '../../../src/worker/telemetry/black-box.ts';

const request = { method: 'GET', client: '127.0.0.1:1', ageMs: 2000, ranMs: null };
const picture: Picture = {
  threads: [
    {
      name: 'thread 1',
      state: 'ready',
      load: 1,
      places: 1,
      requests: [{ ...request, path: '/a\x1b', ranMs: 500 }],
    },
    {
      name: 'thread 2',
      state: 'stuck',
      load: 7,
      places: 9,
      requests: Array.from({ length: 7 }, (_, n) => ({ ...request, path: `/${n}` })),
    },
    { name: 'thread 3', state: 'ready', load: 0, places: 1, requests: [] },
  ],
  open: 9,
  states: { running: 8, queued: 1 },
  queued: 3,
  waiting: [
    {
      client: '127.0.0.1:1',
      state: 'queued',
      waitsFor: 'a thread',
      ageMs: 3000,
      deadline: null,
      request: { ...request, path: '/q' },
      thread: null,
    },
  ],
  memoryBytes: 50 * 2 ** 20,
  openFiles: 31,
};
const line = { message: 'GET /a came to grief.', facts: { code: 'overdue' } };

test('the first line of a kind in ten seconds has all that is known, the next ones are as they were', () => {
  let nowMs = 5;
  const box = new BlackBox(
    () => picture,
    () => nowMs,
  );
  const first = withPicture(line, box.take('overdue'));
  assert.equal(
    first.message,
    `GET /a came to grief.
  Connections: 9, running 8, queued 1
  thread 1: ready, GET /a\\x1b from 127.0.0.1:1 for 0.5 s
  thread 2: stuck, ${[0, 1, 2, 3, 4].map((n) => `GET /${n} from 127.0.0.1:1 for 2.0 s`).join('; ')}; 2 more
  thread 3: ready, runs nothing
  Queue: GET /q from 127.0.0.1:1 for 2.0 s; 2 more
  Memory: 50 MiB; open files: 31`,
  );
  assert.deepEqual(first.facts, {
    code: 'overdue',
    connections: 9,
    queued: 3,
    queued_ms: 2000,
    busy_threads: 2,
    threads: 3,
    memory: 50 * 2 ** 20,
    open_files: 31,
  });
  assert.equal(box.take('overdue'), null);
  assert.equal(withPicture(line, null), line);
  assert.equal(box.take('shed'), picture);
  nowMs += 10_000;
  assert.equal(box.take('overdue'), picture);
});
