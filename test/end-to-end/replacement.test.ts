// What replaces a part of the application that died or does not answer: it may itself hang while it loads, and nothing
// is given to what is being replaced. Tried on purpose, and seen to fail: a worker without an application that goes on
// taking connections while another one serves; the last one sent away.

import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ask, eventually, type Served, serveNode, serveWsgi, temporaryFolder } from './serving.ts';

type Serve = (args: readonly string[], env: NodeJS.ProcessEnv) => Promise<Served>;

const apps: readonly (readonly [string, Serve, RegExp])[] = [
  [
    'Node.js thread',
    (args, env) => serveNode('./hangs-on-second-load.mjs', args, { env }),
    /Still loading the application after 6\.4 s.*:\n +it waits in asynchronous code/,
  ],
  [
    'Python process',
    (args, env) => serveWsgi('hangs_on_second_load', args, { env }),
    /Still loading the application after 6\.4 s.*:\n +File ".*hangs_on_second_load\.py", line 10/,
  ],
];

for (const [what, serve, where] of apps) {
  test(`a ${what} that hangs while it replaces another is given up after boot_timeout`, async () => {
    const env = { ...process.env, LOADS: join(await temporaryFolder(), 'loads') };
    const served = await serve(['--threads', '1', '--boot-timeout', '8'], env);
    assert.equal((await ask(served, '/exit')).status, 502);
    assert.equal((await ask(served, '/')).body.toString(), 'served');
    assert.match(served.log(), /could not be loaded again|could not load the application again/);
    assert.match(served.log(), /It was not loaded within 8 s \(boot_timeout\)\./);
    assert.match(served.log(), where);
  });
}

test('what comes while a Python process is replaced waits for the next one', async () => {
  const served = await serveWsgi('holds_lock', ['--threads', '2', '--timeout', '1']);
  assert.equal((await ask(served, '/hold')).status, 504);
  await eventually(() => served.log().includes('is being replaced'), 'the replacement to begin');
  const replies = await Promise.all([1, 2, 3].map(() => ask(served, '/')));
  assert.deepEqual(
    replies.map((reply) => reply.status),
    [200, 200, 200],
  );
});

const WSGI_APP = `
import os

def app(environ, start_response):
    if environ["PATH_INFO"] == "/exit":
        os._exit(1)
    start_response("200 OK", [])
    return [b"served"]
`;
const NODE_APP = `
export default (req, res) => (req.url === '/exit' ? process.exit(1) : res.end('served'));
`;

for (const [what, file, good] of [
  ['Python process', 'deployed.py', WSGI_APP],
  ['Node.js thread', 'deployed.mjs', NODE_APP],
] as const) {
  test(`a worker whose ${what} cannot be started any more leaves those that serve alone, and the last one stays`, async () => {
    const cwd = await temporaryFolder();
    const write = (text: string): void => writeFileSync(join(cwd, file), text);
    write(good);
    const args = ['--workers', '2', '--threads', '1', '--queue-timeout', '3'];
    const served =
      file === 'deployed.py'
        ? await serveWsgi('deployed:app', args, { cwd, readyWorkers: 2 })
        : await serveNode('./deployed.mjs', args, { cwd, readyWorkers: 2 });
    // Python would take what it has compiled for a file as old and as large.
    rmSync(join(cwd, '__pycache__'), { recursive: true, force: true });
    write('def (');
    assert.equal((await ask(served, '/exit')).status, 502);
    await served.server.line(/is to be replaced: no .* it leaves now, others serve\./);
    await served.server.line(/Draining: /);
    const replies = await Promise.all(Array.from({ length: 12 }, () => ask(served, '/')));
    assert.deepEqual(new Set(replies.map(({ status }) => status)), new Set([200]));

    // Now the other one: nobody else is there.
    assert.equal((await ask(served, '/exit')).status, 502);
    await served.server.line(/it stays because no other worker serves\./);
    assert.equal((await ask(served, '/')).status, 503);
    write(good);
    await eventually(async () => (await ask(served, '/')).status === 200, 'it to serve again');
    assert.doesNotMatch(served.log(), /Shutting down/);
  });
}
