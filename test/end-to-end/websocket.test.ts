// Connections that the application takes over, through a real server: `ws` unmodified as server and client, CONNECT, raw
// protocols, refusals, back-pressure both ways, and what becomes of them when clients or threads die.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket as UndiciWebSocket } from 'undici';
import { WebSocket } from 'ws';
import { startNginx } from '../clients/nginx.ts';
import { receiveUdp } from '../support/datagrams.ts';
import {
  ask,
  eventually,
  isHeld,
  json,
  type RawClient,
  type Served,
  serveNode,
  temporaryFolder,
} from './serving.ts';

const MEGABYTE = 1024 * 1024;

let served: Served;
let logFile: string;
const metrics: string[] = [];

before(async (context) => {
  const port = await receiveUdp(context as TestContext, (datagram) => metrics.push(datagram));
  const short = ['--timeout', '1', '--upgrade-idle-timeout', '3', '--write-timeout', '2'];
  logFile = join(await temporaryFolder(), 'access.log');
  const log = ['--access-logfile', logFile, '--access-logformat', '%(r)s|%(s)s|%(B)s|%(end)s'];
  served = await serveNode('upgrades.mjs', [
    ...['--threads', '1', '--thread-concurrency', '2'],
    ...short,
    ...log,
    ...['--statsd-host', `127.0.0.1:${port}`],
  ]);
});

/** A client that is open. */
async function open(path: string): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${served.port}${path}`);
  await once(socket, 'open');
  return socket;
}

const FIELDS = ['Host: localhost', 'Connection: Upgrade', 'Upgrade: raw'];
const OFFER = `${FIELDS.join('\r\n')}\r\n`;

/** A client of a raw protocol, behind the head of the answer. `ahead`: sent in one segment with the request. */
async function openRaw(path: string, ahead = ''): Promise<RawClient> {
  const client = await served.connect();
  await client.send(`GET ${path} HTTP/1.1\r\n${OFFER}\r\n${ahead}`);
  const { status } = await client.readResponse();
  assert.equal(status, 101);
  return client;
}

async function seen(what: string): Promise<unknown> {
  const all = json(await ask(served, '/seen')) as Record<string, unknown>;
  return all[what];
}

async function untilLogged(line: RegExp): Promise<void> {
  const found = async () => line.test(await readFile(logFile, 'utf8'));
  await eventually(found, `${line} in the log`);
}

test('an echo by ws, unmodified on both sides, closes as it does without us', async () => {
  const socket = await open('/echo');
  socket.send('hello');
  const [data] = await once(socket, 'message');
  assert.equal(String(data), 'hello');
  socket.close(4321, 'enough');
  const [code, reason] = await once(socket, 'close');
  assert.deepEqual([code, String(reason)], [4321, 'enough']);
  await untilLogged(/^GET \/echo HTTP\/1\.1\|101\|\d+\|--$/m);
  await eventually(() => /status\.101:1/.test(metrics.join()), 'the metrics of statsd');
  assert.ok(!/duration/.test(metrics.join()), 'how long it was open is no duration of a request');
});

test('through nginx, as docs/proxies.md says', async (t) => {
  const location =
    'proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";';
  const nginx = await startNginx(t, { upstreamPort: served.port, location });
  const socket = new WebSocket(`ws+unix://${nginx.socketPath}:/echo`);
  await once(socket, 'open');
  socket.send('hello');
  assert.equal(String((await once(socket, 'message'))[0]), 'hello');
  socket.close(4321);
  assert.equal((await once(socket, 'close'))[0], 4321);
});

test("undici's WebSocket is served as well, and large messages pass whole", async () => {
  const socket = new UndiciWebSocket(`ws://127.0.0.1:${served.port}/echo`);
  socket.binaryType = 'arraybuffer';
  await once(socket, 'open');
  const bytes = Buffer.alloc(5 * MEGABYTE, 'abcdefg');
  socket.send(bytes);
  const [{ data }] = (await once(socket, 'message')) as [{ data: ArrayBuffer }];
  assert.ok(Buffer.from(data).equals(bytes));
  socket.close();
  await once(socket, 'close');
});

