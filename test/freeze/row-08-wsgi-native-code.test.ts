// Row 8, WSGI: requests in native code, which no interrupt reaches, with the interpreter's lock released and with it held.
// Their clients get 504, others are served by new threads or by a new process; what can still finish does, and what never
// began runs elsewhere, unless it is like the one that held the lock. (What had begun before the lock was taken is overdue before the one that took it.) Tried on purpose,
// and seen to fail: the old process is killed before the new one serves; a process that runs out of spare threads is not
// replaced; an interpreter that does not answer for 300 ms counts as held; what a replaced process runs is cut after half a minute
// whatever the settings say; neither does the ledger tell what has begun, nor keeps doubt an interpreter from being given requests (one of
// both is enough here); what waited behind the lock runs in the next process whatever it is.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, eventually, hasRead, temporaryFolder } from '../end-to-end/serving.ts';
import { assertAllGone, pythonsOf, serveFreezes } from './family.ts';
import { assertAllGet504, assertRecords, hang, SERVED_AGAIN_MS } from './hung.ts';
import { NormalClients } from './normal-clients.ts';

const THREADS = 4;
const TIMEOUT = 2;
const ARGS = ['--threads', `${THREADS}`, '--timeout', `${TIMEOUT}`, '--log-json'];

// They wait for deadlines, mostly.
describe('row 8, WSGI', { concurrency: 3 }, () => {
  for (const [path, cases, stack] of [
    ['/native', ['native-code'], /freezes\.py", line \d+, in app\n +ctypes\.CDLL/],
    ['/hold', ['interpreter-held'], /freezes\.py", line \d+ in app/],
  ] as const) {
    test(`${path} on all threads: 504 for those, normal clients are served again, the log tells where`, async (t) => {
      const isHeld = path === '/hold';
      const served = await serveFreezes(t, 'wsgi', ARGS);
      const pythons = pythonsOf(served);
      const normal = new NormalClients(t, served, 4);
      await normal.allServed(3);
      const hung = await hang(served, path, THREADS);
      const replies = await Promise.all(hung.map((client) => client.readResponse()));
      // A request that waited behind the lock may be overdue first, and with it the process is replaced.
      for (const { status } of replies) assert.ok(status === 504 || (status === 502 && isHeld));
      const beganMs = performance.now();
      await normal.allServed(3);
      const againMs = performance.now() - beganMs;
      t.diagnostic(`all normal clients served 3 times ${againMs.toFixed(0)} ms after the 504s`);
      assert.ok(againMs < SERVED_AGAIN_MS, `${againMs} ms`);
      const records = replies.filter(({ status }) => status === 504).length;
      await assertRecords(served, path, records, { cases, stack, seconds: TIMEOUT });
      if (isHeld) assert.match(served.log(), /freezes\.py\\", line \d+ in app/);
      await normal.stop();
      // All spare threads are used up, or the interpreter does not answer: either way the process is replaced.
      await assertAllGone(pythons);
      assert.equal((await ask(served, '/')).status, 200);
    });
  }

  test('what can still finish does, while its process is replaced because of others', async (t) => {
    const file = join(await temporaryFolder(), 'go');
    const served = await serveFreezes(t, 'wsgi', ['--threads', '5', '--timeout', '1']);
    const pythons = pythonsOf(served);
    const [streaming] = await hang(served, `/stream?${file}`, 1);
    await eventually(() => (streaming?.receivedBytes ?? 0) > 0, 'the response to begin');
    // As many as there are spare threads.
    await assertAllGet504(await hang(served, '/native', 4));
    await assertAllGet504(await hang(served, '/native', 1));
    await eventually(() => pythonsOf(served).length === 2, 'a second process beside the first');
    assert.equal((await ask(served, '/')).status, 200);
    await writeFile(file, '');
    assert.equal((await streaming?.readResponse())?.body.toString(), 'begun ended');
    await assertAllGone(pythons);
  });

  for (const [timeout, graceful] of [
    [1, 2],
    [2, 0],
  ] as const) {
    test(`what a replaced process still runs is cut at graceful_timeout (${graceful} s), and not before timeout (${timeout} s)`, async (t) => {
      const times = ['--timeout', `${timeout}`, '--graceful-timeout', `${graceful}`];
      const served = await serveFreezes(t, 'wsgi', ['--threads', '5', ...times]);
      const pythons = pythonsOf(served);
      const [streaming] = await hang(
        served,
        `/stream?${join(await temporaryFolder(), 'never')}`,
        1,
      );
      await eventually(() => (streaming?.receivedBytes ?? 0) > 0, 'the response to begin');
      // As many as there are spare threads, and one for which there is none.
      await assertAllGet504(await hang(served, '/native', 4));
      await assertAllGet504(await hang(served, '/native', 1));
      await eventually(() => pythonsOf(served).length === 2, 'a second process beside the first');
      const beganMs = performance.now();
      await streaming?.waitClosed();
      const heldMs = performance.now() - beganMs;
      assert.ok(heldMs >= 1990 && heldMs < 20_000, `cut after ${Math.round(heldMs)} ms`);
      await assertAllGone(pythons);
    });
  }

  test('an interpreter that is slow to answer is no held one: a loop is interrupted, and what else runs there finishes', async (t) => {
    const file = join(await temporaryFolder(), 'go');
    const served = await serveFreezes(t, 'wsgi', ARGS);
    const pythons = pythonsOf(served);
    const [python = 0] = pythons;
    const [streaming] = await hang(served, `/stream?${file}`, 1);
    await eventually(() => (streaming?.receivedBytes ?? 0) > 0, 'the response to begin');
    const spinning = await hang(served, '/spin', 1);
    await eventually(() => hasRead(served, spinning[0] ?? assert.fail()), 'the other to be read');
    // Shortly before its time is up: an interpreter that was silent for two seconds by then would be given up at once.
    await sleep(TIMEOUT * 700);
    // Nobody could tell it from one that gets no time on a busy machine.
    process.kill(python, 'SIGSTOP');
    await assertAllGet504(spinning);
    await served.server.line(/is being replaced: its interpreter does not answer/);
    // Another one serves by now, mostly.
    await sleep(600);
    process.kill(python, 'SIGCONT');
    const seconds = TIMEOUT;
    await assertRecords(served, '/spin', 1, {
      cases: ['interrupted'],
      stack: /while True/,
      seconds,
    });
    assert.equal((await ask(served, '/')).status, 200);
    await writeFile(file, '');
    assert.equal((await streaming?.readResponse())?.body.toString(), 'begun ended');
    await assertAllGone(pythons);
  });

  test('a request that comes while the lock is held runs in the next process, unless it is like the one that holds it', async (t) => {
    const served = await serveFreezes(t, 'wsgi', ['--threads', '2', '--timeout', '5']);
    const [holding] = await hang(served, '/hold', 1);
    // A few seconds before the time of the other is up: long enough for a new process to load.
    await sleep(3500);
    const behind = ask(served, '/?behind');
    const alike = ask(served, '/hold?again');
    assert.equal((await holding?.readResponse())?.status, 504);
    assert.equal((await behind).status, 200);
    assert.equal((await alike).status, 502);
    assert.match(served.log(), /is being replaced: its interpreter does not answer/);
  });
});
