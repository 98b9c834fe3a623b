// The fleet on a simulated clock: each deadline of the table of states, and, under random events, what must hold
// always. Tried on purpose, and seen to fail: no `#sleep` in `died` (nobody wakes for the next start); no `overdue` in
// the row `killed` (a stop that never ends); `#replace` while stopping; a place not emptied by `died`; `startAtMs` left
// as it is by `#enter` (a start while stopping); a phase that stays when all are gone (finished twice).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { heartbeat } from './heartbeat.ts';
import { limits, SimulatedFleet } from './simulated-fleet.ts';

test('a place is filled again at once when its worker dies after a good life', () => {
  const world = new SimulatedFleet(2);
  for (const each of world.processes) each.tell({ kind: 'ready', memoryBytes: 0 });
  world.pass(20_000);
  world.newest().end(null, 'SIGSEGV');
  world.pass(0);
  assert.equal(world.processes.length, 3);
  assert.ok(world.lines.includes('warning: Worker (pid:1001) was sent SIGSEGV!'));
});

test('a crash loop in one place does not delay the other', () => {
  const world = new SimulatedFleet(2);
  const [healthy] = world.processes;
  healthy?.tell({ kind: 'ready', memoryBytes: 0 });
  for (let round = 0; round < 8; round++) {
    world.newest().tell({ kind: 'ready', memoryBytes: 0 });
    world.newest().end(1);
    world.pass(5_000);
    healthy?.tell(heartbeat());
  }
  const started = world.processes.length;
  world.newest().end(1);
  healthy?.end(1);
  world.pass(0);
  assert.equal(world.processes.length, started + 1);
});

test('silence one millisecond short of the limit is life, one more is death', () => {
  const world = new SimulatedFleet(1);
  const worker = world.newest();
  worker.tell({ kind: 'ready', memoryBytes: 0 });
  world.pass(limits.silence - 1);
  worker.tell(heartbeat(7, 9));
  assert.equal(world.fleet.workers[0]?.counts?.connections, 7);
  assert.ok(
    world.lines.includes(
      'debug: Heartbeat of worker (pid: 1000): 7 connections open, at most 9 since the last one, 0 requests queued, 0 with 0 of 1 threads, 0 deadlines, 0 bytes spooled, 0 files open, 0 MiB of memory, 0 refused by limits of clients since its start, 0 requests that found no thread in time since its start',
    ),
  );
  world.pass(limits.silence - 1);
  assert.ok(worker.running);
  world.pass(1);
  assert.ok(worker.killed);
  assert.ok(world.lines.includes('critical: WORKER TIMEOUT (pid:1000)'));
  assert.equal(world.processes.length, 2);
});

test('heartbeats do not prolong the time to boot', () => {
  const world = new SimulatedFleet(1);
  for (let waitedMs = 0; waitedMs < limits.boot; waitedMs += 1_000) {
    world.newest().tell(heartbeat());
    world.pass(1_000);
  }
  assert.deepEqual(world.exitCodes, [3]);
});

test('a worker waits as long as the hooks before it may take, and its time to load begins when they are over', async () => {
  const returns: (() => void)[] = [];
  const world = new SimulatedFleet(3, {
    beforeStart: () => {
      const over = new Promise<void>((resolve) => void returns.push(resolve));
      return { calls: returns.length, over };
    },
    applicationEnded: () => undefined,
  });
  const [first, second, third] = world.processes;
  for (const each of world.processes) each.tell({ kind: 'hello' });
  world.pass(limits.hook - 1);
  assert.ok(limits.hook > limits.boot && world.processes.every(({ killed }) => !killed));
  returns[0]?.();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(first?.heardKinds(), ['drain'], 'its start message here');
  first?.tell({ kind: 'ready', memoryBytes: 0 });
  returns[1]?.();
  await new Promise((resolve) => setImmediate(resolve));
  world.pass(limits.boot - 1);
  first?.tell(heartbeat());
  assert.equal(second?.killed, false);
  world.pass(1);
  assert.equal(second?.killed, true);
  const late = 'error: Worker (pid: 1001) did not load the application within 60 s (boot_timeout).';
  assert.ok(world.lines.includes(late), world.lines.join('\n'));

  while (world.nowMs < 3 * limits.hook - 1) {
    assert.equal(third?.killed, false);
    first?.tell(heartbeat());
    world.pass(Math.min(1000, 3 * limits.hook - 1 - world.nowMs));
  }
  world.pass(1);
  assert.equal(third?.killed, true);
  assert.ok(world.lines.includes('error: Worker (pid: 1002) has waited 270 s for pre_fork.'));
  assert.deepEqual(third?.heardKinds(), []);
});

