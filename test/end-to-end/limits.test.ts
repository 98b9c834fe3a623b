// What a client may send, over a real socket and for both kinds of application: at each limit it passes, one byte or field more
// is refused, and 0 lifts a limit as far as docs/settings.md says. Faults put in by hand and seen here: each limit one
// larger; 0 taken for no byte at all; a chunked body not counted.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fieldOf, type RawResponse, type Served, serveNode, serveWsgi } from './serving.ts';

interface Limits {
  readonly line: number;
  readonly fields: number;
  readonly fieldSize: number;
}

const OWN: Limits = { line: 100, fields: 5, fieldSize: 50 };
/** What 0 stands for. */
const MOST: Limits = { line: 1_048_576, fields: 32_768, fieldSize: 1_048_576 };
const BODY = 1000;

function args({ line, fields, fieldSize }: Limits, body: number): string[] {
  return [
    ...['--limit-request-line', `${line}`, '--limit-request-fields', `${fields}`],
    ...['--limit-request-field_size', `${fieldSize}`, '--limit-request-body', `${body}`],
  ];
}

/** Each request with so many bytes, or fields, of what is limited. */
const REQUESTS = {
  line: (bytes: number) => {
    const path = 'a'.repeat(bytes - 'GET / HTTP/1.1'.length);
    return `GET /${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
  },
  fields: (count: number) => `GET / HTTP/1.1\r\nHost: x\r\n${'a: b\r\n'.repeat(count - 1)}\r\n`,
  fieldSize: (bytes: number) =>
    `GET / HTTP/1.1\r\nHost: x\r\na: ${'v'.repeat(bytes - 'a: \r\n'.length)}\r\n\r\n`,
} as const;
const STATUS = { line: 414, fields: 431, fieldSize: 431 } as const;

async function answerTo(served: Served, request: string): Promise<RawResponse> {
  const client = await served.connect();
  // Refused before its end has come, and read on meanwhile: the answer must arrive all the same.
  const [reply] = await Promise.all([client.readResponse(), client.send(request)]);
  const closes = fieldOf(reply, 'connection') === 'close';
  assert.equal(closes, reply.status !== 200, 'who is refused is told that the connection ends');
  if (closes) {
    client.end();
    assert.equal(await client.waitClosed(), 'end');
  } else client.destroy();
  return reply;
}

async function assertPairs(served: Served, limits: Limits): Promise<void> {
  for (const what of ['line', 'fields', 'fieldSize'] as const) {
    const request = REQUESTS[what];
    assert.equal((await answerTo(served, request(limits[what]))).status, 200, `at ${what}`);
    const over = await answerTo(served, request(limits[what] + 1));
    assert.equal(over.status, STATUS[what], `beyond ${what}`);
  }
}

function withLength(bytes: number): string {
  return `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${bytes}\r\n\r\n${'b'.repeat(bytes)}`;
}

function chunked(bytes: number): string {
  const halves = [bytes >> 1, bytes - (bytes >> 1)];
  const chunks = halves.map((size) => `${size.toString(16)}\r\n${'b'.repeat(size)}\r\n`).join('');
  return `POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`;
}

for (const [kind, serve] of [
  ['a WSGI application', (more: string[]) => serveWsgi('tell_request:app', more)],
  ['a Node.js application', (more: string[]) => serveNode('./tell-request.mjs', more)],
] as const) {
  describe(`limits in front of ${kind}`, () => {
    test('hold for the request line, the fields, each field and the body', async () => {
      const served = await serve(args(OWN, BODY));
      await assertPairs(served, OWN);
      for (const bodyOf of [withLength, chunked]) {
        const fits = await answerTo(served, bodyOf(BODY));
        assert.equal(fits.body.toString(), `POST /\n${'b'.repeat(BODY)}`);
        assert.equal((await answerTo(served, bodyOf(BODY + 1))).status, 413);
      }
      // One that announces too much is refused before any of it has come.
      const announced = withLength(BODY + 1).split('\r\n\r\n')[0] ?? '';
      assert.equal((await answerTo(served, `${announced}\r\n\r\n`)).status, 413);
    });

    test('of 0 are as large as a head may be, and none for the body', async () => {
      const served = await serve(args({ line: 0, fields: 0, fieldSize: 0 }, 0));
      await assertPairs(served, MOST);
      for (const bodyOf of [withLength, chunked]) {
        const bytes = 3_000_000;
        const { body } = await answerTo(served, bodyOf(bytes));
        assert.equal(body.length, 'POST /\n'.length + bytes);
      }
    });
  });
}
