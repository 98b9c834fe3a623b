// More time for one request of a Node.js application: what is granted, what the loop is told, and that a thread whose loop
// stands still is let alone for so long.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startThread } from './fake-job.ts';

describe('more time', () => {
  it('is told to the loop at once, bounded by the limit, and not again while what was told is not used up', async () => {
    const { run } = await startThread('./listener.mjs', { timeoutLimit: 100 });
    const job = await run('/extend').done();
    const [first, second, third] = JSON.parse(job.text) as number[];
    assert.equal(first, 0.5);
    assert.equal(second, 1);
    assert.ok(third !== undefined && third <= 100 && third > 60, `${third} s of 100`);
    const [half = 0, one = 0, most = 0] = job.extensions;
    assert.equal(job.extensions.length, 3);
    assert.ok(half >= 500 && half < 1000 && one >= 1000 && one < 1500 && most > 60_000);
  });

  it('is not granted without a limit, nor after the end', async () => {
    const { run, seen } = await startThread('./listener.mjs');
    const job = await run('/extend').done();
    assert.equal(job.text, '[0,0,0]');
    assert.deepEqual(job.extensions, []);
    await run('/extend-late').done();
    assert.deepEqual(await seen('late'), [0]);
  });

  it('is refused for what is no length of time', async () => {
    const { run } = await startThread('./listener.mjs', { timeoutLimit: 100 });
    const job = await run('/extend-badly').done();
    assert.equal(job.text, 'TypeError TypeError TypeError RangeError RangeError RangeError');
    assert.deepEqual(job.extensions, []);
  });

  it('keeps a loop that stands still from being taken for stuck, also for others', async () => {
    const { run, thread, deaths, died } = await startThread('./listener.mjs', {
      stuckAfterMs: 50,
      timeoutLimit: 100,
    });
    const bystander = run('/hang');
    const job = run('/extend-and-spin', { fields: ['Host', 'x', 'X-Seconds', '0.5'] });
    await job.until(() => job.extensions.length > 0);
    const askedMs = performance.now();
    const found = await thread.interrupt(bystander);
    assert.equal(found.case, 'loop-busy');
    assert.match(found.stack, /listener\.mjs/);
    assert.deepEqual(deaths, []);
    const death = await died;
    assert.ok(performance.now() - askedMs > 450, 'it was let alone until then');
    assert.equal(death.code, 'thread-stuck');
    assert.ok(bystander.isOver);
  });
});
