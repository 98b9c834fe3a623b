// A Node.js application as an object with fetch(request): Request and Response as the platform has them, streams both
// ways, errors, and the abort signal of a client that leaves.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import test, { before } from 'node:test';
import { gzipSync } from 'node:zlib';
import { assertEchoed, assertGoesOnAfter500, seenBy } from './node-answers.ts';
import {
  ask,
  eventually,
  fieldOf,
  fieldsOf,
  hasRead,
  json,
  makeFifo,
  type Served,
  serveNode,
} from './serving.ts';

let server: Served;

before(async () => {
  server = await serveNode('./fetch.ts', ['--threads', '1']);
});

test('the Request has method, absolute URL, headers and body', async () => {
  const question = { method: 'PUT', fields: ['X-Test: yes'], body: 'four' };
  const seen = await seenBy(server, '/seen?q=1', question);
  assert.deepEqual([seen.method, seen.bytes], ['PUT', 4]);
  assert.equal(new URL(seen.url).pathname + new URL(seen.url).search, '/seen?q=1');
  assert.match(seen.url, /^http:\/\/localhost/);
  assert.equal(seen.headers['x-test'], 'yes');
});

test("the Request's URL is built from the Host field", async () => {
  const seen = await seenBy(server, '/seen', { fields: ['Host: shop.example:8443'] });
  assert.equal(seen.url, 'http://shop.example:8443/seen');
});

test('status, reason, repeated Set-Cookie and text of the Response reach the client', async () => {
  const reply = await ask(server, '/cookies');
  assert.deepEqual(
    [reply.status, reply.reason, reply.body.toString()],
    [201, 'Made It', 'cookies'],
  );
  assert.deepEqual(fieldsOf(reply, 'set-cookie'), ['a=1', 'b=2']);
});

test('a streamed Response arrives in its pieces, an empty one without a body', async () => {
  const pieces = await ask(server, '/pieces');
  assert.deepEqual([pieces.framing, pieces.body.toString()], ['chunked', 'one two three']);
  assert.equal((await ask(server, '/no-content')).status, 204);
  assert.equal((await ask(server, '/nowhere')).status, 404);
});

test('HEAD gets the head and no body', async () => {
  const reply = await ask(server, '/', { method: 'HEAD' });
  assert.equal(reply.status, 200);
  assert.match(fieldOf(reply, 'content-type') ?? '', /^text\/plain/i);
});

test('request.body streams through a Response unchanged', async () => {
  await assertEchoed(server, 4 * 1024 * 1024);
});

for (const path of ['/throw', '/nothing']) {
  test(`${path} is answered 500, and the connection and the thread go on`, async () => {
    await assertGoesOnAfter500(server, path);
  });
}

test('what fetch throws is in the error log with its stack', async () => {
  await ask(server, '/throw');
  await eventually(() => /thrown in fetch on purpose[\s\S]*fetch\.ts/.test(server.log()));
});

test('a body stream that breaks cuts the response off so that the client can tell', async () => {
  const fifo = await makeFifo();
  const client = await server.connect();
  await client.send(`GET /broken?fifo=${encodeURIComponent(fifo)} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await eventually(() => client.unread().includes('begun'));
  await writeFile(fifo, '');
  await assert.rejects(client.readResponse());
  assert.equal((await ask(server, '/')).status, 200);
});

test('a client that goes away aborts the signal of its Request and cancels the stream', async () => {
  const client = await server.connect();
  await client.send('GET /endless?name=left HTTP/1.1\r\nHost: x\r\n\r\n');
  await client.take(1);
  client.reset();
  await eventually(async () => {
    const aborted = json(await ask(server, '/aborted')) as string[];
    return aborted.includes('signal left') && aborted.includes('cancel left');
  });
});

test('redirections, null bodies and Response.error() are what the Fetch standard says', async () => {
  const redirection = await ask(server, '/redirect');
  assert.deepEqual([redirection.status, redirection.framing], [308, 'length']);
  assert.equal(fieldOf(redirection, 'location'), 'http://a.test/b?c=%C3%A9');
  const unchanged = await ask(server, '/not-modified');
  assert.deepEqual([unchanged.status, fieldOf(unchanged, 'etag')], [304, '"1"']);
  assert.deepEqual(json(await ask(server, '/body-of-null')), ['null', 'TypeError', 'TypeError']);
  assert.deepEqual(json(await ask(server, '/immutable')), ['TypeError', 'TypeError']);
  assert.equal((await ask(server, '/error')).status, 500, 'a network error is no response');
});

test('a form and its clone are read, file and all', async () => {
  const data = new FormData();
  data.set('name', 'Ada');
  data.set('file', new File(['text'], 'a.txt'));
  const form = new Response(data);
  const fields = [`Content-Type: ${form.headers.get('content-type')}`];
  const body = await form.text();
  const reply = await ask(server, '/form', { method: 'POST', fields, body, chunked: true });
  assert.deepEqual(json(reply), ['Ada', 'a.txt', 'text', body.length]);
});

test('what fetch has answered can be passed through, and a request handed on, as they are', async (t) => {
  const upstream = createServer(async (request, response) => {
    const body = await text(request);
    const told = JSON.stringify([request.method, request.headers['x-own'], body]);
    response.writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'application/json' });
    response.end(gzipSync(told));
  }).listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  t.after(() => upstream.close());
  t.after(() => upstream.closeAllConnections());
  const to = encodeURIComponent(`http://127.0.0.1:${(upstream.address() as AddressInfo).port}/`);
  const passed = await ask(server, `/passed-through?to=${to}`);
  assert.equal(fieldOf(passed, 'content-encoding'), null, 'fetch has undone it');
  assert.deepEqual(json(passed), ['GET', null, '']);
  const fields = ['X-Own: yes', 'Connection: keep-alive', 'Expect: 100-continue'];
  for (const path of ['/handed-on', '/handed-on-whole']) {
    const question = { method: 'POST', fields, body: 'hello', chunked: true };
    const handed = await ask(server, `${path}?to=${to}`, question);
    assert.deepEqual(json(handed), ['POST', 'yes', 'hello']);
  }
});

test('a Response that comes when its client has gone is cancelled', async () => {
  const client = await server.connect();
  await client.send('GET /late HTTP/1.1\r\nHost: x\r\n\r\n');
  await eventually(() => hasRead(server, client));
  client.reset();
  await eventually(async () => {
    const seen = json(await ask(server, '/subtleties')) as string[];
    return seen.includes('late AbortError') && seen.includes('late cancelled');
  });
});
