// What is known of a head that is refused or never complete, for the access log: the request line once it was read,
// however the bytes were cut.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeadReader } from '../../../src/http1/head.ts';

const LIMITS = { line: 100, fields: 4, fieldSize: 60 };
const GOOD = 'GET /before HTTP/1.1\r\nHost: x\r\nA: b\r\n\r\n';

interface Known {
  readonly method: string;
  readonly target: string;
  readonly path: string;
  readonly query: string;
  readonly minorVersion: number;
}

/** Reads `text` in two pieces, after `before`, and tells what is known then. */
function known(text: string, cut: number, before = ''): Known {
  const heads = new HeadReader(LIMITS);
  if (before !== '') {
    heads.read(Buffer.from(before), 0);
    assert.notEqual(heads.head, null);
    heads.reset();
  }
  // As from a read buffer that holds other bytes, too.
  for (const piece of [text.slice(0, cut), text.slice(cut)]) {
    if (piece !== '') heads.read(Buffer.from(`??${piece}`, 'latin1'), 2);
  }
  const { method, target, path, query, minorVersion } = heads.known;
  return { method, target, path, query, minorVersion };
}

const LINE = 'PUT /a%20b?c=d HTTP/1.0\r\n';
const SEEN = { method: 'PUT', target: '/a%20b?c=d', path: '/a%20b', query: 'c=d', minorVersion: 0 };
const NOTHING = { method: '', target: '', path: '', query: '', minorVersion: 1 };

for (const [what, rest] of [
  ['a field that is none', 'nonsense\r\n\r\n'],
  ['a field too long', `A: ${'b'.repeat(100)}\r\n\r\n`],
  ['too many fields', `${'A: b\r\n'.repeat(6)}\r\n`],
  ['two hosts', 'Host: a\r\nHost: b\r\n\r\n'],
  ['no end', 'Host: a\r\n'],
] as const) {
  test(`the request line of a head with ${what} is known, wherever it was cut`, () => {
    for (let cut = 0; cut <= LINE.length + rest.length; cut++) {
      assert.deepEqual(known(LINE + rest, cut), SEEN, `cut at ${cut}`);
      assert.deepEqual(known(LINE + rest, cut, GOOD), SEEN, `after another, cut at ${cut}`);
      assert.deepEqual(known(`\r\n${LINE}${rest}`, cut), SEEN, `after a blank line, cut at ${cut}`);
    }
  });
}

test('a target of no form is known as it was sent', () => {
  const text = 'GET nowhere HTTP/1.1\r\nHost: x\r\nA: b\r\n\r\n';
  const seen = { method: 'GET', target: 'nowhere', path: 'nowhere', query: '', minorVersion: 1 };
  for (let cut = 0; cut <= text.length; cut++) {
    assert.deepEqual(known(text, cut), seen, `cut at ${cut}`);
    // Its fields are those of the head before: the quick way.
    assert.deepEqual(known(text, cut, GOOD), seen, `after another, cut at ${cut}`);
  }
});

test('of a request line that cannot be read, or is not complete, nothing is known', () => {
  const wrong = [
    'nonsense\r\n\r\n',
    'GET / HTTP/3.0\r\n',
    `GET /${'x'.repeat(200)}`,
    'GET / HTTP',
    '',
  ];
  for (const text of wrong) {
    for (let cut = 0; cut <= text.length; cut++) assert.deepEqual(known(text, cut), NOTHING, text);
  }
});

test('of a head that was complete nothing is left for the next one', () => {
  assert.deepEqual(known('', 0, GOOD), NOTHING);
  assert.deepEqual(known('GET', 1, GOOD), NOTHING);
});
