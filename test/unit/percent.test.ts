// How a path is decoded for applications: as Python's unquote_to_bytes does it, latin-1.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { percentDecoded } from '../../src/percent.ts';

describe('a decoded path', () => {
  const cases: [title: string, path: string, decoded: string][] = [
    ['is the path when nothing is encoded', '/a/b', '/a/b'],
    ['has the bytes that were encoded', '/a%20b%2Fc', '/a b/c'],
    ['takes digits in any case', '/%2f%2F', '///'],
    ['has UTF-8 as single bytes', '/caf%C3%A9', '/caf\xc3\xa9'],
    ['may hold NUL and line ends', '/%00%0d%0a', '/\0\r\n'],
    ['keeps a percent sign that begins nothing', '/100%', '/100%'],
    ['keeps half a code', '/a%2', '/a%2'],
    ['keeps a code with other letters', '/%zz%2g%g2', '/%zz%2g%g2'],
    ['is decoded once only', '/%2541', '/%41'],
    ['reads a percent sign before a code as itself', '/%%41', '/%A'],
    ['keeps a plus sign', '/a+b', '/a+b'],
    ['keeps latin-1 that was sent as it is', '/\xe9%E9', '/\xe9\xe9'],
  ];
  for (const [title, path, decoded] of cases) {
    test(title, () => assert.equal(percentDecoded(path), decoded));
  }

  test('is what was encoded, for every byte', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => {
        const hex = Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, '0')}`);
        assert.equal(percentDecoded(hex.join('')), Buffer.from(bytes).toString('latin1'));
      }),
    );
  });
});
