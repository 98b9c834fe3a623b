// Killing a process with what it has started, on real processes of this test's own. Put no fault in here by hand that
// widens what is found: it would kill the machine's other processes.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { killDescendants, killSession, killTree } from '../../src/process-tree.ts';
import { eventually } from '../support/eventually.ts';
import { descendantsOf, isAlive, nameOf } from '../support/processes.ts';

/** A shell that waits for a shell that waits for a command, and beside it a command in a session of its own. */
const FAMILY = 'sh -c "sleep 1000; true" & setsid sleep 1001 & wait';

async function startFamily(detached = false) {
  const root = spawn('sh', ['-c', FAMILY], { stdio: 'ignore', detached });
  const pid = root.pid ?? 0;
  const sleeps = () => descendantsOf(pid).filter((each) => nameOf(each) === 'sleep');
  await eventually(() => sleeps().length === 2, 'both commands to run');
  return { root, pid, family: descendantsOf(pid), sleeps: sleeps() };
}

for (const [what, kill] of [
  ['killTree', killTree],
  ['killDescendants', () => killDescendants()],
] as const) {
  test(`${what} ends children and grandchildren, but none of another session`, async (t) => {
    const { root, pid, family, sleeps } = await startFamily();
    t.after(() => {
      for (const each of family) if (isAlive(each)) process.kill(each, 'SIGKILL');
    });
    const gone = once(root, 'exit');
    kill(pid);
    await gone;
    await eventually(() => family.filter(isAlive).length === 1, 'all but one to be gone');
    const [survivor = 0] = family.filter(isAlive);
    assert.ok(sleeps.includes(survivor));
  });
}

test('killDescendants of another process lets that one and its other sessions live', async (t) => {
  const { pid, family, sleeps } = await startFamily();
  t.after(() => {
    for (const each of [pid, ...family]) if (isAlive(each)) process.kill(each, 'SIGKILL');
  });
  killDescendants(pid);
  await eventually(() => family.filter(isAlive).length === 1, 'all but one to be gone');
  assert.ok(isAlive(pid));
  assert.ok(sleeps.includes(family.find(isAlive) ?? 0));
});

test('killSession ends what a leader that has ended had started, and no other session', async (t) => {
  const { root, pid, family } = await startFamily(true);
  t.after(() => {
    for (const each of family) if (isAlive(each)) process.kill(each, 'SIGKILL');
  });
  const gone = once(root, 'exit');
  root.kill('SIGKILL');
  await gone;
  killSession(pid);
  await eventually(() => family.filter(isAlive).length === 1, 'all but one to be gone');
  assert.equal(nameOf(family.find(isAlive) ?? 0), 'sleep');
});

test('a process that has gone is no trouble, and has taken nobody along', async (t) => {
  const child = spawn('true', { stdio: 'ignore' });
  const bystander = spawn('sleep', ['1002'], { stdio: 'ignore' });
  t.after(() => bystander.kill('SIGKILL'));
  await once(child, 'exit');
  killTree(child.pid ?? 0);
  assert.ok(isAlive(bystander.pid ?? 0));
});
