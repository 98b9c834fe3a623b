// Connections that limits turn away: a few are reset at once, those of a flood a moment later, and none keeps a place from others.

import assert from 'node:assert/strict';
import test from 'node:test';
import { TurnedAway } from '../../../src/worker/accepting/turned-away.ts';

function floodOf(count: number, away: TurnedAway, nowMs: number, gone: () => void): void {
  for (let each = 0; each < count; each++) {
    away.take({ reset: () => 0, close: gone }, nowMs);
  }
}

test('a few a second are reset at once, the others of a flood after half a second', () => {
  let gone = 0;
  let released = 0;
  const away = new TurnedAway({ hasRoom: () => true, released: () => (released += 1) });
  floodOf(200, away, 0, () => (gone += 1));
  assert.deepEqual([gone, released, away.kept], [50, 50, 150]);
  away.tick(450);
  assert.equal(away.kept, 150);
  away.tick(500);
  assert.deepEqual([gone, released, away.kept], [200, 200, 0]);
  floodOf(10, away, 1000, () => (gone += 1));
  assert.deepEqual([gone, away.kept], [210, 0]);
});

test('none is kept where places are taken, and at the end', () => {
  let room = true;
  let gone = 0;
  const away = new TurnedAway({ hasRoom: () => room, released: () => undefined });
  floodOf(100, away, 0, () => (gone += 1));
  assert.equal(away.kept, 50);
  room = false;
  floodOf(5, away, 1, () => (gone += 1));
  assert.deepEqual([gone, away.kept], [55, 50]);
  away.tick(2);
  assert.deepEqual([gone, away.kept], [105, 0]);
  room = true;
  floodOf(60, away, 10, () => (gone += 1));
  assert.ok(away.kept > 0);
  away.end();
  assert.deepEqual([gone, away.kept], [165, 0]);
});
