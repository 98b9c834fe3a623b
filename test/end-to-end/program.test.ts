// A program that was written for `node server.js` and listens by itself: where it is served, what it finds of the process that
// it believes to have for itself, what becomes of its other servers, and how it ends. Tried on purpose, and seen to fail:
// a program that is told of its end at once, metrics in every thread, a reload that binds anew.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { freePort, listeningSocket } from '../support/listening-socket.ts';
import { getOnce } from '../support/raw-client.ts';
import { launchServer, type Server, startServer } from '../support/server.ts';
import { eventually, NODE_APPS, runToEnd, temporaryFolder } from './serving.ts';

const app = './program.cjs';

function start(
  t: TestContext,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  bind: readonly string[] = [],
): Promise<Server> {
  return startServer(t, {
    app,
    cwd: join(NODE_APPS, '..'),
    args: ['--chdir', 'node', ...args],
    env,
    bind,
  });
}

async function get(t: TestContext, port: number, path: string): Promise<string> {
  const { status, body } = await getOnce(t, port, path);
  return `${status} ${body}`;
}

test('a program is served where it wants to listen, by all threads, and finds itself alone in its process', async (t) => {
  const [own, metrics] = [await freePort(), await freePort()];
  // PORT is what the program makes of it: here it listens on one address of that port.
  const env = { OWN_PORT: String(own), METRICS_PORT: String(metrics), PORT: String(own) };
  const server = await start(t, ['--threads', '2'], env);
  await server.line(new RegExp(`Listening at: http://127\\.0\\.0\\.1:${own} `));
  await server.line(/program \d+ listens at \d+/, 2);
  const { here, main, argv, cwd, address, listening, cluster, sends, count } = JSON.parse(
    (await get(t, own, '/')).slice(4),
  );
  assert.deepEqual(
    { here, main, cwd, address, listening, cluster, sends, count },
    {
      here: true,
      main: true,
      cwd: NODE_APPS,
      address: { address: '127.0.0.1', family: 'IPv4', port: own },
      listening: true,
      cluster: [false, true, true],
      sends: 'function',
      count: 1,
    },
  );
  assert.deepEqual(argv, [join(NODE_APPS, 'program.cjs')]);

  // Its metrics are let through in one thread, also after a reload, when another worker has them.
  const before = await get(t, metrics, '/');
  assert.match(before, /^200 metrics of \d+$/);
  server.signal('SIGHUP');
  await server.line(/Reloaded\. Listening at: http:\/\/127\.0\.0\.1:\d+/);
  assert.match(await get(t, own, '/slowly'), /^200/);
  await eventually(async () => {
    const now = await get(t, metrics, '/').catch(() => '');
    return now.startsWith('200');
  }, 'the metrics of the next worker');

  assert.deepEqual(await server.stop(), { code: 0, signal: null });
  assert.equal(server.log().match(/has tidied up/g)?.length, 4);
});

test('a program hears SIGTERM when its requests are over, and has the time to tidy up', async (t) => {
  const server = await start(t, [], {}, ['127.0.0.1:0']);
  const slowly = get(t, server.port, '/slowly');
  await eventually(
    async () => JSON.parse((await get(t, server.port, '/')).slice(4)).count === 2,
    'it',
  );
  server.signal('SIGTERM');
  assert.equal(
    await slowly.then((reply) => `${reply}${/SIGTERM/.test(server.log())}`),
    '200 slowlyfalse',
  );
  assert.deepEqual(await server.exited, { code: 0, signal: null });
  const said = [...server.log().matchAll(/program \d+ (got \w+|is closed|has tidied up)/g)];
  assert.deepEqual(
    said.map(([, what]) => what),
    ['got SIGTERM', 'got shutdown', 'is closed', 'has tidied up'],
  );
});

test('while only event streams are left a program hears SIGTERM and can end them', async (t) => {
  const server = await start(t, ['--threads', '2'], {}, ['127.0.0.1:0']);
  const reply = await fetch(`${server.url}/events`);
  server.signal('SIGTERM');
  assert.equal(await reply.text(), 'data: hello\n\ndata: goodbye\n\n');
  assert.deepEqual(await server.exited, { code: 0, signal: null });
});

test("with wait_ready a program serves when it has said process.send('ready')", async (t) => {
  const server = launchServer(t, {
    app,
    cwd: NODE_APPS,
    args: ['--wait-ready'],
    env: { SAY_READY: '600' },
  });
  await server.line(/program \d+ listens/);
  assert.doesNotMatch(server.log(), /Worker ready/);
  await server.line(/Worker ready/);
});

test('with wait_ready a program that never says so is waited for until boot_timeout, and told why', async (t) => {
  const cwd = await temporaryFolder({
    'silent.mjs': `import http from 'node:http';
      http.createServer((_, res) => res.end()).listen(0);`,
  });
  const args = ['--wait-ready', '--boot-timeout', '4'];
  const server = launchServer(t, { app: './silent.mjs', cwd, args });
  assert.notEqual((await server.exited).code, 0);
  assert.match(server.log(), /it has not called process\.send\('ready'\) yet/);
  assert.match(server.log(), /did not load the application within 4 s \(boot_timeout\)/);
});

test('other servers of a program are refused where other_listeners says so', async () => {
  const { code, output } = await runToEnd(
    ['--check-config', '--other-listeners', 'refuse', './beside.mjs'],
    await temporaryFolder({
      'beside.mjs': `import http from 'node:http';
        http.createServer().listen(3000);
        http.createServer().listen(9090);`,
    }),
  );
  assert.equal(code, 1);
  assert.match(
    output,
    /listens on port 9090 beside its application, which other_listeners does not/,
  );
});

test('a program that cannot be served is told why', async () => {
  const cwd = await temporaryFolder({
    'ends.mjs': 'export const nothing = 1;',
    'own-tls.mjs': `import https from 'node:https';
      https.createServer({}, () => {}).listen(3000);`,
  });
  for (const [file, words] of [
    ['./ends.mjs', /exports nothing\. An application is .* a program whose HTTP server listens/],
    ['./own-tls.mjs', /listens with TLS of its own.*--certfile, --keyfile/],
  ] as const) {
    const { code, output } = await runToEnd(['--check-config', file], cwd);
    assert.equal(code, 1);
    assert.match(output, words);
  }
});

test('an address that is taken, which the program names or else PORT, ends the server with one clear error', async (t) => {
  const other = await listeningSocket();
  t.after(other.close);
  const cwd = await temporaryFolder({
    'taken.mjs': `import http from 'node:http';
      http.createServer((_, res) => res.end()).listen(${other.port}, '127.0.0.1');`,
    'unnamed.mjs': 'export default (_, res) => res.end();',
  });
  for (const [file, host] of [
    ['./taken.mjs', '127.0.0.1'],
    ['./unnamed.mjs', '0.0.0.0'],
  ] as const) {
    const env = { PORT: String(other.port) };
    const server = launchServer(t, { app: file, cwd, bind: [], env });
    assert.equal((await server.exited).code, 1);
    assert.match(
      server.log(),
      new RegExp(`Cannot listen on ${host}:${other.port}: process \\d+ .* is listening there`),
    );
  }
});
