// Prints what the HTTP/1.1 parser and serializer cost: nanoseconds for each head, megabytes a second for bodies. It
// asserts nothing. Run it on an idle machine: node dist/bench/parser.js [--rounds 5] [--round-ms 150]

import { parseArgs } from 'node:util';
import { LengthReader } from '../src/http1/body.ts';
import { ChunkedReader } from '../src/http1/chunked.ts';
import { errorResponse } from '../src/http1/error-response.ts';
import { HeadReader } from '../src/http1/head.ts';
import { chunkHeader, planResponse } from '../src/http1/response.ts';

const LIMITS = { line: 4094, fields: 100, fieldSize: 8190 };
const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    'round-ms': { type: 'string', default: '150' },
  },
});
const ROUNDS = Number(options.rounds);
const ROUND_MS = Number(options['round-ms']);

/** Nanoseconds of processor time for each call, best of some rounds: what else the machine does counts least so. */
function nanoseconds(run: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  // One round more, which warms up: it is never the best one.
  for (let round = 0; round <= ROUNDS; round++) {
    const began = process.cpuUsage();
    let calls = 0;
    for (const until = performance.now() + ROUND_MS; performance.now() < until; calls += 500) {
      for (let i = 0; i < 500; i++) run();
    }
    const used = process.cpuUsage(began);
    best = Math.min(best, ((used.user + used.system) * 1000) / calls);
  }
  return best;
}

function print(what: string, figure: string): void {
  console.log(`${what.padEnd(52)}${figure.padStart(16)}`);
}

const SMALL = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const WRK = 'GET /hello?name=x HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nConnection: keep-alive\r\n\r\n';
const POST =
  'POST /items HTTP/1.1\r\nHost: api.example.org\r\nContent-Type: application/json\r\nContent-Length: 512\r\nAccept: */*\r\n\r\n';
const BROWSER = `GET /articles/2026/08/threads?page=2&sort=new HTTP/1.1\r\nHost: www.example.org\r
User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r
Accept-Language: en-GB,en;q=0.7,de;q=0.3\r\nAccept-Encoding: gzip, deflate, br, zstd\r
Referer: https://www.example.org/articles\r\nConnection: keep-alive\r
Cookie: session=9d2f0c7be1a84f5c8b6f0d7b3c1a2e4f; csrftoken=Qm9yaW5nIHRva2VuIGZvciBhIGJlbmNo; theme=dark\r
Upgrade-Insecure-Requests: 1\r\nSec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\nPriority: u=0, i\r\n\r\n`;

function benchHeads(): void {
  const heads = {
    'head, 25 bytes': SMALL,
    'head, wrk': WRK,
    'head, POST': POST,
    'head, browser': BROWSER,
  };
  for (const [name, text] of Object.entries(heads)) {
    const bytes = Buffer.from(text, 'latin1');
    const reader = new HeadReader(LIMITS);
    const repeated = nanoseconds(() => {
      reader.reset();
      reader.read(bytes, 0);
    });
    // The second head differs in one field, so that nothing is known again.
    const other = Buffer.from(text.replace('Host: ', 'Host: a'), 'latin1');
    const changing = nanoseconds(() => {
      reader.reset();
      reader.read(bytes, 0);
      reader.reset();
      reader.read(other, 0);
    });
    print(`${name} (${bytes.length} bytes), fields change`, `${(changing / 2).toFixed(0)} ns`);
    print(`${name}, fields repeat`, `${repeated.toFixed(0)} ns`);
  }
  const bytes = Buffer.from(BROWSER, 'latin1');
  const reader = new HeadReader(LIMITS);
  const dripped = nanoseconds(() => {
    reader.reset();
    for (let i = 0; i < bytes.length; i++) reader.read(bytes.subarray(i, i + 1), 0);
  });
  print('head, browser, a byte at a time, per byte', `${(dripped / bytes.length).toFixed(0)} ns`);
}

function benchBodies(): void {
  const piece = Buffer.alloc(65_536, 0x61);
  let seen = 0;
  const count = (bytes: Buffer): void => {
    seen += bytes.length;
  };
  const length = new LengthReader(Number.MAX_SAFE_INTEGER);
  printRate('body, Content-Length, 64 KiB reads', piece.length, () => length.read(piece, 0, count));
  for (const size of [65_536, 1024, 16]) {
    const chunk = `${chunkHeader(size)}${'a'.repeat(size)}\r\n`;
    const bytes = Buffer.from(chunk.repeat(Math.max(1, Math.floor(65_536 / size))), 'latin1');
    const reader = new ChunkedReader(LIMITS);
    printRate(`body, chunks of ${size}`, bytes.length, () => reader.read(bytes, 0, count));
  }
  if (seen === 0) throw new Error('no body was read');
}

function printRate(what: string, bytes: number, run: () => void): void {
  print(what, `${((bytes * 1000) / nanoseconds(run)).toFixed(0)} MB/s`);
}

function benchResponses(): void {
  const request = { method: 'GET', minorVersion: 1, keepAlive: true, upgrade: null };
  const options = {
    keepAlive: true,
    date: 'Sun, 06 Nov 1994 08:49:37 GMT',
    server: 'tunicorn',
    bodyLength: 13,
  };
  const type = 'Content-Type: text/plain; charset=utf-8\r\nX-Frame-Options: DENY\r\n';
  const wire = Buffer.from(type);
  let bytes = 0;
  const plan = (fields: string): void => {
    bytes += planResponse(request, { status: '200 OK', fields, sendDate: true }, options).head
      .length;
  };
  // A new string each time, as it comes from a thread: its hash is not known yet.
  const repeated = nanoseconds(() => plan(wire.toString('latin1')));
  print('response plan with its fields read, fields repeat', `${repeated.toFixed(0)} ns`);
  let turn = 0;
  const changing = nanoseconds(() => plan(`${type}ETag: "${turn++}"\r\n`));
  print('response plan, fields change', `${changing.toFixed(0)} ns`);
  const error = nanoseconds(() => {
    bytes += errorResponse(503, options).text.length;
  });
  print('error response', `${error.toFixed(0)} ns`);
  if (bytes === 0) throw new Error('no response was made');
}

benchHeads();
benchBodies();
benchResponses();
