// A Node.js application as (req, res), through arbiter, worker, I/O loop and thread: what the two objects show and
// take, streaming both ways, errors, clients that leave.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test, { before } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { PROMPT_END_MS } from '../../src/connection/states/states.ts';
import { assertEchoed, assertGoesOnAfter500, type Seen, seenBy } from './node-answers.ts';
import { ask, eventually, fieldOf, fieldsOf, makeFifo, type Served, serveNode } from './serving.ts';

let server: Served;

interface SeenByListener extends Seen {
  readonly version: string;
  readonly rawHeaders: readonly string[];
  readonly remote: string;
  readonly complete: boolean;
}

before(async () => {
  server = await serveNode('./listener.mjs', ['--threads', '1', '--keep-alive', '30']);
});

test('the request object shows the request as node:http would', async () => {
  const fields = ['X-Test: a', 'x-test: b', 'Cookie: c=1', 'cookie: d=2', 'X_Test: e'];
  const seen = await seenBy<SeenByListener>(server, '/seen?q=%20', { fields });
  assert.deepEqual([seen.method, seen.url, seen.version], ['GET', '/seen?q=%20', '1.1']);
  assert.equal(seen.headers['x-test'], 'a, b');
  assert.equal(seen.headers['x_test'], 'e', 'Node.js can tell it from the one with a dash');
  assert.equal(seen.headers['cookie'], 'c=1; d=2');
  assert.deepEqual(seen.rawHeaders.slice(0, 4), ['X-Test', 'a', 'x-test', 'b']);
  assert.equal(seen.remote, '127.0.0.1');
  assert.equal(seen.complete, true);
});

test('a request body reaches the listener, with a length and chunked, small and large', async () => {
  for (const size of [0, 1, 100_000, 3_000_000]) {
    for (const chunked of [false, true]) {
      const body = Buffer.alloc(size, 'x');
      const question = { method: 'POST', body, chunked };
      const seen = await seenBy<SeenByListener>(server, '/seen', question);
      assert.deepEqual([seen.method, seen.bytes, seen.complete], ['POST', size, true]);
    }
  }
});

test('setHeader, appendHeader, removeHeader, status and reason reach the client', async () => {
  const reply = await ask(server, '/fields');
  assert.deepEqual([reply.status, reply.reason], [201, 'Made It']);
  assert.deepEqual(fieldsOf(reply, 'set-cookie'), ['a=1', 'b=2', 'c=3']);
  assert.equal(fieldOf(reply, 'x-gone'), null);
  assert.equal(fieldOf(reply, 'x-one'), '1');
  assert.ok(fieldOf(reply, 'date'));
});

test('writeHead with a reason and fields reaches the client', async () => {
  const reply = await ask(server, '/write-head');
  assert.deepEqual([reply.status, reply.reason, reply.body.toString()], [202, 'Taken', 'took']);
  assert.equal(fieldOf(reply, 'content-length'), '4');
  assert.equal(fieldOf(reply, 'x-two'), '2');
});

test('204, 304 and HEAD have no body, and the connection goes on', async () => {
  const client = await server.connect();
  for (const [path, status] of [
    ['/no-content', 204],
    ['/not-modified', 304],
  ] as const) {
    assert.equal((await client.get(path)).status, status);
  }
  await client.send('HEAD / HTTP/1.1\r\nHost: x\r\n\r\n');
  assert.equal((await client.readResponse({ toHead: true })).status, 200);
  assert.equal((await client.get('/')).body.toString(), 'Hello from a listener\n');
});

test('a response in pieces is chunked, a whole one has its length', async () => {
  const pieces = await ask(server, '/pieces');
  assert.deepEqual([pieces.framing, pieces.body.toString()], ['chunked', 'one two three']);
  assert.equal((await ask(server, '/')).framing, 'length');
});

