// Whether a server is well, for systemd's watchdog: with simulated workers and a clock that the test moves.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWell } from '../../../../src/arbiter/service/well.ts';
import type { WorkerCounts } from '../../../../src/wire/arbiter-worker.ts';
import { NO_TALLY } from '../fleet/heartbeat.ts';
import { SimulatedFleet } from '../fleet/simulated-fleet.ts';

const counts = { threads: 1, memoryBytes: 0, unserved: {}, refused: {} } as unknown as WorkerCounts;

function serving(workers: number): SimulatedFleet {
  const simulated = new SimulatedFleet(workers);
  for (const each of simulated.running) each.tell({ kind: 'ready', memoryBytes: 0 });
  return simulated;
}

function well({ fleet, nowMs }: SimulatedFleet): boolean {
  return isWell(fleet, nowMs);
}

test('a server is well from its first ready worker on', () => {
  const simulated = new SimulatedFleet(2);
  assert.equal(well(simulated), false);
  simulated.newest().tell({ kind: 'ready', memoryBytes: 0 });
  assert.equal(well(simulated), true);
});

test('a worker that was heard of 5 s ago is well, one of a moment more is not, until it is heard again', () => {
  const simulated = serving(1);
  simulated.nowMs += 5_000;
  assert.equal(well(simulated), true);
  simulated.nowMs += 1;
  assert.equal(well(simulated), false);
  simulated.newest().tell({ kind: 'heartbeat', counts, tally: NO_TALLY });
  assert.equal(well(simulated), true);
});

test('one worker of two that answers is enough', () => {
  const simulated = serving(2);
  simulated.nowMs += 6_000;
  assert.equal(well(simulated), false);
  simulated.newest().tell({ kind: 'heartbeat', counts, tally: NO_TALLY });
  assert.equal(well(simulated), true);
});

test('a worker without a thread does not answer', () => {
  const simulated = serving(1);
  simulated.newest().tell({
    kind: 'heartbeat',
    counts: { ...counts, threads: 0 },
    tally: NO_TALLY,
  });
  assert.equal(well(simulated), false);
});

test('a fleet that should be empty is well, and one that stops', () => {
  const resting = serving(1);
  resting.fleet.rest();
  assert.equal(well(resting), true);
  const stopping = serving(1);
  stopping.fleet.stop('gently');
  stopping.nowMs += 20_000;
  assert.equal(well(stopping), true);
});
