// Threads of a Node.js application that cannot be counted on: those that end in the moment in which they are ready (seen
// to fail when a thread is given to the pool whatever its state), and those that compute while somebody waits, or for ever.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { monotonicMs } from '../../../src/clock.ts';
import { Dispatcher } from '../../../src/dispatch/dispatcher.ts';
import { createLog } from '../../../src/observe/log.ts';
import { NodeApplication } from '../../../src/worker/application/node-application.ts';
import { NODE_APPS, temporaryFolder } from '../../end-to-end/serving.ts';
import { eventually } from '../../support/eventually.ts';
import { resolveFrom } from '../settings/folder.ts';
import { FakeJob } from '../threads-node/fake-job.ts';

/** As a loop that has much to do, which reads late and all at once. */
function standStillUntil(isOver: () => boolean): void {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  for (let looks = 0; looks < 600 && !isOver(); looks++) Atomics.wait(cell, 0, 0, 50);
  assert.ok(isOver(), 'within 30 s');
  // The file is written a moment before the thread has ended.
  Atomics.wait(cell, 0, 0, 500);
}

interface Running {
  readonly dispatcher: Dispatcher;
  readonly application: NodeApplication;
}

interface Beside {
  readonly args?: readonly string[];
  readonly log?: string;
  readonly threadDied?: () => void;
}

/** Ends with the test. */
async function applicationOf(
  t: TestContext,
  file: string,
  threads: number,
  { args = [], log = '/dev/null', threadDied = () => {} }: Beside = {},
): Promise<Running> {
  const argv = ['--threads', String(threads), ...args, './app.mjs'];
  const { settings } = await resolveFrom({ argv });
  const events = { overdue: () => {}, threadDied };
  const dispatcher = new Dispatcher({
    queue: { limit: 10, now: monotonicMs, clientOf: ({ peer }) => peer.address },
    events,
  });
  const app = { type: 'node', path: join(NODE_APPS, file), exportName: null } as const;
  const application = new NodeApplication(
    {
      settings,
      dispatcher,
      bound: null,
      python: null,
      preload: null,
      probe: null,
      place: 0,
      workers: 1,
      hooks: null,
      app,
      log: createLog({ destination: log, level: 'debug', json: false }),
      loadedFiles: null,
      replaceMe: () => {},
      trouble: () => {},
      processChanged: () => {},
    },
    app,
  );
  t.after(() => application.kill());
  return { dispatcher, application };
}

test('a thread that has ended when it is heard to be ready is given nothing, and replaced', async (t) => {
  const deadly = join(await temporaryFolder(), 'deadly');
  process.env['DEADLY'] = deadly;
  const { dispatcher, application } = await applicationOf(t, 'ends-once-loaded.mjs', 1);
  writeFileSync(deadly, '');
  const started = application.start();
  standStillUntil(() => existsSync(`${deadly}.ended`));
  rmSync(deadly);
  await started;
  assert.deepEqual(dispatcher.threads, []);
  await eventually(() => dispatcher.threads.length > 0, 'the next thread');
  assert.deepEqual(
    dispatcher.threads.map(({ state }) => state),
    ['ready'],
  );
});

test('a request behind one that computes is run by an idle thread meanwhile', async (t) => {
  const { dispatcher, application } = await applicationOf(t, 'freezes.mjs', 2);
  await application.start();
  const [computes, waits] = [new FakeJob('/block?1'), new FakeJob('/')];
  dispatcher.submit(computes);
  dispatcher.submit(waits);
  assert.equal(waits.thread, computes.thread, 'a thread that has just begun is lively');
  await waits.done();
  assert.equal(computes.ending, null);
  assert.notEqual(waits.thread, computes.thread);
});

// Nobody calls `tick` once they have begun, which would see to it 150 ms later.
test('what waits behind requests that hold their threads is begun by the first thread that goes on', async (t) => {
  const { application, dispatcher } = await applicationOf(t, 'freezes.mjs', 2);
  await application.start();
  const submit = (target: string): FakeJob => {
    const job = new FakeJob(target);
    dispatcher.submit(job);
    return job;
  };
  const long = submit('/block?5');
  await eventually(() => long.thread?.lively === false, 'it to fall silent');
  const short = submit('/block?0.5');
  assert.notEqual(short.thread, long.thread);
  await eventually(() => short.thread?.lively === false, 'it to fall silent');
  const trivial = Array.from({ length: 4 }, () => submit('/'));
  assert.ok(trivial.some(({ thread }) => thread === long.thread));
  await eventually(() => {
    application.tick(monotonicMs());
    return [long, short].every(({ log }) => log.includes('started'));
  }, 'both to begin');
  await Promise.all([short, ...trivial].map((job) => job.done()));
  assert.equal(long.ending, null);
  // Nobody is given more while it is held, however little it has.
  const next = submit('/');
  assert.equal((await next.done()).text, 'Hello, World!');
  assert.equal(long.ending, null);
});

test('what waits for a thread that nobody can help stays with it, and each request counts once', async (t) => {
  const { application, dispatcher } = await applicationOf(t, 'freezes.mjs', 1);
  await application.start();
  const [thread] = dispatcher.threads;
  assert.ok(thread);
  let taken = 0;
  const take = thread.take.bind(thread);
  thread.take = (job) => {
    taken += 1;
    take(job);
  };
  const jobs = Array.from({ length: 4 }, () => new FakeJob('/block?0.14'));
  for (const job of jobs) dispatcher.submit(job);
  const ticker = setInterval(() => application.tick(monotonicMs()), 50);
  await Promise.all(jobs.map((job) => job.done()));
  clearInterval(ticker);
  // Once, and perhaps once more by the looks at who is blocked or behind; a loop would be thousands.
  assert.ok(taken <= 12, `${taken} takes`);
  assert.equal(dispatcher.given, 4);
});

test('when all stand still for nearly too long another one is loaded, which serves as soon as the first is given up', async (t) => {
  const log = join(await temporaryFolder(), 'log');
  const heirs: string[][] = [];
  const { application, dispatcher } = await applicationOf(t, 'freezes.mjs', 1, {
    args: ['--timeout', '2'],
    log,
    // Before anybody could load anything.
    threadDied: () => setImmediate(() => heirs.push(dispatcher.threads.map(({ name }) => name))),
  });
  await application.start();
  const spins = new FakeJob('/spin');
  dispatcher.submit(spins);
  await eventually(() => {
    application.tick(monotonicMs());
    return /thread 2 is loaded early/.test(readFileSync(log, 'utf8'));
  }, 'the next one to be loaded');
  assert.deepEqual(
    dispatcher.threads.map(({ name }) => name),
    ['thread 1'],
    'the place is not free',
  );
  const waits = new FakeJob('/');
  dispatcher.submit(waits);
  // It is given up once it has stood for 2 s.
  void spins.thread?.interrupt(spins);
  assert.equal((await waits.done()).text, 'Hello, World!');
  assert.deepEqual(heirs, [['thread 2']]);
});
