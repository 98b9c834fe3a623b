// A worker that serves gives way to another, the new one first: on a simulated clock, every order in which the two can
// be ready, die, be stopped. Tried on purpose, and seen to fail: the old one drained when the successor starts; no
// promotion of a successor when the old one dies; a successor started although the one before still leaves; no pause
// for short lives; the last worker sent away that serves nothing; none sent away.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heartbeat } from './heartbeat.ts';
import { limits, SimulatedFleet, type SimulatedProcess } from './simulated-fleet.ts';

const longAgo = 20_000;

/** One worker that has served for a while, so that its replacement waits for nothing. */
function servingWorld(): { world: SimulatedFleet; old: SimulatedProcess } {
  const world = new SimulatedFleet(1);
  const old = world.newest();
  old.tell({ kind: 'ready', memoryBytes: 0 });
  world.pass(longAgo);
  return { world, old };
}

function askForReplacement(process: SimulatedProcess, graceful = true): void {
  process.tell({
    kind: 'replace-me',
    reason: 'threads are stuck',
    graceful,
    routine: false,
    serves: true,
  });
}

/** Asks, and starts the successor. */
function withSuccessor(): { world: SimulatedFleet; old: SimulatedProcess; next: SimulatedProcess } {
  const { world, old } = servingWorld();
  askForReplacement(old);
  world.pass(0);
  const next = world.newest();
  assert.notEqual(next, old);
  return { world, old, next };
}

test('the old worker goes on until its successor is ready, and is drained then', () => {
  const { world, old, next } = withSuccessor();
  assert.ok(
    world.lines.includes(
      'warning: Worker (pid: 1000) is to be replaced: threads are stuck. It serves until the next one is ready.',
    ),
  );
  world.pass(limits.silence - 1);
  assert.deepEqual(old.heardKinds(), []);
  next.tell({ kind: 'ready', memoryBytes: 0 });
  assert.deepEqual(old.heardKinds(), ['drain']);
  assert.ok(world.lines.includes('info: Worker (pid: 1001) takes over from worker (pid: 1000)'));
  old.end(0);
  world.pass(longAgo);
  assert.deepEqual(world.running, [next]);
  assert.equal(world.processes.length, 2);
});

test('one that need not be waited for is told to quit', () => {
  const { world, old } = servingWorld();
  askForReplacement(old, false);
  world.pass(0);
  world.newest().tell({ kind: 'ready', memoryBytes: 0 });
  assert.deepEqual(old.heardKinds(), ['quit']);
});

test('asked again and again there is one successor', () => {
  const { world, old } = withSuccessor();
  askForReplacement(old);
  world.pass(1_000);
  askForReplacement(old);
  world.pass(1_000);
  assert.equal(world.processes.length, 2);
});

