// Row 2: 200 clients drip a request head, a byte a second. Normal clients are all served meanwhile, and the drippers get
// 408 at head_timeout, however fast they drip. What share of the undisturbed rate normal clients have is measured by
// `npm run freeze`, because a busy machine must not fail a test. Tried on purpose, and seen to fail: progress moves the
// deadline of a head; one of the drippers is ended at once.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { monotonicMs } from '../../src/clock.ts';
import { Crowd } from '../../src/drill/crowd.ts';
import { NormalClients } from '../../src/drill/normal-clients.ts';
import { soon } from '../support/eventually.ts';
import { KINDS, QUIET_PATH } from './kinds.ts';

const DRIPPERS = 200;
const NORMAL = 8;
const HEAD_SECONDS = 4;

for (const { name, serve } of KINDS) {
  test(`${name}: 200 clients that drip a head get 408 at the deadline, and normal clients are served`, async () => {
    const served = await serve(['--threads', '4', '--head-timeout', String(HEAD_SECONDS)]);
    const target = { at: served.port };
    const beganMs = monotonicMs();
    const drippers = new Crowd(target, DRIPPERS, {
      opening: () => 'GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ',
      drip: () => 'x',
    });
    const clients = new NormalClients(target, { path: QUIET_PATH, count: NORMAL });
    try {
      await drippers.begun;
      const during = await clients.measure(1500);
      assert.equal(during.clientsServed, NORMAL);
      assert.deepEqual([...during.outcomes.keys()], ['200']);
      await soon(drippers.over, 'all drippers to be ended', 60_000);
      const heldMs = (drippers.firstEndMs ?? 0) - beganMs;
      assert.ok(heldMs >= HEAD_SECONDS * 1000, `the first was ended after ${heldMs} ms`);
      assert.deepEqual([...(await drippers.stop())], [['408', DRIPPERS]]);
      assert.equal((await clients.measure(1000)).clientsServed, NORMAL);
    } finally {
      clients.stop();
      await drippers.stop();
    }
  });
}
