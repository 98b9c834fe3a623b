// What replaces a part of the application that died or does not answer: it may itself hang while it loads, and nothing
// is given to what is being replaced.

import assert from 'node:assert/strict';
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
