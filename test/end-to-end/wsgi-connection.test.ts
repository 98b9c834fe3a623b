// One connection over its life, with a WSGI application behind it: keep-alive, pipelining, malformed requests, clients
// that leave at every point.

import assert from 'node:assert/strict';
import { open, writeFile } from 'node:fs/promises';
import test, { before } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROMPT_END_MS } from '../../src/connection/states/states.ts';
import {
  ask,
  eventually,
  fieldOf,
  hasEnded,
  hasRead,
  isHeld,
  json,
  makeFifo,
  type Served,
  serveWsgi,
} from './serving.ts';

let server: Served;

interface Told {
  readonly ran: readonly string[];
  readonly closed: readonly string[];
}

before(async () => {
  server = await serveWsgi('wait_for_signal:app', ['--threads', '1', '--keep-alive', '30']);
});

async function told(): Promise<Told> {
  return json(await ask(server, '/told')) as Told;
}

test('one connection serves many requests, one after the other', async () => {
  const client = await server.connect();
  for (let round = 0; round < 50; round++) {
    client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    assert.equal((await client.readResponse()).body.toString(), 'done');
  }
});

test('pipelined requests are answered all and in their order', async () => {
  const client = await server.connect();
  const steps = ['a', 'b', 'c', 'd', 'e'];
  client.send(steps.map((name) => `GET /?name=piped-${name} HTTP/1.1\r\nHost: x\r\n\r\n`).join(''));
  for (const _ of steps) assert.equal((await client.readResponse()).status, 200);
  const ran = (await told()).ran.filter((name) => name.startsWith('piped-'));
  assert.deepEqual(ran, ['piped-a', 'piped-b', 'piped-c', 'piped-d', 'piped-e']);
});

test('a request that arrives a byte at a time is served like one that arrives whole', async () => {
  const client = await server.connect();
  for (const byte of 'GET /?name=bytes HTTP/1.1\r\nHost: x\r\n\r\n') await client.send(byte);
  assert.equal((await client.readResponse()).body.toString(), 'done');
});

