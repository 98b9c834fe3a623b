// The socket of an 'upgrade' in a real thread, without a connection in front: when it takes the connection over, what it holds in
// memory while one side does not read, how each half ends, and what it hears when its client has gone.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, test } from 'node:test';
import fc from 'fast-check';
import { monotonicMs } from '../../../src/clock.ts';
import { BODY_WINDOW, PIECE_BYTES, RESPONSE_WINDOW } from '../../../src/wire/node-thread.ts';
import { eventually } from '../../support/eventually.ts';
import { apps, type FakeJob, FakeSource, type Started, startThread } from './fake-job.ts';

const HEAD = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: raw\r\n\r\n';

let app: Started;
before(async () => {
  const where = join(apps, 'post-request.mjs');
  const about = { folder: apps, timeout: 1, ppid: 1, age: 1, num_workers: 1, cfg: {}, thread: 1 };
  const hooks = { kind: 'script', where, names: ['post_request'], ...about } as const;
  app = await startThread('./server.mjs', { hooks });
});

function upgrade(path: string, room?: number): { job: FakeJob; source: FakeSource } {
  const source = new FakeSource();
  const job = app.run(path, { upgrade: source, ...(room === undefined ? {} : { room }) });
  return { job, source };
}

async function seen(): Promise<unknown[]> {
  const job = await app.run('/seen').done();
  return JSON.parse(job.text) as unknown[];
}

test('the connection is taken over with the first byte, and has no place in the thread from then on', async () => {
  const { room } = app.thread;
  const { job, source } = upgrade('/late');
  assert.equal(app.thread.room, room - 1);
  await eventually(() => {
    app.thread.poll(monotonicMs());
    return job.log.includes('started');
  }, 'it to begin');
  assert.deepEqual(job.log, ['started']);
  await seen();
  await job.until(() => job.log.includes('upgraded'));
  assert.equal(app.thread.room, room);
  await job.done();
  assert.deepEqual(job.log, ['started', 'upgraded', 'piece', 'end']);
  assert.equal(job.text, `${HEAD}late`);
  assert.ok(!job.isOver, 'its client may still send');
  source.end();
  await eventually(() => job.isOver, 'both halves to be over');
});

test('bytes pass in order, however they are cut, and an end follows the other', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 40_000 }), { maxLength: 8 }),
      async (cuts) => {
        const { job, source } = upgrade('/again');
        for (const cut of cuts) {
          source.feed(Buffer.from(cut));
          await new Promise(setImmediate);
        }
        source.end();
        await job.done();
        assert.deepEqual(job.bytes, Buffer.concat([Buffer.from(HEAD), ...cuts]));
        await eventually(() => job.isOver, 'both halves to be over');
      },
    ),
    { numRuns: 30 },
  );
});

test('an application that does not read leaves all but a window with the connection', async () => {
  const { source } = upgrade('/paused');
  for (let i = 0; i < 40; i++) source.feed(Buffer.alloc(PIECE_BYTES));
  await eventually(() => source.taken >= BODY_WINDOW, 'the window to be used');
  await seen();
  assert.ok(source.taken <= BODY_WINDOW + 2 * PIECE_BYTES, `${source.taken} bytes were taken`);
});

test('a connection that takes nothing holds the application back after a window, and gets all in the end', async () => {
  const { job, source } = upgrade('/much', HEAD.length + 1);
  await job.until(() => job.room <= 0);
  await seen();
  const before = job.bytes.length;
  assert.ok(before <= RESPONSE_WINDOW, `${before} bytes came`);
  while (job.ending === null) {
    job.room = 2 * PIECE_BYTES;
    app.thread.resume(job);
    await new Promise(setImmediate);
  }
  assert.equal(job.bytes.length, HEAD.length + 64 * 64 * 1024);
  source.end();
});

test('a server hook is told of the answer that the application wrote itself', async () => {
  const { job, source } = upgrade('/told');
  await job.done();
  source.end();
  await eventually(() => job.isOver, 'both halves to be over');
  const told = ['101 Switching Protocols', HEAD.length + 4, [['Upgrade', 'raw']]];
  assert.deepEqual(await seen(), told);
});

for (const [how, go, expected] of [
  ['that resets is an error', (source: FakeSource) => source.fail(), ['ECONNRESET', 'close']],
  ['that we have closed is none', () => {}, ['close']],
] as const) {
  test(`a client ${how}`, async () => {
    const { job, source } = upgrade('/gone');
    await job.until(() => job.log.includes('piece'));
    await eventually(() => source.asked > 0, 'it to read');
    go(source);
    app.thread.clientGone(job);
    const words = await eventually(async () => {
      const all = await seen();
      return all.length > 0 ? all : null;
    }, 'the socket to close');
    assert.deepEqual(words, expected);
  });
}
