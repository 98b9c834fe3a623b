// wsgi.input in every way that an application may read it, for bodies with a length and for chunked ones, small ones
// in memory and large ones from a file.

import assert from 'node:assert/strict';
import test, { before } from 'node:test';
import { ask, json, type Served, serveWsgi } from './serving.ts';

let server: Served;

interface Told {
  readonly pieces: readonly string[];
  readonly terminated: boolean;
  readonly length: string | null;
  readonly coding: string | null;
}

before(async () => {
  server = await serveWsgi('read_input:app', ['--threads', '2', '--request-memory', '64k']);
});

const BODY = 'line one\nsecond\n\nlast without end';

/** What each way of reading must give; read from PEP 3333 and the io module, not from our code. */
const WAYS: Readonly<Record<string, readonly string[]>> = {
  read_all: [BODY],
  read_minus_one: [BODY, ''],
  read_pieces: BODY.match(/[\s\S]{1,4}/g) ?? [],
  readline_all: ['line one\n', 'second\n', '\n', 'last without end'],
  readline_limited: ['lin', 'e one\n', 'second\n\nlast without end'],
  readlines: ['line one\n', 'second\n', '\n', 'last without end'],
  readlines_hint: ['line one\n', '|', 'second\n', '\n', 'last without end'],
  iterate: ['line one\n', 'second\n', '\n', 'last without end'],
  mixed: ['line one\n', 'se', 'cond\n', '\nlast without end'],
  past_end: [BODY, '', '', '', ''],
  zero: ['', BODY],
  nothing: ['not read'],
};

async function told(way: string, options: { body: string; chunked?: boolean }): Promise<Told> {
  return json(await ask(server, `/${way}`, { method: 'POST', ...options })) as Told;
}

for (const [way, pieces] of Object.entries(WAYS)) {
  test(`${way} gives the same from a body with a length and from a chunked one`, async () => {
    assert.deepEqual((await told(way, { body: BODY })).pieces, pieces);
    assert.deepEqual((await told(way, { body: BODY, chunked: true })).pieces, pieces);
  });
}

test('a body with a length tells it; both kinds say that the input ends by itself', async () => {
  const plain = await told('read_all', { body: BODY });
  assert.deepEqual([plain.length, plain.terminated], [String(BODY.length), true]);
  const chunked = await told('read_all', { body: BODY, chunked: true });
  assert.equal(chunked.terminated, true);
});

test('a request without a body reads as empty at once', async () => {
  const reply = json(await ask(server, '/read_all')) as Told;
  assert.deepEqual(reply.pieces, ['']);
});

test('a body larger than the bound in memory is read from its file in the same ways', async () => {
  const lines = Array.from({ length: 20_000 }, (_, number) => `line number ${number}\n`);
  for (const chunked of [false, true]) {
    const body = lines.join('');
    assert.deepEqual((await told('readline_all', { body, chunked })).pieces, lines);
    assert.deepEqual((await told('iterate', { body, chunked })).pieces, lines);
    assert.deepEqual((await told('read_all', { body, chunked })).pieces, [body]);
  }
});

test('an application that leaves the body unread does not disturb the next request of the connection', async () => {
  const client = await server.connect();
  const post = `POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`;
  const get = 'GET /read_all HTTP/1.1\r\nHost: x\r\n\r\n';
  client.send(post + get);
  assert.deepEqual((json(await client.readResponse()) as Told).pieces, ['not read']);
  assert.deepEqual((json(await client.readResponse()) as Told).pieces, ['']);
});

test('a body that is announced with Expect: 100-continue is asked for and then read', async () => {
  const client = await server.connect();
  client.send(
    'POST /read_all HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n',
  );
  assert.equal((await client.readResponse()).status, 100);
  client.send('body');
  assert.deepEqual((json(await client.readResponse()) as Told).pieces, ['body']);
});
