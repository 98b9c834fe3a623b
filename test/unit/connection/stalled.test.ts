// Which response gives way: only one whose client has stalled, the longest first, and only where that lets a waiting
// thread go on. Fault put in by hand and seen here: the newest first; those that hold no thread although there is room.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StalledResponses, type WaitingResponse } from '../../../src/connection/stalled.ts';
import { SpoolBudget } from '../../../src/spool/budget.ts';

const MIB = 1024 * 1024;
const NOW_MS = 60_000;

class Waiting implements WaitingResponse {
  readonly holdsThread: boolean;
  readonly spooledBytes: number;
  readonly quietSinceMs: number;
  readonly #set: StalledResponses;
  gone = false;

  constructor(set: StalledResponses, holdsThread: boolean, spooledMib: number, quietMs: number) {
    this.holdsThread = holdsThread;
    this.spooledBytes = spooledMib * MIB;
    this.quietSinceMs = NOW_MS - quietMs;
    this.#set = set;
    set.add(this);
  }

  giveWay(): void {
    this.gone = true;
    this.#set.delete(this);
  }
}

function world(usedMib: number): StalledResponses {
  const budget = new SpoolBudget(10 * MIB);
  assert.ok(budget.take(usedMib * MIB));
  return new StalledResponses(budget);
}

test('with the budget full the response that has stalled longest goes, also when it holds no thread', () => {
  const set = world(10);
  const young = new Waiting(set, false, 5, 2000);
  const old = new Waiting(set, false, 5, 9000);
  const holder = new Waiting(set, true, 0, 3000);
  set.makeRoom(NOW_MS);
  assert.deepEqual([old.gone, holder.gone, young.gone], [true, false, false]);
  assert.equal(set.takeGaveWay(), 1);
  assert.equal(set.takeGaveWay(), 0);
});

test('with room in the budget only those that hold threads go', () => {
  const set = world(2);
  const spooled = new Waiting(set, false, 2, 9000);
  const holder = new Waiting(set, true, 0, 3000);
  set.makeRoom(NOW_MS);
  assert.deepEqual([spooled.gone, holder.gone], [false, true]);
});

test('as many go at once as threads wait, and none while no thread does', () => {
  const set = world(10);
  const responses = [7000, 8000, 9000].map((quietMs) => new Waiting(set, false, 3, quietMs));
  set.makeRoom(NOW_MS);
  assert.deepEqual(
    responses.map(({ gone }) => gone),
    [false, false, false],
  );
  for (const _ of [1, 2]) new Waiting(set, true, 1, 100);
  set.makeRoom(NOW_MS);
  assert.deepEqual(
    responses.map(({ gone }) => gone),
    [false, true, true],
  );
});

test('a client that has read within the last second keeps its response', () => {
  const set = world(10);
  const reads = new Waiting(set, true, 10, 900);
  set.makeRoom(NOW_MS);
  assert.equal(reads.gone, false);
});
