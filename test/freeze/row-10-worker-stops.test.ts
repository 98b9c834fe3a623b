// Row 10: the loop of a worker stops (SIGSTOP). The arbiter kills it after `timeout` with all it had started; another
// worker serves meanwhile, or the next one serves those who waited. A pause that is over in time, and one of the whole
// server, changes nothing. Tried on purpose, and seen to fail: SIGKILL to the worker alone (its Python's commands stay);
// an arbiter that does not forgive silence during its own pause.

import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../support/processes.ts';
import { RawClient, statusOf } from '../support/raw-client.ts';
import { type Server, startServer } from '../support/server.ts';
import { assertAllGone, commandOf, freezes, pythonsOf } from './family.ts';

/** The shortest silence that the arbiter takes for a loop that stands still. */
const SILENCE_MS = 3000;
/** Clients of the worker that serves come so often: it is no load that is tested. */
const BETWEEN_MS = 50;

const kinds = [
  ['WSGI', freezes.wsgi],
  ['Node.js', freezes.node],
] as const;

function start(t: TestContext, [, kind]: (typeof kinds)[number], args: readonly string[] = []) {
  const workers = args.includes('2') ? 2 : 1;
  const more = ['--timeout', '3', '--log-level', 'debug', ...args];
  return startServer(t, {
    ...kind,
    args: [...kind.args, ...more],
    readyWorkers: workers,
    detached: true,
  });
}

/** The worker, its Python and whatever that has started. */
function familyOf(server: Server, worker: number): number[] {
  return server.childPids().filter((pid) => pid !== worker || isAlive(pid));
}

// They mostly wait.
describe('row 10', { concurrency: 3 }, () => {
  for (const kind of kinds) {
    const [name] = kind;

    test(`a ${name} worker that is stopped is killed with all it started; who waits is served by the next`, async (t) => {
      const server = await start(t, kind);
      const [worker = 0] = server.workerPids();
      const hung = await RawClient.connect(t, server.port);
      await hung.send(`GET /${name === 'WSGI' ? 'command' : 'native'} HTTP/1.1\r\nHost: a\r\n\r\n`);
      await commandOf(server);
      process.kill(worker, 'SIGSTOP');
      const family = familyOf(server, worker);
      // Not accepted any more: it waits in the kernel for the next worker.
      const next = statusOf(t, server.port);
      await server.line(new RegExp(`WORKER TIMEOUT \\(pid:${worker}\\)`));
      await assertAllGone([worker, ...family]);
      await assert.rejects(hung.readResponse(), /closed where|reset/);
      assert.equal(await next, 200);
      await server.line(/Booting worker/, 2);
      assert.equal(server.workerPids().length, 2);
    });

    test(`beside a ${name} worker that is stopped the other one serves`, async (t) => {
      const server = await start(t, kind, ['--workers', '2']);
      const [worker = 0] = server.workerPids();
      process.kill(worker, 'SIGSTOP');
      let served = 0;
      for (; !server.log().includes('WORKER TIMEOUT'); served++) {
        assert.equal(await statusOf(t, server.port), 200);
        await sleep(BETWEEN_MS);
      }
      assert.ok(served >= 5, `${served} served before the stopped one was killed`);
      await server.line(/Worker ready/, 3);
      assert.ok(!isAlive(worker));
      assert.equal([...server.log().matchAll(/WORKER TIMEOUT/g)].length, 1);
    });

    test(`a ${name} worker that goes on in time is let alone`, async (t) => {
      const server = await start(t, kind);
      const [worker = 0] = server.workerPids();
      process.kill(worker, 'SIGSTOP');
      const waiting = statusOf(t, server.port);
      await sleep(SILENCE_MS / 3);
      process.kill(worker, 'SIGCONT');
      assert.equal(await waiting, 200);
      await heartbeats(server, worker, 2);
      assert.deepEqual(server.workerPids(), [worker]);
      assert.doesNotMatch(server.log(), /WORKER TIMEOUT|is being replaced|is gone/);
    });

    test(`a ${name} server that is stopped and continued as a whole goes on as it was`, async (t) => {
      const server = await start(t, kind);
      const family = server.childPids();
      const client = await RawClient.connect(t, server.port);
      assert.equal((await client.get('/')).status, 200);
      const [worker = 0] = server.workerPids();
      const running = await RawClient.connect(t, server.port);
      await running.send('GET /pause?1 HTTP/1.1\r\nHost: a\r\n\r\n');
      server.signalGroup('SIGSTOP');
      // Longer than anything that is waited for: the pause itself is what is tested.
      await sleep(SILENCE_MS + 1500);
      server.signalGroup('SIGCONT');
      // Its time was up while nobody could have answered.
      assert.equal((await running.readResponse()).status, 200);
      await heartbeats(server, worker, 3);
      assert.equal(await statusOf(t, server.port), 200);
      assert.deepEqual(server.childPids(), family);
      assert.doesNotMatch(server.log(), /WORKER TIMEOUT|is being replaced|is gone/);
    });
  }

  test('a Python that was asked whether it runs just before the whole server stopped is asked again', async (t) => {
    const server = await start(t, kinds[0]);
    const family = server.childPids();
    const [worker = 0] = server.workerPids();
    const [python = 0] = pythonsOf(server);
    process.kill(python, 'SIGSTOP');
    // A question goes out every second: one is under way now, without an answer.
    await sleep(1200);
    server.signalGroup('SIGSTOP');
    await sleep(SILENCE_MS + 1500);
    server.signalGroup('SIGCONT');
    // It leads a session of its own, which the group's signals do not reach.
    process.kill(python, 'SIGCONT');
    await heartbeats(server, worker, 2);
    assert.equal(await statusOf(t, server.port), 200);
    assert.deepEqual(server.childPids(), family);
    assert.doesNotMatch(server.log(), /WORKER TIMEOUT|is being replaced/);
  });
});

/** So many more come. */
async function heartbeats(server: Server, worker: number, count: number): Promise<void> {
  const heartbeat = new RegExp(`Heartbeat of worker \\(pid: ${worker}\\)`, 'g');
  const before = [...server.log().matchAll(heartbeat)].length;
  await server.line(heartbeat, before + count);
}
