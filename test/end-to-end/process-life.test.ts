// The real server's processes, from start to end: arbiter, worker and the worker's Python. Whatever ends one of them,
// the others do what was promised and nothing is left behind.

import assert from 'node:assert/strict';
import { constants, existsSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually, soon } from '../support/eventually.ts';
import { listeningSocket } from '../support/listening-socket.ts';
import { isAlive, nameOf } from '../support/processes.ts';
import { Program } from '../support/program.ts';
import { RawClient, statusOf } from '../support/raw-client.ts';
import { commandPath, launchServer, type Server, startServer } from '../support/server.ts';
import { makeFifo, NODE_APPS, PYTHON, temporaryFolder, WSGI_APPS } from './serving.ts';

const hello = { app: 'hello:app', cwd: WSGI_APPS, args: ['--python', PYTHON] } as const;
const listener = { app: './listener.mjs', cwd: NODE_APPS } as const;

/** The worker and its Python; asserts that there is one of each. */
function pythonOf(server: Server): number {
  const pythons = server.childPids().filter((pid) => nameOf(pid).startsWith('python'));
  assert.equal(pythons.length, 1, `one Python below ${server.pid}`);
  return pythons[0] ?? 0;
}

async function assertAllGone(pids: readonly number[]): Promise<void> {
  assert.ok(pids.length > 0);
  await eventually(() => !pids.some(isAlive), `processes ${pids.join(', ')} to be gone`);
}

for (const [kind, options] of [
  ['WSGI', hello],
  ['Node.js', listener],
] as const) {
  test(`a ${kind} worker that is killed is replaced, and clients are answered by the next, which TERM ends`, async (t) => {
    const server = await startServer(t, options);
    const family = server.childPids();
    process.kill(server.workerPids()[0] ?? 0, 'SIGKILL');
    assert.equal(await statusOf(t, server.port), 200);
    await server.line(/Worker ready \(pid: \d+\)/, 2);
    await assertAllGone(family);
    const next = server.childPids();
    assert.deepEqual(await server.stop('SIGTERM'), { code: 0, signal: null });
    await assertAllGone(next);
  });

  test(`SIGQUIT ends a ${kind} server with 0 and leaves no process`, async (t) => {
    const server = await startServer(t, options);
    assert.equal(await statusOf(t, server.port), 200);
    const family = server.childPids();
    assert.deepEqual(await server.stop('SIGQUIT'), { code: 0, signal: null });
    await assertAllGone(family);
  });

  test(`when the arbiter is killed, a ${kind} worker leaves with all it started`, async (t) => {
    const server = await startServer(t, options);
    const family = server.childPids();
    await server.kill();
    await assertAllGone(family);
  });

  test(`Ctrl-C on the process group of a ${kind} server is a quiet stop`, async (t) => {
    const server = await startServer(t, { ...options, detached: true });
    const family = server.childPids();
    server.signalGroup('SIGINT');
    assert.deepEqual(await soon(server.exited, 'the end'), { code: 0, signal: null });
    await assertAllGone(family);
    assert.doesNotMatch(server.log(), /was sent|exited with code|Traceback|KeyboardInterrupt/);
  });
}

test('a client that has sent half a request head does not keep a server that ends', async (t) => {
  const patient = ['--head-timeout', '600', '--graceful-timeout', '600'];
  const server = await startServer(t, { ...hello, args: [...hello.args, ...patient] });
  const client = await RawClient.connect(t, server.port);
  await client.send('GET / HTTP/1.1\r\nHost: x\r\n');
  // It has been accepted: it came before this one.
  assert.equal(await statusOf(t, server.port), 200);
  const ended = server.stop('SIGTERM');
  assert.equal((await client.readResponse()).status, 408);
  client.end();
  assert.deepEqual(await ended, { code: 0, signal: null });
});

