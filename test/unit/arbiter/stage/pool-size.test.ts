// How large libuv's pool of a worker is made, and when it is left alone.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withPoolSize } from '../../../../src/arbiter/stage/pool-size.ts';

const sizeFor = (threads: number): string | undefined =>
  withPoolSize({}, 'node', threads)['UV_THREADPOOL_SIZE'];

test('each thread of the application brings some, up to a bound', () => {
  assert.deepEqual([1, 4, 7, 8, 1000].map(sizeFor), ['20', '68', '116', '128', '128']);
});

test('a size that somebody has chosen stays, and Python needs none', () => {
  const chosen = { UV_THREADPOOL_SIZE: '5' };
  assert.equal(withPoolSize(chosen, 'node', 4), chosen);
  const env = { A: 'b' };
  assert.equal(withPoolSize(env, 'wsgi', 4), env);
  assert.deepEqual(env, { A: 'b' });
});
