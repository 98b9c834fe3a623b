// Bodies that nobody may want: when a client that waits for 100 Continue is told to send, and how a client that sends
// more than anybody reads still gets its answer.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import {
  eventually,
  fieldOf,
  hasRead,
  type RawClient,
  type Served,
  serveNode,
  serveWsgi,
} from './serving.ts';

const MIB = 1024 * 1024;

function expecting(path: string, length: number, more = ''): string {
  return `POST ${path} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n${more}\r\n`;
}

async function isAnswered(client: RawClient, text: string): Promise<void> {
  await client.send('GET /?whole=&piece=next HTTP/1.1\r\nHost: x\r\n\r\n');
  assert.equal((await client.readResponse()).body.toString(), text);
}

for (const [kind, serve] of Object.entries({
  'a WSGI application': (app: string, args: string[]) =>
    serveWsgi(`${app.replaceAll('-', '_')}:app`, args),
  'a Node.js application': (app: string, args: string[]) => serveNode(`${app}.mjs`, args),
})) {
  describe(`a body that ${kind} may not want`, () => {
    let server: Served;
    before(async () => {
      server = await serve('tell-request', ['--threads', '2', '--limit-request-body', '1000000']);
    });

    test('is asked for with 100 Continue, and then read', async () => {
      const client = await server.connect();
      for (const body of ['hello', 'again']) {
        await client.send(expecting('/a', 5));
        assert.equal((await client.readResponse()).status, 100);
        await client.send(body);
        assert.equal((await client.readResponse()).body.toString(), `POST /a\n${body}`);
      }
    });

    test('is not asked for when it is at hand, or when the client speaks HTTP/1.0', async () => {
      const client = await server.connect();
      await client.send(`${expecting('/a', 5)}hello`);
      assert.equal((await client.readResponse()).status, 200);
      const old = await server.connect();
      await old.send(expecting('/a', 5).replace('HTTP/1.1', 'HTTP/1.0'));
      await eventually(() => hasRead(server, old));
      await old.send('hello');
      assert.equal((await old.readResponse()).status, 200);
    });

    test('is not asked for when it is larger than the limit', async () => {
      const client = await server.connect();
      await client.send(expecting('/a', 1_000_001));
      const reply = await client.readResponse();
      assert.deepEqual([reply.status, fieldOf(reply, 'connection')], [413, 'close']);
      assert.equal(await client.waitClosed(), 'end');
    });

    test('is not asked for by an expectation that cannot be met', async () => {
      const client = await server.connect();
      await client.send(
        'POST /a HTTP/1.1\r\nHost: x\r\nExpect: 200-ok\r\nContent-Length: 5\r\n\r\n',
      );
      const reply = await client.readResponse();
      assert.deepEqual([reply.status, fieldOf(reply, 'connection')], [417, 'close']);
      await client.waitClosed();
    });

    test('and is refused is read on for a while, so that its client gets the answer', async () => {
      const client = await server.connect();
      const length = 8 * MIB;
      await client.send(`POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`);
      // All of it is sent before anything is read, as many clients do.
      await client.send(Buffer.alloc(length));
      assert.equal((await client.readResponse()).status, 413);
      assert.equal(await client.waitClosed(), 'end', 'no reset took the answer away');
    });
  });
}

describe('a Node.js application that does not read a body', () => {
  let server: Served;
  before(async () => {
    server = await serveNode('answer-by-query.mjs', ['--threads', '1']);
  });

  test('answers a client that waits for 100 Continue without it, and the connection closes', async () => {
    const client = await server.connect();
    await client.send(expecting('/?status=401%20No&whole=', 5));
    const reply = await client.readResponse();
    assert.deepEqual([reply.status, fieldOf(reply, 'connection')], [401, 'close']);
    assert.equal(await client.waitClosed(), 'end');
  });

  test('asks with 100 Continue when it begins to read', async () => {
    const client = await server.connect();
    await client.send(expecting('/?read=&piece=done&whole=', 5));
    assert.equal((await client.readResponse()).status, 100);
    await client.send('hello');
    const reply = await client.readResponse();
    assert.deepEqual([reply.body.toString(), fieldOf(reply, 'connection')], ['done', null]);
    await isAnswered(client, 'next');
  });

  for (const chunked of [false, true]) {
    test(`keeps the connection behind a small one ${chunked ? 'in chunks' : 'with a length'}`, async () => {
      const client = await server.connect();
      const body = Buffer.alloc(MIB / 2, 'b');
      const framing = chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`;
      await client.send(`POST /?piece=early&whole= HTTP/1.1\r\nHost: x\r\n${framing}\r\n\r\n`);
      if (chunked) await client.send(`${body.length.toString(16)}\r\n`);
      await client.send(body);
      if (chunked) await client.send('\r\n0\r\n\r\n');
      assert.equal((await client.readResponse()).body.toString(), 'early');
      await isAnswered(client, 'next');
    });
  }

  test('and a large one: the client gets its answer, and the connection ends without a reset', async () => {
    const client = await server.connect();
    const length = 8 * MIB;
    await client.send(
      `POST /?piece=early&whole= HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`,
    );
    await client.send(Buffer.alloc(length));
    assert.equal((await client.readResponse()).body.toString(), 'early');
    assert.equal(await client.waitClosed(), 'end');
  });
});