test('an alarm that rings late forgives silence and nothing else', () => {
  const world = new SimulatedFleet(2);
  const [ready, booting] = world.processes;
  ready?.tell({ kind: 'ready', memoryBytes: 0 });
  world.nowMs = limits.boot;
  world.fleet.tick(10_000);
  assert.equal(ready?.killed, false);
  assert.equal(booting?.killed, true);
});

test('a draining worker is killed at the end of graceful_timeout, heartbeats or not', () => {
  const world = new SimulatedFleet(1);
  const worker = world.newest();
  worker.tell({ kind: 'ready', memoryBytes: 0 });
  world.fleet.stop('gently');
  assert.equal(world.listenersOpen, false);
  assert.deepEqual(worker.heardKinds(), ['drain']);
  world.pass(limits.graceful - 1);
  worker.tell(heartbeat(1, 1));
  assert.deepEqual(world.exitCodes, []);
  world.pass(1);
  assert.ok(worker.killed);
  assert.deepEqual(world.exitCodes, [0]);
});

test('a worker that still boots is not drained but told to quit', () => {
  const world = new SimulatedFleet(1);
  world.fleet.stop('gently');
  assert.deepEqual(world.newest().heardKinds(), ['quit']);
  // That it takes its time on a busy machine is no warning.
  world.pass(limits.quit);
  const unwanted = 'info: Worker (pid: 1000) still boots and is not wanted any more: killing it.';
  assert.ok(world.lines.includes(unwanted));
  assert.ok(!world.lines.some((line) => line.startsWith('warning')));
});

test('a process that SIGKILL does not end is given up, so that a stop always ends', () => {
  const world = new SimulatedFleet(1);
  const worker = world.newest();
  worker.kill = () => undefined;
  world.fleet.stop('at once');
  world.pass(limits.quit + limits.death);
  assert.ok(worker.running);
  assert.deepEqual(world.exitCodes, [0]);
  assert.ok(
    world.lines.some((line) => line.startsWith('critical: Worker (pid: 1000) is still there')),
  );
});

test('a listener is not handed out once the listeners are closed', () => {
  const world = new SimulatedFleet(1);
  const worker = world.newest();
  worker.tell({ kind: 'ready', memoryBytes: 0 });
  worker.tell({ kind: 'want-listener', index: 0 });
  assert.deepEqual(worker.heardKinds(), ['listener']);
  world.fleet.stop('gently');
  worker.tell({ kind: 'want-listener', index: 0 });
  assert.deepEqual(worker.heardKinds(), ['listener', 'drain']);
});

test('of several first workers that cannot boot only the first is quoted', () => {
  const world = new SimulatedFleet(3);
  for (const each of [...world.processes]) {
    each.tell({ kind: 'boot-failed', exitCode: 4, message: 'no such callable' });
    each.end(4);
  }
  assert.deepEqual(world.exitCodes, [4]);
  assert.equal(world.lines.filter((line) => line.includes('no such callable')).length, 1);
  assert.equal(world.lines.at(-1), 'error: Reason: App failed to load.');
});

