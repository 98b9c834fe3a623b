// Node's own parser is the second opinion: good heads go to a node:http server over a socket and to ours, and both must
// see the same method, url, version and rawHeaders, and the same body.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { after, before, test } from 'node:test';
import { bodyReaderFor } from '../../../src/http1/body.ts';
import { ChunkedReader } from '../../../src/http1/chunked.ts';
import { HeadReader } from '../../../src/http1/head.ts';
import { DEFAULT_LIMITS } from './feed.ts';

interface Seen {
  readonly method: string;
  readonly target: string;
  readonly minorVersion: number;
  readonly fields: readonly string[];
  readonly body: string;
  readonly trailers: readonly string[];
}

const BROWSER = `GET /a/b?c=d&e=%20f HTTP/1.1\r\nHost: www.example.org:8080\r
User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r
Accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8\r\nAccept-Language: de,en;q=0.5\r
Accept-Encoding: gzip, deflate, br\r\nCookie: a=b; c="d e"\r\nUpgrade-Insecure-Requests: 1\r\n\r\n`;

const GOOD_REQUESTS: Readonly<Record<string, string>> = {
  'the shortest request': 'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
  'a browser': BROWSER,
  'HTTP/1.0 without Host': 'GET / HTTP/1.0\r\n\r\n',
  'a blank line in front': '\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n',
  'white space around values': 'GET / HTTP/1.1\r\nHost:x\r\nA:  \t b c\t \r\nB:\r\nC: \t\r\n\r\n',
  'odd but legal names': "GET / HTTP/1.1\r\nHost: x\r\n!#$%&'*+-.^_`|~9: y\r\nx_y: z\r\n\r\n",
  'latin-1 in a value': 'GET / HTTP/1.1\r\nHost: x\r\nA: caf\xe9 \xff\x80\r\n\r\n',
  'repeated fields': 'GET / HTTP/1.1\r\nHost: x\r\nA: 1\r\na: 2\r\nA: 1\r\n\r\n',
  'an absolute-form target': 'GET http://y:81/a?b HTTP/1.1\r\nHost: y:81\r\n\r\n',
  'OPTIONS *': 'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n',
  'a registered method with a hyphen': 'M-SEARCH /x HTTP/1.1\r\nHost: x\r\n\r\n',
  'characters that browsers leave': 'GET /{a}|"b"\\^` HTTP/1.1\r\nHost: x\r\n\r\n',
  'a body with a length': 'POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nh\0l\xffo',
  'a length with leading zeros': 'POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 0005\r\n\r\nhello',
  'a chunked body':
    'POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n',
  'chunked in capitals':
    'POST /p HTTP/1.1\r\nHost: x\r\ntransfer-encoding: CHUNKED\r\n\r\n1\r\na\r\n0\r\n\r\n',
  'chunk extensions':
    'POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;a=b;c="d"\r\nz\r\n0;e\r\n\r\n',
  trailers:
    'POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Sum: 1 \r\nB:2\r\n\r\n',
};

let server: Server;
before(async () => {
  server = createServer({ insecureHTTPParser: false }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
after(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

for (const [name, text] of Object.entries(GOOD_REQUESTS)) {
  test(`sees what node:http sees: ${name}`, { concurrency: false }, async () => {
    const bytes = Buffer.from(text, 'latin1');
    assert.deepEqual(seenByUs(bytes), await seenByNode(bytes));
  });
}

async function seenByNode(bytes: Buffer): Promise<Seen> {
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  const arrived = once(server, 'request');
  socket.write(bytes);
  const [request] = (await arrived) as [IncomingMessage];
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  socket.destroy();
  return {
    method: request.method ?? '',
    target: request.url ?? '',
    minorVersion: request.httpVersionMinor,
    fields: request.rawHeaders,
    body: Buffer.concat(pieces).toString('latin1'),
    trailers: request.rawTrailers,
  };
}

function seenByUs(bytes: Buffer): Seen {
  const reader = new HeadReader(DEFAULT_LIMITS);
  const at = reader.read(bytes, 0);
  assert.deepEqual(reader.error, null);
  const { head } = reader;
  assert.ok(head !== null);
  const body = bodyReaderFor(head, DEFAULT_LIMITS);
  let text = '';
  body.read(bytes, at, (piece) => {
    text += piece.toString('latin1');
  });
  assert.ok(body.done);
  return {
    method: head.method,
    target: head.target,
    minorVersion: head.minorVersion,
    fields: head.fields,
    body: text,
    trailers: body instanceof ChunkedReader ? body.trailers : [],
  };
}
