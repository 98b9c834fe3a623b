// Row 9, WSGI: the Python process dies, by the application or from outside. What had begun in it gets 502, what had not
// begun is run by the next process, and an application that dies again and again is started less and less often. Tried
// on purpose, and seen to fail: no pause between two starts; a Python that leads no session
// (its command lives on).

import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { ask, eventually, type Served, temporaryFolder } from '../end-to-end/serving.ts';
import { isAlive } from '../support/processes.ts';
import { assertBacksOff } from './dies-again.ts';
import { commandOf, pythonsOf, serveFreezes } from './family.ts';
import { begin } from './hung.ts';

function pythonOf(served: Served): number {
  const [python = 0, ...others] = pythonsOf(served);
  assert.deepEqual(others, []);
  return python;
}

for (const [path, words] of [
  ['/exit', 'ended with exit code 7'],
  ['/segfault', 'was killed by SIGSEGV'],
] as const) {
  test(`${path} costs the requests that had begun in the process 502, and nobody else anything`, async (t) => {
    const served = await serveFreezes(t, 'wsgi', ['--threads', '2']);
    const [worker] = served.server.workerPids();
    const python = pythonOf(served);
    const bystander = await begin(served, '/pause?60');
    assert.equal((await ask(served, path)).status, 502);
    assert.equal((await bystander.readResponse()).status, 502);
    assert.equal((await ask(served, '/')).status, 200);
    assert.ok(!isAlive(python));
    assert.notEqual(pythonOf(served), python);
    assert.deepEqual(served.server.workerPids(), [worker]);
    assert.match(served.log(), new RegExp(`Python process ${python} ${words}`));
  });
}

for (const who of ['Python', 'worker'] as const) {
  test(`a ${who} that is killed from outside takes along the command that it waited for`, async (t) => {
    const served = await serveFreezes(t, 'wsgi', ['--threads', '2']);
    const [worker = 0] = served.server.workerPids();
    const python = pythonOf(served);
    await begin(served, '/command');
    const command = await commandOf(served);
    process.kill(who === 'Python' ? python : worker, 'SIGKILL');
    await eventually(() => !isAlive(command), 'its end');
    assert.equal((await ask(served, '/')).status, 200);
    assert.ok(who === 'worker' || isAlive(worker));
  });
}

test('a Python that is killed, as for memory, costs nothing that had not begun', async (t) => {
  const served = await serveFreezes(t, 'wsgi', ['--threads', '2']);
  const python = pythonOf(served);
  const running = [await begin(served, '/pause?60'), await begin(served, '/pause?60')];
  const waiting = [await begin(served, '/'), await begin(served, '/?again')];
  process.kill(python, 'SIGKILL');
  for (const client of running) assert.equal((await client.readResponse()).status, 502);
  for (const client of waiting) assert.equal((await client.readResponse()).status, 200);
  assert.match(served.log(), new RegExp(`Python process ${python} was killed by SIGKILL`));
});

test('a request that finds no memory gets 500, and its process goes on', async (t) => {
  const env = { ADDRESS_SPACE: `${1024 ** 3}` };
  const served = await serveFreezes(t, 'wsgi', ['--threads', '2'], env);
  const python = pythonOf(served);
  for (let round = 0; round < 3; round++) {
    assert.equal((await ask(served, '/memory')).status, 500);
    assert.equal((await ask(served, '/')).status, 200);
  }
  assert.equal(pythonOf(served), python);
  assert.match(served.log(), /MemoryError/);
});

test('a process that dies again and again is started less and less often, and serves when that is over', async (t) => {
  const served = await serveFreezes(t, 'wsgi', ['--threads', '2']);
  await assertBacksOff(t, served, /process (\d+) ended with exit/g);
});

test('when no Python process can be started another worker is asked for, and whoever can first serves', async (t) => {
  const only = join(await temporaryFolder(), 'only');
  const served = await serveFreezes(t, 'wsgi', ['--threads', '1'], { LOADS_ONLY_IN: only });
  await writeFile(only, 'nobody');
  assert.equal((await ask(served, '/exit')).status, 502);
  await served.server.line(/is to be replaced: no Python process could be started in 3 attempts/);
  await served.server.line(/Worker \(pid: \d+\) cannot serve\./);
  await rm(only);
  assert.equal((await ask(served, '/')).status, 200);
  await served.server.line(/takes over from worker/);
  assert.equal((await ask(served, '/')).status, 200);
});
