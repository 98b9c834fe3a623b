// Logs that go into named pipes, whose reader leaves and comes again: nothing waits for one. Faults put in by hand and seen
// here: a pipe opened as a file is; SIGUSR1 that drops the pipe it cannot open again.

import assert from 'node:assert/strict';
import { constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { launchServer } from '../support/server.ts';
import { ask, makeFifo, serveNode } from './serving.ts';

/** Reads a named pipe until it leaves; open as soon as this returns. */
class PipeReader {
  text = '';
  readonly #socket: Socket;

  constructor(t: TestContext, path: string) {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    this.#socket = new Socket({ fd, readable: true, writable: false });
    this.#socket.setEncoding('utf8').on('data', (text: string) => {
      this.text += text;
    });
    t.after(() => this.#socket.destroy());
  }

  async leave(): Promise<void> {
    if (this.#socket.destroyed) return;
    await new Promise((resolve) => this.#socket.once('close', resolve).destroy());
  }
}

test('an access log whose reader has left holds nobody up at SIGUSR1, nor do workers that begin then', async (t) => {
  const pipe = await makeFifo();
  let reader = new PipeReader(t, pipe);
  const format = ['--access-logformat', '%(U)s'];
  const served = await serveNode('./freezes.mjs', ['--access-logfile', pipe, ...format]);
  assert.equal((await ask(served, '/one')).status, 200);
  await eventually(() => reader.text === '/one\n', 'the first line');
  await reader.leave();
  served.server.signal('SIGUSR1');
  await served.server.line(
    /Cannot write the log \S+: Cannot open the log file \S+: .* nobody reads/,
  );
  assert.equal((await ask(served, '/two')).status, 200);
  // One that begins while nobody reads.
  served.server.signal('SIGTTIN');
  await served.server.line(/Worker ready/, 2);
  assert.equal((await ask(served, '/three')).status, 200);
  reader = new PipeReader(t, pipe);
  served.server.signal('SIGUSR1');
  await eventually(async () => {
    await ask(served, '/again');
    return reader.text.includes('/again\n');
  }, 'lines to come again');
});

test('an error log whose reader has left holds up no arbiter, at SIGUSR1, at TTIN and at the end', async (t) => {
  const pipe = await makeFifo();
  const reader = new PipeReader(t, pipe);
  const server = launchServer(t, {
    app: 'hello:app',
    cwd: new URL('../../../test/apps/wsgi', import.meta.url).pathname,
    args: ['--error-logfile', pipe],
  });
  await eventually(() => /Worker ready/.test(reader.text), 'the worker, in the pipe');
  await reader.leave();
  const before = server.childPids().length;
  server.signal('SIGUSR1');
  server.signal('SIGTTIN');
  await eventually(() => server.childPids().length >= 2 * before, 'another worker with its Python');
  assert.deepEqual(await server.stop(), { code: 0, signal: null });
});

test('a server starts though nobody reads its logs yet, and whoever comes has all lines', async (t) => {
  const pipe = await makeFifo();
  const served = await serveNode('./freezes.mjs', [
    '--access-logfile',
    pipe,
    '--access-logformat',
    '%(U)s',
  ]);
  assert.equal((await ask(served, '/early')).status, 200);
  const reader = new PipeReader(t, pipe);
  await eventually(() => reader.text === '/early\n', 'the line from before');
});
