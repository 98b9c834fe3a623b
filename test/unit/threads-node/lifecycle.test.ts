// A Node.js thread from boot to death: what it says when it cannot load its application, what becomes of its requests
// when it dies, is stuck, stopped or killed, and that a request is run at most once whoever takes it back.

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { monotonicMs } from '../../../src/clock.ts';
import { BootError } from '../../../src/threads/boot-error.ts';
import { eventually } from '../../support/eventually.ts';
import { FakeJob, FakeSource, killAll, makeThread, startThread } from './fake-job.ts';

afterEach(killAll);

async function bootError(app: string, exportName?: string): Promise<BootError> {
  const { thread, deaths } = makeThread(app, exportName === undefined ? {} : { exportName });
  const error = await thread.start().then(
    () => assert.fail(`${app} was loaded`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof BootError);
  await thread.kill();
  assert.equal(thread.state, 'dead');
  assert.deepEqual(deaths, [], 'a thread that never was does not die');
  return error;
}

describe('loading an application', () => {
  for (const [app, exportName, text] of [
    ['./forms/listener.cjs', undefined, 'cjs'],
    ['./forms/named.mjs', 'app', 'named'],
    ['./forms/inner-default.cjs', undefined, 'inner default'],
    ['./forms/promised.mjs', undefined, 'promised'],
    ['./forms/enum.ts', undefined, 'Teal'],
    ['./forms/module.mts', undefined, 'mts'],
    ['./forms/common.cts', undefined, 'cts'],
    ['./forms/koa-like.mjs', undefined, 'callback'],
    ['./forms/folder', undefined, 'exports of the folder'],
    ['./forms/folder-main', undefined, 'main of the folder'],
    ['./forms/fetch-object.ts', undefined, 'fetched'],
  ] as const) {
    it(`takes ${app}${exportName === undefined ? '' : `:${exportName}`}`, async () => {
      const { run, thread } = await startThread(
        app,
        exportName === undefined ? {} : { exportName },
      );
      assert.equal((await run('/').done()).text, text);
      await thread.kill();
    });
  }

  it('gives the thread its environment', async () => {
    const env = { ...process.env, TUNICORN_TEST: 'for the thread' };
    const { run } = await startThread('./listener.mjs', { env });
    assert.equal((await run('/env').done()).text, 'for the thread');
  });

  it('fails with 3 and the stack when the file throws', async () => {
    const error = await bootError('./forms/throws.mjs');
    assert.equal(error.exitCode, 3);
    assert.match(error.message, /no database[\s\S]*throws\.mjs:\d/);
  });

  it('fails with 3 when TypeScript has a syntax error, and names the place', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tunicorn-broken-'));
    writeFileSync(join(folder, 'broken.ts'), 'export default function app(: number {\n');
    const error = await bootError(join(folder, 'broken.ts'));
    rmSync(folder, { recursive: true });
    assert.equal(error.exitCode, 3);
    assert.match(error.message, /broken\.ts/);
  });

  it('fails with 3 when the file or the folder is not there', async () => {
    assert.match((await bootError('./forms/none.mjs')).message, /no such file or folder/);
    assert.match((await bootError('./forms')).message, /no package\.json/);
  });

  it('fails with 4 and says what there is when there is no application', async () => {
    const wrong = await bootError('./forms/no-app.mjs');
    assert.equal(wrong.exitCode, 4);
    assert.match(wrong.message, /default export of .*no-app\.mjs is an object with answer/);
    assert.match(wrong.message, /function \(req, res\), an object with fetch/);
    const missing = await bootError('./forms/no-app.mjs', 'api');
    assert.match(missing.message, /has no export "api"; it exports default, other/);
  });

  it('fails with 3 when the application ends the thread while it loads', async () => {
    const error = await bootError('./forms/exits.mjs');
    assert.equal(error.exitCode, 3);
    assert.match(error.message, /process\.exit\(9\)/);
  });

  it('can be given up by kill', async () => {
    const { thread } = makeThread('./forms/never-loads.mjs');
    const booting = assert.rejects(thread.start(), /was stopped/);
    await thread.kill();
    await booting;
  });
});

