// Responses in every way that PEP 3333 lets an application make them: iterables, generators, write(), exc_info, the
// framing that the server adds, and what becomes of an application that breaks the rules.

import assert from 'node:assert/strict';
import test, { before } from 'node:test';
import { ask, askRaw, eventually, fieldOf, fieldsOf, type Served, serveWsgi } from './serving.ts';

let server: Served;

before(async () => {
  server = await serveWsgi('respond:app', ['--threads', '2']);
});

/** Both answers to one path: over HTTP/1.1 as usual, and over HTTP/1.0 where chunked coding is not known. */
async function bothVersions(path: string): Promise<readonly [string, string]> {
  const modern = await ask(server, path);
  const old = await askRaw(server, `GET ${path} HTTP/1.0\r\n\r\n`);
  assert.equal(fieldOf(old, 'transfer-encoding'), null, 'HTTP/1.0 knows no chunked coding');
  return [modern.body.toString(), old.body.toString()];
}

for (const [path, body] of [
  ['/fixed', 'fixed'],
  ['/no-length', 'one two three'],
  ['/one-piece', 'single'],
  ['/empty', ''],
  ['/generator', 'lazy start'],
  ['/by-write', 'written twice then returned'],
  ['/by-write-with-length', 'written'],
] as const) {
  test(`${path} arrives whole over HTTP/1.1 and over HTTP/1.0`, async () => {
    assert.deepEqual(await bothVersions(path), [body, body]);
  });
}

test('a response of one known piece gets a Content-Length, that of a generator is chunked', async () => {
  assert.equal(fieldOf(await ask(server, '/one-piece'), 'content-length'), '6');
  assert.equal(fieldOf(await ask(server, '/generator'), 'transfer-encoding'), 'chunked');
});

test('the server adds Date and Server, and keeps those of an application that sets them', async () => {
  const plain = await ask(server, '/fixed');
  assert.ok(Math.abs(Date.parse(fieldOf(plain, 'date') ?? '') - Date.now()) < 5000);
  assert.match(fieldOf(plain, 'server') ?? '', /tunicorn/i);
  const own = await ask(server, '/own-fields');
  assert.deepEqual(fieldsOf(own, 'date'), ['Thu, 01 Jan 1970 00:00:00 GMT']);
  assert.deepEqual(fieldsOf(own, 'server'), ['mine']);
});