test('a successor that cannot boot is tried again, later and later, and the old one goes on', () => {
  const { world, old } = withSuccessor();
  const startedAfterMs: number[] = [];
  for (let round = 0; round < 8; round++) {
    const failing = world.newest();
    const failedAtMs = world.nowMs;
    failing.tell({ kind: 'boot-failed', exitCode: 3, message: 'SyntaxError: gone bad' });
    failing.end(3);
    while (world.newest() === failing) {
      world.pass(50);
      old.tell(heartbeat());
    }
    startedAfterMs.push(world.nowMs - failedAtMs);
  }
  assert.deepEqual(startedAfterMs, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
  assert.ok(world.lines.some((line) => line.includes('SyntaxError: gone bad')));
  assert.ok(world.lines.some((line) => line.endsWith('Worker (pid: 1000) goes on.')));
  assert.deepEqual(old.heardKinds(), []);
  world.newest().tell({ kind: 'ready', memoryBytes: 0 });
  assert.deepEqual(old.heardKinds(), ['drain']);
});

test('a successor that takes longer than boot_timeout is killed, and the old one goes on', () => {
  const { world, old, next } = withSuccessor();
  for (let waitedMs = 0; waitedMs < limits.boot; waitedMs += 1_000) {
    old.tell(heartbeat());
    world.pass(1_000);
  }
  assert.ok(next.killed);
  assert.ok(old.running && !old.killed);
  world.pass(100);
  assert.equal(world.processes.length, 3);
});

test('when the old one dies first, the successor under way comes as the worker', () => {
  const { world, old, next } = withSuccessor();
  old.end(null, 'SIGKILL');
  world.pass(1_000);
  assert.deepEqual(world.running, [next]);
  next.tell({ kind: 'ready', memoryBytes: 0 });
  assert.deepEqual(next.heardKinds(), []);
  world.pass(1_000);
  assert.equal(world.processes.length, 2);
  // It is a worker like any other: it can be replaced in its turn.
  world.pass(longAgo);
  askForReplacement(next);
  world.pass(0);
  assert.equal(world.processes.length, 3);
});

test('when the old one dies before its successor has its time, that time stays', () => {
  const world = new SimulatedFleet(1);
  for (let life = 0; life < 3; life++) {
    world.newest().tell({ kind: 'ready', memoryBytes: 0 });
    if (life < 2) world.newest().end(1);
    world.pass(life < 2 ? 100 : 0);
  }
  const old = world.newest();
  askForReplacement(old);
  assert.ok(world.lines.at(-1)?.endsWith('Short life number 3: that starts in 200 ms.'));
  const before = world.processes.length;
  world.pass(150);
  old.end(1);
  world.pass(49);
  assert.equal(world.processes.length, before);
  world.pass(1);
  assert.equal(world.processes.length, before + 1);
});

test('a second successor waits until the first predecessor has left', () => {
  const { world, old, next } = withSuccessor();
  next.tell({ kind: 'ready', memoryBytes: 0 });
  world.pass(longAgo);
  assert.ok(old.running);
  askForReplacement(next);
  world.pass(1_000);
  assert.equal(world.processes.length, 2);
  old.end(0);
  world.pass(0);
  assert.equal(world.processes.length, 3);
});

test('a predecessor that does not leave is killed at the end of graceful_timeout', () => {
  const { world, old, next } = withSuccessor();
  next.tell({ kind: 'ready', memoryBytes: 0 });
  for (let waitedMs = 0; waitedMs < limits.graceful; waitedMs += 1_000) {
    next.tell(heartbeat());
    world.pass(1_000);
  }
  assert.deepEqual(world.running, [next]);
  assert.ok(old.killed);
});

test('workers that want to be replaced as soon as they are ready come later and later', () => {
  const world = new SimulatedFleet(1);
  const startedAtMs: number[] = [];
  while (world.nowMs < 60_000) {
    for (const each of world.running) {
      if (each.heardKinds().includes('drain')) each.end(0);
      else each.tell({ kind: 'ready', memoryBytes: 0 });
    }
    const known = world.processes.length;
    askForReplacement(world.newest());
    world.pass(10);
    if (world.processes.length > known) startedAtMs.push(world.nowMs);
  }
  assert.ok(startedAtMs.length < 22, `${startedAtMs.length} starts in a minute`);
  const last = startedAtMs.at(-1) ?? 0;
  assert.ok(last - (startedAtMs.at(-2) ?? 0) >= 5_000);
});

/** Two workers that have served for a while. */
function twoServing(): {
  world: SimulatedFleet;
  hollow: SimulatedProcess;
  other: SimulatedProcess;
} {
  const world = new SimulatedFleet(2);
  for (const each of world.processes) each.tell({ kind: 'ready', memoryBytes: 0 });
  world.pass(longAgo);
  const [hollow, other] = world.processes;
  assert.ok(hollow !== undefined && other !== undefined);
  return { world, hollow, other };
}

function sayServesNothing(process: SimulatedProcess): void {
  const reason = 'no Python process could be started in 3 attempts';
  process.tell({ kind: 'replace-me', reason, graceful: true, routine: false, serves: false });
}

test('one that serves nothing leaves at once where another serves, and its place is filled', () => {
  const { world, hollow, other } = twoServing();
  sayServesNothing(hollow);
  assert.deepEqual(hollow.heardKinds(), ['drain']);
  world.pass(0);
  const next = world.newest();
  hollow.end(0);
  next.tell({ kind: 'boot-failed', exitCode: 3, message: 'SyntaxError: gone bad' });
  next.end(3);
  world.pass(100);
  const mended = world.newest();
  assert.notEqual(mended, next);
  mended.tell({ kind: 'ready', memoryBytes: 0 });
  world.pass(1_000);
  assert.deepEqual(world.running, [other, mended]);
  assert.deepEqual([...other.heardKinds(), ...mended.heardKinds()], []);
});

test('the last one stays, also among others that serve nothing, and leaves as soon as another serves', () => {
  const { world, hollow, other } = twoServing();
  other.tell(heartbeat(0, 0, 0, 0));
  sayServesNothing(hollow);
  assert.match(world.lines.at(-1) ?? '', /it stays because no other worker serves\./);
  world.pass(0);
  hollow.tell(heartbeat(0, 0, 0, 0));
  sayServesNothing(other);
  sayServesNothing(hollow);
  assert.deepEqual([...hollow.heardKinds(), ...other.heardKinds()], []);
  other.tell(heartbeat());
  sayServesNothing(hollow);
  assert.deepEqual(hollow.heardKinds(), ['drain']);
  assert.deepEqual(other.heardKinds(), []);
});

test('one that serves nothing leaves in the middle of a reload as well, which goes on', () => {
  const { world, hollow, other } = twoServing();
  const outcomes: string[] = [];
  world.fleet.renew(world.generation('second'), 2, (outcome) => outcomes.push(outcome));
  const next = world.processes.slice(2);
  sayServesNothing(hollow);
  assert.deepEqual(hollow.heardKinds(), ['drain']);
  hollow.end(0);
  for (const each of next) each.tell({ kind: 'ready', memoryBytes: 0 });
  assert.deepEqual(outcomes, ['done']);
  assert.deepEqual(other.heardKinds(), ['drain']);
});

for (const [how, words] of [
  ['gently', ['drain']],
  ['at once', ['quit']],
] as const) {
  test(`a stop ${how} takes down the old worker and the successor that boots`, () => {
    const { world, old, next } = withSuccessor();
    world.fleet.stop(how);
    assert.deepEqual(old.heardKinds(), words);
    assert.deepEqual(next.heardKinds(), ['quit']);
    next.tell({ kind: 'ready', memoryBytes: 0 });
    next.end(0);
    assert.deepEqual(world.exitCodes, []);
    old.end(0);
    assert.deepEqual(world.exitCodes, [0]);
    world.pass(longAgo);
    assert.equal(world.processes.length, 2);
  });

  test(`a stop ${how} takes down the worker and the predecessor that leaves`, () => {
    const { world, old, next } = withSuccessor();
    next.tell({ kind: 'ready', memoryBytes: 0 });
    world.fleet.stop(how);
    assert.deepEqual(next.heardKinds(), words);
    assert.deepEqual(old.heardKinds(), how === 'gently' ? ['drain'] : ['drain', 'quit']);
    old.end(0);
    next.end(0);
    assert.deepEqual(world.exitCodes, [0]);
  });

  test(`a stop ${how} forgets a successor that has not started`, () => {
    const { world, old, next } = withSuccessor();
    next.end(3);
    world.fleet.stop(how);
    old.end(0);
    assert.deepEqual(world.exitCodes, [0]);
    world.pass(longAgo);
    assert.equal(world.processes.length, 2);
  });
}

test('a worker that boots, leaves or is told to stop is not replaced for the asking', () => {
  const world = new SimulatedFleet(1);
  askForReplacement(world.newest());
  world.pass(1_000);
  assert.equal(world.processes.length, 1);
  world.newest().tell({ kind: 'ready', memoryBytes: 0 });
  world.fleet.stop('gently');
  askForReplacement(world.newest());
  world.pass(1_000);
  assert.equal(world.processes.length, 1);
});

test('a worker that is finished and cannot exit is killed at once, which is no news', () => {
  const { world, old, next } = withSuccessor();
  next.tell({ kind: 'ready', memoryBytes: 0 });
  old.tell({ kind: 'finished' });
  assert.ok(old.killed);
  world.pass(0);
  assert.deepEqual(world.running, [next]);
  assert.equal(world.lines.at(-1), 'info: Worker exiting (pid: 1000)');
});
