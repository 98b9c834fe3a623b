// The surroundings of a container, made with unshare(1): process 1 of its own process namespace, and a file system that nobody can
// write to. Faults put in by hand and seen here: no handler for TERM (process 1 would never end); a cache of compiled TypeScript that has
// to be written.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { soon } from '../support/eventually.ts';
import { needsRoot } from '../support/needs-root.ts';
import { descendantsOf } from '../support/processes.ts';
import { Program } from '../support/program.ts';
import { RawClient } from '../support/raw-client.ts';
import { commandPath } from '../support/server.ts';
import { PYTHON, requestBytes, temporaryFolder, WSGI_APPS } from './serving.ts';

const SERVE = [process.execPath, commandPath, '--bind', '127.0.0.1:0'];

async function portOf(program: Program): Promise<number> {
  const [, port] = await program.line(/Listening at: http:\/\/127\.0\.0\.1:(\d+)/);
  await program.line(/Worker ready/);
  return Number(port);
}

async function ask(t: TestContext, port: number, bytes: Buffer | string): Promise<number> {
  const client = await RawClient.connect(t, port);
  await client.send(bytes);
  return (await client.readResponse()).status;
}

const GET = 'GET /0 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';

test(
  'as process 1 it reloads, replaces and ends, and says that it is no init',
  needsRoot,
  async (t) => {
    const program = new Program(t, {
      command: 'unshare',
      args: [
        '--pid',
        '--fork',
        '--mount-proc',
        '--kill-child',
        ...SERVE,
        '--python',
        PYTHON,
        'hello:app',
      ],
      cwd: WSGI_APPS,
    });
    const port = await portOf(program);
    assert.match(program.log(), /Listening at: .* \(1\)/);
    assert.match(
      program.log(),
      /\[WARNING\] This is process 1 of a container, and no init: .*--init/,
    );
    const [arbiter = 0] = execFileSync('pgrep', ['-P', String(program.pid)], { encoding: 'utf8' })
      .split('\n')
      .map(Number);
    assert.equal(await ask(t, port, GET), 200);
    const worker = descendantsOf(arbiter)[0] ?? 0;
    process.kill(worker, 'SIGKILL');
    await program.line(/Worker ready/, 2);
    process.kill(arbiter, 'SIGHUP');
    await program.line(/Reloaded\./);
    await program.line(/Worker exiting/);
    assert.equal(await ask(t, port, GET), 200);
    process.kill(arbiter, 'SIGTERM');
    assert.deepEqual(await soon(program.exited, 'the end'), { code: 0, signal: null });
  },
);

const READ_ONLY = `
mount --make-rprivate / && mount -o remount,bind,ro / && ! touch "$0/x" 2>/dev/null && exec "$@"
`;

function onReadOnly(t: TestContext, cwd: string, args: readonly string[]): Program {
  return new Program(t, {
    command: 'unshare',
    args: ['--mount', 'sh', '-c', READ_ONLY, cwd, ...SERVE, ...args],
    cwd,
  });
}

test('a read-only file system costs large bodies 507 and nothing else', needsRoot, async (t) => {
  const tmp = await temporaryFolder();
  const args = ['--tmp-dir', tmp, '--python', PYTHON, 'count_bytes:app'];
  const program = onReadOnly(t, WSGI_APPS, args);
  const port = await portOf(program);
  assert.equal(await ask(t, port, GET), 200);
  const post = (size: number): Buffer =>
    requestBytes('POST', '/', { fields: ['Connection: close'], body: Buffer.alloc(size) });
  assert.equal(await ask(t, port, post(10_000)), 200);
  assert.equal(await ask(t, port, post(3_000_000)), 507);
  assert.equal(await ask(t, port, GET), 200);
  assert.deepEqual(await program.stop(), { code: 0, signal: null });
});

test(
  'TypeScript applications and config files load where nothing can be written',
  needsRoot,
  async (t) => {
    const cwd = join(await temporaryFolder(), 'app');
    mkdirSync(cwd);
    writeFileSync(
      join(cwd, 'tunicorn.config.ts'),
      'enum Many { two = 2 }\nexport default { threads: Many.two };\n',
    );
    writeFileSync(
      join(cwd, 'app.ts'),
      'enum Status { fine = 200 }\nexport default { fetch: () => new Response("x", { status: Status.fine }) };\n',
    );
    const program = onReadOnly(t, cwd, ['./app.ts']);
    assert.equal(await ask(t, await portOf(program), GET), 200);
    assert.doesNotMatch(program.log(), /WARN|EROFS/i);
  },
);
