// Upgraded connections, here with TLS, when the worker is full and when it drains: none is closed early for others, a WebSocket's client is told
// 1001 between two messages and comes back to the next worker, and what cannot be told ends at graceful_timeout.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { makeCertificate, type TestCertificate } from '../support/certificates.ts';
import { soon } from '../support/eventually.ts';
import { isAlive } from '../support/processes.ts';
import { handshake } from '../support/websocket-frames.ts';
import { ask, eventually, type Served, serveNode, temporaryFolder } from './serving.ts';

const LIMIT = 50;
const GRACEFUL_SECONDS = 8;

let served: Served;
let certificate: TestCertificate;

before(async () => {
  certificate = makeCertificate(await temporaryFolder());
  const args = [
    ...['--workers', '1', '--threads', '1', '--worker-connections', String(LIMIT)],
    ...['--graceful-timeout', String(GRACEFUL_SECONDS)],
  ];
  served = await serveNode('upgrades.mjs', args, { certificate });
});

async function open(path: string): Promise<WebSocket> {
  const url = `wss://127.0.0.1:${served.port}${path}`;
  const socket = new WebSocket(url, { ca: certificate.cert });
  await once(socket, 'open');
  return socket;
}

test('upgraded connections count for worker_connections, and none gives way', async () => {
  const sockets = await Promise.all(Array.from({ length: LIMIT }, () => open('/echo')));
  const newcomer = ask(served, '/x');
  const early = await Promise.race([newcomer.then(() => 'answered'), sleep(1000, 'waits')]);
  assert.equal(early, 'waits');
  assert.ok(sockets.every(({ readyState }) => readyState === WebSocket.OPEN));
  const [first, ...others] = sockets;
  first?.close();
  assert.equal((await newcomer).status, 200);
  for (const socket of others) socket.terminate();
});

test('a reload tells every WebSocket 1001 and resets none; they come back to the next worker', async () => {
  const before = await pid();
  const sockets = await Promise.all(Array.from({ length: LIMIT - 1 }, () => open('/echo')));
  const fragmented = await open('/fragments');
  let chatter = 0;
  for (const socket of sockets) {
    socket.on('message', () => {
      chatter += 1;
      if (socket.readyState === WebSocket.OPEN) socket.send('again');
    });
    socket.send('again');
  }
  const [message] = await Promise.all([
    soon(once(fragmented, 'message'), 'its message').then(([data]) => String(data)),
    once(fragmented, 'close').then(([code]) => assert.equal(code, 1001)),
    ...sockets.map(async (socket) => {
      const [code] = await once(socket, 'close');
      assert.equal(code, 1001);
      const next = await open('/echo');
      next.send('back');
      assert.equal(String((await once(next, 'message'))[0]), 'back');
      next.close();
    }),
    goOn(sockets.at(-1), fragmented),
    process.kill(served.pid, 'SIGHUP'),
  ]);
  assert.equal(message, 'one two three', 'its message in three frames came whole');
  assert.ok(chatter > 100, 'they were busy');
  const closedMs = performance.now();
  assert.notEqual(await pid(), before);
  await eventually(() => !isAlive(before), 'the old worker to leave');
  const tookMs = performance.now() - closedMs;
  assert.ok(tookMs < GRACEFUL_SECONDS * 500, `the old worker stayed for ${tookMs} ms`);
});

test('what has no words for it ends at graceful_timeout, and a client that does not close five seconds after it was told', async () => {
  const raw = await served.connect();
  await raw.send('GET /again HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n');
  assert.equal((await raw.readResponse()).status, 101);
  const deaf = await served.connect();
  await deaf.send(handshake('/echo'));
  assert.equal((await deaf.readResponse()).status, 101);
  const beganMs = performance.now();
  process.kill(served.pid, 'SIGTERM');
  assert.deepEqual([...(await deaf.take(4))], [0x88, 2, 1001 >> 8, 1001 & 0xff]);
  const [deafEnd, rawEnd] = await Promise.all([timeOf(deaf, beganMs), timeOf(raw, beganMs)]);
  assert.ok(deafEnd > 4800 && deafEnd < 7500, `${deafEnd} ms`);
  assert.ok(rawEnd > GRACEFUL_SECONDS * 1000 - 300, `${rawEnd} ms`);
});

/** Once the last of the others was told, long after this one's turn has come. */
async function goOn(last: WebSocket | undefined, fragmented: WebSocket): Promise<void> {
  if (last !== undefined) await once(last, 'close');
  await sleep(500);
  fragmented.send('go on');
}

async function timeOf(
  client: { waitClosed(): Promise<unknown> },
  beganMs: number,
): Promise<number> {
  await client.waitClosed();
  return performance.now() - beganMs;
}

async function pid(): Promise<number> {
  return Number((await ask(served, '/pid')).body.toString());
}
