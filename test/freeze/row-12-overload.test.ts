// Row 12: more requests than can be served. What is served is served in time; late ones get 503 with Retry-After, from
// the queue's deadline or from its limit; requests of clients that have gone never run. The share of the peak that is
// served is measured by `npm run freeze`. Tried on purpose, and seen to fail: the oldest first whatever it waited; a
// request stays in the queue when its client leaves.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Overload } from '../../src/drill/overload.ts';
import {
  ask,
  eventually,
  isHeld,
  type RawClient,
  type RawResponse,
  type Served,
} from '../end-to-end/serving.ts';
import { begin } from './hung.ts';
import { KINDS } from './kinds.ts';

/** Longer than a busy machine needs for a few requests, and for a dozen connections one after another. */
const HELD_SECONDS = 4;
const HELD_LONG_SECONDS = 12;
/** A client that has waited for so long and ends has given up. */
const GIVES_UP_MS = 400;
/** One request at a time for both kinds, so that what waits is known. */
const ONE = ['--threads', '1', '--thread-concurrency', '1'];

/** A client whose request holds the only thread, and has begun. */
async function hold(served: Served, seconds = HELD_SECONDS): Promise<RawClient> {
  return begin(served, `/block?${seconds}`);
}

/** How many requests for /block have begun. */
async function runsOf(served: Served): Promise<number> {
  return Number((await ask(served, '/runs')).body.toString());
}

function assertTurnedAway(reply: RawResponse): void {
  assert.equal(reply.status, 503);
  assert.match(reply.field('retry-after') ?? '', /^\d+$/);
}

// Threads are held for seconds.
describe('row 12', { concurrency: 2 }, () => {
  for (const { name, serve } of KINDS) {
    test(`${name}: at five times overload what is served is served in time`, async () => {
      const served = await serve(['--threads', '2']);
      const perSecond = 2 / 0.05;
      const seconds = 4;
      const overload = new Overload(
        { at: served.port },
        { path: '/block?0.05', perSecond: 5 * perSecond, seconds },
      );
      await overload.over;
      const tally = await overload.stop();
      const good = tally.get('200') ?? 0;
      // First come, first served, this is a fifth: whoever is served has nearly given up. The rest is the machine's.
      assert.ok(good >= 0.5 * perSecond * seconds, `${good} of ${perSecond * seconds} possible`);
      assert.equal((await ask(served, '/')).status, 200);
    });

    test(`${name}: whoever waits longer than queue_timeout gets 503 with Retry-After and never runs`, async () => {
      const served = await serve([...ONE, '--queue-timeout', '0.5']);
      const holder = await hold(served);
      const late = await Promise.all(Array.from({ length: 10 }, () => ask(served, '/block?0')));
      for (const reply of late) assertTurnedAway(reply);
      assert.equal((await holder.readResponse()).status, 200);
      assert.equal(await runsOf(served), 1);
    });

    test(`${name}: whoever comes when queue_limit requests wait gets 503 with Retry-After at once`, async () => {
      const served = await serve([...ONE, '--queue-limit', '3']);
      const holder = await hold(served);
      const waiting: RawClient[] = [];
      for (let place = 0; place < 3; place++) waiting.push(await begin(served, '/block?0'));
      assertTurnedAway(await ask(served, '/block?0'));
      for (const client of [holder, ...waiting]) {
        assert.equal((await client.readResponse()).status, 200);
      }
      assert.equal(await runsOf(served), 4);
    });

    test(`${name}: requests whose clients have left while they waited never run`, async () => {
      const served = await serve(ONE);
      const holder = await hold(served, HELD_LONG_SECONDS);
      const leaving: RawClient[] = [];
      for (let place = 0; place < 10; place++) leaving.push(await begin(served, '/block?0'));
      // An end right behind a request may be a client that waits for its answer; nobody gives up that soon.
      await sleep(GIVES_UP_MS);
      const ports = leaving.map((client) => client.localPort);
      for (const client of leaving) client.destroy();
      for (const port of ports) await eventually(async () => !(await isHeld(served, port)));
      assert.equal((await holder.readResponse()).status, 200);
      assert.equal(await runsOf(served), 1);
    });
  }
});
