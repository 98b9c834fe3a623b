// The rows that end threads and processes, with Pythons that were forked from a preloading process and are nobody's children
// that waits for them: they are interrupted, replaced, found out about and killed as those that a worker starts itself. Tried
// on purpose, and seen to fail: no signal from the kernel when the worker goes (an interpreter that is held stays); an arbiter
// that does not know which Pythons are a worker's (their commands stay).

import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { ask, eventually, makeFifo, type Served } from '../end-to-end/serving.ts';
import { isAlive } from '../support/processes.ts';
import { launchServer } from '../support/server.ts';
import { assertAllGone, commandOf, freezes, pythonsOf, serveFreezes } from './family.ts';
import { assertAllGet504, assertRecords, hang, untilNobodyAnswers } from './hung.ts';

const COMMAND_LINE = ['--preload', '--threads', '2', '--timeout', '1', '--log-json'];

function serve(t: TestContext, args: readonly string[] = []): Promise<Served> {
  return serveFreezes(t, 'wsgi', [...COMMAND_LINE, ...args]);
}

function preloaderOf(served: Served): number {
  return Number(/Preloading the application \(pid: (\d+)\)/.exec(served.log())?.[1]);
}

function forkedOf(served: Served): number[] {
  return pythonsOf(served).filter((pid) => pid !== preloaderOf(served));
}

describe('with --preload', { concurrency: 3 }, () => {
  test('requests that hang are interrupted, given up, or cost their process its life, and others are served', async (t) => {
    const served = await serve(t);
    const [first = 0] = forkedOf(served);
    const seconds = 1;
    await assertAllGet504(await hang(served, '/spin', 2));
    await assertRecords(served, '/spin', 2, { cases: ['interrupted'], stack: /in app/, seconds });
    assert.equal((await ask(served, '/')).status, 200);
    assert.deepEqual(forkedOf(served), [first]);
    await assertAllGet504(await hang(served, '/native', 2));
    await assertRecords(served, '/native', 2, { cases: ['native-code'], stack: /in app/, seconds });
    assert.equal((await ask(served, '/')).status, 200);
    assert.deepEqual(forkedOf(served), [first]);
    await assertAllGet504(await hang(served, '/hold', 1));
    const cases = ['interpreter-held'];
    await assertRecords(served, '/hold', 1, { cases, stack: /in app/, seconds });
    assert.equal((await ask(served, '/')).status, 200);
    await assertAllGone([first]);
    assert.ok(isAlive(preloaderOf(served)));
    // The one that took its place was forked, too.
    assert.doesNotMatch(served.log(), /it is loaded anew/);
  });

  for (const [path, words] of [
    ['/exit', 'ended with exit code 7'],
    ['/segfault', 'was killed by SIGSEGV'],
  ] as const) {
    test(`${path}: the log tells how the process ended, and the next one serves`, async (t) => {
      const served = await serve(t);
      const [python = 0] = forkedOf(served);
      assert.equal((await ask(served, path)).status, 502);
      assert.equal((await ask(served, '/')).status, 200);
      assert.match(served.log(), new RegExp(`Python process ${python} ${words}`));
      // It was waited for as well.
      await assertAllGone([python]);
    });
  }

  test('a worker that is killed takes its Python along, though the interpreter is held', async (t) => {
    const served = await serve(t, ['--timeout', '60']);
    const [worker = 0] = served.server.workerPids();
    const pythons = forkedOf(served);
    await hang(served, '/hold', 1);
    await untilNobodyAnswers(t, served.port);
    // Nor can its parent kill it: the kernel does.
    process.kill(preloaderOf(served), 'SIGSTOP');
    process.kill(worker, 'SIGKILL');
    await eventually(() => !pythons.some(isAlive), 'the Python to end');
    process.kill(preloaderOf(served), 'SIGCONT');
    await assertAllGone([worker, ...pythons]);
    await served.server.line(/Worker ready/, 2);
    assert.equal((await ask(served, '/')).status, 200);
  });

  test('a worker that stands still is killed with what its Python has started', async (t) => {
    const served = await serve(t, ['--timeout', '3']);
    const [worker = 0] = served.server.workerPids();
    const pythons = forkedOf(served);
    await hang(served, '/command', 1);
    const command = await commandOf(served);
    process.kill(worker, 'SIGSTOP');
    await served.server.line(/WORKER TIMEOUT/);
    await assertAllGone([worker, ...pythons, command]);
    assert.equal((await ask(served, '/')).status, 200);
  });

  for (const path of ['/spin', '/native', '/hold', '/command']) {
    test(`nothing is left when the arbiter is killed with a request in ${path}`, async (t) => {
      const served = await serve(t, ['--graceful-timeout', '1', '--timeout', '60']);
      await hang(served, path, 1);
      if (path === '/hold') await untilNobodyAnswers(t, served.port);
      if (path === '/command') await commandOf(served);
      const family = served.childPids();
      assert.ok(family.includes(preloaderOf(served)));
      process.kill(served.pid, 'SIGKILL');
      await assertAllGone(family);
    });
  }

  test('nothing is left when the arbiter is killed while the application is being loaded', async (t) => {
    const { args, cwd } = freezes.wsgi;
    const env = { LOAD_FIFO: await makeFifo() };
    const server = launchServer(t, {
      app: 'loads_when_told',
      cwd,
      env,
      args: [...args, '--preload'],
    });
    await server.line(/Preloading the application/);
    const family = server.childPids();
    process.kill(server.pid, 'SIGKILL');
    await assertAllGone(family);
  });
});
