// No input makes work that grows faster than its size: as many bytes in one large input as in sixteen small ones take
// about the same time, for everything of which a client (or an application) can send more. A step that goes over what
// was there before, each time something is added, would take sixteen times as long.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bodyReaderFor } from '../../src/http1/body.ts';
import { HeadReader } from '../../src/http1/head.ts';
import { replyFields } from '../../src/http1/reply-fields.ts';
import { lastChunk } from '../../src/http1/response.ts';
import { percentDecoded } from '../../src/percent.ts';
import { ProxyFields } from '../../src/proxy/fields.ts';
import { FieldsEncoder } from '../../src/threads/python/environ-fields.ts';
import { OneConnection } from './one-connection.ts';

const TIMES = 16;
/** Linear work measures 0.5 to 2 (what is fixed for each input is shared by more bytes in a large one). */
const RATIO_MAX = 5;
const ROUNDS = 9;

/** Lifted, so that the inputs can be large; the limits are what protects in the server. */
const UNLIMITED = { line: 0, fields: 0, fieldSize: 0 };

const START = 'GET / HTTP/1.1\r\nHost: x\r\n';
const CHUNKED = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n';

/** No two of the same name. */
const distinctFields = (bytes: number): string =>
  Array.from({ length: bytes / 11 }, (_, n) => `X${10_000 + n}: y\r\n`).join('');

/** About `bytes` bytes of each. */
const INPUTS: Readonly<Record<string, (bytes: number) => string>> = {
  'a long target': (bytes) => `GET /${'a'.repeat(bytes)} HTTP/1.1\r\nHost: x\r\n\r\n`,
  'a target of percent signs': (bytes) =>
    `GET /${'%41'.repeat(bytes / 3)} HTTP/1.1\r\nHost: x\r\n\r\n`,
  'a long field': (bytes) => `${START}A: ${'b'.repeat(bytes)}\r\n\r\n`,
  'many fields': (bytes) => `${START}${'A: b\r\n'.repeat(bytes / 6)}\r\n`,
  'many names': (bytes) => `${START}${distinctFields(bytes)}\r\n`,
  'a field of blanks': (bytes) => `${START}A: ${' \t'.repeat(bytes / 2)}\r\n\r\n`,
  'many connection options': (bytes) => `${START}Connection: ${'a,'.repeat(bytes / 2)}a\r\n\r\n`,
  'many Connection fields': (bytes) => `${START}${'Connection: a\r\n'.repeat(bytes / 15)}\r\n`,
  'many transfer codings': (bytes) =>
    `${START}Transfer-Encoding: ${'a,'.repeat(bytes / 2)}a\r\n\r\n`,
  'many Expect fields': (bytes) => `${START}${'Expect: 100-continue\r\n'.repeat(bytes / 22)}\r\n`,
  'a long host': (bytes) => `GET / HTTP/1.1\r\nHost: ${'%41'.repeat(bytes / 3)}:x\r\n\r\n`,
  'small chunks': (bytes) => `${CHUNKED}${'1\r\na\r\n'.repeat(bytes / 6)}0\r\n\r\n`,
  trailers: (bytes) => `${CHUNKED}0\r\n${'A: b\r\n'.repeat(bytes / 6)}\r\n`,
  'a body with a length': (bytes) =>
    `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${bytes}\r\n\r\n${'b'.repeat(bytes)}`,
  'a pipeline': (bytes) => `${START}\r\n`.repeat(bytes / START.length),
};

for (const [name, make] of Object.entries(INPUTS)) {
  test(`the parser's work grows no faster than its input: ${name}`, () => {
    assertLinear((bytes) => parse(bytes, bytes.length), 16_384, make);
    assertLinear((bytes) => parse(bytes, 1), 4096, make);
  });
}

for (const name of [
  'small chunks',
  'a pipeline',
  'many fields',
  'many names',
  'a body with a length',
]) {
  test(`the connection's work grows no faster than its input: ${name}`, () => {
    const make = INPUTS[name];
    assert.ok(make !== undefined);
    assertLinear((bytes) => connect(bytes, bytes.length), 8192, make);
    assertLinear((bytes) => connect(bytes, 1), 2048, make);
  });
}

