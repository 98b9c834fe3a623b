// Every form in which a Node.js application may be given: file kinds, folders, exports; and what is said when the file
// holds none.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { ask, NODE_APPS, runToEnd, serveNode, temporaryFolder } from './serving.ts';

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
    const server = await serveNode(form, []);
    assert.equal((await ask(server, '/')).body.toString(), body);
    await server.stop();
  });
}

for (const [what, form, exitCode, says] of [
  // Seen before anything is started: a wrong setting, hence 1.
  ['a file that is not there', './no-such-file.mjs', 1, /no-such-file\.mjs/],
  [
    'a module that throws',
    './throws-on-load.mjs',
    3,
    /throws while it is loaded[\s\S]*throws-on-load\.mjs/,
  ],
  ['a module without an application', './no-application.mjs', 4, /no-application\.mjs/],
  ['a named export that is not there', './listener.mjs:missing', 4, /missing/],
] as const) {
  test(`${what} ends the server with exit code ${exitCode} and says why`, async () => {
    const { code, output } = await runToEnd([form], NODE_APPS);
    assert.equal(code, exitCode, output);
    assert.match(output, says);
  });
}

test('a syntax error in a Node.js application ends the server with 3 and names the file', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'broken.ts'), 'export default (req, res => {\n');
  const { code, output } = await runToEnd(['./broken.ts'], folder);
  assert.equal(code, 3, output);
  assert.match(output, /broken\.ts/);
});

test('a top-level await that nothing can settle ends the server with 3 and is named', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'waits.mjs'), 'await new Promise(() => undefined);\n');
  const { code, output } = await runToEnd(['./waits.mjs'], folder);
  assert.equal(code, 3, output);
  assert.match(output, /waits\.mjs waits for ever/);
});

test('a syntax error in an ES module is shown with its line, or said to be in what it imports', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'broken.mjs'), '\nexport default = 5;\n');
  await writeFile(join(folder, 'imports.mjs'), "import './broken.mjs';\n");
  const own = await runToEnd(['--check-config', './broken.mjs'], folder);
  assert.equal(own.code, 1);
  assert.match(own.output, /broken\.mjs:2\nexport default = 5;\n +\^\nSyntaxError: /);
  const imported = await runToEnd(['--check-config', './imports.mjs'], folder);
  assert.match(imported.output, /It is in a module that this file imports\.\nSyntaxError: /);
});
