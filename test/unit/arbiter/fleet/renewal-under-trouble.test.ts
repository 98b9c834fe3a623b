// Renewals, resizing and rest in any order, while workers boot, fail, die and hang: a renewal always has an outcome, in
// the end there are as many workers as there should be, all of one generation, and a stop ends with nothing left.
// Tried on purpose, and seen to fail: a superseded renewal that is not settled; places above the size that stay.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { heartbeat } from './heartbeat.ts';
import { limits, SimulatedFleet } from './simulated-fleet.ts';

const deeds = [
  'renew',
  'more',
  'fewer',
  'rest',
  'ready',
  'fails',
  'dies',
  'grows',
  'pass',
] as const;

const steps = fc.array(
  fc.record({ deed: fc.constantFrom(...deeds, 'ready', 'pass'), number: fc.nat({ max: 40_000 }) }),
  { maxLength: 80, size: 'max' },
);

/** A fleet of which somebody was ready once: from then on no failure ends the server. */
class Troubled {
  readonly world: SimulatedFleet;
  begun = 0;
  outcomes = 0;

  constructor(workers: number) {
    this.world = new SimulatedFleet(workers);
    for (const each of this.world.processes) each.tell({ kind: 'ready', memoryBytes: 0 });
  }

  perform({ deed, number }: { deed: (typeof deeds)[number]; number: number }): void {
    const { world } = this;
    const target = world.running[number % Math.max(1, world.running.length)];
    if (deed === 'renew') {
      this.begun += 1;
      const generation = world.generation(`number ${this.begun}`, 1_000);
      world.fleet.renew(generation, 1 + (number % 4), () => {
        this.outcomes += 1;
      });
    } else if (deed === 'more') world.fleet.resize(1);
    else if (deed === 'fewer') world.fleet.resize(-1);
    else if (deed === 'rest') world.fleet.rest();
    else if (deed === 'ready') target?.tell({ kind: 'ready', memoryBytes: number % 1_500 });
    else if (deed === 'grows') target?.tell(heartbeat(0, 0, number % 2_000));
    else if (deed === 'dies') target?.end(null, 'SIGKILL');
    else if (deed === 'pass') world.pass(number);
    else {
      target?.tell({ kind: 'boot-failed', exitCode: 3, message: 'x' });
      target?.end(3);
    }
    assert.ok(this.outcomes === this.begun || this.outcomes === this.begun - 1);
    for (const worker of world.fleet.workers) assert.ok(Number.isFinite(worker.dueAtMs));
  }

  /** From now on every worker does what it should. */
  settle(): void {
    for (let second = 0; second < 20; second++) {
      for (const process of this.world.running) {
        const heard = process.heardKinds();
        if (heard.includes('drain') || heard.includes('quit')) process.end(0);
        process.tell({ kind: 'ready', memoryBytes: 0 });
        process.tell(heartbeat());
      }
      this.world.pass(1_000);
    }
  }
}

test('when the trouble is over there are as many workers as there should be, all of one generation', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3 }), steps, (workers, each) => {
      const troubled = new Troubled(workers);
      for (const step of each) troubled.perform(step);
      troubled.settle();
      const { world } = troubled;
      assert.equal(troubled.outcomes, troubled.begun, 'every renewal has its outcome');
      assert.deepEqual(
        world.fleet.workers.map(({ state }) => state),
        Array(world.fleet.size).fill('ready'),
      );
      assert.ok(new Set(world.running.map(({ generation }) => generation)).size <= 1);
    }),
    { numRuns: 1_500 },
  );
});

test('a stop in the middle of it ends in time, with nothing left and every renewal settled', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3 }), steps, (workers, each) => {
      const troubled = new Troubled(workers);
      for (const step of each) troubled.perform(step);
      const { world } = troubled;
      const started = world.processes.length;
      world.fleet.stop('gently');
      world.pass(limits.graceful + limits.quit + limits.death);
      assert.equal(world.exitCodes.length, 1);
      assert.deepEqual(world.running, []);
      assert.equal(world.processes.length, started);
      assert.equal(troubled.outcomes, troubled.begun);
    }),
    { numRuns: 1_000 },
  );
});
