// Rows 6 and 7: requests that sleep, or compute, for ever on all threads. Their clients get 504 when timeout
// has passed, whoever waited is served, the log says where each was stuck and which case it is; and again, round after
// round, without a thread, a process or a descriptor more than before. Tried on purpose,
// and seen to fail: a thread that was given up has no successor; a process without spare threads is not replaced.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, eventually, type Served } from '../end-to-end/serving.ts';
import { assertAllGone, newestWorkerOf, pythonsOf, serveFreezes } from './family.ts';
import { assertAllGet504, assertRecords, hang, SERVED_AGAIN_MS } from './hung.ts';
import { NormalClients } from './normal-clients.ts';

const THREADS = 4;
/** The shortest: threads that compute take all cores for as long. */
const TIMEOUT = 1;
const ARGS = ['--threads', `${THREADS}`, '--timeout', `${TIMEOUT}`, '--log-json'];
const ROUNDS = 2;

const ROWS = [
  ['wsgi', '/sleep', ['native-code'], /freezes\.py", line \d+, in app\n +time\.sleep/],
  ['wsgi', '/spin', ['interrupted'], /freezes\.py", line \d+, in app\n +while True/],
  ['node', '/sleep', ['asynchronous'], /^$/],
  // A thread that gets no processor to say where it is looks like native code, on a busy machine; one of the four says it.
  ['node', '/spin', ['loop-held', 'loop-in-native-code'], /at app \(.*freezes\.mjs:\d+:\d+\)/],
] as const;

for (const [kind, path, cases, stack] of ROWS) {
  // One server for both: the first round is the one that normal clients see.
  test(`${kind}: ${path}`, async (t) => {
    const served = await serveFreezes(t, kind, ARGS);
    const sizes: Size[] = [];

    await t.test(
      `${kind}: ${path} on all threads: 504 for those, normal clients are served again, the log tells where`,
      async (t) => {
        const normal = new NormalClients(t, served, 4);
        await normal.allServed(3);
        const hung = await hang(served, path, THREADS);
        await assertAllGet504(hung);
        const beganMs = performance.now();
        await normal.allServed(3);
        const againMs = performance.now() - beganMs;
        t.diagnostic(`all normal clients served 3 times ${againMs.toFixed(0)} ms after the 504s`);
        assert.ok(againMs < SERVED_AGAIN_MS, `${againMs} ms`);
        await assertRecords(served, path, THREADS, { cases, stack, seconds: TIMEOUT });
        await normal.stop();
        assert.deepEqual(normal.failures, [], 'nobody else got anything but 200');
        sizes.push(await settled(served));
      },
    );

    await t.test(
      `${kind}: ${path}, ${ROUNDS} rounds of ${THREADS}, leave no thread, process or descriptor behind`,
      async (t) => {
        while (sizes.length < ROUNDS) {
          await assertAllGet504(await hang(served, path, THREADS));
          assert.equal((await ask(served, '/')).status, 200);
          sizes.push(await settled(served));
        }
        t.diagnostic(sizes.map(({ memory }) => `${(memory / 1024).toFixed(0)} MB`).join(', '));
        const [first = assert.fail('no round')] = sizes;
        // What was given up may still be on its way out.
        await eventually(() => {
          const { processes, threads, files } = sizeOf(served);
          assert.equal(processes, kind === 'wsgi' ? 2 : 1);
          assert.ok(threads <= first.threads, `${threads} threads, ${first.threads} at first`);
          assert.ok(files <= first.files, `${files} descriptors, ${first.files} at first`);
          return true;
        });
        await endsWithoutTrace(t, served);
      },
    );
  });
}

test('TERM while requests hang ends the server within graceful_timeout, and no process lives on', async (t) => {
  for (const kind of ['wsgi', 'node'] as const) {
    const args = ['--threads', '2', '--timeout', '60', '--graceful-timeout', '1'];
    const served = await serveFreezes(t, kind, args);
    await hang(served, '/sleep', 1);
    await hang(served, '/spin', 1);
    await endsWithoutTrace(t, served);
  }
});

interface Size {
  readonly processes: number;
  readonly threads: number;
  readonly files: number;
  /** Resident, of all processes, kB. */
  readonly memory: number;
}

function sizeOf(served: Served): Size {
  const pids = [newestWorkerOf(served), ...pythonsOf(served)];
  const status = pids.map((pid) => readFileSync(`/proc/${pid}/status`, 'utf8'));
  const sum = (field: string): number =>
    status.reduce(
      (total, text) => total + Number(new RegExp(`${field}:\\s+(\\d+)`).exec(text)?.[1]),
      0,
    );
  return {
    processes: pids.length,
    threads: sum('Threads'),
    files: pids.reduce((total, pid) => total + readdirSync(`/proc/${pid}/fd`).length, 0),
    memory: sum('VmRSS'),
  };
}

/** When two looks in a row see the same. */
async function settled(served: Served): Promise<Size> {
  let before = '';
  return eventually(async () => {
    await sleep(200);
    const size = sizeOf(served);
    const now = `${size.processes} ${size.threads} ${size.files}`;
    const same = now === before;
    before = now;
    return same && pythonsOf(served).length <= 1 ? size : null;
  }, 'threads and processes to come to rest');
}

async function endsWithoutTrace(t: TestContext, served: Served): Promise<void> {
  const below = served.childPids();
  const beganMs = performance.now();
  await served.stop();
  t.diagnostic(`ended ${(performance.now() - beganMs).toFixed(0)} ms after TERM`);
  await assertAllGone(below);
}
