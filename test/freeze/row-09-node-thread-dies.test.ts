// Row 9, Node.js: a thread dies by what the application does in it. Requests that had begun there get 502, those of
// other threads and those that wait are served, and threads that die again and again come later and later. What V8 makes
// of memory that is gone at one blow, the end of the process, costs all that ran in it, and the next worker serves. Tried
// on purpose, and seen to fail: no pause between two starts.

import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  ask,
  eventually,
  type RawClient,
  type Served,
  temporaryFolder,
} from '../end-to-end/serving.ts';
import { assertBacksOff } from './dies-again.ts';
import { serveFreezes } from './family.ts';

/** Of each thread's heap. The default is a quarter of the machine's memory, 4 GB at most. */
const SMALL_HEAP = { NODE_OPTIONS: '--max-old-space-size=64' };

/** A response that has begun and ends when the file is there. */
async function beginStream(served: Served, file: string): Promise<RawClient> {
  const client = await served.connect();
  await client.send(`GET /stream?${file} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  await eventually(() => client.receivedBytes > 0, 'the stream to begin');
  return client;
}

for (const [path, words, code] of [
  ['/exit', /the application called process\.exit\(7\)/, 'thread-died'],
  ['/throw', /Error: asked to, in a callback\n.*freezes\.mjs:\d+/, 'thread-died'],
  ['/reject', /Error: asked to, in a promise\n.*freezes\.mjs:\d+/, 'thread-died'],
  ['/memory', /ran out of memory/, 'thread-memory'],
] as const) {
  test(`${path} costs its own request 502; other threads and those that wait go on`, async (t) => {
    const file = join(await temporaryFolder(), 'go');
    const args = ['--threads', '2', '--thread-concurrency', '1'];
    const served = await serveFreezes(t, 'node', args, SMALL_HEAP);
    const workers = served.server.workerPids();
    const streaming = await beginStream(served, file);
    // One thread streams, the other dies, and the last two may have to wait for the next one.
    const replies = await Promise.all([path, '/', '/?again'].map((each) => ask(served, each)));
    assert.deepEqual(
      replies.map(({ status }) => status),
      [502, 200, 200],
    );
    await writeFile(file, '');
    assert.equal((await streaming.readResponse()).body.toString(), 'begun ended');
    assert.deepEqual(served.server.workerPids(), workers);
    assert.match(served.log(), words);
    assert.match(served.log(), new RegExp(`is gone: .*\\(${code}\\)`));
  });
}

test('what had begun in a thread that dies gets 502, a response under way is cut off', async (t) => {
  const served = await serveFreezes(t, 'node', ['--threads', '1']);
  const streaming = await beginStream(served, join(await temporaryFolder(), 'never'));
  const waiting = ask(served, '/sleep');
  assert.equal((await ask(served, '/')).status, 200);
  assert.equal((await ask(served, '/exit')).status, 502);
  assert.equal((await waiting).status, 502);
  await assert.rejects(streaming.readResponse(), /closed where|reset/);
  assert.equal((await ask(served, '/')).status, 200);
});

test('an exception in a handler costs its request 500 and no thread', async (t) => {
  const served = await serveFreezes(t, 'node', ['--threads', '1']);
  assert.equal((await ask(served, '/raise')).status, 500);
  assert.equal((await ask(served, '/')).status, 200);
  assert.doesNotMatch(served.log(), /is gone/);
});

test('more memory at one blow than there is ends the worker, and the next one serves', async (t) => {
  const served = await serveFreezes(t, 'node', ['--threads', '2'], SMALL_HEAP);
  await assert.rejects(ask(served, '/memory-at-once'), /closed where|reset/);
  assert.equal((await ask(served, '/')).status, 200);
  await served.server.line(/Worker \(pid:\d+\) was sent SIGABRT!/);
  assert.equal(served.server.workerPids().length, 2);
});

test('threads that die again and again are started less and less often, and serve when that is over', async (t) => {
  const served = await serveFreezes(t, 'node', ['--threads', '1']);
  await assertBacksOff(t, served, /thread (\d+) ended: the appl/g);
});

test('when no thread can be started another worker is asked for, and whoever can first serves', async (t) => {
  const only = join(await temporaryFolder(), 'only');
  const served = await serveFreezes(t, 'node', ['--threads', '1'], { LOADS_ONLY_IN: only });
  await writeFile(only, 'nobody');
  assert.equal((await ask(served, '/exit')).status, 502);
  await served.server.line(/is to be replaced: no thread could be started in 3 attempts/);
  await served.server.line(/Worker \(pid: \d+\) cannot serve\./);
  await rm(only);
  assert.equal((await ask(served, '/')).status, 200);
  await served.server.line(/takes over from worker/);
  assert.equal((await ask(served, '/')).status, 200);
});
