// What an application may answer, right or wrong: a status and field lines. Either it is refused, or what goes out is one
// response, read by llhttp with exactly the fields that were given, and nothing in it begins a second one.

import assert from 'node:assert/strict';
import { lastChunk, planResponse } from '../../../src/http1/response.ts';
import { responsesByLlhttp } from '../../support/llhttp.ts';
import type { Target } from '../target.ts';

const WORDS: readonly string[] = [
  ...['\r\n', '\n', '\r', '\0', '\t', ' ', ':', ': ', ',', '\x7f', '\xff', '\u0100'],
  ...[
    '200 OK',
    '204 No Content',
    '304 Not Modified',
    '101 Switching Protocols',
    '100 Continue',
    '999 x',
    '200',
    '99',
  ],
  ...[
    'Content-Length: 5\r\n',
    'Content-Length: 5, 5\r\n',
    'content-length:+5\r\n',
    'Transfer-Encoding: chunked\r\n',
  ],
  ...[
    'Connection: close\r\n',
    'Connection: upgrade\r\n',
    'Upgrade: x\r\n',
    'Keep-Alive: 1\r\n',
    'TE: x\r\n',
  ],
  ...[
    'Set-Cookie: a=b\r\n',
    'Date: x\r\n',
    'Server: x\r\n',
    'X: HTTP/1.1 200 OK\r\n',
    'X: y\r\n\r\nHTTP/1.1 200 OK\r\n\r\n',
  ],
];

export const responseTarget: Target = {
  name: 'response',
  holds: 'a response is refused, or goes out as one response with the fields that were given',
  words: WORDS,
  seeds: [
    '200 OK\nContent-Type: text/plain\r\n',
    '200 OK\nContent-Length: 5\r\nX-A: b\r\nX-A: c\r\n',
    '204 No Content\nX: y\r\n',
    '304 Not Modified\nContent-Length: 5\r\nETag: "x"\r\n',
    '426 Upgrade Required\nUpgrade: x\r\nConnection: Upgrade\r\n',
    '200 OK\nTrailer: X\r\n',
  ].map((text) => Buffer.from(text, 'latin1')),

  run(input) {
    const text = input.toString('latin1');
    const split = text.indexOf('\n');
    const status = text.slice(0, Math.max(0, split));
    const fields = text.slice(split + 1);
    const answers: string[] = [];
    for (const method of ['GET', 'HEAD']) {
      for (const minorVersion of [0, 1]) answers.push(check(method, minorVersion, status, fields));
    }
    checkTrailers(fields);
    return answers.join(' ');
  },
};

function check(method: string, minorVersion: number, status: string, fields: string): string {
  const upgrade = minorVersion > 0 ? 'websocket' : null;
  const request = { method, minorVersion, keepAlive: true, upgrade };
  const options = { keepAlive: true, date: 'D', server: 'S', bodyLength: null };
  const plan = planResponse(request, { status, fields, sendDate: true }, options);
  if (plan.error !== null) {
    assert.ok(!/[\r\n\0]/.test(plan.error), 'what is logged is one line');
    return 'refused';
  }
  assert.ok(!/[^\t\r\n\x20-\x7e\x80-\xff]/.test(plan.head), 'no control character goes out');
  assert.ok(plan.head.endsWith('\r\n\r\n'), 'a head ends with a blank line');
  assert.equal(plan.head.indexOf('\r\n\r\n'), plan.head.length - 4, 'and has only one');
  assert.ok(!/\r(?!\n)|(?<!\r)\n/.test(plan.head), 'CR and LF stand together only');
  for (const name of ['content-length', 'transfer-encoding', 'connection', 'date', 'server']) {
    const count = plan.head.match(new RegExp(`^${name}:`, 'gim'))?.length ?? 0;
    assert.ok(count <= 1, `${name} goes out once at most`);
  }
  readBack(plan.head, plan.framing, plan.length, request.method);
  return `${plan.framing} ${plan.keepAlive}`;
}

/** With a body of the planned framing it is one whole response, and a second one begins right behind it. */
function readBack(head: string, framing: string, length: number, method: string): void {
  if (length > 10_000 || head.startsWith('HTTP/1.1 101')) return;
  let body = '';
  if (framing === 'length') body = 'b'.repeat(length);
  else if (framing === 'chunked') body = `3\r\nabc\r\n${lastChunk('')}`;
  const next = 'HTTP/1.1 204 Next\r\n\r\n';
  const both = Buffer.from(head + body + next, 'latin1');
  const { messages, error } = responsesByLlhttp(both, (n) => n === 0 && method === 'HEAD');
  const first = messages[0];
  assert.ok(first !== undefined, `llhttp reads it: ${error}`);
  if (framing === 'close' || /^connection:.*close/im.test(head)) return;
  assert.equal(first.complete, true, `llhttp sees its end: ${error}`);
  assert.equal(messages[1]?.status, 204, 'the next response begins where this one ends');
}

function checkTrailers(fields: string): void {
  const end = lastChunk(fields);
  const before = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
  const all = Buffer.from(`${before}${end}HTTP/1.1 204 Next\r\n\r\n`, 'latin1');
  const { messages, error } = responsesByLlhttp(all, () => false);
  assert.equal(messages.length, 2, `trailers do not hide the next response: ${error}`);
  assert.equal(messages[1]?.status, 204);
}
