// The forms of a request target, and what may stand for a host.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isHost, splitTarget } from '../../../src/http1/target.ts';

describe('a target', () => {
  test('is split at its first question mark only', () => {
    assert.deepEqual(splitTarget('GET', '/a?b?c'), { path: '/a', query: 'b?c', authority: null });
    assert.deepEqual(splitTarget('GET', '/a?'), { path: '/a', query: '', authority: null });
  });

  test('of no form is null', () => {
    for (const target of ['', 'a', 'http:/a', 'http//a', '://a']) {
      assert.equal(splitTarget('GET', target), null, target);
    }
  });
});

test('no value makes the check of Host throw or take long', () => {
  const characters = fc.constantFrom('[', ']', ':', '%', '2', 'a', '.', '@', '/', '\xe9');
  fc.assert(
    fc.property(fc.string({ unit: characters, maxLength: 40 }), (value) => void isHost(value)),
  );
  assert.equal(isHost(`${'a%2d'.repeat(2000)}%`), false);
  assert.equal(isHost('1'.repeat(8000)), true);
});
