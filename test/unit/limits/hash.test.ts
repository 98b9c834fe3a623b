// The seeded hash of keys, held against the reference's vectors.

import assert from 'node:assert/strict';
import test from 'node:test';
import { KeyHash } from '../../../src/limits/hash.ts';

/** The bytes 00 01 02 ..., two in each UTF-16 unit. */
function bytes(count: number): string {
  const units = Array.from({ length: count / 2 }, (_, n) => (2 * n) | ((2 * n + 1) << 8));
  return String.fromCharCode(...units);
}

test("HalfSipHash-2-4's own vectors hold", () => {
  const hash = new KeyHash([0x03020100, 0x07060504]);
  const vectors: readonly (readonly [number, string])[] = [
    [0, '218d1f59b9b83cc8'],
    [2, '064f39ef7c50eb57'],
  ];
  for (const [length, expected] of vectors) {
    hash.of(bytes(length));
    const written = Buffer.alloc(8);
    written.writeUInt32LE(hash.low, 0);
    written.writeUInt32LE(hash.high, 4);
    assert.equal(written.toString('hex'), expected, `${length} bytes`);
  }
});

test('another seed is another hash, and keys that differ in one unit differ in both halves', () => {
  const [one, other] = [new KeyHash([1, 2]), new KeyHash([1, 3])];
  one.of('203.0.113.7');
  other.of('203.0.113.7');
  assert.notEqual(one.low, other.low);
  assert.notEqual(one.high, other.high);
  const { low, high } = one;
  one.of('203.0.113.8');
  assert.notEqual(one.low, low);
  assert.notEqual(one.high, high);
});
