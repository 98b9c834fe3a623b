// Which of the requests that wait go first, whatever their paths and fields look like.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parsePriority } from '../../../src/settings/priority.ts';
import { Precedence } from '../../../src/worker/precedence.ts';

const precedence = new Precedence(
  ['/health/slow=0', '/health=10', 'x-tier: gold=5', 'x-batch:=-5', '/batch=-7'].map(parsePriority),
);
const of = (path: string, ...fields: string[]): number => precedence.priorityOf({ path, fields });

test('the first line that is about a request counts, and what none is about has 0', () => {
  assert.equal(precedence.count, 5);
  assert.deepEqual([of('/health'), of('/healthz'), of('/health/slow'), of('/')], [10, 10, 0, 0]);
  assert.deepEqual([of('/', 'X-Tier', 'gold'), of('/', 'x-tier', 'iron')], [5, 0]);
  assert.deepEqual([of('/', 'x-batch', ''), of('/batch', 'x-tier', 'gold')], [-5, 5]);
  assert.deepEqual(
    [precedence.of({ path: '/health', fields: [] }), precedence.of({ path: '/batch', fields: [] })],
    [0, 4],
  );
});

test('a path that only looks like a preferred one goes before nobody', () => {
  for (const path of [
    '/health/../export',
    '/health/%2e%2e/export',
    '//health/..%2fexport',
    '/health\\..\\x',
    '/health/../HEALTH',
    '/health/./x',
  ]) {
    assert.equal(of(path), 0, path);
  }
});

test('no way of writing a path goes around a line that puts it behind others', () => {
  for (const path of [
    '//batch',
    '/%62atch',
    '/BATCH',
    '/x/../batch',
    '/health/../batch',
    '/.//batch',
  ]) {
    assert.equal(of(path), -7, path);
  }
});

test('whatever is written in front of a path, it gains nothing by it', () => {
  const part = fc.constantFrom('health', '.', '..', '%2e', '', 'HEALTH', 'slow', '%2f', '\\', 'x');
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
      const path = `/${parts.join('/')}`;
      const { pathname } = new URL(`http://x${path}`);
      if (!pathname.startsWith('/health')) assert.ok(of(path) <= 0, path);
    }),
  );
});

test('a field that comes twice raises nobody unless both say so, and lowers whoever has it once', () => {
  assert.equal(of('/', 'x-tier', 'gold', 'x-tier', 'iron'), 0);
  assert.equal(of('/', 'x-tier', 'gold', 'x-tier', 'gold'), 5);
  const lowers = new Precedence([parsePriority('x-job: batch=-5')]);
  const twice = { path: '/', fields: ['x-job', 'now', 'x-job', 'batch'] };
  assert.equal(lowers.priorityOf(twice), -5);
});
