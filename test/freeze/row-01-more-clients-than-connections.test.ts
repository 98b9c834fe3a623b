// Row 1: 64 keep-alive clients at worker_connections 4. Everybody is served, never more than four are open, and when they
// have left nothing spins. Tried on purpose, and seen to fail: busy connections are not told to close at the limit.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { NormalClients } from '../../src/drill/normal-clients.ts';
import { eventually } from '../end-to-end/serving.ts';
import { openConnections } from '../support/open-connections.ts';
import { processorMs } from '../support/processes.ts';
import { KINDS, QUIET_PATH } from './kinds.ts';

const CLIENTS = 64;
const LIMIT = 4;
const IDLE_MS = 1500;

for (const { name, serve } of KINDS) {
  test(`${name}: 64 keep-alive clients at worker_connections 4 are all served, and nothing spins`, async () => {
    const served = await serve(['--threads', '4', '--worker-connections', String(LIMIT)]);
    const clients = new NormalClients({ at: served.port }, { path: QUIET_PATH, count: CLIENTS });
    try {
      let most = 0;
      // Each place is taken in turns of a quarter of a second: sixteen of them until everybody was there.
      await eventually(
        () => {
          most = Math.max(most, openConnections(served.port));
          return clients.served === CLIENTS;
        },
        'all 64 to be served',
        60_000,
      );
      assert.ok(most <= LIMIT, `${most} connections were open at once`);
    } finally {
      clients.stop();
    }
    await eventually(() => openConnections(served.port) === 0, 'the connections to be gone');
    const family = [served.pid, ...served.childPids()];
    const used = () => family.reduce((sum, pid) => sum + processorMs(pid), 0);
    const before = used();
    await sleep(IDLE_MS);
    const share = (used() - before) / IDLE_MS;
    assert.ok(share < 0.15, `${(share * 100).toFixed(0)} % of a core while nothing happens`);
  });
}
