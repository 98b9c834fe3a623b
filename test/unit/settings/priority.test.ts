// The lines of `priorities`: what they are about.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PriorityError, parsePriority } from '../../../src/settings/priority.ts';

test('a line is about a path or a field', () => {
  const path = { path: '/health', field: '', value: null, priority: 10 };
  assert.deepEqual(parsePriority('/health=10'), path);
  const tier = { path: null, field: 'x-tier', value: 'gold=1', priority: 5 };
  assert.deepEqual(parsePriority('X-Tier: gold=1 = +5'), tier);
  const batch = { path: null, field: 'x-batch', value: null, priority: -5 };
  assert.deepEqual(parsePriority('x-batch:=-5'), batch);
});

test('what is neither is refused', () => {
  for (const text of [
    '',
    '/a',
    '/a=',
    '/a=1.5',
    '/a=101',
    '/a?b=1',
    '/a b=1',
    'a=1',
    ': a=1',
    '/a/../b=1',
  ]) {
    assert.throws(() => parsePriority(text), PriorityError, text);
  }
});
