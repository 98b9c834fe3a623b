// A gathered body that is complete while its last bytes are still on their way to the disk: whoever leaves in between
// takes the request along, and what comes of a broken disk has a deadline.

import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { TICK_MS } from '../../../src/connection/deadlines.ts';
import type { Connection } from '../../../src/connection/machine.ts';
import { PROMPT_END_MS } from '../../../src/connection/states/states.ts';
import { type SimClient, World } from '../../model/world.ts';
import { eventually } from '../../support/eventually.ts';

const POST = `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 400\r\n\r\n${'x'.repeat(400)}`;

function worldWithDisk(): World {
  return new World({ limit: 8, threads: 1, capacity: 1, buffered: true, bodyFolder: tmpdir() });
}

/** A client that has sent all of its request, which no thread can have yet. */
function upload(world: World): { connection: Connection; client: SimClient } {
  world.connect();
  const [connection, client] = [...world.open].at(-1) ?? assert.fail('no room');
  client.sends(POST);
  connection.bytes(Buffer.from(POST));
  assert.deepEqual([connection.state.reading, connection.state.owing], ['complete', 'nothing']);
  return { connection, client };
}

/** How many requests have begun once the disk has served those who came after them, too. */
async function begunAfter(world: World): Promise<number> {
  const [thread = assert.fail('no thread')] = world.threads;
  for (const _ of [1, 2]) {
    const { client } = upload(world);
    const before = thread.begun.length;
    await eventually(() => thread.begun.length > before, 'the later request to begin');
    for (const job of [...thread.jobs]) {
      job.whole({ status: '200 OK', fields: '', sendDate: true }, Buffer.alloc(0));
      job.jobOver();
      thread.leave(job);
    }
    assert.equal(client.responses, 1);
  }
  return thread.begun.length;
}

test('a request whose client leaves while the disk takes its body never runs', async () => {
  const world = worldWithDisk();
  const { client } = upload(world);
  client.gone = true;
  world.settleSockets();
  assert.equal(await begunAfter(world), 2);
});

test('a request whose client ends while the disk takes its body runs if a thread is free', async () => {
  const world = worldWithDisk();
  const { connection } = upload(world);
  connection.ended();
  await eventually(() => connection.state.owing === 'running', 'the request to run');
});

test('a request whose client ends late while the disk takes its body does not wait for a thread', async () => {
  const world = worldWithDisk();
  const first = upload(world);
  await eventually(() => first.connection.state.owing === 'running', 'the first request to run');
  const { connection, client } = upload(world);
  // All in this turn of the loop: the disk has no chance to answer.
  world.advance(PROMPT_END_MS + TICK_MS);
  connection.ended();
  await eventually(() => client.closing !== 'no', 'the second client to be let go');
  assert.equal(world.threads[0]?.begun.length, 1);
});

test('a disk that does not take the body has as long as a client that does not send it', () => {
  const world = worldWithDisk();
  const { connection, client } = upload(world);
  assert.ok(connection.deadlines.isSet);
  // All in this turn of the loop: the disk has no chance to answer.
  world.advance(3000);
  assert.equal(client.closing, 'close');
});
