// All workers are changed for another generation, all or none: on a simulated clock, every order in which new and old ones
// can be ready, fail, die, be stopped; more and fewer places, no places, and memory. Tried on purpose, and seen to fail: the
// first that is ready takes over at once; a renewal that fails and leaves its ready workers; one that is superseded and keeps
// its workers; a worker with too much memory from the start replaced for it; all with too much replaced at once.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heartbeat } from './heartbeat.ts';
import { SimulatedFleet, type SimulatedProcess } from './simulated-fleet.ts';

const ready = { kind: 'ready', memoryBytes: 0 } as const;

/** A fleet that serves, and where the outcomes of its renewals go. */
function serving(workers: number): { world: SimulatedFleet; outcomes: string[] } {
  const world = new SimulatedFleet(workers);
  for (const each of world.processes) each.tell(ready);
  world.pass(1_000);
  return { world, outcomes: [] };
}

function renew(world: SimulatedFleet, outcomes: string[], name: string, size: number): void {
  world.fleet.renew(world.generation(name), size, (outcome) => outcomes.push(`${name} ${outcome}`));
}

function of(world: SimulatedFleet, name: string): SimulatedProcess[] {
  return world.processes.filter(({ generation }) => generation === name);
}

/** Those that drain go, as workers without a client do. */
function leave(world: SimulatedFleet): void {
  for (const each of world.running) {
    if (each.heardKinds().some((kind) => kind === 'drain' || kind === 'quit')) each.end(0);
  }
  world.pass(0);
}

/** The workers that run, by the generation that they are of. */
function assertRunning(world: Parameters<typeof leave>[0], generations: readonly string[]): void {
  assert.deepEqual(
    world.running.map(({ generation }) => generation),
    generations,
  );
}

test('the old workers go when all of the new ones are ready, and not before', () => {
  const { world, outcomes } = serving(2);
  const old = [...world.processes];
  renew(world, outcomes, 'second', 2);
  const [first, other] = of(world, 'second');
  first?.tell(ready);
  assert.deepEqual(
    old.flatMap((each) => each.heardKinds()),
    [],
  );
  other?.tell(ready);
  assert.deepEqual(
    old.map((each) => each.heardKinds()),
    [['drain'], ['drain']],
  );
  assert.deepEqual(outcomes, ['second done']);
  leave(world);
  world.newest().end(null, 'SIGSEGV');
  world.pass(100);
  assert.equal(world.newest().generation, 'second');
});

test('when one of the new ones cannot serve all of them go, and the old ones hear nothing', () => {
  const { world, outcomes } = serving(2);
  const old = [...world.processes];
  renew(world, outcomes, 'second', 2);
  const [first, other] = of(world, 'second');
  first?.tell(ready);
  other?.tell({ kind: 'boot-failed', exitCode: 3, message: 'SyntaxError: gone bad' });
  other?.end(3);
  assert.deepEqual(outcomes, ['second failed']);
  assert.deepEqual(first?.heardKinds(), ['drain']);
  leave(world);
  world.pass(20_000);
  assert.deepEqual(
    old.flatMap((each) => each.heardKinds()),
    [],
  );
  assert.equal(of(world, 'second').length, 2);
  const told = world.lines.filter((line) => line.startsWith('error: Reload given up'));
  assert.equal(told.length, 1);
  assert.match(told[0] ?? '', /The old workers stay\.\nSyntaxError: gone bad$/);
});

test('a new one that is killed while it boots, or hangs, ends the renewal as well', () => {
  for (const end of ['dies', 'hangs'] as const) {
    const { world, outcomes } = serving(1);
    const [old] = world.processes;
    renew(world, outcomes, 'second', 1);
    if (end === 'dies') world.newest().end(null, 'SIGKILL');
    for (let second = 0; second < 61; second++) {
      old?.tell(heartbeat());
      world.pass(1_000);
    }
    assert.deepEqual(outcomes, ['second failed']);
    assert.deepEqual(world.running, [old]);
  }
});

test('an old one that dies meanwhile has a new one in its place; if the renewal fails, an old one again', () => {
  const { world, outcomes } = serving(2);
  const [dying] = world.processes;
  renew(world, outcomes, 'second', 2);
  dying?.end(null, 'SIGSEGV');
  const [first, other] = of(world, 'second');
  first?.tell(ready);
  other?.end(1);
  assert.deepEqual(outcomes, ['second failed']);
  world.pass(1_000);
  // It serves until its successor is ready.
  assert.deepEqual(first?.heardKinds(), []);
  world.newest().tell(ready);
  leave(world);
  assertRunning(world, ['first', 'first']);
});

test('a renewal during a renewal takes its place', () => {
  const { world, outcomes } = serving(2);
  renew(world, outcomes, 'second', 2);
  of(world, 'second')[0]?.tell(ready);
  renew(world, outcomes, 'third', 2);
  assert.deepEqual(outcomes, ['second failed']);
  leave(world);
  for (const each of of(world, 'third')) each.tell(ready);
  assert.deepEqual(outcomes, ['second failed', 'third done']);
  leave(world);
  assertRunning(world, ['third', 'third']);
});

