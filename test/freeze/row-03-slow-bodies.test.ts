// Row 3: 200 clients drip a request body, a byte a second, half of them with a length and half in chunks. Normal clients
// are all served meanwhile, and the drippers get 408 when body_timeout and body_min_rate allow no more. Tried on purpose,
// and seen to fail: the minimum rate is not looked at; body_timeout is a hundredth of what it should be.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { monotonicMs } from '../../src/clock.ts';
import { Crowd } from '../../src/drill/crowd.ts';
import { NormalClients } from '../../src/drill/normal-clients.ts';
import { soon } from '../support/eventually.ts';
import { KINDS, QUIET_PATH } from './kinds.ts';

const DRIPPERS = 200;
const NORMAL = 8;
/** The bytes that a dripper has sent until then allow it a few milliseconds more. */
const BODY_SECONDS = 3;

function opening(index: number): string {
  const framing = index % 2 === 0 ? 'Content-Length: 1000' : 'Transfer-Encoding: chunked';
  return `POST /read HTTP/1.1\r\nHost: localhost\r\n${framing}\r\n\r\n`;
}

for (const { name, serve } of KINDS) {
  test(`${name}: 200 clients that drip a body get 408 at the deadline, and normal clients are served`, async () => {
    const served = await serve(['--threads', '4', '--body-timeout', String(BODY_SECONDS)]);
    const target = { at: served.port };
    const beganMs = monotonicMs();
    const drippers = new Crowd(target, DRIPPERS, {
      opening,
      drip: (index) => (index % 2 === 0 ? 'x' : '1\r\nx\r\n'),
    });
    const clients = new NormalClients(target, { path: QUIET_PATH, count: NORMAL });
    try {
      await drippers.begun;
      const during = await clients.measure(1500);
      assert.equal(during.clientsServed, NORMAL);
      assert.deepEqual([...during.outcomes.keys()], ['200']);
      await soon(drippers.over, 'all drippers to be ended', 60_000);
      const heldMs = (drippers.firstEndMs ?? 0) - beganMs;
      assert.ok(heldMs >= BODY_SECONDS * 1000, `the first was ended after ${heldMs} ms`);
      assert.deepEqual([...(await drippers.stop())], [['408', DRIPPERS]]);
      assert.equal((await clients.measure(1000)).clientsServed, NORMAL);
    } finally {
      clients.stop();
      await drippers.stop();
    }
  });
}
