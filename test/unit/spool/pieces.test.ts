// The queue of pieces under a spool: order and count for any sizes, and memory that follows content.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PieceQueue } from '../../../src/spool/pieces.ts';

test('any pushes and takes give the bytes back in order', () => {
  const action = fc.oneof(
    fc.record({ push: fc.integer({ min: 0, max: 20_000 }) }),
    fc.record({ take: fc.integer({ min: 1, max: 20_000 }) }),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 200, size: 'max' }), (actions) => {
      const queue = new PieceQueue();
      let pushed = 0;
      let taken = 0;
      for (const one of actions) {
        if ('push' in one) {
          queue.push(
            Buffer.from(Array.from({ length: one.push }, (_, index) => (pushed + index) % 251)),
          );
          pushed += one.push;
        } else {
          const piece = queue.take(one.take);
          assert.equal(piece === null, taken === pushed);
          if (piece === null) continue;
          assert.ok(piece.length > 0 && piece.length <= one.take);
          for (const value of piece) assert.equal(value, taken++ % 251);
        }
        assert.equal(queue.bytes, pushed - taken);
      }
    }),
    { numRuns: 60 },
  );
});

test('a slice of a far larger block does not keep the block alive', () => {
  const queue = new PieceQueue();
  const block = Buffer.allocUnsafeSlow(1024 * 1024);
  queue.push(block.subarray(0, 6000));
  queue.push(block.subarray(6000, 6000 + 30_000));
  queue.push(block.subarray(0, 10));
  for (let piece = queue.take(1 << 20); piece !== null; piece = queue.take(1 << 20)) {
    assert.notEqual(piece.buffer, block.buffer);
  }
});

test('what was taken is not touched by small pieces that come later', () => {
  const queue = new PieceQueue();
  queue.push(Buffer.from('first'));
  queue.push(Buffer.from('second'));
  queue.take(5);
  const second = queue.take(100);
  queue.push(Buffer.from('third'));
  queue.push(Buffer.from('fourth'));
  assert.equal(second?.toString(), 'second');
  assert.equal(queue.takeWhole().toString(), 'thirdfourth');
});
