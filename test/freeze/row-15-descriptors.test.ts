// Row 15, descriptors: with `ulimit -n 64`, and with an application that eats them, accepting pauses and goes on, nobody who
// waits is dropped, nothing spins, the log says why, and all is as before when there are descriptors again. Faults put in by
// hand and seen here: accepting goes on while none is left (clients are dropped); no replacement.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ask,
  eventually,
  type Served,
  serveNode,
  serveWsgi,
  temporaryFolder,
} from '../end-to-end/serving.ts';
import { takeDescriptors } from '../support/descriptors.ts';
import { queuedConnections } from '../support/open-connections.ts';
import { processorMs } from '../support/processes.ts';
import { newestWorkerOf, pythonsOf } from './family.ts';
import { KINDS } from './kinds.ts';

const FEW = { ulimit: '-n 64' };
/** A quarter of a core: far more than a server needs that waits. */
const IDLE_SHARE = 0.25;
const TWO_SECONDS = 2000;

async function assertDoesNotSpin(served: Served): Promise<void> {
  const pids = [served.pid, ...served.childPids()];
  const before = pids.map(processorMs);
  await sleep(TWO_SECONDS);
  for (const [index, pid] of pids.entries()) {
    const used = processorMs(pid) - (before[index] ?? 0);
    assert.ok(used < TWO_SECONDS * IDLE_SHARE, `process ${pid} used ${used} ms`);
  }
}

for (const { name, serve } of KINDS) {
  test(`${name}: with 64 descriptors accepting pauses and goes on, and everybody is served`, async () => {
    const served = await serve(['--threads', '2'], FEW);
    assert.match(
      served.log(),
      /64 files open \(ulimit -n\): accepting will pause at about \d+ conn/,
    );
    const clients = await Promise.all(Array.from({ length: 60 }, () => served.connect()));
    // Who says nothing gives way, as at worker_connections: those who ask are sure of an answer.
    for (const client of clients) {
      await client.send('GET /pause?0.2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    }
    await served.server.line(/Accepting pauses at \d+ connections: \d+ of 64 files are open/);
    assert.ok(queuedConnections(served.port) > 10, 'the others wait in the queue of the kernel');
    for (const client of clients.slice(0, 30)) {
      assert.equal((await client.readResponse()).status, 200);
    }
    for (const client of clients) client.destroy();
    await eventually(() => queuedConnections(served.port) === 0, 'the queue to be empty');
    assert.equal((await ask(served, '/')).status, 200);
    assert.doesNotMatch(served.log(), /Cannot accept|ERROR/);
  });
}

test('a Node.js application that eats the descriptors keeps clients waiting, and nobody is dropped', async () => {
  const gate = join(await temporaryFolder(), 'gate');
  const served = await serveNode('./eats-files.mjs', ['--threads', '2'], { ulimit: '-n 200' });
  const eater = await ask(served, `/eat?${gate}`);
  assert.match(eater.body.toString(), /^\d+ eaten$/);
  await served.server.line(/Accepting pauses at 0 connections: \d+ of 200 files are open/);
  const waiting = await Promise.all(Array.from({ length: 10 }, () => served.connect()));
  await assertDoesNotSpin(served);
  await writeFile(gate, '');
  for (const client of waiting) assert.equal((await client.get('/')).status, 200);
});

test('a Node.js application that keeps the descriptors has its worker replaced', async () => {
  const gate = join(await temporaryFolder(), 'never');
  const served = await serveNode('./eats-files.mjs', ['--threads', '2'], { ulimit: '-n 200' });
  await ask(served, `/eat?${gate}`);
  await served.server.line(/\d+ of 200 files are open, most of them by the application/);
  await served.server.line(/takes over from worker/);
  assert.equal((await ask(served, '/')).status, 200);
});

test('a Python without descriptors: the body in a file is told of as what it is, the rest is served', async () => {
  const gate = join(await temporaryFolder(), 'gate');
  const served = await serveWsgi('eats_files', ['--threads', '2'], { ulimit: '-n 200' });
  const upload = { method: 'POST', body: Buffer.alloc(1_000_000) };
  assert.equal((await ask(served, '/', upload)).body.toString(), '1000000 bytes');
  assert.match((await ask(served, `/eat?${gate}`)).body.toString(), /^\d+ eaten$/);
  assert.equal((await ask(served, '/', upload)).status, 500);
  await served.server.line(
    /Cannot open the temporary file of the request body: .* \(spool-failed\)/,
  );
  assert.equal((await ask(served, '/', { method: 'POST', body: 'ten bytes.' })).status, 200);
  await writeFile(gate, '');
  await eventually(async () => (await ask(served, '/', upload)).status === 200, 'it to be read');
});

test('a worker that has no descriptors for another Python is replaced itself', async () => {
  const served = await serveWsgi('eats_files', ['--threads', '2'], { ulimit: '-n 200' });
  const [python = 0] = pythonsOf(served);
  takeDescriptors(newestWorkerOf(served));
  process.kill(python, 'SIGKILL');
  await served.server.line(/The application could not be loaded again: Cannot run .*EMFILE/);
  assert.equal((await ask(served, '/')).status, 200);
  await served.server.line(/takes over from worker/);
});

test('an arbiter without descriptors starts the next worker when there are some', async () => {
  const served = await serveWsgi('eats_files', ['--threads', '2'], { ulimit: '-n 200' });
  const giveBack = takeDescriptors(served.pid);
  process.kill(newestWorkerOf(served), 'SIGKILL');
  await served.server.line(/EMFILE/);
  await assertDoesNotSpin(served);
  giveBack();
  await served.server.line(/Worker ready/, 2);
  assert.equal((await ask(served, '/')).status, 200);
});
