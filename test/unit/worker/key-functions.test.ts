// The thread that runs the key functions of a config file, a real one, on a simulated clock: what waits is no fault of its, what
// holds it is. Each function tells how often it was asked, so that another thread is seen by a count that begins anew.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Log } from '../../../src/observe/log.ts';
import type { RequestHead } from '../../../src/threads/app-thread.ts';
import { KeyThread } from '../../../src/worker/limits/key-functions.ts';
import { eventually } from '../../support/eventually.ts';
import { folderWith } from '../settings/folder.ts';

const FILE = `
let asked = 0;
export default {
  limits: [
    { path: '/count', rate: '1/h', key: () => ++asked },
    { path: '/wait', rate: '1/h', key: () => new Promise(() => {}) },
    { path: '/spin', rate: '1/h', key: () => { for (;;); } },
    { path: '/exit', rate: '1/h', key: () => process.exit(1) },
    { path: '/throw', rate: '1/h', key: ({ path }) => { throw new Error('no tenant ' + path + '\\n[2026-11-28 17:00:00 +0000] [1] [INFO] forged' + 'x'.repeat(500)); } },
    { path: '/die', rate: '1/h', key: () => new Promise(() => { setImmediate(() => { throw new Error('died'); }); }) },
  ],
};
`;
const [COUNT, WAIT, SPIN, EXIT, THROW, DIE] = [0, 1, 2, 3, 4, 5];
const STEP_MS = 50;
const HEAD = { method: 'GET', path: '/', query: '', fields: [] } as unknown as RequestHead;

class Scene {
  nowMs = 0;
  readonly said: string[] = [];
  readonly keys: KeyThread;

  constructor(t: TestContext, timeoutMs: number) {
    const file = join(folderWith(t, { 'tunicorn.config.mjs': FILE }), 'tunicorn.config.mjs');
    const log = { error: (words: string) => this.said.push(words) } as unknown as Log;
    this.keys = new KeyThread({ file, timeoutMs, log, now: () => this.nowMs });
    // A thread of keys keeps no process: a worker has other reasons to be there.
    const keeps = setInterval(() => {}, 1000);
    t.after(() => clearInterval(keeps));
  }

  ask(place: number): Promise<string | null> {
    return this.keys.keyOf(place, HEAD, '192.0.2.1');
  }

  /** So much time passes tick by tick; `between`: what happens meanwhile. */
  async passes(ms: number, between?: () => unknown): Promise<void> {
    for (let passed = 0; passed < ms; passed += STEP_MS) {
      this.nowMs += STEP_MS;
      this.keys.tick(this.nowMs);
      await between?.();
    }
  }
}

test('a function that only waits costs its request the key, and the thread goes on', async (t) => {
  const scene = new Scene(t, 100);
  await scene.keys.ready;
  assert.equal(await scene.ask(COUNT), '1');
  assert.equal(await scene.ask(WAIT), null);
  assert.equal(scene.keys.failures, 1);
  let asked = 1;
  await scene.passes(3000, async () => {
    asked += 1;
    assert.equal(await scene.ask(COUNT), String(asked));
  });
  assert.equal(scene.keys.failures, 1, 'counted once');
  assert.match(
    scene.said.join('\n'),
    /^Keys of limits: no key within limit_store_timeout \(0\.1 s\)/,
  );
});

test('a thread that a function holds is replaced, after a second and not after a pause of our own', async (t) => {
  const scene = new Scene(t, 100);
  await scene.keys.ready;
  assert.equal(await scene.ask(COUNT), '1');
  assert.equal(await scene.ask(SPIN), null);
  await scene.passes(2 * STEP_MS);
  scene.nowMs += 60_000;
  await scene.passes(STEP_MS);
  const waits = scene.ask(COUNT);
  assert.equal(scene.keys.failures, 1, 'the thread may have answered while we stood still');
  await scene.passes(1000);
  assert.equal(await waits, null);
  assert.match(scene.said.at(-1) ?? '', /a key function held its thread for 1 s/);
  const next = await eventually(async () => {
    await scene.passes(STEP_MS);
    return scene.ask(COUNT);
  }, 'a key of another thread');
  assert.equal(next, '1');
});

test('a thread that owes more answers than it may is replaced', async (t) => {
  const scene = new Scene(t, 20);
  await scene.keys.ready;
  for (let round = 0; round < 3; round++) {
    const all = Array.from({ length: 4000 }, () => scene.ask(WAIT));
    assert.ok((await Promise.all(all)).every((key) => key === null));
    scene.nowMs += 10_000;
    await scene.passes(STEP_MS);
  }
  assert.equal(scene.keys.failures, 12_000, 'each once');
  assert.match(scene.said.at(-1) ?? '', /have not answered 10000 questions/);
});

test('what a function throws costs its request the key alone and is one line, process.exit() as well', async (t) => {
  const scene = new Scene(t, 1000);
  await scene.keys.ready;
  assert.equal(await scene.ask(COUNT), '1');
  assert.equal(await scene.ask(EXIT), null);
  assert.match(scene.said.at(-1) ?? '', /^Keys of limits: Error: it called process\.exit\(\)/);
  await scene.passes(10_000);
  assert.equal(await scene.ask(THROW), null);
  const said = scene.said.at(-1) ?? '';
  assert.match(
    said,
    /^Keys of limits: Error: no tenant \/\\x0a\[2026.* Such requests count by their address/,
  );
  assert.ok(said.length < 350, said);
  assert.equal(await scene.ask(COUNT), '2', 'the same thread');
});

test('a thread that dies is followed by another one at once, the next time after a rest', async (t) => {
  const scene = new Scene(t, 1000);
  await scene.keys.ready;
  assert.equal(await scene.ask(DIE), null);
  assert.match(scene.said.at(-1) ?? '', /^Keys of limits: died\./);
  const again = () => eventually(() => scene.ask(COUNT), 'a key of another thread');
  assert.equal(await again(), '1', 'without a tick');
  assert.equal(await scene.ask(DIE), null);
  await scene.passes(900);
  const before = scene.keys.failures;
  assert.equal(await scene.ask(COUNT), null);
  assert.equal(scene.keys.failures, before + 1);
  await scene.passes(100);
  assert.equal(await again(), '1');
});
