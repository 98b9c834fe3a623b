// Every form in which a Node.js application may be given: file kinds, folders, exports. That the command takes them is in
// test/end-to-end/node-forms.test.ts.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { decideApp } from '../../../src/settings/app-spec.ts';
import { packageRoot, startThread } from './fake-job.ts';

const chdir = join(packageRoot(import.meta.dirname), 'test/apps/node');

for (const [what, form, body] of [
  ['a module with a listener', './listener.mjs', 'Hello from a listener\n'],
  ['CommonJS with a listener', './listener.cjs', 'Hello from CommonJS\n'],
  ['a named export of CommonJS', './listener.cjs:named', 'the named one of CommonJS\n'],
  ['TypeScript with fetch and an enum', './fetch.ts', 'Hello from fetch, compiled\n'],
  ['a named export of TypeScript', './fetch.ts:named', 'the named one\n'],
  ['TypeScript that imports TypeScript', './types.ts', 'Hello from TypeScript\n'],
  ['a promise of a listener', './promised.mjs', 'Hello from a promise\n'],
  ['a folder of modules', './folder-esm', 'Hello from a folder of modules\n'],
  ['a folder of CommonJS', './folder-cjs', 'Hello from a folder of CommonJS\n'],
  ['a folder of TypeScript', './folder-ts', 'Hello from a folder of TypeScript\n'],
] as const) {
  test(`${what} serves`, async () => {
    const app = decideApp({ app: form, app_type: 'auto', chdir });
    assert.ok(app.type === 'node');
    const { path, exportName } = app;
    const started = await startThread(path, exportName === null ? {} : { exportName });
    assert.equal((await started.run('/').done()).text, body);
    await started.thread.kill();
  });
}
