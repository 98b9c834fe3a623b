// Row 13: 200 TLS handshakes that stall: 50 with not a byte, 50 in the middle of their hello, 100 after it. New
// clients are served meanwhile, at a limit that the 200 exceed and at one that has room for them; the 200 are closed at
// handshake_timeout and not before; nothing spins. Faults put in by hand and seen here: a handshake that never gives way; one
// without a deadline; hello answered and let be for ever.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import {
  ask,
  eventually,
  type RawClient,
  type Served,
  serveWsgi,
  temporaryFolder,
} from '../end-to-end/serving.ts';
import { makeCertificate, type TestCertificate } from '../support/certificates.ts';
import { clientHello } from '../support/client-hello.ts';
import { openConnections } from '../support/open-connections.ts';
import { processorShare } from '../support/processes.ts';
import { KINDS } from './kinds.ts';
import { NormalClients } from './normal-clients.ts';

const STALLED = 200;
const NORMAL = 8;
/** 200 handshakes and 8 clients on a machine that is busy with other things. */
const LONG_MS = 60_000;
/** The deadlines that would let newcomers in as well: longer than any test waits. */
const FAR_AWAY = ['--handshake-timeout', '600', '--first-byte-timeout', '600'];
const SHORT_SECONDS = 3;

let certificate: TestCertificate;
let hello: Buffer;

before(async () => {
  certificate = makeCertificate(await temporaryFolder());
  hello = await clientHello();
});

/** 200 clients that are connected, at least in the kernel's queue, and go no further. */
async function stall(served: Served): Promise<RawClient[]> {
  const said = [0, hello.length, hello.length >> 1, hello.length];
  const clients: RawClient[] = [];
  for (let index = 0; index < STALLED; index++) {
    const client = await served.connectPlainly();
    await client.send(hello.subarray(0, said[index % said.length]));
    clients.push(client);
  }
  return clients;
}

for (const { name, serve } of KINDS) {
  for (const limit of [100, 1000]) {
    test(`${name}: 200 handshakes stall at worker_connections ${limit}, and everybody else is served`, async (t) => {
      const args = ['--threads', '4', '--worker-connections', String(limit), ...FAR_AWAY];
      const served = await serve(args, { certificate });
      await stall(served);
      const beganMs = performance.now();
      assert.equal((await ask(served, '/')).status, 200);
      const newcomerMs = performance.now() - beganMs;
      const normal = new NormalClients(t, served, NORMAL);
      await normal.allServed(20, LONG_MS);
      assert.ok(openConnections(served.port) <= limit);
      await normal.stop();
      // That nothing spins can only be seen over a while.
      const share = await processorShare([served.pid, ...served.childPids()], 1500);
      assert.ok(share < 0.1, `${(share * 100).toFixed(1)} % of a core while nothing happens`);
      t.diagnostic(
        `a newcomer was answered after ${Math.round(newcomerMs)} ms, the slowest of the others in ${Math.round(normal.slowestMs)} ms`,
      );
    });
  }
}

test('handshakes that stall are closed at handshake_timeout and not before, and nobody hears of it', async () => {
  const args = ['--threads', '4', '--handshake-timeout', String(SHORT_SECONDS)];
  const served = await serveWsgi('freezes:app', args, { certificate });
  const beganMs = performance.now();
  const clients = await stall(served);
  const ended = clients.map(async (client) => {
    await client.waitClosed();
    return performance.now() - beganMs;
  });
  const first = Math.min(...(await Promise.all(ended)));
  assert.ok(first >= SHORT_SECONDS * 1000, `the first was closed after ${Math.round(first)} ms`);
  await eventually(() => openConnections(served.port) === 0, 'all of them to be gone');
  assert.equal((await ask(served, '/')).status, 200);
  assert.doesNotMatch(served.log(), /\[(?:WARNING|ERROR|CRITICAL)\]/);
});
