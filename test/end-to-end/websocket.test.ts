// Connections that the application takes over, through a real server: `ws` unmodified as server and client, CONNECT, raw
// protocols, refusals, and what becomes of them at limits, when threads die and when the worker drains.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { before, test } from 'node:test';
import { WebSocket } from 'ws';
import { type Served, serveNode } from './serving.ts';

let served: Served;

before(async () => {
  served = await serveNode('upgrades.mjs', ['--threads', '1', '--thread-concurrency', '2']);
});

/** A client that is open. */
async function open(path: string): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${served.port}${path}`);
  await once(socket, 'open');
  return socket;
}

test('an echo by ws, unmodified on both sides, closes as it does without us', async () => {
  const socket = await open('/echo');
  socket.send('hello');
  const [data] = await once(socket, 'message');
  assert.equal(String(data), 'hello');
  socket.close(4321, 'enough');
  const [code, reason] = await once(socket, 'close');
  assert.deepEqual([code, String(reason)], [4321, 'enough']);
});
