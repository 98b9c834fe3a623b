// "Did you mean": near words are found, far ones are not.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { editDistance, nearest } from '../../../src/settings/nearest.ts';

describe('nearest', () => {
  const known = ['workers', 'worker_class', 'worker_connections', 'threads', 'bind'];

  it('finds a word with a letter too many, too few, wrong or swapped', () => {
    for (const typed of ['workerss', 'worers', 'workars', 'wrokers', 'WORKERS']) {
      assert.equal(nearest(typed, known), 'workers');
    }
    assert.equal(nearest('worker-connections', known), 'worker_connections');
    assert.equal(nearest('bnid', known), 'bind');
  });

  it('finds nothing when nothing is near', () => {
    for (const typed of ['colour', 'x', '', 'reload']) assert.equal(nearest(typed, known), null);
  });
});

describe('editDistance', () => {
  it('counts added, dropped, changed and swapped letters', () => {
    for (const [a, b, distance] of [
      ['', '', 0],
      ['', 'abc', 3],
      ['abc', '', 3],
      ['abc', 'abc', 0],
      ['abc', 'acb', 1],
      ['abc', 'abd', 1],
      ['kitten', 'sitting', 3],
    ] as const) {
      assert.equal(editDistance(a, b), distance);
    }
  });

  it('is symmetric, at least the difference of lengths and at most the longer length', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
        const distance = editDistance(a, b);
        assert.equal(distance, editDistance(b, a));
        assert.ok(distance >= Math.abs(a.length - b.length));
        assert.ok(distance <= Math.max(a.length, b.length));
        assert.equal(distance === 0, a === b);
      }),
    );
  });
});
