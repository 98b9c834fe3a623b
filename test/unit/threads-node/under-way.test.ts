// What a thread ran when it ended, in words.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { underWayInWords } from '../../../src/threads/node/host/under-way.ts';

const request = (target: string, ageMs: number) => ({ head: { method: 'GET', target }, ageMs });

test('of several requests the latest come first, of those of one turn the one that came last', () => {
  const requests = [request('/a?secret', 2100), request('/b', 0), request('/c', 0)];
  assert.equal(
    underWayInWords(requests),
    'while it ran 3 requests: GET /c for 0.0 s, GET /b for 0.0 s, GET /a for 2.1 s',
  );
});

test('none, one, and more than five are told as that', () => {
  assert.equal(underWayInWords([]), 'while it ran no request');
  assert.equal(underWayInWords([request('/\u0007', 100)]), 'while it ran GET /\\x07 for 0.1 s');
  const many = Array.from({ length: 7 }, (_, age) => request(`/${age}`, age * 1000));
  assert.match(underWayInWords(many), /GET \/0 for .*, GET \/4 for 4\.0 s and 2 more$/);
});
