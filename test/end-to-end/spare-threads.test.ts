// `--spare-threads`: one that is loaded already takes the place of a thread that dies or is stuck, whatever a start of the
// application would cost then. Here none can be started meanwhile, so that only a spare one can answer. Tried on purpose,
// and seen to fail: no spare threads, and spare ones that count as starts in vain.

import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { before } from 'node:test';
import { ask, type Served, serveNode, temporaryFolder } from './serving.ts';

let server: Served;
/** While it is there nobody can load the application. */
let nobodyLoads: string;

before(async () => {
  nobodyLoads = join(await temporaryFolder(), 'only');
  const args = ['--threads', '1', '--spare-threads', '1', '--timeout', '1', '--log-level', 'debug'];
  server = await serveNode('./freezes.mjs', args, { env: { LOADS_ONLY_IN: nobodyLoads } });
});

for (const [round, [path, status, what]] of (
  [
    ['/exit', 502, 'that dies'],
    ['/spin', 504, 'that is stuck'],
  ] as const
).entries()) {
  test(`a spare thread takes the place of one ${what} at once, and the next spare one is loaded when it can be`, async (t) => {
    const { server: program } = server;
    await program.line(/thread \d+ is loaded and spare/, round + 1);
    await writeFile(nobodyLoads, 'nobody');
    assert.equal((await ask(server, path)).status, status);
    const beganMs = performance.now();
    assert.equal((await ask(server, '/')).status, 200);
    t.diagnostic(`served again after ${(performance.now() - beganMs).toFixed(0)} ms`);
    await program.line(/thread \d+ was spare and takes the place of thread \d+/, round + 1);
    // As many as would have the worker replaced if it missed them.
    await program.line(/A thread could not load the application again/, 4 * (round + 1));
    assert.doesNotMatch(server.log(), /is to be replaced/);
    assert.equal((await ask(server, '/')).status, 200);
    await rm(nobodyLoads);
  });
}

test('TERM ends a server with spare threads', async () => {
  const { server: program } = server;
  await program.line(/thread \d+ is loaded and spare/, 3);
  assert.equal(program.workerPids().length, 1);
  assert.deepEqual(await program.stop(), { code: 0, signal: null });
});