describe('the death of a thread', () => {
  for (const [target, code, detail] of [
    ['/late-throw', 'thread-died', /thrown from a timer[\s\S]*listener\.mjs:\d/],
    ['/unhandled', 'thread-died', /nobody caught this/],
    ['/exit', 'thread-died', /process\.exit\(7\)/],
  ] as const) {
    it(`by ${target} fails each request it had begun, once, with 502`, async () => {
      const { run, died, deaths, thread } = await startThread('./listener.mjs');
      const other = run('/hang');
      const job = run(target);
      const failure = await died;
      assert.equal(failure.code, code);
      assert.match(failure.detail, detail);
      for (const one of [other, job]) {
        assert.equal(one.failure?.status, 502);
        assert.equal(one.failure.code, code);
        assert.ok(one.isOver);
      }
      assert.equal(thread.state, 'dead');
      assert.equal(thread.room, 0);
      await thread.kill();
      assert.equal(deaths.length, 1);
    });
  }

  it('by its heap is told apart', async () => {
    const { run, died } = await startThread('./listener.mjs', {
      resourceLimits: { maxOldGenerationSizeMb: 24 },
    });
    const job = run('/memory');
    assert.equal((await died).code, 'thread-memory');
    assert.equal(job.failure?.status, 502);
  });

  it('hands back the requests it had not begun', async () => {
    const { run, died, handedBack } = await startThread('./listener.mjs');
    const stuck = run('/exit');
    const waiting = run('/unread');
    await died;
    assert.equal(stuck.failure?.status, 502);
    assert.deepEqual(handedBack, [waiting]);
    assert.deepEqual(waiting.log, []);
  });

  it('by kill is no death, but its requests hear that it was stopped', async () => {
    const { run, thread, deaths } = await startThread('./listener.mjs');
    const job = run('/hang');
    await run('/unread').done();
    await thread.kill();
    assert.deepEqual([job.failure?.status, job.failure?.code], [503, 'stopped']);
    assert.deepEqual(deaths, []);
  });

  it('by stop comes after the requests under way', async () => {
    const { run, thread, deaths } = await startThread('./listener.mjs');
    const job = run('/flush');
    await job.until(() => job.reply !== null);
    const release = run('/go');
    const stopped = thread.stop();
    assert.equal(thread.room, 0);
    await stopped;
    assert.equal(release.ending, 'whole');
    assert.equal(job.ending, 'end');
    assert.equal(thread.state, 'dead');
    assert.deepEqual(deaths, []);
  });
});

describe('taking a request back', () => {
  it('works exactly for those that a blocked thread has not begun', async () => {
    const { run, thread } = await startThread('./listener.mjs', { stuckAfterMs: 200 });
    const spinning = run('/spin');
    await turnsUntil(() => {
      thread.poll(performance.now());
      return spinning.log.includes('started');
    });
    const waiting = [run('/unread'), run('/unread'), run('/unread')];
    // Less than the free places where the machine is so slow that the thread counts as behind.
    const before = thread.room;
    assert.deepEqual(
      waiting.map((job) => thread.takeBack(job)),
      [true, true, true],
    );
    assert.equal(thread.room, before + 3);
    assert.equal(thread.takeBack(spinning), false);
    for (const job of waiting) assert.deepEqual(job.log, []);
    const other = await startThread('./listener.mjs');
    for (const job of waiting) other.thread.take(job);
    for (const job of waiting) assert.equal((await job.done()).text, 'not read');
  });

  it('loses nothing of a body that was streaming', async () => {
    const { run, thread } = await startThread('./listener.mjs');
    const spinning = run('/spin');
    await turnsUntil(() => {
      thread.poll(0);
      return spinning.log.includes('started');
    });
    const source = new FakeSource().feed('begin ');
    const job = run('/echo', { method: 'POST', body: { kind: 'stream', source } });
    assert.ok(source.taken > 0);
    await new Promise((next) => setImmediate(next));
    assert.ok(thread.takeBack(job));
    assert.equal(source.onChange, null);
    const other = await startThread('./listener.mjs');
    other.thread.take(job);
    source.feed('end').end();
    assert.equal((await job.done()).text, 'begin end');
  });

  it('never lets a request run twice, however it is raced', async () => {
    const { thread } = await startThread('./listener.mjs', { concurrency: 64 });
    const counts = { back: 0, ran: 0 };
    // On a busy machine the thread may win none of them at first: it is given more time then.
    for (let round = 0; round < 60 || (counts.ran === 0 && round < 1000); round++) {
      const turns = round < 60 ? round % 4 : round;
      const jobs = Array.from({ length: 40 }, () => new FakeJob('/unread'));
      for (const job of jobs) thread.take(job);
      // The thread races with us from here on: some turns later, some of the jobs have begun.
      for (let turn = 0; turn < turns; turn++) await new Promise((next) => setImmediate(next));
      const back = jobs.filter((job) => job.ending === null && thread.takeBack(job));
      const kept = jobs.filter((job) => !back.includes(job));
      await Promise.all(kept.map((job) => job.done()));
      for (const job of back) assert.deepEqual(job.log, []);
      counts.back += back.length;
      counts.ran += kept.length;
      assert.equal(thread.room, 64);
    }
    assert.ok(counts.back > 0 && counts.ran > 0, JSON.stringify(counts));
  });

  for (const how of ['takeBack', 'clientGone'] as const) {
    it(`says by itself that there is room after ${how}: a thread that spins says nothing`, async () => {
      const { run, thread, roomsMade } = await startThread('./listener.mjs', { concurrency: 2 });
      const spinning = run('/spin');
      await eventually(() => {
        thread.poll(0);
        return spinning.log.includes('started');
      }, 'the thread to spin');
      const waiting = run('/unread');
      const before = roomsMade();
      thread[how](waiting);
      await eventually(() => roomsMade() > before, 'it to be said');
      assert.equal(thread.room, 1);
    });
  }

  it('is not given to a thread whose loop stands still, until it turns', async () => {
    const { run, thread, roomsMade } = await startThread('./listener.mjs', { concurrency: 8 });
    const busy = run('/busy');
    await eventually(() => {
      thread.poll(monotonicMs());
      return thread.room === 0;
    }, 'its loop to be known to stand still');
    assert.equal(busy.ending, null);
    const before = roomsMade();
    await busy.done();
    await eventually(() => roomsMade() > before, 'room to be told');
    assert.equal(thread.room, 8);
  });

  it('of a client that has gone never runs it', async () => {
    const { run, thread, seen } = await startThread('./listener.mjs');
    const gone = run('/ends');
    thread.clientGone(gone);
    await run('/unread').done();
    assert.deepEqual(await seen('ends'), []);
    assert.deepEqual(gone.log, []);
    assert.equal(thread.room, 8);
  });
});

