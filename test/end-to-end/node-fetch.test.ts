// A Node.js application as an object with fetch(request): Request and Response as the platform has them, streams both
// ways, errors, and the abort signal of a client that leaves.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test, { before } from 'node:test';
import { assertEchoed, assertGoesOnAfter500, seenBy } from './node-answers.ts';
import {
  ask,
  eventually,
  fieldOf,
  fieldsOf,
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
