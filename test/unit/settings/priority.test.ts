// The lines of `priorities`: what they are about, and which of them decides.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PriorityError, parsePriority } from '../../../src/settings/priority.ts';
import { Precedence } from '../../../src/worker/precedence.ts';

test('a line is about a path or a field', () => {
  const path = { path: '/health', field: '', value: null, priority: 10 };
  assert.deepEqual(parsePriority('/health=10'), path);
  const tier = { path: null, field: 'x-tier', value: 'gold=1', priority: 5 };
  assert.deepEqual(parsePriority('X-Tier: gold=1 = +5'), tier);
  const batch = { path: null, field: 'x-batch', value: null, priority: -5 };
  assert.deepEqual(parsePriority('x-batch:=-5'), batch);
});

test('what is neither is refused', () => {
  for (const text of ['', '/a', '/a=', '/a=1.5', '/a=101', '/a?b=1', '/a b=1', 'a=1', ': a=1']) {
    assert.throws(() => parsePriority(text), PriorityError, text);
  }
});

test('the first line that is about a request counts, and what none is about has 0', () => {
  const lines = ['/health=10', 'x-batch:=-5', 'x-tier: gold=5', '/=0'].map(parsePriority);
  const precedence = new Precedence(lines);
  assert.equal(precedence.count, 4);
  const of = (path: string, ...fields: string[]): number => precedence.of({ path, fields });
  assert.equal(of('/healthz', 'X-Batch', '1'), 0);
  assert.equal(of('/', 'a', 'b', 'X-Tier', 'gold'), 1);
  assert.equal(of('/', 'X-Tier', 'silver'), 2);
  assert.equal(of('/', 'x-tier', 'gold', 'x-batch', ''), 3);
});