test('a renewal waits for who still leaves from the one before, and goes on then', () => {
  const { world, outcomes } = serving(1);
  const [old] = world.processes;
  renew(world, outcomes, 'second', 1);
  world.newest().tell(ready);
  renew(world, outcomes, 'third', 1);
  assert.deepEqual(of(world, 'third'), []);
  old?.end(0);
  world.pass(0);
  world.newest().tell(ready);
  assert.deepEqual(outcomes, ['second done', 'third done']);
});

test('a renewal changes how many there are', () => {
  const { world, outcomes } = serving(3);
  renew(world, outcomes, 'second', 1);
  assert.equal(of(world, 'second').length, 1);
  world.newest().tell(ready);
  leave(world);
  assert.equal(world.running.length, 1);
  renew(world, outcomes, 'third', 4);
  for (const each of of(world, 'third')) each.tell(ready);
  leave(world);
  assert.deepEqual(
    world.running.map(({ generation }) => generation),
    Array(4).fill('third'),
  );
});

test('one more comes at once, one less drains, the last one stays', () => {
  const { world } = serving(1);
  assert.ok(world.fleet.resize(1));
  world.newest().tell(ready);
  assert.equal(world.fleet.size, 2);
  assert.ok(world.fleet.resize(-1));
  leave(world);
  assert.equal(world.running.length, 1);
  assert.ok(!world.fleet.resize(-1));
  world.pass(5_000);
  assert.equal(world.running.length, 1);
});

test('of more than one the one that does not serve goes first', () => {
  const { world } = serving(1);
  world.fleet.resize(1);
  const booting = world.newest();
  world.fleet.resize(-1);
  assert.deepEqual(booting.heardKinds(), ['quit', 'workers']);
});

test('at rest there is no worker, until a renewal brings them back, or one more is asked for', () => {
  const { world, outcomes } = serving(2);
  world.fleet.rest();
  leave(world);
  world.pass(20_000);
  assert.deepEqual(world.running, []);
  assert.deepEqual(world.exitCodes, []);
  world.fleet.resize(1);
  world.newest().tell(ready);
  assert.equal(world.running.length, 1);
  renew(world, outcomes, 'second', 2);
  for (const each of of(world, 'second')) each.tell(ready);
  leave(world);
  assertRunning(world, ['second', 'second']);
  world.fleet.rest();
  world.fleet.stop('gently');
  leave(world);
  assert.deepEqual(world.exitCodes, [0]);
});

for (const how of ['gently', 'at once'] as const) {
  test(`a stop ${how} in a renewal takes everybody down`, () => {
    const { world, outcomes } = serving(2);
    renew(world, outcomes, 'second', 3);
    of(world, 'second')[0]?.tell(ready);
    world.fleet.stop(how);
    leave(world);
    assert.deepEqual(world.exitCodes, [0]);
    assert.deepEqual(outcomes, ['second failed']);
  });
}

/** Two workers of a generation with a bound of 1000 bytes, which had so many when they were ready. */
function bounded(memoryBytes: number): { world: SimulatedFleet; workers: SimulatedProcess[] } {
  const { world } = serving(2);
  world.fleet.renew(world.generation('bounded', 1_000), 2, () => undefined);
  for (const each of of(world, 'bounded')) each.tell({ kind: 'ready', memoryBytes });
  leave(world);
  const workers = [...world.running];
  for (let second = 0; second < 20; second++) {
    for (const each of workers) each.tell(heartbeat(0, 0, 1_000));
    world.pass(1_000);
  }
  return { world, workers };
}

test('a worker beyond max_worker_memory is replaced, the new one first, and one at a time', () => {
  const { world, workers } = bounded(500);
  assert.equal(world.running.length, 2, 'at the bound nothing happens');
  for (const each of workers) each.tell(heartbeat(0, 0, 1_001));
  world.pass(0);
  assert.equal(world.running.length, 3);
  world.newest().tell({ kind: 'ready', memoryBytes: 500 });
  assert.deepEqual(
    workers.map((each) => each.heardKinds()),
    [['drain'], []],
  );
  workers[1]?.tell(heartbeat(0, 0, 1_001));
  world.pass(0);
  assert.equal(world.running.length, 3, 'the other one waits until the first has left');
  leave(world);
  workers[1]?.tell(heartbeat(0, 0, 1_001));
  world.pass(0);
  world.newest().tell({ kind: 'ready', memoryBytes: 500 });
  assert.deepEqual(workers[1]?.heardKinds(), ['drain']);
});

test('a worker that had as much when it had just loaded is not replaced for it, which is said once', () => {
  const { world, workers } = bounded(1_000);
  for (let second = 0; second < 20; second++) {
    for (const each of workers) each.tell(heartbeat(0, 0, 1_001));
    world.pass(1_000);
  }
  assert.deepEqual(world.running, workers);
  assert.equal(world.lines.filter((line) => line.includes('is not replaced for that')).length, 1);
});
