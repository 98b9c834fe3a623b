// Row 5: 200 connections that never say a word and 200 that had their answer and stay, at worker_connections 100. Their
// own deadlines are far away here: new clients get in because the others give way. Tried on purpose, and seen to fail:
// only connections that have had an answer give way; whoever gives way has 2.5 s for it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { monotonicMs } from '../../src/clock.ts';
import { Crowd } from '../../src/drill/crowd.ts';
import { requestFor } from '../../src/drill/target.ts';
import { ask } from '../end-to-end/serving.ts';
import { openConnections } from '../support/open-connections.ts';
import { KINDS } from './kinds.ts';

const EACH = 200;
const LIMIT = 100;
const NEWCOMERS = 5;
/** Before the first of them 300 others are let in, a hundred at a time, and give way after 0.15 s each time; the rest is for a busy
 * machine. */
const AT_ONCE_MS = 4000;
const FAR_AWAY = ['--first-byte-timeout', '600', '--keep-alive', '600'];

for (const { name, serve } of KINDS) {
  test(`${name}: new clients get in while 200 silent and 200 idle connections want 100 places`, async (t) => {
    const limit = ['--worker-connections', String(LIMIT)];
    const served = await serve(['--threads', '4', ...limit, ...FAR_AWAY]);
    const target = { at: served.port };
    const silent = new Crowd(target, EACH, { opening: () => '', staysAfterAnswer: true });
    const idle = new Crowd(target, EACH, {
      opening: () => requestFor('/'),
      staysAfterAnswer: true,
    });
    try {
      await Promise.all([silent.begun, idle.begun]);
      const waitsMs: number[] = [];
      for (let newcomer = 0; newcomer < NEWCOMERS; newcomer++) {
        const beganMs = monotonicMs();
        assert.equal((await ask(served, '/')).status, 200);
        waitsMs.push(Math.round(monotonicMs() - beganMs));
        assert.ok(openConnections(served.port) <= LIMIT);
      }
      t.diagnostic(`newcomers were answered after ${waitsMs.join(', ')} ms`);
      assert.ok(Math.max(...waitsMs) < AT_ONCE_MS, `${waitsMs.join(', ')} ms`);
    } finally {
      await silent.stop();
      await idle.stop();
    }
  });
}