test('what a client sends in one segment with its request belongs to the upgraded stream', async () => {
  const client = await openRaw('/again', 'GET /not-a-request HTTP/1.1\r\n\r\n');
  const said = await client.take(31);
  assert.equal(said.toString(), 'GET /not-a-request HTTP/1.1\r\n\r\n');
  client.end();
  assert.equal(await client.waitClosed(), 'end');
});

test('CONNECT is a tunnel; what it is asked for is told as it was written', async () => {
  const client = await served.connect();
  await client.send('CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n');
  const expected = 'HTTP/1.1 200 Connection Established\r\n\r\nto example.org:443 ';
  assert.equal((await client.take(expected.length)).toString(), expected);
  await client.send('there and back');
  assert.equal((await client.take(14)).toString(), 'there and back');
  client.end();
  assert.equal(await client.waitClosed(), 'end');
  await untilLogged(/^CONNECT example\.org:443 HTTP\/1\.1\|200\|33\|--$/m);
});

test('a handshake that ws refuses reaches its client, and so does what is written before destroy()', async () => {
  const socket = new WebSocket(`ws://127.0.0.1:${served.port}/refuse`);
  const [error] = (await once(socket, 'error')) as [Error];
  assert.match(error.message, /Unexpected server response: 401/);
  const answer = await ask(served, '/write-destroy', { fields: FIELDS });
  assert.equal(answer.status, 400);
});

test('a socket that is destroyed without a word closes without one; an error that is thrown is a 500', async () => {
  const client = await served.connect();
  await client.send(`GET /destroy HTTP/1.1\r\n${OFFER}\r\n`);
  assert.equal(await client.waitClosed(), 'end');
  assert.equal(client.unread().length, 0);
  await untilLogged(/^GET \/destroy HTTP\/1\.1\|-\|0\|AU$/m);
  const answer = await ask(served, '/throw', { fields: FIELDS });
  assert.equal(answer.status, 500);
});

test('an upgrade that the application does not want, or that brings a body, is a request like others', async () => {
  const unwanted = await ask(served, '/x', {
    fields: [...FIELDS, 'X-No-Upgrade: 1'],
  });
  assert.equal(unwanted.body.toString(), 'GET /x: no upgrade');
  const withBody = await ask(served, '/again', { method: 'POST', fields: FIELDS, body: 'body' });
  assert.equal(withBody.body.toString(), 'POST /again: no upgrade');
});

test('one that is never answered is overdue as any request, and its socket closes', async () => {
  const answer = await ask(served, '/never', { fields: FIELDS });
  assert.equal(answer.status, 504);
  await eventually(async () => (await seen('never')) === true, 'the socket to close');
});

test('each side may end its half by itself', async () => {
  const client = await openRaw('/half');
  assert.equal((await client.take(3)).toString(), 'bye');
  await client.send('still here');
  client.end();
  assert.equal(await client.waitClosed(), 'end');
  await eventually(async () => (await seen('half')) === 'still here', 'the rest to be read');
});

test('the socket tells what a socket of Node.js tells, and obeys cork, setTimeout and destroySoon', async () => {
  const client = await openRaw('/facts');
  assert.equal(await client.waitClosed(), 'end');
  const text = client.unread().toString();
  assert.match(text, /^one two \{/);
  const facts = JSON.parse(text.slice(8)) as Record<string, unknown>;
  assert.deepEqual(facts, {
    bytesRead: 0,
    bytesWritten: 79,
    writableLength: 0,
    readyState: 'open',
    remoteAddress: '127.0.0.1',
  });
  const timed = await openRaw('/timeout');
  assert.equal((await timed.take(9)).toString(), 'timed out');
  const soon = await openRaw('/soon');
  assert.equal((await soon.take(100_000)).length, 100_000);
  assert.equal(await soon.waitClosed(), 'end');
});

test('more connections than the thread takes requests stay open, and it takes requests beside them', async () => {
  const sockets = await Promise.all(Array.from({ length: 20 }, () => open('/echo')));
  const answers = await Promise.all([
    ask(served, '/slow'),
    ask(served, '/slow'),
    ask(served, '/x'),
  ]);
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200],
  );
  for (const socket of sockets) socket.terminate();
});

