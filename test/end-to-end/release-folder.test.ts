// Deployments that put a new release behind the same symbolic link: a reload and a new arbiter enter the folder by its name, and so
// serve the new one. Tried by hand and seen to fail here: the start folder as the kernel names it.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isAlive } from '../support/processes.ts';
import { endFamily } from '../support/program.ts';
import { getOnce } from '../support/raw-client.ts';
import { startServer } from '../support/server.ts';
import { eventually, PYTHON, temporaryFolder } from './serving.ts';

const KINDS = [
  {
    name: 'Node.js',
    app: './app.mjs',
    file: 'app.mjs',
    args: [],
    text: (release: string) => `export default { fetch: () => new Response("${release}") };`,
  },
  {
    name: 'WSGI',
    app: 'app',
    file: 'app.py',
    args: ['--python', PYTHON],
    text: (release: string) =>
      `def app(environ, start_response):\n    start_response("200 OK", [])\n    return [b"${release}"]\n`,
  },
] as const;

async function answer(t: TestContext, port: number): Promise<string> {
  return (await getOnce(t, port)).body.toString();
}

for (const { name, app, file, args, text } of KINDS) {
  test(`${name}: HUP and USR2 serve the release that the link leads to now`, async (t) => {
    const folder = await temporaryFolder();
    const link = join(folder, 'current');
    const release = (number: string): void => {
      mkdirSync(join(folder, number));
      writeFileSync(join(folder, number, file), text(number));
      symlinkSync(number, `${link}.new`);
      renameSync(`${link}.new`, link);
    };
    release('1');
    const pidFile = join(folder, 'pid');
    const server = await startServer(t, {
      app,
      cwd: link,
      env: { PWD: link },
      args: [...args, '--pid', pidFile],
    });
    assert.equal(await answer(t, server.port), '1');
    release('2');
    server.signal('SIGHUP');
    await server.line(/Reloaded\./);
    assert.equal(await answer(t, server.port), '2');
    release('3');
    server.signal('SIGUSR2');
    await server.line(/Worker ready/, 3);
    const next = Number(readFileSync(`${pidFile}.2`, 'utf8'));
    t.after(() => endFamily(next));
    server.signal('SIGQUIT');
    await eventually(() => !isAlive(server.pid), 'the old arbiter to end');
    assert.equal(await answer(t, server.port), '3');
  });
}
