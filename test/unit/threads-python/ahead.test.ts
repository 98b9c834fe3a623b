// Requests sent ahead to one thread of a real Python process: answered in order, taken back from behind a slow one, and
// handed back when the process dies. The pace is set by hand, so that nothing depends on how fast the machine is.

import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Job } from '../../../src/threads/app-thread.ts';
import type { PythonThread } from '../../../src/threads/python/channel.ts';
import { eventually } from '../../support/eventually.ts';
import { RecordingJob, type RunningApp, startApp } from './running-app.ts';

const APP = `
import os, ctypes
ran = []
def app(environ, start_response):
    path = environ['PATH_INFO']
    ran.append(path)
    if path == '/wait':
        open('waiting', 'w').close()
        while not os.path.exists('go'): pass
    elif path == '/exit': os._exit(7)
    elif path == '/file':
        start_response('200 OK', [('Content-Length', '4')])
        open('data', 'wb').write(b'data')
        return environ['wsgi.file_wrapper'](open('data', 'rb'))
    elif path == '/closing':
        class Result:
            def __iter__(self): return iter([b'closing'])
            def close(self): pass
        start_response('200 OK', [('Content-Length', '7')])
        return Result()
    body = (','.join(ran) if path == '/ran' else path).encode()
    start_response('200 OK', [('Content-Length', str(len(body)))])
    return [body]
`;

interface Ahead extends RunningApp {
  readonly thread: PythonThread;
  readonly handedBack: Job[];
  /** Resolves when so many jobs were handed back. */
  back(count: number): Promise<void>;
}

/** Two threads; the pace says that one of them is to have many requests. `stallMs`: nothing is taken back before. */
async function startAhead(t: TestContext, stallMs = 600_000): Promise<Ahead> {
  const app = await startApp(t, APP, { threads: 2, stallMs });
  const handedBack: Job[] = [];
  let heard: () => void = () => {};
  app.python.events.handedBack = (_thread, jobs) => {
    handedBack.push(...jobs);
    heard();
  };
  // Several threads at once, which is when the lane is tried; then quick requests in it.
  const { pace } = app.python;
  for (let i = 0; i < 2; i++) pace.began();
  for (let i = 0; i < 2; i++) pace.took(0.01, performance.now() + 1000);
  for (let i = 0; i < 1000; i++) {
    pace.began();
    pace.took(0.01, performance.now());
  }
  assert.equal(pace.ahead, 16);
  const back = async (count: number): Promise<void> => {
    while (handedBack.length < count) {
      await new Promise<void>((resolve) => {
        heard = resolve;
      });
    }
  };
  const thread = app.python.threads[0];
  assert.ok(thread !== undefined);
  return { ...app, thread, handedBack, back };
}

function jobsFor(...paths: string[]): RecordingJob[] {
  return paths.map((path) => new RecordingJob(path));
}

test('one thread takes many requests, the other none, and they are answered in order', async (t) => {
  const { python, thread } = await startAhead(t);
  const jobs = jobsFor('/a', '/closing', '/b', '/file', '/closing', '/c');
  const order: string[] = [];
  for (const job of jobs) {
    assert.ok(thread.room > 0, 'all in one turn of the loop');
    thread.take(job);
    void job.finished.then(() => order.push(job.head.target));
  }
  assert.equal(python.threads[1]?.room, 0);
  await Promise.all(jobs.map((job) => job.finished));
  assert.deepEqual(
    order,
    jobs.map((job) => job.head.target),
  );
  for (const job of jobs) assert.equal(job.heard.filter((event) => event === 'started').length, 1);
  assert.equal(jobs[3]?.files[0]?.length, 4);
  await thread.whenIdle();
  for (const job of jobs) assert.equal(job.over, 1);
});

