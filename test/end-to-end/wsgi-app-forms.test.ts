// How an application is named on the command line, and what is said when it cannot be loaded.

import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { ask, PYTHON, runToEnd, serveWsgi, temporaryFolder, WSGI_APPS } from './serving.ts';

test('a module and a callable, a module alone, and a factory each serve', async () => {
  for (const [form, body] of [
    ['hello:app', 'Hello, World!'],
    ['hello', 'Hello, World!'],
    ['hello:make_app()', 'Hello from a factory'],
    ["hello:make_app('with an argument')", 'with an argument'],
  ] as const) {
    const server = await serveWsgi(form, []);
    assert.equal((await ask(server, '/')).body.toString(), body, form);
    await server.stop();
  }
});

test('a dotted module found by --pythonpath serves, and its application comes before its app', async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'deep'));
  await writeFile(join(folder, 'deep', '__init__.py'), '');
  const answer = (name: string) =>
    `def ${name}(environ, start_response):\n    start_response("200 OK", [])\n    return [b"${name}"]\n`;
  await writeFile(join(folder, 'deep', 'site.py'), answer('app') + answer('application'));
  const server = await serveWsgi('deep.site', ['--pythonpath', folder]);
  assert.equal((await ask(server, '/')).body.toString(), 'application');
});

test('--chdir is where the application is looked for', async () => {
  const server = await serveWsgi('hello:app', ['--chdir', WSGI_APPS], { cwd: '/' });
  assert.equal((await ask(server, '/')).status, 200);
});

test('--worker-class sync serves with one thread', async () => {
  const server = await serveWsgi('hello:app', ['-k', 'sync']);
  assert.equal((await ask(server, '/')).status, 200);
});

for (const [what, form, exitCode, says] of [
  ['a module that is not there', 'no_such_module:app', 3, /No module named '?no_such_module/],
  [
    'a module that raises',
    'raises_on_import:app',
    3,
    /Traceback[\s\S]*raises while it is imported/,
  ],
  ['a callable that is not there', 'hello:no_such_name', 4, /no_such_name/],
  ['a name that is not callable', 'hello:__doc__', 4, /callable/],
] as const) {
  test(`${what} ends the server with Gunicorn's exit code ${exitCode} and says why`, async () => {
    const { code, output } = await runToEnd(['--python', PYTHON, form], WSGI_APPS);
    assert.equal(code, exitCode, output);
    assert.match(output, says);
  });
}

test('a syntax error in the application ends the server with 3 and shows the line', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'broken.py'), 'def app(environ, start_response\n    return []\n');
  const { code, output } = await runToEnd(['--python', PYTHON, 'broken:app'], folder);
  assert.equal(code, 3, output);
  assert.match(output, /SyntaxError/);
  assert.match(output, /broken\.py/);
});

test('--check-config says nothing about a good application and fails for a bad one', async () => {
  const good = await runToEnd(['--python', PYTHON, '--check-config', 'hello:app'], WSGI_APPS);
  assert.equal(good.code, 0, good.output);
  const bad = await runToEnd(
    ['--python', PYTHON, '--check-config', 'raises_on_import:app'],
    WSGI_APPS,
  );
  assert.notEqual(bad.code, 0);
  assert.match(bad.output, /raises while it is imported/);
});

test('a python3 that is not there is one clear line', async () => {
  const { code, output } = await runToEnd(['--python', '/no/such/python3', 'hello:app'], WSGI_APPS);
  assert.notEqual(code, 0);
  assert.match(output, /\/no\/such\/python3/);
  assert.doesNotMatch(output, /at .*\.js:\d+/, 'no JavaScript stack for a wrong setting');
});