test('a client that does not read holds the application back, within bounds, and is reset at write_timeout', async () => {
  const client = await openRaw('/flood');
  client.pauseReading();
  await eventually(async () => !(await isHeld(served, client.localPort)), 'the server to let go');
  await untilLogged(/^GET \/flood HTTP\/1\.1\|101\|\d+\|cW$/m);
  const { waiting, written, closed } = (await seen('flood')) as Record<string, number>;
  assert.ok(Number(waiting) < MEGABYTE / 2, `${waiting} bytes waited in the thread`);
  assert.ok(
    Number(written) < 16 * MEGABYTE,
    `${written} bytes were taken for a client that reads nothing`,
  );
  assert.equal(closed, true);
});

test('a client that reads late is sent every message, each whole and in its turn', async () => {
  const client = await open('/echo');
  const heard: number[] = [];
  let spoilt = 0;
  client.on('message', (data: Buffer) => {
    const number = data.readUInt32BE(0);
    heard.push(number);
    if (!data.subarray(4).every((byte) => byte === number % 251)) spoilt += 1;
  });
  // More than the kernel holds for it and the worker in its memory.
  const numbers = Array.from({ length: 300 }, (_, number) => number);
  client.pause();
  for (const number of numbers) {
    const message = Buffer.alloc(64 * 1024, number % 251);
    message.writeUInt32BE(number);
    client.send(message);
  }
  await sleep(500);
  client.resume();
  await eventually(() => heard.length === numbers.length, 'all of them');
  assert.deepEqual(heard, numbers);
  assert.equal(spoilt, 0);
  client.close();
});

test('an application that does not read holds the client back, and gets all of it in the end', async () => {
  const client = await openRaw('/lazy');
  const total = 24 * MEGABYTE;
  const sent = client.send(Buffer.alloc(total));
  const early = await Promise.race([
    sent.then(() => 'sent'),
    once(AbortSignal.timeout(500), 'abort'),
  ]);
  assert.notEqual(early, 'sent', 'the kernel had room for all of it: the test shows nothing');
  await ask(served, '/go-on');
  await sent;
  client.end();
  assert.equal(await client.waitClosed(), 'end');
  assert.equal(Number(client.unread().toString()), total);
});

test('a client that resets is an ECONNRESET for the application', async () => {
  const client = await openRaw('/reset');
  client.reset();
  await eventually(async () => (await seen('resetClosed')) === true, 'the socket to close');
  assert.equal(await seen('reset'), 'ECONNRESET');
  await untilLogged(/^GET \/reset HTTP\/1\.1\|101\|0\|CU$/m);
});

test('nothing either way for upgrade_idle_timeout closes it, and a byte now and then keeps it', async () => {
  const idle = await openRaw('/again');
  const busy = await openRaw('/again');
  const beganMs = performance.now();
  const beat = setInterval(() => void busy.send('.').catch(() => {}), 500);
  assert.equal(await idle.waitClosed(), 'end');
  const tookMs = performance.now() - beganMs;
  clearInterval(beat);
  assert.ok(tookMs > 2900, `${tookMs} ms`);
  await busy.send('still');
  await eventually(() => busy.unread().toString().endsWith('still'), 'an echo');
  busy.destroy();
  await untilLogged(/^GET \/again HTTP\/1\.1\|101\|0\|cU$/m);
});

for (const [word, how] of [
  ['exit', 'dies'],
  ['spin', 'is stuck, with nothing but upgraded connections,'],
] as const) {
  test(`a thread that ${how} resets its connections, and another serves`, async () => {
    const socket = await open('/echo');
    const other = await open('/echo');
    const before = (await ask(served, '/thread')).body.toString();
    other.send(word);
    const codes = await Promise.all([once(socket, 'close'), once(other, 'close')]);
    assert.deepEqual(
      codes.map(([code]) => code),
      [1006, 1006],
    );
    const after = (await ask(served, '/thread')).body.toString();
    assert.notEqual(after, before);
    await untilLogged(/^GET \/echo HTTP\/1\.1\|101\|\d+\|AU$/m);
  });
}
