// A client that reads what the kernel holds for it, while no write of ours goes on, is seen and keeps its response; one
// that reads nothing, or drop by drop, is reset at its deadline. Fault put in by hand and seen here: no question to the
// kernel.

import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { askSendQueue, restMs } from '../../../src/connection/edge/send-queue.ts';
import type { Connection } from '../../../src/connection/machine.ts';
import { type SimClient, World } from '../../model/world.ts';
import { eventually } from '../../support/eventually.ts';
import { RawClient } from '../../support/raw-client.ts';

/** Of World: write_timeout 2.5 s, write_min_rate 10 bytes a second. */
const WRITE_TIMEOUT_MS = 2500;
/** Ticks by which the deadlines of four parts may be late. */
const LATE_MS = 900;
const HELD = 1_000_000;

/** A client that is owed more than its kernel takes. */
function owed(): { world: World; connection: Connection; client: SimClient } {
  const world = new World({ limit: 8, threads: 1, capacity: 1, buffered: true });
  world.connect();
  const [connection, client] = [...world.open].at(-1) ?? assert.fail('no room');
  client.kernelRoom = 1000;
  client.kernelHolds = HELD;
  connection.bytes(Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
  const job = world.threads[0]?.jobs.at(-1) ?? assert.fail('nothing was given to the thread');
  job.whole({ status: '200 OK', fields: '', sendDate: true }, Buffer.alloc(60_000));
  assert.equal(connection.state.owing, 'writing');
  return { world, connection, client };
}

test('a client that reads nothing is reset at write_timeout', () => {
  const { world, client } = owed();
  world.advance(WRITE_TIMEOUT_MS - 100);
  assert.equal(client.closing, 'no');
  world.advance(LATE_MS + 100);
  assert.equal(client.closing, 'reset');
});

test('so it is where the kernel tells nothing', () => {
  const { world, client } = owed();
  client.kernelHolds = null;
  world.advance(WRITE_TIMEOUT_MS + LATE_MS);
  assert.equal(client.closing, 'reset');
});

test('a client that reads slowly what the kernel holds goes on, and is reset when it stops', () => {
  const { world, client } = owed();
  for (let turn = 0; turn < 20; turn++) {
    client.kernelHolds = HELD - turn * 100;
    world.advance(WRITE_TIMEOUT_MS / 2);
    assert.equal(client.closing, 'no', `turn ${turn}`);
  }
  world.advance(2 * WRITE_TIMEOUT_MS + LATE_MS);
  assert.equal(client.closing, 'reset');
});

test('a client that reads less than write_min_rate is reset', () => {
  const { world, client } = owed();
  for (let turn = 0; turn < 20; turn++) {
    client.kernelHolds = HELD - turn;
    world.advance(WRITE_TIMEOUT_MS / 2);
  }
  assert.equal(client.closing, 'reset');
});

test('an answer that comes late, when the client has read or is through, ends nothing', () => {
  const { world, connection, client } = owed();
  const late: ((held: number | null) => void)[] = [];
  client.askKernel = (tell) => late.push(tell);
  world.advance(WRITE_TIMEOUT_MS);
  assert.ok(late.length >= 3, `asked ${late.length} times`);
  client.waitingBytes = 0;
  client.kernelRoom = Number.POSITIVE_INFINITY;
  connection.drained();
  for (const tell of late) for (let again = 0; again < 4; again++) tell(HELD);
  assert.equal(client.closing, 'no');
  assert.equal(connection.state.reading, 'keep-alive');
});

test('the kernel tells how much it holds for a real client, and less when that reads', async (t) => {
  const server = createServer();
  t.after(() => server.close());
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const accepted = new Promise<number>((resolve) => {
    server.once('connection', (socket) => {
      t.after(() => socket.destroy());
      socket.write(Buffer.alloc(16 * 1024 * 1024));
      const handle: unknown = Reflect.get(socket, '_handle');
      const fd: unknown =
        typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : -1;
      resolve(Number(fd));
    });
  });
  const client = await RawClient.connect(t, port);
  client.pauseReading();
  const fd = await accepted;
  const held = (): Promise<number> =>
    new Promise((resolve) => askSendQueue(fd, (bytes) => resolve(bytes ?? 0)));
  const before = await eventually(async () => {
    const now = await held();
    return now > 0 && now === (await held()) ? now : null;
  }, 'the kernel to be full');
  client.resumeReading();
  await eventually(async () => (await held()) < before, 'the kernel to hold less');
});

test('after a look there is a rest in proportion, and never a long one: our own pause is no cost of looks', () => {
  assert.equal(restMs(30), 270);
  assert.ok(restMs(60_000) < WRITE_TIMEOUT_MS / 2);
});

test('what is no TCP socket has no answer', async (t) => {
  const file = openSync('/dev/null', 'r');
  t.after(() => closeSync(file));
  assert.equal(await new Promise((tell) => askSendQueue(file, tell)), null);
  assert.equal(await new Promise((tell) => askSendQueue(-1, tell)), null);
});
