// What clients may have outlives the worker that counts it, also where there is only one: a worker that is replaced for its number of
// requests, a reload, one that is killed, and a second worker beside it. Faults put in by hand and seen here: an arbiter that is told
// nothing by the one that counts alone; a successor that does not ask.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { ask, type Served, serveNode, temporaryFolder } from './serving.ts';

const REQUESTS_MAX = 40;
/** A worker that counts alone has told by then: it does four times a second. */
const TOLD_MS = 400;
let served: Served;
/** Workers that have become ready. */
let ready = 1;

before(async () => {
  // By a field: the requests of a client are its own.
  const config = JSON.stringify({ limits: [{ path: '/login', rate: '5/h', key: 'header:x-who' }] });
  const cwd = await temporaryFolder({
    'limits.json': config,
    'app.mjs': "export default (_req, res) => res.end('hello');\n",
  });
  served = await serveNode(
    './app.mjs',
    ['-c', 'limits.json', '--max-requests', `${REQUESTS_MAX}`],
    {
      cwd,
    },
  );
});

async function logins(who: string, count: number): Promise<number> {
  let granted = 0;
  for (let n = 0; n < count; n++) {
    const { status } = await ask(served, '/login', { fields: [`x-who: ${who}`] });
    assert.ok(status === 200 || status === 429, `${status}`);
    if (status === 200) granted += 1;
  }
  return granted;
}

/** Another worker serves. */
async function succeeded(): Promise<void> {
  ready += 1;
  await served.server.line(/Worker ready/, ready);
}

test('a worker that has answered max_requests leaves its counts to its successor', async () => {
  assert.equal(await logins('ann', 8), 5);
  assert.equal(await logins('bob', 3), 3);
  for (let n = 0; n <= REQUESTS_MAX; n++) await ask(served, '/');
  await succeeded();
  await served.server.line(/takes over from worker/);
  assert.equal(await logins('ann', 6), 0);
  assert.equal(await logins('bob', 6), 2);
});

test('after a reload they are still used up, whichever of both workers is asked', async () => {
  assert.equal(await logins('eve', 2), 2);
  served.server.signal('SIGHUP');
  let granted = 0;
  const loaded = succeeded().then(() => true);
  while (!(await Promise.race([loaded, pause(20, false)]))) granted += await logins('eve', 1);
  await served.server.line(/Reloaded\./);
  granted += await logins('eve', 8);
  assert.equal(granted, 3);
  assert.equal(await logins('ann', 6), 0);
});

test('a worker that is killed leaves what it had told', async () => {
  assert.equal(await logins('cid', 4), 4);
  await pause(TOLD_MS);
  const victim = served.server.workerPids().at(-1);
  assert.ok(victim !== undefined);
  process.kill(victim, 'SIGKILL');
  await succeeded();
  assert.equal(await logins('cid', 6), 1);
  assert.equal(await logins('ann', 6), 0);
});

test('with a second worker, and without it again, they are counted together', async () => {
  assert.equal(await logins('dan', 2), 2);
  served.server.signal('SIGTTIN');
  await succeeded();
  assert.equal(await logins('dan', 2), 2);
  served.server.signal('SIGTTOU');
  await served.server.line(/Workers: 1/);
  assert.equal(await logins('dan', 6), 1);
  assert.equal(await logins('ann', 12), 0);
});