test('a request under way is answered before TERM ends the server, new clients are refused', async (t) => {
  const fifo = await makeFifo();
  const server = await startServer(t, { ...hello, app: 'wait_for_signal:app' });
  const client = await RawClient.connect(t, server.port);
  await client.send(`GET /wait?fifo=${fifo} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  // Opening for writing completes when the application has opened for reading: the request runs.
  const go = await soon(open(fifo, 'w'), 'the application to run');
  server.signal('SIGTERM');
  await server.line(/Handling signal: term/);
  await server.line(/\[INFO\] Draining: 1 connection open\n/);
  await eventually(async () => {
    const refused = await RawClient.connect(t, server.port).catch((error: unknown) => error);
    return refused instanceof Error && 'code' in refused && refused.code === 'ECONNREFUSED';
  }, 'the port to be closed');
  await go.close();
  assert.equal((await client.readResponse()).status, 200);
  assert.deepEqual(await soon(server.exited, 'the end'), { code: 0, signal: null });
});

test('a worker whose loop is stopped is killed after timeout and replaced; its Python goes too', async (t) => {
  const server = await startServer(t, { ...hello, args: [...hello.args, '--timeout', '1'] });
  const [worker = 0] = server.workerPids();
  const python = pythonOf(server);
  process.kill(worker, 'SIGSTOP');
  await server.line(new RegExp(`WORKER TIMEOUT \\(pid:${worker}\\)`));
  await server.line(/Worker ready \(pid: \d+\)/, 2);
  assert.equal(await statusOf(t, server.port), 200);
  await assertAllGone([worker, python]);
});

for (const [app, cwd, code, words] of [
  ['raises_on_import:app', WSGI_APPS, 3, /RuntimeError: this module raises while it is imported/],
  ['no_such_module:app', WSGI_APPS, 3, /ModuleNotFoundError: No module named 'no_such_module'/],
  ['hello:nothing', WSGI_APPS, 4, /Failed to find attribute 'nothing' in 'hello'/],
  ['./throws-on-load.mjs', NODE_APPS, 3, /Error: this module throws while it is loaded/],
  ['./no-application.mjs', NODE_APPS, 4, /no-application\.mjs/],
] as const) {
  test(`${app} ends the server with ${code}, its traceback, and nothing left`, async (t) => {
    const server = launchServer(t, { app, cwd, args: ['--python', PYTHON, '--workers', '2'] });
    assert.deepEqual(await soon(server.exited, 'the end'), { code, signal: null });
    assert.match(server.log(), words);
    assert.match(server.log(), /Reason: (Worker failed to boot|App failed to load)\./);
    const booted = [...server.log().matchAll(/Booting worker with pid: (\d+)/g)];
    assert.equal(booted.length, 2);
    for (const [, pid] of booted) assert.ok(!isAlive(Number(pid)));
  });

  // What is wrong is told by the same worker, with or without a server around it.
  if (code !== 3 || app.startsWith('no_such')) continue;
  test(`--check-config of ${app} ends with 1 and shows why`, async (t) => {
    const args = ['--python', PYTHON, '--check-config'];
    const server = launchServer(t, { app, cwd, args });
    assert.deepEqual(await soon(server.exited, 'the end'), { code: 1, signal: null });
    assert.match(server.log(), words);
  });
}

test('a server whose standard error nobody reads any more ends all the same', async (t) => {
  const fifo = await makeFifo();
  const socket = join(await temporaryFolder(), 'socket');
  // Keeps it open, and never reads.
  const reader = await open(fifo, constants.O_RDWR);
  t.after(() => reader.close());
  const program = new Program(t, {
    command: 'bash',
    args: [
      ...['-c', 'exec "$@" 2>"$0"', fifo, process.execPath, commandPath],
      ...['--bind', `unix:${socket}`, '--graceful-timeout', '1', './listener.mjs'],
    ],
    cwd: NODE_APPS,
  });
  await eventually(
    () => existsSync(socket) && program.childPids().length > 0,
    'the server to be up',
  );
  const family = [program.pid, ...program.childPids()];
  const writer = await open(fifo, constants.O_WRONLY | constants.O_NONBLOCK);
  t.after(() => writer.close());
  assert.throws(() => {
    for (;;) writeSync(writer.fd, 'x'.repeat(4096));
  }, /EAGAIN/);
  program.signal('SIGTERM');
  const { code, signal } = await program.exited;
  assert.ok(code === 0 || signal === 'SIGTERM', `ended by ${signal} with ${code}`);
  await assertAllGone(family);
});

test('--check-config of an application that loads prints nothing', async (t) => {
  const server = launchServer(t, { ...hello, args: [...hello.args, '--check-config'] });
  assert.deepEqual(await soon(server.exited, 'the end'), { code: 0, signal: null });
  assert.equal(server.log(), '');
});

test('a second server on the same port leaves the first alone, waits for its end and serves then', async (t) => {
  const first = await startServer(t, hello);
  const second = launchServer(t, { ...hello, bind: [`127.0.0.1:${first.port}`] });
  await second.line(new RegExp(`Connection in use: \\('127\\.0\\.0\\.1', ${first.port}\\)`));
  await second.line(/Retrying in 1 second\./);
  assert.equal(await statusOf(t, first.port), 200);
  await first.stop();
  await second.line(/Worker ready/);
  assert.equal(await statusOf(t, first.port), 200);
});

test('a second server that waits for its port is stopped at once, and its pid file is gone', async (t) => {
  const first = await listeningSocket();
  t.after(first.close);
  const pidFile = join(await temporaryFolder(), 'pid');
  const args = [...hello.args, '--pid', pidFile];
  const second = launchServer(t, { ...hello, args, bind: [`127.0.0.1:${first.port}`] });
  await second.line(/Retrying in 1 second\./);
  second.signal('SIGTERM');
  assert.deepEqual(await soon(second.exited, 'the end'), { code: 0, signal: null });
  assert.ok(!existsSync(pidFile));
});

test('a unix socket serves beside a TCP port and is gone at the end', async (t) => {
  const path = join(await temporaryFolder(), 'app.sock');
  const server = await startServer(t, { ...hello, bind: ['127.0.0.1:0', `unix:${path}`] });
  const client = await RawClient.connect(t, path);
  assert.equal((await client.get('/')).body.toString(), 'Hello, World!');
  assert.equal(await statusOf(t, server.port), 200);
  await server.stop();
  assert.ok(!existsSync(path));
});