test('what waits behind a request that takes its time is handed back unstarted and never runs there', async (t) => {
  const { thread, folder, handedBack, back, run } = await startAhead(t, 3);
  const [slow, ...behind] = jobsFor('/wait', '/x', '/y', '/z');
  assert.ok(slow !== undefined);
  for (const job of [slow, ...behind]) thread.take(job);
  await back(3);
  assert.deepEqual(handedBack, behind);
  for (const job of behind) assert.deepEqual(job.heard, []);
  // It is no longer the one that has all; another thread is.
  assert.equal(thread.room, 0);
  const other = await run(new RecordingJob('/ran'));
  assert.equal(other.text, '/wait,/ran');
  writeFileSync(join(folder, 'go'), '');
  await slow.finished;
  assert.equal((await run(new RecordingJob('/ran'))).text, '/wait,/ran,/ran');
});

test('a request sent ahead whose client leaves does not run', async (t) => {
  const { thread, folder, run } = await startAhead(t);
  const [slow, gone] = jobsFor('/wait', '/gone');
  assert.ok(slow !== undefined && gone !== undefined);
  thread.take(slow);
  while (!existsSync(join(folder, 'waiting'))) await new Promise(setImmediate);
  thread.take(gone);
  assert.equal(thread.takeBack(gone), false);
  thread.clientGone(gone);
  await thread.takeBackAhead();
  while (gone.over === 0) await new Promise(setImmediate);
  writeFileSync(join(folder, 'go'), '');
  await slow.finished;
  assert.deepEqual(gone.heard, []);
  assert.equal((await run(new RecordingJob('/ran'))).text, '/wait,/ran');
});

test('when the process dies, what was behind the running request is handed back, not failed', async (t) => {
  const { python, thread, handedBack } = await startAhead(t);
  const died = new Promise<void>((resolve) => {
    python.onDeath = () => resolve();
  });
  const [first, exit, ...behind] = jobsFor('/a', '/exit', '/x', '/y');
  assert.ok(first !== undefined && exit !== undefined);
  for (const job of [first, exit, ...behind]) thread.take(job);
  await died;
  assert.deepEqual(first.heard, ['started', 'whole']);
  assert.deepEqual(exit.heard, ['started', 'failed']);
  assert.deepEqual(handedBack, behind);
  for (const job of behind) assert.deepEqual(job.heard, []);
});

test('taking back while the thread works its way through loses nothing and runs nothing twice', async (t) => {
  const { python, thread, handedBack } = await startAhead(t);
  const targets: string[] = [];
  for (let round = 0; round < 150; round++) {
    const jobs = jobsFor(...['a', 'closing', 'b', 'closing', 'c', 'd'].map((name) => `/${name}`));
    handedBack.length = 0;
    python.lane = thread;
    await eventually(() => thread.room >= jobs.length, 'nothing is being taken back any more');
    for (const job of jobs) {
      targets.push(job.head.target);
      thread.take(job);
    }
    // At a different point of the thread's way each time.
    for (let spin = 0; spin < round * 2; spin++) performance.now();
    if (round % 3 > 0) await new Promise(setImmediate);
    await thread.takeBackAhead();
    // The process may have been taking back by itself already, on a machine that stood still for a moment.
    const accounted = (): boolean =>
      jobs.every((job) => handedBack.includes(job) || job.over > 0) && thread.load === 0;
    await eventually(accounted, `round ${round}: every job answered or handed back`);
    for (const job of jobs) {
      const back = handedBack.includes(job);
      assert.deepEqual(job.heard, back ? [] : ['started', 'whole']);
      assert.equal(job.over, back ? 0 : 1);
      if (back) targets.splice(targets.lastIndexOf(job.head.target), 1);
    }
    const { pace } = python;
    for (let i = 0; pace.ahead < 8 && i < 1000; i++) {
      pace.began();
      pace.began();
      pace.took(0.01, performance.now() + 10_000);
      pace.took(0.01, performance.now() + 10_000);
    }
  }
  const ran = new RecordingJob('/ran');
  thread.take(ran);
  await ran.finished;
  // `/closing` is recorded like the others; the order of what ran is the order it was sent in.
  assert.equal(ran.text.split(',').length, targets.length + 1);
});
