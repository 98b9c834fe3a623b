// How a client is called in logs, tables and on the page.

import assert from 'node:assert/strict';
import test from 'node:test';
import { clientInWords } from '../../../src/observe/request-words.ts';

test('a client is its address and port, as far as they are known', () => {
  const words = (address: string, port: number): string => clientInWords({ address, port });
  assert.equal(words('203.0.113.7', 4711), '203.0.113.7:4711');
  assert.equal(words('2001:db8::7', 4711), '[2001:db8::7]:4711');
  assert.equal(words('203.0.113.7', 0), '203.0.113.7', 'named by a proxy');
  assert.equal(words('2001:db8::7', 0), '2001:db8::7');
  assert.equal(words('', 0), 'a unix socket');
});