describe('interrupting a request', () => {
  it('that waits asynchronously aborts it, and the thread lives', async () => {
    const { run, thread, seen } = await startThread('./listener.mjs');
    const job = run('/hang');
    await run('/unread').done();
    thread.poll(0);
    assert.deepEqual(await thread.interrupt(job), { case: 'asynchronous', stack: '' });
    assert.equal(thread.room, 8);
    assert.equal((await run('/unread').done()).text, 'not read');
    assert.ok((await seen('hang')).includes('req aborted'));
    assert.ok(job.isOver);
  });

  it('that spins tells where, ends the thread and fails what else it had begun', async () => {
    const { run, thread, died, handedBack, deaths } = await startThread('./listener.mjs', {
      stuckAfterMs: 100,
    });
    const bystander = run('/hang');
    const job = run('/spin');
    await turnsUntil(() => {
      thread.poll(performance.now());
      return job.log.includes('started');
    });
    const waiting = run('/unread');
    const [found, again] = await Promise.all([thread.interrupt(job), thread.interrupt(bystander)]);
    assert.equal(found.case, 'loop-held');
    assert.match(found.stack, /at spinForever \(.*listener\.mjs:\d+:\d+\)/);
    assert.equal(again, found);
    const failure = await died;
    assert.equal(failure.code, 'thread-stuck');
    assert.match(failure.detail, /thread 1 stood still for \d/);
    await turnsUntil(() => thread.state === 'dead');
    assert.deepEqual(job.log, ['started'], 'it was answered by others');
    assert.ok(job.isOver);
    assert.deepEqual(handedBack, [waiting]);
    assert.equal(deaths.length, 1);
  });

  it('in native code gives the thread up although it does not end', async () => {
    const { run, thread, died } = await startThread('./listener.mjs', { stuckAfterMs: 100 });
    const job = run('/native');
    await turnsUntil(() => {
      thread.poll(performance.now());
      return job.log.includes('started');
    });
    const found = thread.interrupt(job);
    assert.equal((await died).code, 'thread-stuck');
    assert.deepEqual(nicenesses().slice(-1), [10], 'who takes its place goes first');
    assert.deepEqual(await found, { case: 'loop-in-native-code', stack: '' });
    assert.equal(
      thread.state,
      'stuck',
      'native code is not over, so the process has to be replaced',
    );
  });

  it('that has ended says so', async () => {
    const { run, thread } = await startThread('./listener.mjs');
    const job = await run('/unread').done();
    assert.deepEqual(await thread.interrupt(job), { case: 'ended', stack: '' });
  });
});

describe('the heartbeat', () => {
  it('shows a loop that turns and one that stands still', async () => {
    const { run, thread } = await startThread('./listener.mjs');
    await run('/unread').done();
    thread.poll(1000);
    assert.equal(thread.lastTurnAgeMs(1000), 0);
    let now = 1000;
    await turnsUntil(() => {
      now += 1;
      thread.poll(now);
      return thread.lastTurnAgeMs(now) === 0;
    });
    const job = run('/spin');
    await turnsUntil(() => {
      thread.poll(now);
      return job.log.includes('started');
    });
    thread.poll(now);
    thread.poll(now + 5000);
    assert.equal(thread.lastTurnAgeMs(now + 5000), 5000);
  });
});

async function turnsUntil(test: () => boolean): Promise<void> {
  while (!test()) await new Promise((next) => setTimeout(next, 1));
}

/** Of all threads of this process, in order. */
function nicenesses(): number[] {
  const all = readdirSync('/proc/self/task').map((thread) => {
    const stat = readFileSync(`/proc/self/task/${thread}/stat`, 'latin1');
    // Field 19; the second is a name in parentheses.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
  });
  return all.sort((one, other) => one - other);
}
