// What an application prints goes to the error log with --capture-output: by every way to a standard stream, of both kinds of
// application, in whole lines, after a rotation too; and nobody who prints waits for a log that is stuck. Without it a Node.js application
// that prints for nobody takes no memory without a bound (seen to fail where Node.js writes it: all that was printed waits in the thread).

import assert from 'node:assert/strict';
import { closeSync, constants, openSync } from 'node:fs';
import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Program } from '../support/program.ts';
import { RawClient } from '../support/raw-client.ts';
import { launchServer, type Server, startServer } from '../support/server.ts';
import {
  ask,
  eventually,
  makeFifo,
  NODE_APPS,
  PYTHON,
  Served,
  temporaryFolder,
  WSGI_APPS,
} from './serving.ts';

const PRINTED = [
  ...['printed on stdout', 'printed on stderr', 'written to descriptor 1'],
  ...['written to descriptor 2', 'child on stdout', 'child on stderr'],
];

/** A server whose error log is no output of its: readiness is seen by the first answer, on a unix socket. */
class Printing {
  readonly server: Server;
  readonly #context: TestContext;
  readonly #socket: string;

  private constructor(context: TestContext, server: Server, socket: string) {
    this.#context = context;
    this.server = server;
    this.#socket = socket;
  }

  static async start(
    t: TestContext,
    { app, cwd, more = [] }: { app: string; cwd: string; more?: readonly string[] },
    args: readonly string[],
  ): Promise<Printing> {
    const socket = join(await temporaryFolder(), 'socket');
    const server = launchServer(t, {
      app,
      cwd,
      bind: [`unix:${socket}`],
      args: ['--python', PYTHON, '--capture-output', '--access-logfile', '-', ...more, ...args],
    });
    const printing = new Printing(t, server, socket);
    await eventually(() => printing.ask('/').then(() => true), 'the first answer');
    return printing;
  }

  async ask(path: string): Promise<void> {
    const client = await RawClient.connect(this.#context, this.#socket);
    assert.equal((await client.get(path)).status, 200);
    client.destroy();
  }
}

const WSGI = { kind: 'WSGI', app: 'prints:app', cwd: WSGI_APPS };
const PRELOADED = { ...WSGI, kind: 'WSGI, preloaded', more: ['--preload'] };
const NODE = { kind: 'Node.js', app: './prints.mjs', cwd: NODE_APPS };

for (const { kind, ...application } of [WSGI, PRELOADED, NODE]) {
  test(`whatever is printed is a line of the error log: ${kind}`, async (t) => {
    const log = join(await temporaryFolder(), 'error.log');
    const printing = await Printing.start(t, application, ['--error-logfile', log]);
    const lines = async () => (await readFile(log, 'utf8')).split('\n');
    for (const path of ['/print', '/native', '/child']) await printing.ask(path);
    await eventually(async () => {
      const all = await lines();
      return PRINTED.every((line) => all.filter((each) => each === line).length === 1);
    }, 'each line once');
    assert.ok((await lines()).includes('printed while loading'));

    await rename(log, `${log}.1`);
    printing.server.signal('SIGUSR1');
    await eventually(async () => {
      await printing.ask('/native');
      await printing.ask('/print');
      const all = await lines();
      return ['written to descriptor 1', 'printed on stdout'].every((line) => all.includes(line));
    }, 'lines in the new file');

    if (kind === 'Node.js') await printing.ask('/last');
    await printing.server.stop();
    assert.ok((await lines()).includes('printed at the end, without a line end'));
    const output = printing.server.log();
    assert.match(output, /"GET \/print HTTP\/1\.1" 200/, 'the access log is where it was');
    for (const line of PRINTED) assert.ok(!output.includes(line), line);
  });
}

test('with --log-json each line is an object', async (t) => {
  const log = join(await temporaryFolder(), 'error.log');
  const args = ['--error-logfile', log, '--log-json'];
  await (await Printing.start(t, WSGI, args)).ask('/native');
  const found = await eventually(async () => {
    const all = (await readFile(log, 'utf8')).trimEnd().split('\n');
    const objects = all.map((line) => JSON.parse(line) as Record<string, unknown>);
    return objects.find(({ message }) => message === 'written to descriptor 2');
  }, 'the line');
  assert.equal(found['stream'], 'stderr');
  assert.equal(found['level'], 'info');
  assert.equal(typeof found['pid'], 'number');
});

for (const { kind, ...application } of [WSGI, NODE]) {
  test(`nobody who prints waits for a log that is stuck: ${kind}`, async (t) => {
    const fifo = await makeFifo();
    // Open to the end: a pipe without any reader is broken, not stuck.
    const fd = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
    t.after(() => closeSync(fd));
    const printing = await Printing.start(t, application, ['--error-logfile', fifo]);
    // 80 MB, and nobody reads. A Node.js thread hands over what it has printed behind its answer: again and again, so that it has.
    for (let count = 0; count < 4; count++) await printing.ask('/much');
    await printing.ask('/print');
    const args = ['--line-buffered', 'can be written again', fifo];
    await new Program(t, { command: 'grep', args }).line(/; \d+ lines? w(as|ere) lost/);
  });
}

test('where the error log is the standard error there is nothing to capture, and a line says so', async (t) => {
  const server = launchServer(t, {
    app: './prints.mjs',
    args: ['--capture-output'],
    cwd: NODE_APPS,
  });
  await server.line(/\[WARNING\] capture_output has no effect/);
  await server.line(/printed while loading/);
});

test('what a Node.js application prints and nobody reads takes bounded memory, and requests go on', async (t) => {
  const args = ['--threads', '1'];
  const server = await startServer(t, { app: './prints.mjs', cwd: NODE_APPS, args });
  const served = new Served(t, server);
  assert.equal((await ask(served, '/print')).status, 200);
  server.ignoreStandardOutput();
  // Each prints 20 MB. The worker takes them from the thread, and lets go what is more than may wait (passed-output.test.ts).
  for (let count = 0; count < 5; count++) {
    assert.equal((await ask(served, '/megabytes')).status, 200);
  }
  await server.line(/what the application prints to the standard output: nobody reads/);
  const waiting = async (): Promise<number> => Number((await ask(served, '/waiting')).body);
  await eventually(async () => (await waiting()) < 1_000_000, 'what waits in the thread to go');
});
