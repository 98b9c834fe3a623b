// Row 14, WSGI: the Python process is stopped, or closes its descriptors, or garbage comes on a thread's socket pair or
// on the control pair. It is noticed by the heartbeat or at once, and nothing of it becomes a response. Tried on
// purpose, and seen to fail: a frame of an unknown kind passed over; no question whether the interpreter runs.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, eventually, type Served, serveWsgi } from '../end-to-end/serving.ts';
import { isAlive } from '../support/processes.ts';
import { assertAllGone, commandOf, pythonsOf, serveFreezes } from './family.ts';

const HELLO = 'Hello, World!';

const ARGS = ['--threads', '2', '--timeout', '2'];

/** Several times, so that every thread has its turn. */
async function assertServes(served: Served): Promise<void> {
  for (let round = 0; round < 4; round++) {
    const reply = await ask(served, '/');
    assert.deepEqual([reply.status, reply.body.toString()], [200, HELLO]);
  }
}

/** For tests that cost it a thread each and not the process: whatever came before. */
let mended: Served;

before(async () => {
  mended = await serveWsgi('freezes', ARGS);
});

test('a Python that is stopped is noticed, killed and replaced', async (t) => {
  const served = await serveFreezes(t, 'wsgi', ARGS);
  const [python = 0] = pythonsOf(served);
  const hung = ask(served, '/command');
  const command = await commandOf(served);
  process.kill(python, 'SIGSTOP');
  const during = await Promise.all(['/', '/?again', '/?third'].map((path) => ask(served, path)));
  for (const { status } of during) assert.ok([200, 502, 504].includes(status), `${status}`);
  await assertAllGone([python, command]);
  assert.ok([502, 504].includes((await hung).status));
  await assertServes(served);
  assert.equal(pythonsOf(served).length, 1);
  assert.match(served.log(), new RegExp(`Python process ${python} is being replaced`));
});

test('a Python that is stopped while nobody asks for anything is replaced all the same', async (t) => {
  const served = await serveFreezes(t, 'wsgi', ARGS);
  const [python = 0] = pythonsOf(served);
  process.kill(python, 'SIGSTOP');
  await eventually(() => !isAlive(python), 'the stopped process to be gone');
  await assertServes(served);
});

test('a Python that is stopped for a moment goes on', async (t) => {
  const served = await serveFreezes(t, 'wsgi', ARGS);
  const pythons = pythonsOf(served);
  process.kill(pythons[0] ?? 0, 'SIGSTOP');
  const waiting = ask(served, '/');
  await sleep(500);
  process.kill(pythons[0] ?? 0, 'SIGCONT');
  assert.equal((await waiting).status, 200);
  await assertServes(served);
  assert.deepEqual(pythonsOf(served), pythons);
  assert.doesNotMatch(served.log(), /is being replaced/);
});

test('a process that lost all its descriptors is replaced', async (t) => {
  const served = await serveFreezes(t, 'wsgi', ARGS);
  const [python = 0] = pythonsOf(served);
  assert.equal((await ask(served, '/close-all')).status, 502);
  await eventually(() => !isAlive(python), 'the process to be gone');
  await assertServes(served);
});

test('a process that lost its control socket is replaced', async (t) => {
  const served = await serveFreezes(t, 'wsgi', ARGS);
  const [python = 0] = pythonsOf(served);
  // Nobody notices before the next question; until then it serves.
  assert.equal((await ask(served, '/close-control')).status, 200);
  await eventually(() => !isAlive(python), 'the process to be gone');
  await assertServes(served);
});

test('a thread that lost its own descriptor is replaced, and its process goes on', async () => {
  const pythons = pythonsOf(mended);
  assert.equal((await ask(mended, '/close-own')).status, 502);
  await assertServes(mended);
  assert.deepEqual(pythonsOf(mended), pythons);
});

for (const what of ['noise', 'text', 'huge', 'kind', 'order', 'head', 'beyond', 'cut']) {
  test(`garbage (${what}) on a thread's socket pair is no response; on the control pair it costs the process and nothing else`, async (t) => {
    const served = await serveFreezes(t, 'wsgi', ARGS);
    const [python = 0] = pythonsOf(served);
    const reply = await ask(served, `/garbage?${what}`);
    // What looks like the beginning of a frame is waited for until `timeout`.
    assert.equal(reply.status, what === 'cut' ? 504 : 502);
    await assertServes(served);
    // It cost a thread, not the process.
    assert.deepEqual(pythonsOf(served), [python]);
    const { status } = await ask(served, `/garbage-control?${what}`);
    assert.ok([200, 502].includes(status), `${status}`);
    await eventually(() => !isAlive(python), 'the process to be replaced');
    await assertServes(served);
  });
}
