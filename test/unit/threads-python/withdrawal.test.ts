// Taking back what was sent ahead to a thread that does not answer, or is no more.

import assert from 'node:assert/strict';
import { open } from 'node:fs/promises';
import { test } from 'node:test';
import { pair, ToControl } from '../../../src/threads/python/control.ts';
import { withdraw } from '../../../src/threads/python/withdrawal.ts';
import { eventually } from '../../support/eventually.ts';
import { RecordingJob, startApp } from './running-app.ts';

const WHAT = { thread: 3, after: 7, upto: 9 };

test('the question comes again, ever more seldom, until it is answered', async () => {
  const waits: number[] = [];
  const ask = async (_kind: number, payload: Buffer, withinMs: number): Promise<string | null> => {
    assert.deepEqual(
      [0, 4, 8].map((at) => payload.readUInt32LE(at)),
      [3, 7, 9],
    );
    waits.push(withinMs);
    return waits.length < 8 ? null : '8';
  };
  assert.equal(await withdraw({ goesOn: () => true, ask }, WHAT), 8);
  assert.deepEqual(waits, [250, 500, 1000, 2000, 4000, 8000, 8000, 8000]);
});

test('it comes no more when the thread has gone', async () => {
  let asked = 0;
  const ask = async (): Promise<null> => {
    asked += 1;
    return null;
  };
  assert.equal(await withdraw({ goesOn: () => asked < 2, ask }, WHAT), null);
  assert.equal(asked, 2);
});

const WAITS_FOR_A_PIPE = `
import subprocess, time
def app(environ, start_response):
    if environ['PATH_INFO'] == '/pipe':
        subprocess.run(['mkfifo', 'pipe'], check=True)
        open('pipe', 'rb')
    if environ['PATH_INFO'] == '/sleep':
        time.sleep(100000)
    start_response('200 OK', [])
    return [b'x']
`;

test('what was on its way to a thread that has ended is no end of the process', async (t) => {
  const { python, folder, run, freeThread } = await startApp(t, WAITS_FOR_A_PIPE, { threads: 1 });
  const deaths: string[] = [];
  python.onDeath = ({ detail }) => deaths.push(detail);
  const giveUp = async (path: string, sign: RegExp): Promise<void> => {
    const [thread, job] = [await freeThread(), new RecordingJob(path)];
    thread.take(job);
    await eventually(async () => sign.test(await python.interpreter.stacks()), `${path} to hang`);
    assert.equal((await thread.interrupt(job)).case, 'native-code');
  };
  const [first] = python.threads;
  assert(first !== undefined);
  await giveUp('/pipe', /open\('pipe'/);
  // It comes back, finds its socket closed and ends.
  await (await open(`${folder}/pipe`, 'w')).close();
  await eventually(
    async () => !/tunicorn-thread-1\b/.test(await python.interpreter.stacks()),
    'its end',
  );
  // With the next replacement those that have ended are forgotten.
  await giveUp('/sleep', /time\.sleep/);
  await run(new RecordingJob('/'));

  python.tellGone(1, 1);
  python.tellFile(1, 1, false);
  assert.equal(await python.interpreter.ask(ToControl.INTERRUPT, pair(1, 1), 5000), '');
  assert.equal(await python.interpreter.ask(ToControl.LANDED, pair(1, 1), 5000), 'no');
  const range = Buffer.concat([pair(1, 0), pair(1, 0)]);
  assert.equal(await python.interpreter.ask(ToControl.WITHDRAW, range, 50), null);
  assert.equal(await python.withdraw(first, 0, 1), null);
  assert.equal(await python.interpreter.ping(5000), true);
  assert.deepEqual(deaths, []);
});
