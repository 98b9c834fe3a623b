// The server's own word on its health, over real sockets: with every thread stuck, while the application loads, while
// the Python process is replaced, while the worker drains.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePort } from '../support/listening-socket.ts';
import { RawClient } from '../support/raw-client.ts';
import { launchServer } from '../support/server.ts';
import {
  ask,
  eventually,
  makeFifo,
  PYTHON,
  type RawResponse,
  type Served,
  serveNode,
  serveWsgi,
  temporaryFolder,
  WSGI_APPS,
} from './serving.ts';

const HEALTH = ['--health-path', '/healthz'] as const;
const GET_READY = 'GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n';

const shown = ({ status, body }: RawResponse): string => `${status} ${body.toString().trimEnd()}`;

async function becomesReady(served: Served): Promise<void> {
  await eventually(async () => (await ask(served, '/readyz')).status === 200, 'to be ready again');
}

async function becomesUnready(served: Served, why: RegExp): Promise<void> {
  await eventually(async () => {
    const reply = await ask(served, '/readyz');
    return reply.status === 503 && why.test(reply.body.toString());
  }, `to be unready: ${why}`);
}

for (const [kind, serve, app, way] of [
  ['Python', serveWsgi, 'freezes:app', '/sleep'],
  ['Node.js', serveNode, './freezes.mjs', '/nap'],
] as const) {
  test(`with every ${kind} thread stuck it lives, and is not ready until they are replaced`, async () => {
    const stuckFor = ['--timeout', '4', '--queue-timeout', '0.3'];
    const served = await serve(app, ['--threads', '2', ...stuckFor, ...HEALTH]);
    assert.equal(shown(await ask(served, '/readyz')), '200 ready');
    const stuck = Promise.all([ask(served, way), ask(served, way)]);
    await becomesUnready(
      served,
      /^not ready: no thread has had room .* queue_timeout \(0\.3 s\)$/m,
    );
    assert.equal(shown(await ask(served, '/healthz')), '200 alive');
    const replies = await stuck;
    assert.deepEqual(
      replies.map(({ status }) => status),
      [504, 504],
    );
    await becomesReady(served);
    assert.match(served.log(), /\[WARNING\].*Not ready: no thread has had room/);
    await eventually(() => /Ready again/.test(served.log()), 'the log to say so');
  });
}

test('while the Python process is replaced it lives, and is not ready', async () => {
  const env = { LOADS: join(await temporaryFolder(), 'loads') };
  const boot = ['--threads', '1', '--boot-timeout', '4'];
  const served = await serveWsgi('hangs_on_second_load', [...boot, ...HEALTH], { env });
  assert.equal((await ask(served, '/exit')).status, 502);
  await becomesUnready(served, /^not ready: no thread is there to run the application$/m);
  assert.equal(shown(await ask(served, '/healthz')), '200 alive');
  await becomesReady(served);
});

test('who asks while the application loads for the first time is refused by the kernel', async (t) => {
  const fifo = await makeFifo();
  const args = ['--python', PYTHON, ...HEALTH];
  const env = { LOAD_FIFO: fifo };
  const port = await freePort();
  const bind = [`127.0.0.1:${port}`];
  const server = launchServer(t, { app: 'loads_when_told', args, cwd: WSGI_APPS, env, bind });
  await server.line(/Booting worker/);
  await assert.rejects(RawClient.connect(t, port), /ECONNREFUSED/);
  assert.doesNotMatch(server.log(), /Listening at/);
  await writeFile(fifo, '');
  // Whoever reads this may connect.
  await server.line(/Listening at: http:\/\/127\.0\.0\.1:\d+/);
  const client = await RawClient.connect(t, port);
  await client.send('GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n');
  assert.equal(shown(await client.readResponse()), '200 ready');
});

test('a worker that drains lives and is not ready', async () => {
  const served = await serveWsgi('hello:app', HEALTH);
  const [asksReady, asksAlive] = [await served.connect(), await served.connect()];
  await asksReady.send(GET_READY.slice(0, -2));
  await asksAlive.send('GET /healthz HTTP/1.1\r\nHost: localhost\r\n');
  // Both have been accepted: they came before this one.
  await ask(served, '/');
  process.kill(served.pid, 'SIGTERM');
  await eventually(() => served.log().includes('Draining: '), 'to drain');
  await Promise.all([asksReady.send('\r\n'), asksAlive.send('\r\n')]);
  assert.equal(shown(await asksReady.readResponse()), '503 not ready: the worker is ending');
  assert.equal(shown(await asksAlive.readResponse()), '200 alive');
});

test('its paths are those that the client sends, SCRIPT_NAME or not, and are not in the access log', async () => {
  const log = join(await temporaryFolder(), 'access.log');
  const logged = ['--access-logfile', log, '--log-level', 'debug', '--ready-path', '/app/ready'];
  const served = await serveWsgi('hello:app', [...HEALTH, ...logged], {
    env: { SCRIPT_NAME: '/app' },
  });
  assert.equal(shown(await ask(served, '/healthz')), '200 alive');
  assert.equal(shown(await ask(served, '/app/ready?from=probe')), '200 ready');
  assert.equal((await ask(served, '/app/')).status, 200);
  assert.notEqual((await ask(served, '/app/healthz')).body.toString(), 'alive\n');
  await served.stop();
  const lines = (await readFile(log, 'utf8')).trimEnd().split('\n');
  assert.equal(lines.length, 2, lines.join('\n'));
  assert.match(served.log(), /\[DEBUG\].*GET \/app\/ready: ready/);
});

test("without health_path both paths are the application's", async () => {
  const served = await serveWsgi('hello:app', []);
  for (const path of ['/healthz', '/readyz']) {
    assert.doesNotMatch(shown(await ask(served, path)), /alive|ready/);
  }
});

test('at the limit of connections it is answered as soon as an idle one has given way', async () => {
  const served = await serveWsgi('freezes:app', ['--worker-connections', '2', ...HEALTH]);
  const idle = [await served.connect(), await served.connect()];
  for (const client of idle) assert.equal((await client.get('/')).status, 200);
  assert.equal(shown(await ask(served, '/healthz')), '200 alive');
});
