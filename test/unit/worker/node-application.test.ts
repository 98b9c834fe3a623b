// Threads that end in the moment in which they are ready: whoever counts on them gives requests to the dead. Seen to fail
// when a thread is given to the pool whatever its state.

import assert from 'node:assert/strict';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { monotonicMs } from '../../../src/clock.ts';
import { Dispatcher } from '../../../src/dispatch/dispatcher.ts';
import { createLog } from '../../../src/observe/log.ts';
import { NodeApplication } from '../../../src/worker/node-application.ts';
import { NODE_APPS, temporaryFolder } from '../../end-to-end/serving.ts';
import { eventually } from '../../support/eventually.ts';
import { resolveFrom } from '../settings/folder.ts';

/** As a loop that has much to do, which reads late and all at once. */
function standStillUntil(isOver: () => boolean): void {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  for (let looks = 0; looks < 600 && !isOver(); looks++) Atomics.wait(cell, 0, 0, 50);
  assert.ok(isOver(), 'within 30 s');
  // The file is written a moment before the thread has ended.
  Atomics.wait(cell, 0, 0, 500);
}

test('a thread that has ended when it is heard to be ready is given nothing, and replaced', async (t) => {
  const deadly = join(await temporaryFolder(), 'deadly');
  process.env['DEADLY'] = deadly;
  const { settings } = await resolveFrom({ argv: ['--threads', '1', './app.mjs'] });
  const events = { overdue: () => {}, threadDied: () => {} };
  const dispatcher = new Dispatcher({ queueLimit: 10, now: monotonicMs, events });
  const path = join(NODE_APPS, 'ends-once-loaded.mjs');
  const app = { type: 'node', path, exportName: null } as const;
  const application = new NodeApplication(
    {
      ...{
        settings,
        dispatcher,
        bound: null,
        python: null,
        preload: null,
        probe: null,
        hooks: null,
      },
      app,
      log: createLog({ destination: '/dev/null', level: 'error', json: false }),
      loadedFiles: null,
      replaceMe: () => {},
      processChanged: () => {},
    },
    app,
  );
  t.after(() => application.kill());
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
