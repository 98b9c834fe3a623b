// Row 8, Node.js: requests in native code that no interrupt reaches (`execSync`). Their clients get 504, others are
// served by new threads at once, and the worker is replaced, the new one first; nothing of the old one is left. Tried on
// purpose, and seen to fail: process.exit() in place of endProcess(), and an end that leaves the commands alone.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  ask,
  eventually,
  type RawClient,
  type Served,
  temporaryFolder,
} from '../end-to-end/serving.ts';
import { isAlive } from '../support/processes.ts';
import { assertAllGone, newestWorkerOf, serveFreezes, sleepsOf } from './family.ts';
import { assertAllGet504, hang, SERVED_AGAIN_MS } from './hung.ts';

const THREADS = 4;
const TIMEOUT_MS = 2000;

function serve(t: TestContext, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  return serveFreezes(t, 'node', ['--timeout', `${TIMEOUT_MS / 1000}`, ...args], env);
}

/** Sends requests that hang; when this resolves their commands run. */
async function hangInCommands(served: Served, count: number): Promise<RawClient[]> {
  const before = sleepsOf(served).length;
  const clients = await hang(served, '/native', count);
  await eventually(() => sleepsOf(served).length === before + count, 'the commands to run');
  return clients;
}

test('all threads in native code: 504 for those, the next is served, the worker is replaced, nothing is left', async (t) => {
  const folder = await temporaryFolder();
  const only = join(folder, 'only');
  const served = await serve(t, ['--threads', `${THREADS}`], { LOADS_ONLY_IN: only });
  const [old = 0] = served.server.workerPids();
  // No other process can load it yet: whoever serves are new threads.
  await writeFile(only, `${old}`);
  const hung = await hangInCommands(served, THREADS);
  const commands = sleepsOf(served);
  const normal = ask(served, '/');
  await assertAllGet504(hung);
  const beganMs = performance.now();
  assert.equal((await normal).status, 200);
  const waitedMs = performance.now() - beganMs;
  t.diagnostic(`served again ${waitedMs.toFixed(0)} ms after the 504s`);
  assert.ok(waitedMs < SERVED_AGAIN_MS, `${waitedMs} ms`);
  const told = (): number =>
    [
      ...served
        .log()
        .matchAll(
          /GET \/native from [\d.:]+ ran for \d+\.\d s .*on thread \d .*504: native code holds/g,
        ),
    ].length;
  await eventually(() => told() === THREADS, 'a line about each');
  await rm(only);

  // A response that is under way in the old worker may end, however long after its succession.
  const streaming = await served.connect();
  await streaming.send(`GET /stream?${join(folder, 'go')} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  await served.server.line(/takes over from worker/);
  assert.notEqual(newestWorkerOf(served), old);
  await served.server.line(new RegExp(`\\[${old}\\] \\[INFO\\] Draining: `));
  assert.equal((await ask(served, '/')).status, 200);
  assert.ok(isAlive(old));
  await writeFile(join(folder, 'go'), '');
  assert.equal((await streaming.readResponse()).body.toString(), 'begun ended');

  await assertAllGone([old, ...commands]);
  await served.server.line(new RegExp(`Worker exiting \\(pid: ${old}\\)`));
  assert.doesNotMatch(served.log(), /was sent SIGKILL|killing it/);
  assert.equal(told(), THREADS);
  assert.deepEqual(await served.server.stop(), { code: 0, signal: null });
});

test('round after round of threads in native code leaves no worker, no thread and no command behind', async (t) => {
  const served = await serve(t, ['--threads', '2']);
  for (let round = 1; round <= 2; round++) {
    const hung = await hangInCommands(served, 2);
    const [serving, ...commands] = [newestWorkerOf(served), ...sleepsOf(served)];
    await assertAllGet504(hung);
    assert.equal((await ask(served, '/')).status, 200);
    await served.server.line(/takes over from worker/, round);
    await assertAllGone([serving, ...commands]);
  }
  assert.deepEqual(served.childPids(), [newestWorkerOf(served)]);
});

test('while the next worker cannot boot the old one serves, however many threads it loses', async (t) => {
  const only = join(await temporaryFolder(), 'only');
  const args = ['--threads', '1', '--queue-timeout', '3'];
  const served = await serve(t, args, { LOADS_ONLY_IN: only });
  const [old = 0] = served.server.workerPids();
  await writeFile(only, `${old}`);
  for (let round = 1; round <= 3; round++) {
    await assertAllGet504(await hangInCommands(served, 1));
    // Two stuck threads for each that should serve are put up with, and no third is added to them.
    if (round < 3) assert.equal((await ask(served, '/')).status, 200);
  }
  await served.server.line(/cannot serve\. \(cannot-serve\)\n.*\n.*not to be loaded in/, 2);
  await served.server.line(
    new RegExp(`the next one starts in \\d+ ms\\. Worker \\(pid: ${old}\\) goes on\\.`),
  );
  assert.ok(isAlive(old));
  const commands = sleepsOf(served);
  assert.equal(commands.length, 3);
  assert.equal((await ask(served, '/')).status, 503);
  await rm(only);
  await served.server.line(/takes over from worker/);
  await assertAllGone([old, ...commands]);
  assert.equal((await ask(served, '/')).status, 200);
});

for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const) {
  test(`${signal} ends a server whose threads are in native code, and their commands`, async (t) => {
    const served = await serve(t, ['--threads', '2', '--graceful-timeout', '1']);
    await hangInCommands(served, 2);
    const family = served.childPids();
    assert.deepEqual(await served.server.stop(signal), { code: 0, signal: null });
    await assertAllGone(family);
    assert.doesNotMatch(served.log(), /was sent|killing it/);
  });
}

test('SIGTERM ends the old worker and the one that boots beside it', async (t) => {
  const only = join(await temporaryFolder(), 'only');
  const served = await serve(t, ['--threads', '1'], { LOADS_ONLY_IN: only });
  const [old = 0] = served.server.workerPids();
  await writeFile(only, `${old}`);
  await assertAllGet504(await hangInCommands(served, 1));
  await served.server.line(/Booting worker with pid: (\d+)/, 3);
  const family = served.childPids();
  assert.deepEqual(await served.server.stop(), { code: 0, signal: null });
  await assertAllGone(family);
  assert.ok(existsSync(only));
});
