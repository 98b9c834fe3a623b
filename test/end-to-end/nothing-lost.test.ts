// Whatever is done to the workers on purpose, clients notice nothing but `Connection: close`: counted by clients that keep
// their connections and ask without a pause. Tried on purpose, and seen to fail: a worker told to quit where it should drain
// (`from.quit()` in Fleet, "read ECONNRESET" by the dozen); sockets that are
// not handed to the new arbiter.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { CountingClients } from '../support/counting-clients.ts';
import { isEstablished } from '../support/open-connections.ts';
import { isAlive } from '../support/processes.ts';
import {
  eventually,
  fieldOf,
  type Served,
  serveNode,
  serveWsgi,
  temporaryFolder,
} from './serving.ts';

const CLIENTS = 8;
/** Holds no processor: what is seen is a request always under way, not how many there are. */
const PATH = '/pause?0.05';

const apps = [
  ['WSGI', (args: readonly string[]) => serveWsgi('freezes:app', args, { readyWorkers: 2 })],
  ['Node.js', (args: readonly string[]) => serveNode('./freezes.mjs', args, { readyWorkers: 2 })],
] as const;

const two = ['--workers', '2', '--threads', '2'];

async function clientsOf(t: TestContext, served: Served): Promise<CountingClients> {
  const clients = new CountingClients(served.port, CLIENTS, PATH);
  t.after(() => clients.stop());
  await eventually(() => clients.answered > 3 * CLIENTS, 'the clients to be served');
  return clients;
}

async function assertNothingLost(clients: CountingClients): Promise<void> {
  const before = clients.answered;
  await eventually(() => clients.answered > before + 3 * CLIENTS, 'the clients to be served on');
  await clients.stop();
  assert.deepEqual(clients.lost, []);
  assert.ok(clients.reconnects >= CLIENTS, `${clients.reconnects} connections were closed`);
}

for (const [kind, serve] of apps) {
  test(`${kind}: what is done to workers by signals`, async (t) => {
    const pidFile = join(await temporaryFolder(), 'tunicorn.pid');
    const served = await serve([...two, '--pid', pidFile]);
    const timesSoFar = (pattern: RegExp): number => [...served.log().matchAll(pattern)].length;

    await t.test(`${kind}: reloads, more and fewer workers lose no request`, async (t) => {
      const clients = await clientsOf(t, served);
      served.server.signal('SIGHUP');
      await served.server.line(/Reloaded\./);
      served.server.signal('SIGTTIN');
      await served.server.line(/Workers: 3/);
      served.server.signal('SIGTTOU');
      await served.server.line(/Workers: 2/);
      served.server.signal('SIGHUP');
      await served.server.line(/Reloaded\./, 2);
      await assertNothingLost(clients);
    });

    await t.test(
      `${kind}: a connection that pauses meets no reset when late workers drain`,
      async () => {
        const old = served.server.workerPids().filter(isAlive);
        const clients = await Promise.all(Array.from({ length: 12 }, () => served.connect()));
        for (const client of clients) assert.equal((await client.get(PATH)).status, 200);
        served.server.signal('SIGHUP');
        let told = 0;
        // Each request comes while the workers stand still, in one pause after the other: also in that in which they close.
        for (let turn = 0; clients.some(({ ending }) => ending === null); turn++) {
          const client = clients[turn % clients.length];
          for (const pid of old.filter(isAlive)) process.kill(pid, 'SIGSTOP');
          await pause(10);
          // Whoever has been sent an end, and has not seen it, may lose its request.
          const isOpen = client?.ending === null && isEstablished(client.localPort);
          if (isOpen) await client.send('GET /ok HTTP/1.1\r\nHost: x\r\n\r\n');
          await pause(60);
          for (const pid of old.filter(isAlive)) process.kill(pid, 'SIGCONT');
          if (isOpen && fieldOf(await client.readResponse(), 'connection') === 'close') told += 1;
          await pause(5);
        }
        assert.ok(told > 0, 'some ask when the workers drain');
        for (const client of clients) assert.equal(await client.waitClosed(), 'end');
        await served.server.line(/Reloaded\./, 3);
      },
    );

    await t.test(`${kind}: a new arbiter takes over and no request is lost`, async (t) => {
      const pidIn = (path: string): number => Number(readFileSync(path, 'utf8'));
      // Who was reloaded away has gone: the exits counted below are those of the workers that serve.
      await eventually(() => served.server.workerPids().filter(isAlive).length === 2);
      const clients = await clientsOf(t, served);
      const [ready, exited] = [timesSoFar(/Worker ready/g), timesSoFar(/Worker exiting/g)];
      served.server.signal('SIGUSR2');
      await served.server.line(/Worker ready/, ready + 2);
      const next = pidIn(`${pidFile}.2`);
      t.after(async () => {
        if (isAlive(next)) process.kill(next, 'SIGINT');
        await eventually(() => !isAlive(next), 'the new arbiter to end');
      });
      assert.equal(pidIn(pidFile), served.pid);
      served.server.signal('SIGWINCH');
      await served.server.line(/Worker exiting/, exited + 2);
      served.server.signal('SIGQUIT');
      await served.server.line(/Master has been promoted\./);
      await eventually(() => pidIn(pidFile) === next, 'the pid file to name the new arbiter');
      await assertNothingLost(clients);
      assert.ok(!isAlive(served.pid));
    });
  });

  test(`${kind}: workers that are replaced at max_requests lose no request`, async (t) => {
    const served = await serve([...two, '--max-requests', '60', '--max-requests-jitter', '20']);
    const clients = await clientsOf(t, served);
    await served.server.line(/takes over from worker/, 4);
    await assertNothingLost(clients);
    assert.match(
      served.log(),
      /\[INFO\] Worker \(pid: \d+\) is to be replaced: it has begun \d+ requests \(max_requests\)/,
    );
    await served.stop();
  });
}
