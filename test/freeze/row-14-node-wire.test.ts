// Row 14, Node.js: the application writes to the port that its thread has to the loop, or closes descriptors that are the
// whole process's. Nothing of it becomes a response, and whatever it breaks is replaced. Tried on purpose, and seen to
// fail: messages that are passed on unchecked (the worker dies of them).

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { ask, eventually, type Served, serveNode } from '../end-to-end/serving.ts';
import { isAlive } from '../support/processes.ts';
import { serveFreezes } from './family.ts';

const ARGS = ['--threads', '2', '--timeout', '2'];

async function assertServes(served: Served): Promise<void> {
  for (let round = 0; round < 4; round++) {
    const reply = await ask(served, '/');
    assert.deepEqual([reply.status, reply.body.toString()], [200, 'Hello, World!']);
  }
}

test("what the application posts on its parentPort is nobody's business, and its workerData is its own", async (t) => {
  const served = await serveFreezes(t, 'node', ARGS);
  const reply = await ask(served, '/post');
  assert.equal(reply.status, 200);
  assert.equal(reply.field('worker-data'), '{}');
  await assertServes(served);
  assert.doesNotMatch(served.log(), /is gone/);
});

/** It is mended after each of these, whatever came before. */
let mended: Served;

before(async () => {
  mended = await serveNode('./freezes.mjs', ARGS);
});

const BROKEN = /thread \d is gone: thread \d broke its wire, it said: .*\(wire-broken\)/g;

for (const [what, message] of [
  ['no list', '"garbage"'],
  ['nothing', 'null'],
  ['an unknown operation', '[99,1]'],
  ['that it was stopped', '[12]'],
  ['that it could not boot', '[2,3,"x"]'],
] as const) {
  test(`${what} on the thread's port ends the thread and is no response`, async () => {
    const workers = mended.server.workerPids();
    const before = [...mended.log().matchAll(BROKEN)].length;
    assert.equal((await ask(mended, `/garbage?${encodeURIComponent(message)}`)).status, 502);
    await assertServes(mended);
    await mended.server.line(BROKEN, before + 1);
    assert.deepEqual(mended.server.workerPids(), workers);
  });
}

test('an application that closes the descriptors of its process has it replaced', async (t) => {
  const served = await serveFreezes(t, 'node', ARGS);
  const [worker = 0] = served.server.workerPids();
  await ask(served, '/close-all').catch(() => undefined);
  await eventually(() => !isAlive(worker), 'the worker to be gone');
  await served.server.line(/Worker ready/, 2);
  await assertServes(served);
});