type Step =
  | { readonly kind: 'pass'; readonly ms: number }
  | {
      readonly kind: 'tell';
      readonly who: number;
      readonly what: 'ready' | 'boot-failed' | 'heartbeat' | 'replace-me' | 'finished';
    }
  | { readonly kind: 'end'; readonly who: number; readonly code: number | null }
  | { readonly kind: 'stop'; readonly how: 'gently' | 'at once' };

const who = fc.nat({ max: 5 });
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(40_000) }) },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('tell' as const),
        who,
        what: fc.constantFrom(
          ...(['ready', 'ready', 'heartbeat', 'boot-failed', 'replace-me', 'finished'] as const),
        ),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('end' as const),
        who,
        code: fc.constantFrom(0, 1, 3, 4, null),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('stop' as const),
        how: fc.constantFrom('gently', 'at once'),
      }),
    },
  ),
  { maxLength: 60, size: 'max' },
);

function perform(world: SimulatedFleet, step: Step): void {
  if (step.kind === 'pass') world.pass(step.ms);
  else if (step.kind === 'stop') world.fleet.stop(step.how);
  else {
    const target = world.running[step.who % Math.max(1, world.running.length)];
    if (step.kind === 'end') target?.end(step.code, step.code === null ? 'SIGSEGV' : null);
    else if (step.what === 'ready') target?.tell({ kind: 'ready', memoryBytes: 0 });
    else if (step.what === 'heartbeat') target?.tell(heartbeat());
    else if (step.what === 'replace-me')
      target?.tell({
        kind: 'replace-me',
        reason: 'x',
        graceful: step.who % 2 === 0,
        routine: false,
        serves: step.who % 3 !== 0,
      });
    else if (step.what === 'finished') target?.tell({ kind: 'finished' });
    else target?.tell({ kind: 'boot-failed', exitCode: 3, message: 'x' });
  }
}

/** What must hold after every step. */
function assertInvariants(world: SimulatedFleet, workers: number): void {
  const { fleet } = world;
  assert.ok(world.running.length <= 2 * workers, 'never more processes than two for each place');
  assert.ok(world.exitCodes.length <= 1, 'it ends once');
  if (fleet.phase === 'finished') {
    assert.deepEqual(world.running, [], 'nothing is left running');
    assert.equal(world.exitCodes.length, 1);
    return;
  }
  assert.ok(Number.isFinite(world.wakeAtMs), 'something is always waited for, with a deadline');
  for (const worker of fleet.workers) assert.ok(Number.isFinite(worker.dueAtMs), worker.state);
  assert.equal(world.listenersOpen, fleet.phase === 'running');
}

test('under random events: bounded, always a deadline, and a stop ends in time with nothing left', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), steps, (workers, each) => {
      const world = new SimulatedFleet(workers);
      assertInvariants(world, workers);
      for (const step of each) {
        perform(world, step);
        assertInvariants(world, workers);
      }
      const started = world.processes.length;
      world.fleet.stop('gently');
      world.pass(limits.graceful + limits.quit + limits.death);
      assert.equal(world.exitCodes.length, 1, 'the stop ended');
      assert.deepEqual(world.running, []);
      assert.equal(world.processes.length, started, 'nothing was started while stopping');
    }),
    { numRuns: 2_000 },
  );
});

test('when the trouble is over every place has a ready worker again', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), steps, (workers, each) => {
      const world = new SimulatedFleet(workers);
      // Somebody was ready once: from then on no failure ends the server.
      for (const process of world.processes) process.tell({ kind: 'ready', memoryBytes: 0 });
      for (const step of each) if (step.kind !== 'stop') perform(world, step);
      for (let second = 0; second < 15; second++) {
        for (const process of world.running) {
          if (process.heardKinds().some((kind) => kind !== 'listener')) process.end(0);
          process.tell({ kind: 'ready', memoryBytes: 0 });
          process.tell(heartbeat());
        }
        world.pass(1_000);
      }
      assert.deepEqual(
        world.fleet.workers.map(({ state }) => state),
        Array(workers).fill('ready'),
      );
    }),
    { numRuns: 1_000 },
  );
});
