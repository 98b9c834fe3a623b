// How often the parser looks at a byte, counted and not timed: at most three times for each byte of any input, however it
// is cut (once by the quick way, once by the states, once when a held beginning is judged), and it copies a byte at most
// three times (to hold it, to hold more, into a string).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bodyReaderFor } from '../../../src/http1/body.ts';
import { HeadReader } from '../../../src/http1/head.ts';

const UNLIMITED = { line: 0, fields: 0, fieldSize: 0 };
const GET = 'GET / HTTP/1.1\r\nHost: x\r\n';
const CHUNKED = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n';
const BYTES = 6000;

const INPUTS: Readonly<Record<string, string>> = {
  'a long target': `GET /${'a'.repeat(BYTES)} HTTP/1.1\r\nHost: x\r\n\r\n`,
  'a long field': `${GET}A: ${'b'.repeat(BYTES)}\r\n\r\n`,
  'a long name': `${GET}${'a'.repeat(BYTES)}: b\r\n\r\n`,
  'many fields': `${GET}${'A: b\r\n'.repeat(BYTES / 6)}\r\n`,
  'many small chunks': `${CHUNKED}${'1\r\na\r\n'.repeat(BYTES / 6)}0\r\n\r\n`,
  'a long extension': `${CHUNKED}1;a="${'b'.repeat(BYTES)}"\r\na\r\n0\r\n\r\n`,
  'many trailers': `${CHUNKED}0\r\n${'A: b\r\n'.repeat(BYTES / 6)}\r\n`,
  'a pipeline of equal requests': `${GET}\r\n`.repeat(BYTES / GET.length),
  'a pipeline of different requests': Array.from(
    { length: BYTES / GET.length },
    (_, i) => `${GET}N${i % 7}: ${i}\r\n\r\n`,
  ).join(''),
};

for (const [name, text] of Object.entries(INPUTS)) {
  for (const cut of [1, 7, 100, BYTES * 4]) {
    test(`no byte is looked at again and again: ${name}, ${cut} bytes at a time`, () => {
      const bytes = Buffer.from(text, 'latin1');
      const { looks, copied } = workOf(bytes, cut);
      assert.ok(looks <= 3 * bytes.length, `${looks} looks at ${bytes.length} bytes`);
      assert.ok(copied <= 3 * bytes.length + 1024, `${copied} of ${bytes.length} bytes copied`);
    });
  }
}

test('a reader that does look again is noticed', () => {
  const count = { looks: 0, copied: 0 };
  const watched = watch(Buffer.alloc(100), count);
  for (let end = 0; end < 100; end++) for (let i = 0; i < end; i++) void watched[i];
  assert.ok(count.looks > 3 * 100);
});

interface Work {
  looks: number;
  copied: number;
}

function workOf(bytes: Buffer, cut: number): Work {
  const work: Work = { looks: 0, copied: 0 };
  const heads = new HeadReader(UNLIMITED);
  let body: ReturnType<typeof bodyReaderFor> | null = null;
  for (let from = 0; from < bytes.length; from += cut) {
    const piece = watch(bytes.subarray(from, from + cut), work);
    for (let at = 0; at < piece.length; ) {
      if (body === null) {
        at = heads.read(piece, at);
        assert.equal(heads.error, null);
        if (heads.head === null) continue;
        body = bodyReaderFor(heads.head, UNLIMITED);
        heads.reset();
      } else at = body.read(piece, at, () => {});
      assert.equal(body.error, null);
      if (body.done) body = null;
    }
  }
  return work;
}

/** `bytes`, counting each look at one of them and each that is copied out. */
function watch(bytes: Buffer, work: Work): Buffer {
  return new Proxy(bytes, {
    get(target, name) {
      if (typeof name === 'string' && /^\d+$/.test(name)) work.looks++;
      if (name === 'copy') {
        return (into: Buffer, ...rest: number[]) => {
          const copied = target.copy(into, ...rest);
          work.copied += copied;
          return copied;
        };
      }
      if (name === 'toString') {
        return (encoding: BufferEncoding, start = 0, end = target.length) => {
          work.copied += end - start;
          return target.toString(encoding, start, end);
        };
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
