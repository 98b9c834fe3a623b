// Requests that were sent ahead to a hot Python thread, when one of them turns out to be slow: nobody waits behind it,
// nothing runs twice, and nothing is lost when the process dies.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { RawClient } from '../support/raw-client.ts';
import { type Server, startServer } from '../support/server.ts';
import { temporaryFolder } from './serving.ts';

const APP = `
import os, time
ran = {}
def app(environ, start_response):
    path = environ['PATH_INFO']
    ran[path] = ran.get(path, 0) + 1
    body = b'quick'
    if path.startswith('/slow'): time.sleep(1); body = b'slow'
    elif path.startswith('/spin'):
        end = time.time() + 1
        while time.time() < end: pass
        body = b'spun'
    elif path == '/exit': os._exit(3)
    elif path == '/twice': body = repr([p for p, n in ran.items() if n > 1 and p.startswith('/n')]).encode()
    start_response('200 OK', [('Content-Length', str(len(body)))])
    return [body]
`;

/** A server whose application has proven quick, so that requests are sent ahead. */
async function warm(t: TestContext): Promise<Server> {
  const folder = await temporaryFolder();
  writeFileSync(join(folder, 'quick.py'), APP);
  const server = await startServer(t, { app: 'quick:app', args: ['--threads', '3'], cwd: folder });
  const client = await RawClient.connect(t, server.port);
  for (let i = 0; i < 40; i++) {
    client.send('GET /warm HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(20));
    for (let n = 0; n < 20; n++) assert.equal((await client.readResponse()).status, 200);
  }
  client.end();
  return server;
}

for (const path of ['/slow', '/spin']) {
  test(`a ${path.slice(1)} request among quick ones keeps none of them waiting`, async (t) => {
    const server = await warm(t);
    const clients = await Promise.all(
      Array.from({ length: 24 }, () => RawClient.connect(t, server.port)),
    );
    const began = performance.now();
    const answers = clients.map(async (client, n) => {
      client.send(`GET ${n === 8 ? path : `/n${n}`} HTTP/1.1\r\nHost: x\r\n\r\n`);
      const { status, body } = await client.readResponse();
      assert.equal(status, 200);
      return { body: body.toString(), afterMs: performance.now() - began };
    });
    const all = await Promise.all(answers);
    const quick = all.filter((one) => one.body === 'quick');
    assert.equal(quick.length, 23);
    // The slow one takes a second. A machine that is busy may hold the quick ones up, but not for so long.
    assert.ok(Math.max(...quick.map((one) => one.afterMs)) < 900, JSON.stringify(all));
    const last = await RawClient.connect(t, server.port);
    last.send('GET /twice HTTP/1.1\r\nHost: x\r\n\r\n');
    assert.equal((await last.readResponse()).body.toString(), '[]');
  });
}

test('when a request takes the process down, those sent behind it are answered by the next process', async (t) => {
  const server = await warm(t);
  const clients = await Promise.all(
    Array.from({ length: 12 }, () => RawClient.connect(t, server.port)),
  );
  const statuses = await Promise.all(
    clients.map(async (client, n) => {
      client.send(`GET ${n === 3 ? '/exit' : `/n${n}`} HTTP/1.1\r\nHost: x\r\n\r\n`);
      return (await client.readResponse()).status;
    }),
  );
  // The request itself fails, and with it whatever another thread was running at that moment.
  const failed = statuses.filter((status) => status !== 200);
  assert.ok(failed.length >= 1 && failed.length <= 3, statuses.join());
  assert.ok(failed.every((status) => status === 502));
});