test('what an application answers costs work that grows no faster than it', () => {
  const fields = (bytes: number): string => 'X-Some: thing\r\n'.repeat(bytes / 15);
  assertLinear((bytes) => void replyFields(bytes.toString('latin1')), 8192, fields);
  assertLinear((bytes) => void lastChunk(bytes.toString('latin1')), 8192, fields);
  const path = (bytes: number): string => '/%e9%'.repeat(bytes / 5);
  assertLinear((bytes) => void percentDecoded(bytes.toString('latin1')), 8192, path);
});

test('what a WSGI thread and a proxy are told of a head costs work that grows no faster than it', () => {
  const encode = (bytes: Buffer): void => void new FieldsEncoder().encode(fieldsOf(bytes));
  assertLinear(encode, 4096, distinctFields);
  assertLinear(encode, 4096, (bytes) => 'A: b\r\n'.repeat(bytes / 6));
  const proxy = new ProxyFields({
    secureSchemes: { 'X-Forwarded-Proto': 'https' },
    forwarderHeaders: ['SCRIPT_NAME'],
    hops: null,
  });
  const understand = (bytes: Buffer): void => void proxy.understand(fieldsOf(bytes));
  assertLinear(understand, 4096, (bytes) => 'SCRIPT_NAME: /a\r\n'.repeat(bytes / 17));
  assertLinear(understand, 4096, (bytes) => 'X-Forwarded-Proto: https\r\n'.repeat(bytes / 26));
});

test('work that does grow faster is noticed', () => {
  const adding = (bytes: Buffer): void => {
    let held: number[] = [];
    for (const byte of bytes) held = [...held, byte];
  };
  assert.throws(() => assertLinear(adding, 512, (bytes) => 'x'.repeat(bytes)), /times the time/);
});

/** Name, value, name, value, as the parser hands them on. */
function fieldsOf(lines: Buffer): string[] {
  const texts = lines.toString('latin1').split('\r\n').slice(0, -1);
  return texts.flatMap((line) => line.split(': '));
}

/** The least of several rounds, in turn: what else the machine does can only add. */
function assertLinear(
  work: (bytes: Buffer) => void,
  smallBytes: number,
  make: (bytes: number) => string,
): void {
  const small = Buffer.from(make(smallBytes), 'latin1');
  const large = Buffer.from(make(smallBytes * TIMES), 'latin1');
  let smallMs = Number.POSITIVE_INFINITY;
  let largeMs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS && !(round > 2 && largeMs < 2 * smallMs); round++) {
    smallMs = Math.min(
      smallMs,
      timed(() => repeat(work, small)),
    );
    largeMs = Math.min(
      largeMs,
      timed(() => work(large)),
    );
  }
  const ratio = largeMs / smallMs;
  assert.ok(
    ratio < RATIO_MAX,
    `${large.length} bytes in one take ${ratio.toFixed(1)} times the time`,
  );
}

function repeat(work: (bytes: Buffer) => void, bytes: Buffer): void {
  for (let time = 0; time < TIMES; time++) work(bytes);
}

function timed(work: () => void): number {
  const beganMs = performance.now();
  work();
  return performance.now() - beganMs;
}

/** In reads of `read` bytes. */
function parse(bytes: Buffer, read: number): void {
  const heads = new HeadReader(UNLIMITED);
  let body: ReturnType<typeof bodyReaderFor> | null = null;
  for (let from = 0; from < bytes.length && heads.error === null; from += read) {
    const piece = bytes.subarray(from, from + read);
    for (let at = 0; at < piece.length && heads.error === null; ) {
      if (body === null) {
        at = heads.read(piece, at);
        if (heads.head === null) continue;
        body = bodyReaderFor(heads.head, UNLIMITED);
        heads.reset();
      } else at = body.read(piece, at, () => {});
      if (body.error !== null) return;
      if (body.done) body = null;
    }
  }
}

function connect(bytes: Buffer, read: number): void {
  const one = new OneConnection('streamed', { bodyBytesMax: 0, headLimits: UNLIMITED });
  for (let at = 0; at < bytes.length; at += read) one.feed(bytes.subarray(at, at + read));
  one.leave();
}
