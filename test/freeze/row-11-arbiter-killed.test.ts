// Row 11: the arbiter is killed (SIGKILL). Its workers finish what they run and exit; whatever keeps them from that is
// killed with them after graceful_timeout, and the address is free for the next server at once. Tried on purpose, and
// seen to fail: a worker that exits as soon as the arbiter is gone.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { NODE_APPS } from '../end-to-end/serving.ts';
import { eventually } from '../support/eventually.ts';
import { isAlive } from '../support/processes.ts';
import { RawClient } from '../support/raw-client.ts';
import { launchServer, type Server, startServer } from '../support/server.ts';
import { assertAllGone, freezes, sleepsOf } from './family.ts';
import { untilNobodyAnswers } from './hung.ts';

type Kind = { readonly app: string; readonly cwd: string; readonly args: readonly string[] };

const wsgi: Kind = freezes.wsgi;
const node: Kind = freezes.node;

function start(t: TestContext, kind: Kind, args: readonly string[] = []): Promise<Server> {
  const more = ['--graceful-timeout', '2', '--threads', '2', ...args];
  return startServer(t, { ...kind, args: [...kind.args, ...more] });
}

/** Sends a request and waits until it runs: until its command does, or another thread has answered after it was read. */
async function hang(t: TestContext, server: Server, path: string): Promise<void> {
  const client = await RawClient.connect(t, server.port);
  await client.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  const other = await RawClient.connect(t, server.port);
  assert.equal((await other.get('/')).status, 200);
  if (path === '/command') await commandRuns(server);
}

async function commandRuns(server: Server): Promise<void> {
  await eventually(() => sleepsOf(server).length > 0, 'a command to run');
}

for (const [name, kind, paths] of [
  ['WSGI', wsgi, ['/sleep', '/spin', '/native', '/command']],
  ['Node.js', node, ['/sleep', '/spin', '/command']],
] as const) {
  for (const path of paths) {
    test(`a ${name} worker with a request in ${path} leaves nothing behind when the arbiter is killed`, async (t) => {
      const server = await start(t, kind);
      await hang(t, server, path);
      const family = server.childPids();
      await server.kill();
      await assertAllGone(family);
    });
  }

  test(`a ${name} worker finishes what it runs when the arbiter is killed, and a new server has the port at once`, async (t) => {
    const server = await start(t, kind, ['--graceful-timeout', '30']);
    const client = await RawClient.connect(t, server.port);
    await client.send('GET /pause?3 HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const other = await RawClient.connect(t, server.port);
    assert.equal((await other.get('/')).status, 200);
    const family = server.childPids();
    await server.kill();
    const next = await startServer(t, {
      ...kind,
      args: [...kind.args],
      bind: [`127.0.0.1:${server.port}`],
    });
    assert.equal((await client.readResponse()).status, 200);
    await assertAllGone(family);
    const fresh = await RawClient.connect(t, next.port);
    assert.equal((await fresh.get('/')).status, 200);
  });
}

test('a WSGI worker whose interpreter is held leaves nothing behind when the arbiter is killed', async (t) => {
  const server = await start(t, wsgi);
  const client = await RawClient.connect(t, server.port);
  await client.send('GET /hold HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await untilNobodyAnswers(t, server.port);
  const family = server.childPids();
  await server.kill();
  await assertAllGone(family);
});

for (const [name, kind, app] of [
  ['WSGI', wsgi, 'never_loads'],
  ['Node.js', node, './never-loads.mjs'],
] as const) {
  test(`a ${name} worker that still boots leaves nothing behind when the arbiter is killed`, async (t) => {
    const server = launchServer(t, { ...kind, app });
    await commandRuns(server);
    const family = server.childPids();
    await server.kill();
    await assertAllGone(family);
  });
}

test('when the arbiter is killed while one worker takes over from another, both leave', async (t) => {
  const server = await start(t, node, ['--threads', '1', '--timeout', '1']);
  const [old = 0] = server.workerPids();
  const streaming = await RawClient.connect(t, server.port);
  await streaming.send('GET /native HTTP/1.1\r\nHost: localhost\r\n\r\n');
  assert.equal((await streaming.readResponse()).status, 504);
  const held = await RawClient.connect(t, server.port);
  await held.send(`GET /stream?${join(NODE_APPS, 'no-such-file')} HTTP/1.1\r\nHost: a\r\n\r\n`);
  await server.line(/takes over from worker/);
  assert.ok(isAlive(old));
  const family = server.childPids();
  await server.kill();
  await assertAllGone(family);
});