test('a piece that the listener writes reaches the client before the next one is made', async () => {
  const fifo = await makeFifo();
  const client = await server.connect();
  await client.send(`GET /step?fifo=${encodeURIComponent(fifo)} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await eventually(() => client.unread().includes('first'));
  await writeFile(fifo, '');
  assert.equal((await client.readResponse()).body.toString(), 'firstsecond');
});

test('a body is sent back while it arrives: neither side waits for the other to end', async () => {
  const client = await server.connect();
  await client.send('POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
  await client.send('5\r\nfirst\r\n');
  await eventually(() => client.unread().includes('first'));
  await client.send('6\r\nsecond\r\n0\r\n\r\n');
  assert.equal((await client.readResponse()).body.toString(), 'firstsecond');
});

test('a large body goes through the echo unchanged', async () => {
  await assertEchoed(server, 8 * 1024 * 1024);
});

test('early hints come before the response, trailers after it', async () => {
  const client = await server.connect();
  await client.send('GET /hints HTTP/1.1\r\nHost: x\r\n\r\n');
  const hints = await client.readResponse();
  assert.equal(hints.status, 103);
  assert.equal(fieldOf(hints, 'link'), '</style.css>; rel=preload');
  assert.equal((await client.readResponse()).body.toString(), 'hinted');
  const reply = await client.get('/trailers');
  assert.deepEqual(
    reply.trailers.map(([name, value]) => [name.toLowerCase(), value]),
    [['x-sum', '4']],
  );
});

for (const path of ['/throw', '/reject']) {
  test(`${path} is answered 500 with the stack in the error log, and the connection and the thread go on`, async () => {
    await assertGoesOnAfter500(server, path, ({ body }) => {
      assert.doesNotMatch(body.toString(), /listener\.mjs/, 'no internals for the client');
    });
    await eventually(() => /(thrown|rejected) on purpose[\s\S]*listener\.mjs/.test(server.log()));
  });
}

test('a promise that is rejected after its response is in the error log, and the connection and the thread go on', async () => {
  const client = await server.connect();
  for (const _ of [1, 2]) assert.equal((await client.get('/reject-late?secret')).status, 200);
  await eventually(() =>
    /Error after the response to GET \/reject-late was complete/.test(server.log()),
  );
  assert.match(server.log(), /rejected late on purpose[\s\S]*listener\.mjs/);
  assert.doesNotMatch(server.log(), /secret/);
});

test('an exception after the head cuts the response off so that the client can tell', async () => {
  const client = await server.connect();
  await client.send('GET /throw-late HTTP/1.1\r\nHost: x\r\n\r\n');
  await assert.rejects(client.readResponse());
  await client.waitClosed();
  assert.equal((await ask(server, '/')).status, 200);
});

test('a client that goes away is noticed: the response object is closed', async () => {
  const busy = await server.connect();
  await busy.send('GET /endless?name=busy HTTP/1.1\r\nHost: x\r\n\r\n');
  await busy.take(1);
  busy.reset();
  const waiting = await server.connect();
  await waiting.send('GET /never?name=waiting HTTP/1.1\r\nHost: x\r\n\r\n');
  await eventually(async () => (await ask(server, '/')).status === 200);
  waiting.reset();
  await eventually(async () => {
    const gone = JSON.parse((await ask(server, '/gone')).body.toString()) as string[];
    return gone.includes('busy') && gone.includes('waiting');
  });
  const closes = await server.connect();
  await closes.send('GET /never?name=closes HTTP/1.1\r\nHost: x\r\n\r\n');
  // Longer than right behind its request, where the end might mean that it waits for its answer.
  await pause(PROMPT_END_MS + 100);
  closes.destroy();
  const leftMs = performance.now();
  await eventually(async () => (await ask(server, '/gone')).body.includes('closes'));
  assert.ok(performance.now() - leftMs < 1500, 'at once, as by node:http');
});

test('pipelined requests are answered all and in their order', async () => {
  const client = await server.connect();
  const paths = ['/', '/pieces', '/fields', '/pieces', '/'];
  await client.send(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`).join(''));
  const bodies: string[] = [];
  for (const _ of paths) bodies.push((await client.readResponse()).body.toString());
  const hello = 'Hello from a listener\n';
  assert.deepEqual(bodies, [hello, 'one two three', 'fields', 'one two three', hello]);
});

test('many requests run at once in one thread', async () => {
  const clients = await Promise.all(Array.from({ length: 50 }, () => server.connect()));
  for (const [index, client] of clients.entries()) {
    await client.send(`GET /never?name=many-${index} HTTP/1.1\r\nHost: x\r\n\r\n`);
  }
  assert.equal((await ask(server, '/')).status, 200);
  for (const client of clients) client.reset();
  await eventually(async () => {
    const gone = JSON.parse((await ask(server, '/gone')).body.toString()) as string[];
    return gone.filter((name) => name?.startsWith('many-')).length === clients.length;
  });
});
