// Bodies between a connection and a listener in a real thread: complete, in a file and streaming, small and large, with
// back-pressure both ways, so that neither side holds more than a window of them.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import {
  BODY_AHEAD,
  BODY_WINDOW,
  INLINE_BYTES,
  PIECE_BYTES,
  RESPONSE_WINDOW,
} from '../../../src/wire/node-thread.ts';
import { eventually } from '../../support/eventually.ts';
import { FakeSource, type Started, startThread } from './fake-job.ts';

let app: Started;
const folder = mkdtempSync(join(tmpdir(), 'tunicorn-bodies-'));
before(async () => {
  app = await startThread('./listener.mjs');
});
after(() => rmSync(folder, { recursive: true }));

function noise(length: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_none, at) => (at * 31 + (at >> 8)) & 255));
}

describe('a request body', () => {
  it('arrives as it was sent, complete in memory, around the size that travels inline', async () => {
    for (const length of [0, 1, INLINE_BYTES, INLINE_BYTES + 1, 300_000]) {
      const bytes = noise(length);
      const job = await app.run('/echo', { method: 'POST', body: { kind: 'bytes', bytes } }).done();
      assert.deepEqual(job.bytes, bytes);
    }
  });

  it('arrives from a file, which may be gone once the request has begun', async () => {
    const path = join(folder, 'body');
    const bytes = noise(200_000);
    writeFileSync(path, bytes);
    const body = { kind: 'file', path, length: bytes.length } as const;
    const job = app.run('/echo', { method: 'POST', body });
    assert.deepEqual((await job.done()).bytes, bytes);
  });

  it('is aborted when its file is missing', async () => {
    const body = { kind: 'file', path: join(folder, 'none'), length: 1 } as const;
    const job = await app.run('/echo', { method: 'POST', body }).done();
    assert.match(job.failure?.detail ?? '', /aborted/);
  });

  it('streams however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 40_000 }), { maxLength: 8 }),
        async (cuts) => {
          const source = new FakeSource();
          const job = app.run('/echo', { method: 'POST', body: { kind: 'stream', source } });
          for (const cut of cuts) {
            source.feed(Buffer.from(cut));
            await new Promise((next) => setImmediate(next));
          }
          source.end();
          assert.deepEqual((await job.done()).bytes, Buffer.concat(cuts));
          assert.ok(job.isOver);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('is not taken beyond a little when nobody reads it', async () => {
    const source = new FakeSource().feed(noise(3 * BODY_WINDOW));
    const job = app.run('/hang', { method: 'POST', body: { kind: 'stream', source } });
    await app.run('/unread').done();
    assert.ok(source.taken <= BODY_AHEAD, `${source.taken} bytes taken`);
    app.thread.clientGone(job);
    assert.equal(source.onChange, null);
  });

  it('is whole where it is begun at last, whatever of it was sent to a thread that never did', async () => {
    const ends = await startThread('./listener.mjs');
    const source = new FakeSource().feed('sent ahead, ');
    ends.run('/exit');
    const job = ends.run('/echo', { method: 'POST', body: { kind: 'stream', source } });
    source.feed('sent behind, ');
    assert.equal(source.taken, 'sent ahead, sent behind, '.length);
    await ends.died;
    app.thread.take(job);
    source.feed('and the rest').end();
    assert.equal((await job.done()).text, 'sent ahead, sent behind, and the rest');
  });

  it('is taken no faster than the application reads', async () => {
    const source = new FakeSource();
    const job = app.run('/length', { method: 'POST', body: { kind: 'stream', source } });
    source.feed(noise(20 * BODY_WINDOW));
    assert.ok(source.taken <= BODY_AHEAD);
    source.end();
    assert.equal((await job.done()).text, String(20 * BODY_WINDOW));
  });

  it('of which the application has paused leaves all but a window with the connection', async () => {
    const source = new FakeSource();
    const job = app.run('/pause', { method: 'POST', body: { kind: 'stream', source } });
    for (let i = 0; i < 40; i++) source.feed(noise(PIECE_BYTES));
    await eventually(() => source.taken >= BODY_WINDOW, 'the window to be used');
    await app.run('/unread').done();
    await app.run('/unread').done();
    assert.ok(source.taken <= BODY_WINDOW + 2 * PIECE_BYTES, `${source.taken} bytes were taken`);
    app.thread.clientGone(job);
  });

  it('is given up when the response is complete and nobody read it', async () => {
    const source = new FakeSource().feed('some');
    const job = await app
      .run('/unread', { method: 'POST', body: { kind: 'stream', source } })
      .done();
    await job.until(() => job.isOver);
    assert.equal(source.onChange, null);
  });

  it('goes on after the response when the application reads it', async () => {
    const source = new FakeSource().feed('1234');
    const body = { kind: 'stream', source } as const;
    const job = await app.run('/respond-then-read', { method: 'POST', body }).done();
    assert.equal(job.isOver, false);
    source.feed('5678').end();
    await job.until(() => job.isOver);
    await app.run('/unread').done();
    assert.deepEqual(await app.seen('tail'), [8]);
  });

  it('that breaks off aborts the request', async () => {
    const source = new FakeSource().feed('some');
    const job = app.run('/echo', { method: 'POST', body: { kind: 'stream', source } });
    await app.run('/unread').done();
    source.fail();
    assert.match((await job.done()).failure?.detail ?? '', /aborted/);
  });
});

describe('a response body', () => {
  it('that is large arrives in pieces and complete', async () => {
    const job = await app.run('/large').done();
    assert.equal(job.reply?.fields, 'Content-Length: 1000000\r\n');
    assert.deepEqual(job.bytes, Buffer.alloc(1_000_000, 'x'));
  });

  it('stops where the connection says so and goes on where it says so', async () => {
    const job = app.run('/pump', { room: 1 });
    await job.until(() => job.pieces.length === 1);
    await app.run('/unread').done();
    const [paused] = await app.seen('pump');
    const [, written, needsDrain] = String(paused).split(' ');
    assert.ok(Number(written) * 65_536 <= 2 * RESPONSE_WINDOW, `${written} chunks before a pause`);
    assert.equal(needsDrain, 'true');
    assert.equal(job.pieces.length, 1);
    job.room = Number.POSITIVE_INFINITY;
    app.thread.resume(job);
    assert.equal((await job.done()).bytes.length, 64 * 65_536);
    await app.run('/unread').done();
    assert.ok((await app.seen('pump')).includes('drained true true'));
  });

  it('of a client that has gone is dropped, and the thread goes on', async () => {
    const job = app.run('/large', { room: 1 });
    await job.until(() => job.pieces.length === 1);
    app.thread.clientGone(job);
    assert.equal((await app.run('/unread').done()).text, 'not read');
    assert.equal(job.ending, null);
  });
});
