// What must hold for every input: how bytes are cut changes nothing, no input throws, what is written and read again is
// the same, and the quick ways of the parser (whole lines, repeated fields) decide nothing on their own.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { HeadReader } from '../../../src/http1/head.ts';
import { chunkHeader, lastChunk } from '../../../src/http1/response.ts';
import { DEFAULT_LIMITS, heard } from './feed.ts';
import { goldenCases } from './golden-cases.ts';

const TOKEN_CHARACTERS = [...'abcXYZ019-_!#$%&*+.^`|~'];
const VALUE_CHARACTERS = [...'abc XYZ\t019:;,"\\\xe9\x80\xff=()/?@[]{}'];
const TARGET_CHARACTERS = [...'abc/?=&%.+~\xe9;,:@!'];

function word(characters: string[], minLength: number, maxLength: number): fc.Arbitrary<string> {
  return fc.string({ unit: fc.constantFrom(...characters), minLength, maxLength });
}

const method = word([...'ABCXYZ-'], 3, 12).filter((name) => name !== 'CONNECT');
const target = word(TARGET_CHARACTERS, 0, 40).map((rest) => `/${rest}`);
const field = fc
  .tuple(word(TOKEN_CHARACTERS, 1, 20), word(VALUE_CHARACTERS, 0, 60))
  .map(([name, value]) => [`x-${name}`, value.replace(/^[ \t]+|[ \t]+$/g, '')] as const);
const fields = fc.array(field, { maxLength: 12 });

/** Golden cases with a few bytes put in, taken out or changed: close to right, where parsers go wrong. */
const seeds = goldenCases()
  .map((golden) => golden.bytes)
  .filter((bytes) => bytes.length < 400);
const nearlyRight = fc
  .tuple(
    fc.constantFrom(...seeds),
    fc.constantFrom(...seeds),
    fc.array(fc.tuple(fc.nat(), fc.nat(2), fc.constantFrom(...'\r\n \t:;,0aA\0\x7f\xff')), {
      maxLength: 4,
    }),
  )
  .map(([first, second, edits]) =>
    edited(`${first.toString('latin1')}${second.toString('latin1')}`, edits),
  );

function edited(text: string, edits: [number, number, string][]): Buffer {
  let result = text;
  for (const [place, removed, inserted] of edits) {
    const at = place % (result.length + 1);
    result = result.slice(0, at) + inserted + result.slice(at + removed);
  }
  return Buffer.from(result, 'latin1');
}

function cutInto(bytes: Buffer, cuts: number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  const starts = [0, ...places];
  return starts.map((start, i) => bytes.subarray(start, starts[i + 1] ?? bytes.length));
}

function headBytes(parts: string, lines: readonly (readonly [string, string])[]): Buffer {
  const text = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.from(`${parts} HTTP/1.1\r\nHost: x\r\n${text}\r\n`, 'latin1');
}

describe('the parser', () => {
  test('hears the same however nearly right bytes are cut', () => {
    fc.assert(
      fc.property(nearlyRight, fc.array(fc.nat(), { maxLength: 12 }), (bytes, cuts) => {
        const whole = heard([bytes]);
        assert.deepEqual(heard(cutInto(bytes, cuts)), whole);
        assert.deepEqual(heard(Array.from(bytes, (_, i) => bytes.subarray(i, i + 1))), whole);
      }),
      { numRuns: 1500 },
    );
  });

  test('hears the same however it is cut when the limits are tight', () => {
    const limits = fc.record({
      line: fc.integer({ min: 1, max: 40 }),
      fields: fc.integer({ min: 1, max: 4 }),
      fieldSize: fc.integer({ min: 1, max: 30 }),
      total: fc.integer({ min: 1, max: 120 }),
    });
    fc.assert(
      fc.property(
        nearlyRight,
        limits,
        fc.array(fc.nat(), { maxLength: 8 }),
        (bytes, tight, cuts) => {
          const whole = heard([bytes], tight);
          assert.deepEqual(heard(cutInto(bytes, cuts), tight), whole);
          assert.deepEqual(
            heard(
              Array.from(bytes, (_, i) => bytes.subarray(i, i + 1)),
              tight,
            ),
            whole,
          );
        },
      ),
      { numRuns: 1500 },
    );
  });

  test('throws at no bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        heard([Buffer.from(bytes)]);
        heard([Buffer.concat([Buffer.from('GET / HTTP/1.1\r\nHost: '), bytes])]);
      }),
      { numRuns: 500 },
    );
  });

  test('reads back every head that is written', () => {
    fc.assert(
      fc.property(method, target, fields, (verb, path, lines) => {
        const reader = new HeadReader(DEFAULT_LIMITS);
        const bytes = headBytes(`${verb} ${path}`, lines);
        assert.equal(reader.read(bytes, 0), bytes.length);
        assert.deepEqual(reader.error, null);
        const { head } = reader;
        assert.equal(head?.method, verb);
        assert.equal(head?.target, path);
        assert.deepEqual(head?.fields, ['Host', 'x', ...lines.flat()]);
      }),
      { numRuns: 1000 },
    );
  });

  test('hears a head the same whether or not it knows the fields from the head before', () => {
    const head = fc.constantFrom(...seeds);
    fc.assert(
      fc.property(fc.array(head, { minLength: 2, maxLength: 5 }), (heads) => {
        const fresh = heads.map((bytes) => firstHead(bytes));
        const reader = new HeadReader(DEFAULT_LIMITS);
        const known = heads
          .flatMap((bytes) => [bytes, bytes])
          .map((bytes) => firstHead(bytes, reader));
        assert.deepEqual(
          known,
          fresh.flatMap((result) => [result, result]),
        );
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the chunked coding', () => {
  test('reads back every body that is written, in as many pieces as it had chunks', () => {
    const piece = fc.uint8Array({ minLength: 1, maxLength: 600 });
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 6 }),
        fc.array(fc.nat(), { maxLength: 6 }),
        (pieces, cuts) => {
          const body = Buffer.concat(pieces);
          const coded = pieces.flatMap((bytes) => [
            Buffer.from(chunkHeader(bytes.length)),
            bytes,
            Buffer.from('\r\n'),
          ]);
          const head = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n';
          const all = Buffer.concat([Buffer.from(head), ...coded, Buffer.from(lastChunk(''))]);
          const plain = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ';
          const same = Buffer.concat([Buffer.from(`${plain}${body.length}\r\n\r\n`), body]);
          assert.deepEqual(heard(cutInto(all, cuts)).slice(3), heard([same]).slice(3));
        },
      ),
      { numRuns: 500 },
    );
  });
});

/** Head or error of the first request in `bytes`, as plain values. */
function firstHead(bytes: Buffer, reader = new HeadReader(DEFAULT_LIMITS)): unknown {
  reader.reset();
  const after = reader.read(bytes, 0);
  return { after: reader.error === null ? after : null, head: reader.head, error: reader.error };
}
