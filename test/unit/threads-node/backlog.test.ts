// A Node.js thread whose loop does not keep up is given only a few requests ahead: the rest must wait where the newest
// goes first and a deadline holds. One that keeps up has all its places.

import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { monotonicMs } from '../../../src/clock.ts';
import { AHEAD_WHEN_BEHIND, Backlog } from '../../../src/threads/node/host/backlog.ts';
import { killAll, startThread } from './fake-job.ts';

afterEach(killAll);

const CONCURRENCY = 32;

describe('a thread that does not keep up', () => {
  it('has a few requests ahead, and the others can be had back', async () => {
    const { thread, run } = await startThread('./listener.mjs', { concurrency: CONCURRENCY });
    run('/spin');
    const behind = Array.from({ length: 20 }, () => run('/'));
    thread.poll(monotonicMs());
    assert.deepEqual(thread.tooManyAhead(), [], 'they may have come a moment ago');
    thread.poll(monotonicMs());
    assert.equal(thread.room, 0);
    const back = thread.tooManyAhead();
    // Where the spinning one has not begun by now it is one of those that stay.
    assert.ok(back.length >= behind.length - AHEAD_WHEN_BEHIND, `${back.length} can be had back`);
    for (const job of back) assert.ok(thread.takeBack(job));
    assert.deepEqual(thread.tooManyAhead(), []);
    assert.equal(thread.room, 0);
    assert.deepEqual(
      behind.flatMap(({ log }) => log),
      [],
    );
  });

  it('is not one whose requests wait for something: what has begun takes no place ahead', async () => {
    const { thread, run } = await startThread('./listener.mjs', { concurrency: CONCURRENCY });
    const waiting = Array.from({ length: 20 }, () => run('/hang'));
    await run('/env').done();
    thread.poll(monotonicMs());
    thread.poll(monotonicMs());
    assert.equal(thread.room, CONCURRENCY - waiting.length);
    assert.deepEqual(thread.tooManyAhead(), []);
  });
});

describe('the backlog of a thread', () => {
  it('grows bit by bit while nobody is late, and is small again when somebody is', () => {
    const backlog = new Backlog();
    assert.deepEqual([backlog.behind, backlog.ahead], [false, Number.POSITIVE_INFINITY]);
    backlog.look(true);
    const grown: number[] = [];
    for (; backlog.behind; backlog.look(false)) grown.push(backlog.ahead);
    assert.deepEqual(grown, [4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096]);
    backlog.look(true);
    backlog.look(false);
    backlog.look(true);
    assert.equal(backlog.ahead, AHEAD_WHEN_BEHIND);
  });
});
