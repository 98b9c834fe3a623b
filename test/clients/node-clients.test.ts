// The clients that Node.js programs use, against both kinds of application: fetch, undici's Client with pipelining, and
// node:http with an agent that keeps connections.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { before, describe, test } from 'node:test';
import { Client, fetch as undiciFetch } from 'undici';
import type { Served } from '../end-to-end/serving.ts';
import { soon } from '../support/eventually.ts';
import { KINDS, pattern, told } from './trying.ts';

const LARGE = pattern(0, 1_500_001);

/** Yields the body in uneven pieces, so that it goes out in chunks. */
async function* inPieces(body: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0, size = 1; at < body.length; size = (size * 7) % 65_521) {
    yield body.subarray(at, at + size);
    at += size;
  }
}

for (const [kind, serve] of Object.entries(KINDS)) {
  describe(`Node.js's clients and a ${kind} application`, () => {
    let served: Served;
    before(async () => {
      served = await serve();
    });
    const url = (path: string): string => `http://127.0.0.1:${served.port}${path}`;

    for (const [name, fetches] of [
      ['Node.js', fetch],
      ['undici', undiciFetch as unknown as typeof fetch],
    ] as const) {
      test(`fetch of ${name} streams up and down, follows and unpacks`, async () => {
        // `duplex` stands in no type of ours yet; without it a stream is refused.
        const init = { method: 'POST', body: inPieces(LARGE), duplex: 'half' };
        const posted = await fetches(url('/hash'), init as unknown as RequestInit);
        assert.deepEqual(await posted.json(), told('POST', LARGE));
        const down = await fetches(url('/pieces/500000'));
        assert.deepEqual(Buffer.from(await down.arrayBuffer()), pattern(0, 500_000));
        const followed = await fetches(url('/redirect'));
        assert.equal((await followed.arrayBuffer()).byteLength, 10);
        assert.equal(await (await fetches(url('/gzip'))).text(), 'compressed '.repeat(500));
      });
    }

    test("undici's Client with ten requests in flight on one connection gets each its answer", async () => {
      const client = new Client(url(''), { pipelining: 10 });
      try {
        const ports = new Set<unknown>();
        const sizes = Array.from({ length: 300 }, (_, n) => (n * 997) % 30_000);
        const answers = sizes.map(async (size, n) => {
          const path = `/${n % 3 === 0 ? 'pieces' : 'bytes'}/${size}`;
          const { statusCode, headers, body } = await client.request({ path, method: 'GET' });
          ports.add(headers['x-client-port']);
          assert.equal(statusCode, 200);
          assert.deepEqual(Buffer.from(await body.arrayBuffer()), pattern(0, size), path);
        });
        await soon(Promise.all(answers), '300 answers', 60_000);
        assert.equal(ports.size, 1, 'one connection');
      } finally {
        await client.destroy();
      }
    });

    test('an agent of node:http keeps to its connections, for every kind of request', async () => {
      const agent = new http.Agent({ keepAlive: true, maxSockets: 2 });
      try {
        const ports = new Set<unknown>();
        const kinds = [
          { path: '/bytes/70000' },
          { path: '/pieces/120000' },
          { path: '/hash', method: 'POST', body: pattern(0, 90_000) },
          { path: '/bytes/500', method: 'HEAD' },
          { path: '/hash', method: 'PUT', body: pattern(0, 10), chunked: true },
        ];
        const asked = Array.from({ length: 100 }, async (_, n) => {
          const kind = kinds[n % kinds.length] as (typeof kinds)[number];
          const { status, port, body } = await ask(served.port, agent, kind);
          assert.equal(status, 200);
          ports.add(port);
          if (kind.body !== undefined) {
            assert.deepEqual(JSON.parse(body.toString()), told(kind.method, kind.body));
          } else if (kind.method === 'HEAD') assert.equal(body.length, 0);
          else assert.deepEqual(body, pattern(0, Number(kind.path.split('/')[2])));
        });
        await soon(Promise.all(asked), '100 answers', 60_000);
        assert.ok(ports.size <= 2, `${ports.size} connections for 2 sockets`);
      } finally {
        agent.destroy();
      }
    });

    test('node:http waits for 100 Continue, and sends its body then', async () => {
      const headers = { Expect: '100-continue', 'Content-Length': LARGE.length };
      const request = http.request(url('/hash'), { method: 'POST', headers, agent: false });
      request.flushHeaders();
      await soon(once(request, 'continue'), '100 Continue');
      request.end(LARGE);
      const [response] = (await soon(once(request, 'response'), 'an answer')) as [
        http.IncomingMessage,
      ];
      assert.deepEqual(JSON.parse((await bodyOf(response)).toString()), told('POST', LARGE));
    });

    test('a client that leaves in the middle of a download disturbs nobody', async () => {
      const request = http.get(url('/pieces/5000000'), { agent: false });
      const [response] = (await once(request, 'response')) as [http.IncomingMessage];
      await once(response, 'data');
      request.destroy();
      const next = await fetch(url('/bytes/10'));
      assert.equal((await next.arrayBuffer()).byteLength, 10);
    });
  });
}

interface Kind {
  readonly path: string;
  readonly method?: string;
  readonly body?: Buffer;
  readonly chunked?: boolean;
}

async function ask(
  port: number,
  agent: http.Agent,
  { path, method = 'GET', body, chunked = false }: Kind,
): Promise<{ status: number | undefined; port: unknown; body: Buffer }> {
  const headers = body !== undefined && !chunked ? { 'Content-Length': body.length } : {};
  const request = http.request({ host: '127.0.0.1', port, path, method, agent, headers });
  if (body !== undefined && chunked) for (const byte of body) request.write(Buffer.from([byte]));
  request.end(chunked ? undefined : body);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  const { statusCode: status, headers: fields } = response;
  return { status, port: fields['x-client-port'], body: await bodyOf(response) };
}

async function bodyOf(response: http.IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
