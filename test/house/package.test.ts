// What `npm pack` gives, installed into an empty folder far from the checkout: the command is there, says its version,
// and serves a Python and a Node.js application.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { Program } from '../support/program.ts';
import { RawClient } from '../support/raw-client.ts';
import { root } from './sources.ts';

const run = promisify(execFile);
const PYTHON = process.env['TUNICORN_TEST_PYTHON'] ?? '/usr/bin/python3';

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

/** Packs what the build before the tests has made: a build of its own would pull dist/ away from under them. */
async function pack(folder: string): Promise<Packed> {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const { stdout } = await run('npm', args, { cwd: root });
  const packed = (JSON.parse(stdout) as Packed[])[0];
  assert.ok(packed);
  return packed;
}

let packed: Packed;
let packedIn: string;

before(async () => {
  packedIn = await mkdtemp(join(tmpdir(), 'tunicorn-pack-'));
  packed = await pack(packedIn);
});
after(() => rm(packedIn, { recursive: true, force: true }));

async function emptyFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tunicorn-package-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function serves(t: TestContext, folder: string, args: readonly string[]): Promise<string> {
  const server = new Program(t, {
    command: join(folder, 'node_modules/.bin/tunicorn'),
    args: ['--bind', '127.0.0.1:0', ...args],
    cwd: folder,
  });
  const port = Number((await server.line(/Listening at: http:\/\/127\.0\.0\.1:(\d+)/))[1]);
  await server.line(/Worker ready/);
  const client = await RawClient.connect(t, port);
  const reply = await client.get('/');
  client.destroy();
  await server.stop();
  return reply.body.toString();
}

test('the package holds what runs and what documents it, and neither tests nor sources of tests', () => {
  const paths = packed.files.map((file) => file.path);
  for (const path of [
    'package.json',
    'README.md',
    'LICENSE',
    'CHANGELOG.md',
    'docs/promises.md',
    'dist/programs/tunicorn.js',
    'dist/programs/worker.js',
    'dist/programs/LICENSES.txt',
    'dist/page/index.html',
    'dist/page/LICENSES.txt',
    'dist/src/settings/define-config.js',
    'dist/src/settings/define-config.d.ts',
  ]) {
    assert.ok(paths.includes(path), `${path} is not in the package`);
  }
  assert.ok(paths.some((path) => /^python\/tunicorn_bridge\/.*\.py$/.test(path)));
  assert.deepEqual(
    paths.filter((path) =>
      /(^|\/)(test|bench|examples|__pycache__|\.tsbuildinfo)(\/|$)/.test(path),
    ),
    [],
  );
});

test('the packed command, installed elsewhere, tells its version and serves Python and Node.js', async (t) => {
  const folder = await emptyFolder(t);
  await writeFile(join(folder, 'package.json'), '{ "name": "outside", "private": true }');
  // Scripts: the only one builds what hot-shots has for unix sockets in C, which is optional and which we do not use.
  const quiet = ['--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts'];
  // What the machine trusts beside the usual, where the registry needs it: the tests are run without.
  const { TUNICORN_TEST_REGISTRY_CA: NODE_EXTRA_CA_CERTS } = process.env;
  const env = { ...process.env, ...(NODE_EXTRA_CA_CERTS ? { NODE_EXTRA_CA_CERTS } : {}) };
  await run('npm', ['install', ...quiet, join(packedIn, packed.filename)], { cwd: folder, env });

  const { version } = JSON.parse(await readFile(`${root}package.json`, 'utf8')) as {
    version: string;
  };
  const command = join(folder, 'node_modules/.bin/tunicorn');
  const told = await run(command, ['--version'], { cwd: folder });
  assert.equal(told.stdout.trim(), `tunicorn (version ${version})`);

  const wsgi =
    'def app(environ, start_response):\n    start_response("200 OK", [])\n    return [b"outside"]\n';
  await writeFile(join(folder, 'outside.py'), wsgi);
  assert.equal(await serves(t, folder, ['--python', PYTHON, 'outside:app']), 'outside');
  const typescript = 'export default { fetch: (): Response => new Response("outside too") };\n';
  await writeFile(join(folder, 'outside.ts'), typescript);
  assert.equal(await serves(t, folder, ['./outside.ts']), 'outside too');
});
