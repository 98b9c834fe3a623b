// What a worker says of requests that no thread could have in time.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Unserved } from '../../../src/worker/telemetry/unserved.ts';
import { World } from '../../model/world.ts';

test('what was answered 503 is counted by why, and told once', () => {
  const unserved = new Unserved();
  for (const code of ['queue-full', 'queue-timeout', 'queue-full']) unserved.note(code);
  assert.ok(unserved.untold);
  assert.equal(
    unserved.sentence(),
    'Answered 503 for want of a thread: 2 queue-full, 1 queue-timeout.',
  );
  assert.ok(!unserved.untold);
  unserved.note('queue-full');
  assert.equal(unserved.sentence(), 'Answered 503 for want of a thread: 1 queue-full.');
  assert.deepEqual(unserved.totals, { 'queue-full': 3, 'queue-timeout': 1 });
});

test('every request that is refused is counted exactly once', () => {
  const world = new World({ limit: 10, threads: 1, capacity: 1, buffered: true });
  for (let n = 0; n < 4; n++) world.connect();
  // One runs, one waits, and the others find no place; then the one that waits has waited for too long.
  for (const connection of world.open.keys()) {
    connection.bytes(Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
  }
  world.advance(2000);
  const refused = [...world.done].filter((job) => 'status' in job && job.status !== '');
  assert.equal(refused.length, 3);
  assert.deepEqual(world.connections.unserved, { 'queue-full': 2, 'queue-timeout': 1 });
});
