// Socket.IO, unmodified on both sides: long polling that is upgraded to a WebSocket, each of them alone, messages of every kind,
// and clients that come back by themselves when the server is reloaded.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { io, type Socket } from 'socket.io-client';
import { eventually, type Served, serveNode } from './serving.ts';

let served: Served;
const sockets: Socket[] = [];

before(async () => {
  // Polling needs one thread: a session is in the memory of the one that began it.
  served = await serveNode('socket-io.mjs', ['--workers', '1', '--threads', '1']);
});
after(() => {
  for (const socket of sockets) socket.disconnect();
});

async function connect(transports: string[]): Promise<Socket> {
  const socket = io(`http://127.0.0.1:${served.port}`, { transports, forceNew: true });
  assert.equal(transportOf(socket), transports[0]);
  sockets.push(socket);
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  return socket;
}

function transportOf(socket: Socket): string {
  return socket.io.engine.transport.name;
}

test('a client begins with polling and goes over to a WebSocket, with every kind of message', async () => {
  const socket = await connect(['polling', 'websocket']);
  await eventually(() => transportOf(socket) === 'websocket', 'the upgrade');
  assert.equal(await socket.emitWithAck('hello', 'world'), 'hello world by websocket');
  const bytes = Buffer.alloc(300_000, 'abc');
  assert.ok(bytes.equals((await socket.emitWithAck('bytes', bytes)) as Buffer));
});

for (const transport of ['polling', 'websocket']) {
  test(`${transport} alone, and a broadcast to all of a room`, async () => {
    const [one, other] = [await connect([transport]), await connect([transport])];
    assert.equal(await one.emitWithAck('hello', 'x'), `hello x by ${transport}`);
    const told = [once(one as never, 'told'), once(other as never, 'told')];
    one.emit('tell', 'everybody');
    assert.deepEqual(await Promise.all(told), [['everybody'], ['everybody']]);
  });
}

test('a reload has its clients come back to the next worker by themselves', async () => {
  const socket = await connect(['polling', 'websocket']);
  await eventually(() => transportOf(socket) === 'websocket', 'the upgrade');
  const before = await socket.emitWithAck('pid');
  const left = new Promise<unknown[]>((resolve) => {
    socket.once('disconnect', (...why) => resolve(why));
  });
  process.kill(served.pid, 'SIGHUP');
  const [reason, { context }] = (await left) as [string, { context: { code: number } }];
  // Before the program hears SIGTERM, at which it ends at once.
  assert.deepEqual([reason, context.code], ['transport close', 1001]);
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  assert.notEqual(await socket.emitWithAck('pid'), before);
});
