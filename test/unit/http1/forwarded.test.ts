// Heads of a proxy that is believed: names with an underscore that it may send pass every header_map, others do not, and
// what its fields say is known with the head, in the same way however the bytes are cut.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeadReader, type ParsedHead } from '../../../src/http1/head.ts';
import { STRICT, type Tolerance } from '../../../src/http1/tolerance.ts';
import { ProxyFields } from '../../../src/proxy/fields.ts';

const forwarding = new ProxyFields({
  secureSchemes: { 'X-Forwarded-Proto': 'https', 'X-Forwarded-Ssl': 'on' },
  forwarderHeaders: ['SCRIPT_NAME'],
  hops: null,
});

/** The outcome of a head however its bytes are cut: the head, or the code of its error. */
function readAlike(
  lines: readonly string[],
  underscores: Tolerance['underscores'],
  believed = true,
): ParsedHead | string {
  const bytes = Buffer.from(`GET / HTTP/1.1\r\nHost: x\r\n${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  const limits = { line: 100, fields: 20, fieldSize: 100, tolerance: { ...STRICT, underscores } };
  const outcomes = Array.from({ length: bytes.length }, (_, cut) => {
    const reader = new HeadReader(believed ? { ...limits, forwarding } : limits);
    for (const piece of [bytes.subarray(0, cut), bytes.subarray(cut)]) reader.read(piece, 0);
    return reader.error?.code ?? reader.head ?? 'wants more';
  });
  const [first = ''] = outcomes;
  for (const other of outcomes) assert.deepEqual(other, first);
  return first;
}

function namesOf(head: ParsedHead | string): string[] {
  if (typeof head === 'string') assert.fail(head);
  return head.fields.filter((_, index) => index % 2 === 0);
}

test('a name that the proxy may send passes where others are dropped', () => {
  const lines = ['SCRIPT_NAME: /a', 'X_Other: b', 'script_name: /a', 'X-Fine: d'];
  assert.deepEqual(namesOf(readAlike(lines, 'drop')), [
    'Host',
    'SCRIPT_NAME',
    'script_name',
    'X-Fine',
  ]);
  assert.deepEqual(namesOf(readAlike(lines, 'drop', false)), ['Host', 'X-Fine']);
});

test('it passes where others are refused, and others are refused all the same', () => {
  assert.deepEqual(namesOf(readAlike(['SCRIPT_NAME: /a'], 'refuse')), ['Host', 'SCRIPT_NAME']);
  assert.equal(readAlike(['SCRIPT_NAME: /a', 'X_Other: b'], 'refuse'), 'underscore-in-name');
  assert.equal(readAlike(['SCRIPT_NAME: /a'], 'refuse', false), 'underscore-in-name');
});

test('what the fields say is there with the head, and only from who is believed', () => {
  const lines = ['X-Forwarded-Proto: https', 'SCRIPT_NAME: /a'];
  const head = readAlike(lines, 'drop');
  if (typeof head === 'string') assert.fail(head);
  assert.deepEqual(head.forwarded, { secure: true, address: null, scriptName: '/a' });
  const stranger = readAlike(lines, 'drop', false);
  if (typeof stranger === 'string') assert.fail(stranger);
  assert.equal(stranger.forwarded, null);
});

test('fields that contradict each other are an error of the head, and no matter to strangers', () => {
  const lines = ['X-Forwarded-Proto: http', 'X-Forwarded-Ssl: on'];
  assert.equal(readAlike(lines, 'drop'), 'contradictory-scheme');
  assert.equal(typeof readAlike(lines, 'drop', false), 'object');
});

test('a head that repeats the fields of the one before says the same by the same object', () => {
  const reader = new HeadReader({ line: 100, fields: 20, fieldSize: 100, forwarding });
  const bytes = Buffer.from('GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-Ssl: on\r\n\r\n');
  const heads = [0, 1].map(() => {
    reader.read(bytes, 0);
    const { head } = reader;
    reader.reset();
    return head ?? assert.fail();
  });
  assert.equal(heads[0]?.forwarded?.secure, true);
  assert.equal(heads[0]?.forwarded, heads[1]?.forwarded);
});
