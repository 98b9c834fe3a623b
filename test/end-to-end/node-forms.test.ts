// Forms in which a Node.js application may be given on the command line (test/unit/threads-node/forms.test.ts has all), and what is
// said when the file holds none. Exit codes of one that throws, or has none at all, are in process-life.test.ts.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { ask, NODE_APPS, runToEnd, serveNode, temporaryFolder } from './serving.ts';

test('a named export, and a folder of TypeScript, serve', async () => {
  for (const [form, body] of [
    ['./fetch.ts:named', 'the named one\n'],
    ['./folder-ts', 'Hello from a folder of TypeScript\n'],
  ] as const) {
    const server = await serveNode(form, []);
    assert.equal((await ask(server, '/')).body.toString(), body);
    await server.stop();
  }
});

for (const [what, form, exitCode, says] of [
  // Seen before anything is started: a wrong setting, hence 1.
  ['a file that is not there', './no-such-file.mjs', 1, /no-such-file\.mjs/],
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