test('HEAD gets the head of GET and no body, and the connection goes on', async () => {
  const client = await server.connect();
  for (const path of ['/fixed', '/no-length', '/generator', '/by-write']) {
    client.send(`HEAD ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    const reply = await client.readResponse({ toHead: true });
    assert.equal(reply.status, 200, path);
    if (path === '/fixed') assert.equal(fieldOf(reply, 'content-length'), '5');
  }
  client.send('GET /fixed HTTP/1.1\r\nHost: x\r\n\r\n');
  assert.equal((await client.readResponse()).body.toString(), 'fixed');
});

test('204 and 304 have neither body nor framing that promises one, and the connection goes on', async () => {
  const client = await server.connect();
  for (const [path, status] of [
    ['/no-content', 204],
    ['/not-modified', 304],
  ] as const) {
    client.send(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    const reply = await client.readResponse();
    assert.equal(reply.status, status);
    assert.equal(fieldOf(reply, 'transfer-encoding'), null);
    if (status === 204) assert.equal(fieldOf(reply, 'content-length'), null);
  }
  client.send('GET /fixed HTTP/1.1\r\nHost: x\r\n\r\n');
  assert.equal((await client.readResponse()).status, 200);
});

test('repeated response fields stay apart and in their order', async () => {
  const reply = await ask(server, '/cookies');
  assert.deepEqual(fieldsOf(reply, 'set-cookie'), ['a=1', 'b=2', 'c=3']);
});

test("an application's own status and reason are sent as they are, its latin-1 fields too", async () => {
  const odd = await ask(server, '/reasons');
  assert.deepEqual([odd.status, odd.reason], [299, 'Quite A Reason']);
  assert.equal(fieldOf(await ask(server, '/latin'), 'x-latin'), 'caf\u00e9');
});

test('Connection: close from the application closes after the response', async () => {
  const client = await server.connect();
  client.send('GET /closing HTTP/1.1\r\nHost: x\r\n\r\n');
  assert.equal((await client.readResponse()).body.toString(), 'bye');
  await client.waitClosed();
});

test('start_response with exc_info before anything was sent replaces the first head', async () => {
  const reply = await ask(server, '/replaced');
  assert.deepEqual([reply.status, reply.reason], [503, 'Try Later']);
  assert.equal(fieldOf(reply, 'x-first'), null);
  assert.equal(fieldOf(reply, 'x-second'), '2');
  assert.equal(reply.body.toString(), 'replaced');
});

test('start_response with exc_info after something was sent raises, and the response is cut off', async () => {
  const client = await server.connect();
  client.send('GET /too-late HTTP/1.1\r\nHost: x\r\n\r\n');
  await assert.rejects(client.readResponse(), 'a cut-off response must not look complete');
  await client.waitClosed();
  await eventually(() => server.log().includes('found out too late'));
});

for (const path of [
  '/raising',
  '/raising-exit',
  '/twice',
  '/never-started',
  '/not-bytes',
  '/injected',
]) {
  test(`${path} is answered 500, and the connection and the thread go on`, async () => {
    const client = await server.connect();
    for (let round = 0; round < 3; round++) {
      client.send(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
      const reply = await client.readResponse();
      assert.equal(reply.status, 500);
      assert.equal(fieldOf(reply, 'x-evil'), null);
      assert.doesNotMatch(
        reply.body.toString(),
        /Traceback|respond\.py/,
        'no internals for the client',
      );
    }
    client.send('GET /fixed HTTP/1.1\r\nHost: x\r\n\r\n');
    assert.equal((await client.readResponse()).body.toString(), 'fixed');
  });
}

test("an application's exception is in the error log with its traceback", async () => {
  await ask(server, '/raising');
  await eventually(() => /Traceback[\s\S]*respond\.py[\s\S]*raised on purpose/.test(server.log()));
});

test('an exception after the first piece cuts the response off so that the client can tell', async () => {
  const client = await server.connect();
  client.send('GET /raising-late HTTP/1.1\r\nHost: x\r\n\r\n');
  await assert.rejects(client.readResponse());
  await client.waitClosed();
});

test('a body longer than its Content-Length is cut to it', async () => {
  const client = await server.connect();
  client.send('GET /too-long HTTP/1.1\r\nHost: x\r\n\r\n');
  assert.equal((await client.readResponse()).body.toString(), 'fixed');
});

test('a body shorter than its Content-Length closes the connection, so that no client waits', async () => {
  const client = await server.connect();
  client.send('GET /too-short HTTP/1.1\r\nHost: x\r\n\r\n');
  await assert.rejects(client.readResponse());
  await client.waitClosed();
});

test('the hop-by-hop fields of an application do not damage the framing', async () => {
  const reply = await ask(server, '/hop-by-hop');
  if (reply.status === 200) assert.equal(reply.body.toString(), 'hop');
  else assert.equal(reply.status, 500, 'PEP 3333 lets the server refuse them');
});

test('close() is called once for each response, whether it ended well or raised', async () => {
  const count = async () => Number((await ask(server, '/closed-count')).body.toString());
  const before = await count();
  await ask(server, '/counted');
  assert.equal(await count(), before + 1);
  await ask(server, '/counted', { method: 'HEAD' });
  assert.equal(await count(), before + 2);
  await assert.rejects(ask(server, '/counted-raising'));
  await eventually(async () => (await count()) === before + 3);
});

test('what is written to wsgi.errors is in the error log', async () => {
  assert.equal((await ask(server, '/errors')).body.toString(), 'logged');
  await eventually(() => server.log().includes('a line for the error log'));
});