test('Connection: close and HTTP/1.0 close after the response; keep-alive on HTTP/1.0 does not', async () => {
  const closing = await server.connect();
  closing.send('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  assert.equal(fieldOf(await closing.readResponse(), 'connection')?.toLowerCase(), 'close');
  await closing.waitClosed();

  const old = await server.connect();
  old.send('GET / HTTP/1.0\r\n\r\n');
  assert.equal((await old.readResponse()).status, 200);
  await old.waitClosed();

  const kept = await server.connect();
  for (let round = 0; round < 2; round++) {
    kept.send('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    const reply = await kept.readResponse();
    assert.equal(fieldOf(reply, 'connection')?.toLowerCase(), 'keep-alive');
  }
});

for (const [what, bytes, status] of [
  ['a request line that is none', 'nonsense\r\n\r\n', 400],
  ['a bare line feed', 'GET / HTTP/1.1\nHost: x\n\n', 400],
  ['no Host', 'GET / HTTP/1.1\r\n\r\n', 400],
  [
    'two lengths',
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx',
    400,
  ],
  [
    'a length and a coding',
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    400,
  ],
  [
    'a bad chunk size',
    'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    400,
  ],
  ['a folded field', 'GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n', 400],
  ['a space before the colon', 'GET / HTTP/1.1\r\nHost : x\r\n\r\n', 400],
  ['an unknown version', 'GET / HTTP/3.0\r\nHost: x\r\n\r\n', 505],
  ['a request line too long', `GET /${'x'.repeat(9000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 414],
  ['too many fields', `GET / HTTP/1.1\r\nHost: x\r\n${'A: b\r\n'.repeat(200)}\r\n`, 431],
] as const) {
  test(`${what} is answered ${status} and the connection is closed; others go on`, async () => {
    const client = await server.connect();
    client.send(bytes);
    const reply = await client.readResponse();
    assert.equal(reply.status, status);
    assert.equal(fieldOf(reply, 'connection')?.toLowerCase(), 'close');
    await client.waitClosed();
    assert.equal((await ask(server, '/')).status, 200);
  });
}

test('a good request before a malformed one is answered first', async () => {
  const client = await server.connect();
  client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\nnonsense\r\n\r\n');
  assert.equal((await client.readResponse()).status, 200);
  assert.equal((await client.readResponse()).status, 400);
  await client.waitClosed();
});

test('a queued request whose client has gone never runs', async () => {
  const fifo = await makeFifo();
  const first = await server.connect();
  first.send(`GET /?name=holds&fifo=${fifo} HTTP/1.1\r\nHost: x\r\n\r\n`);
  // Opening the fifo to write returns only when the application has opened it to read: the one thread is held.
  const release = await openWhenRead(fifo);
  const leaving = [await server.connect(), await server.connect()] as const;
  for (const one of leaving) one.send('GET /?name=left HTTP/1.1\r\nHost: x\r\n\r\n');
  const stays = await server.connect();
  stays.send('GET /?name=stayed HTTP/1.1\r\nHost: x\r\n\r\n');
  for (const one of [...leaving, stays]) await eventually(() => hasRead(server, one));
  const [resets, closes] = leaving;
  const ports = [resets.localPort, closes.localPort];
  resets.reset();
  // Right behind its request an end would mean that it waits on.
  await sleep(6 * PROMPT_END_MS);
  closes.destroy();
  for (const port of ports) await eventually(async () => !(await isHeld(server, port)));
  await release();
  assert.equal((await first.readResponse()).status, 200);
  assert.equal((await stays.readResponse()).status, 200);
  const { ran } = await told();
  assert.deepEqual(
    ran.filter((name) => ['holds', 'left', 'stayed'].includes(name)),
    ['holds', 'stayed'],
  );
});

test('a client that goes away while its response is made has the iterable closed and frees the thread', async () => {
  for (const [name, leave] of [
    ['reset', 'reset'],
    ['ended', 'destroy'],
  ] as const) {
    const client = await server.connect();
    client.send(`GET /endless?name=${name} HTTP/1.1\r\nHost: x\r\n\r\n`);
    await client.take(1);
    client[leave]();
    await eventually(async () => (await told()).closed.includes(name));
  }
});

test('a piece that the application yields reaches the client before the next one is made', async () => {
  const fifo = await makeFifo();
  const client = await server.connect();
  client.send(`GET /step?fifo=${fifo} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await eventually(() => client.unread().includes('first'));
  await writeFile(fifo, '');
  const reply = await client.readResponse();
  assert.equal(reply.body.toString(), 'firstsecond');
});

test('a client that sends its request and closes its half still gets the response', async () => {
  const client = await server.connect();
  client.send('GET /?name=half HTTP/1.1\r\nHost: x\r\n\r\n');
  client.end();
  assert.equal((await client.readResponse()).body.toString(), 'done');
  await client.waitClosed();
});

test('a client that ends right behind its requests gets every answer, also when they have to wait', async () => {
  const fifo = await makeFifo();
  const first = await server.connect();
  first.send(`GET /?fifo=${fifo} HTTP/1.1\r\nHost: x\r\n\r\n`);
  const release = await openWhenRead(fifo);
  const client = await server.connect();
  const steps = ['a', 'b', 'c'];
  client.send(steps.map((name) => `GET /?name=end-${name} HTTP/1.1\r\nHost: x\r\n\r\n`).join(''));
  client.end();
  await eventually(() => hasEnded(server, client), 'the server to see the end');
  await release();
  for (const _ of steps) assert.equal((await client.readResponse()).body.toString(), 'done');
  assert.equal(await client.waitClosed(), 'end');
  const ran = (await told()).ran.filter((name) => name.startsWith('end-'));
  assert.deepEqual(ran, ['end-a', 'end-b', 'end-c']);
});

async function openWhenRead(fifo: string): Promise<() => Promise<void>> {
  const file = await open(fifo, 'w');
  return () => file.close();
}
