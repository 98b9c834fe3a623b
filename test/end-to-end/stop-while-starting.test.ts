// Signals to a server that starts: while its config file is read, while a hook runs, while an application is loaded ahead. Tried
// on purpose, and seen to fail: a first stage that is not told of the stop, and is prepared to its end.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { soon } from '../support/eventually.ts';
import { isAlive } from '../support/processes.ts';
import { launchServer, type Server } from '../support/server.ts';
import { folderWith } from './hooked.ts';
import { eventually, PYTHON } from './serving.ts';

/** Whoever calls it waits until the test writes the file `go`. */
const WAIT = `
import os, time

def wait_here():
    open("here", "w").close()
    while not os.path.exists("go"):
        time.sleep(0.01)
`;

interface Waiting {
  readonly server: Server;
  /** The path of a file in its folder. */
  at(name: string): string;
  /** Nothing waits any more. */
  go(): void;
}

/** A server that has come to `wait_here()`, which the config file or the application calls. */
async function waiting(
  t: TestContext,
  config: string,
  { app = '', args = [] }: { app?: string; args?: readonly string[] } = {},
): Promise<Waiting> {
  const folder = await folderWith(WAIT + config);
  const at = (name: string): string => join(folder, name);
  if (app !== '') writeFileSync(at('web.py'), WAIT + app);
  const all = ['--python', PYTHON, '--pid', 'pid', '--error-logfile', 'log', ...args];
  const bind = ['127.0.0.1:0', 'unix:app.sock'];
  const server = launchServer(t, { app: 'web:app', cwd: folder, args: all, bind });
  await eventually(() => existsSync(at('here')), 'the server to wait');
  return { server, at, go: () => writeFileSync(at('go'), '') };
}

const APP =
  'def app(environ, start_response):\n    start_response("200 OK", [])\n    return [b"hi"]\n';

for (const [where, signal, config, options] of [
  ['on_starting runs', 'SIGTERM', 'def on_starting(server):\n    wait_here()\n', {}],
  [
    'the application is loaded ahead',
    'SIGINT',
    'preload_app = True\ndef on_starting(server): pass\n',
    { app: `${APP}wait_here()\n` },
  ],
  ['when_ready runs', 'SIGQUIT', 'def when_ready(server):\n    wait_here()\n', {}],
] as const) {
  test(`while ${where} ${signal} ends the server with 0, and nothing is left; what else comes ends nothing`, async (t) => {
    const { server, at, go } = await waiting(t, config, options);
    const family = server.childPids();
    assert.ok(existsSync(at('pid')) && family.length > 0);
    for (const other of ['SIGUSR1', 'SIGHUP', 'SIGTTOU', 'SIGWINCH'] as const) server.signal(other);
    await eventually(() => logOf(at).includes('Handling signal: hup'), 'SIGHUP to be heard');
    server.signal(signal);
    await eventually(() => logOf(at).includes('Shutting down: Master\n'), 'the end to begin');
    // The last hooks come one after another.
    if (where === 'when_ready runs') go();
    assert.deepEqual(await soon(server.exited, 'the end'), { code: 0, signal: null });
    assert.ok(!existsSync(at('pid')) && !existsSync(at('app.sock')));
    assert.ok(![...family].some(isAlive), 'the whole family has gone');
    assert.doesNotMatch(logOf(at) + server.log(), /Worker ready|Debugger|\[ERROR\]/);
  });
}

function logOf(at: Waiting['at'], name = 'log'): string {
  return existsSync(at(name)) ? readFileSync(at(name), 'utf8') : '';
}

test('what signals ask for while a server starts is done when it serves', async (t) => {
  const { server, at, go } = await waiting(t, 'def on_starting(server):\n    wait_here()\n');
  renameSync(at('log'), at('log.1'));
  for (const signal of ['SIGUSR1', 'SIGHUP'] as const) server.signal(signal);
  await eventually(() => /Handling signal: hup/.test(logOf(at, 'log.1')), 'them to be heard');
  go();
  await eventually(() => existsSync(at('log')), 'the log to be opened anew');
  await eventually(() => /Reloaded\./.test(logOf(at)), 'the reload, in the log that was reopened');
  assert.deepEqual(await server.stop(), { code: 0, signal: null });
});

test('SIGUSR1 while the config file is read opens no inspector', async (t) => {
  const { server, at, go } = await waiting(t, 'wait_here()\n');
  server.signal('SIGUSR1');
  go();
  await eventually(() => /Worker ready/.test(logOf(at)), 'the server to serve');
  assert.doesNotMatch(server.log(), /Debugger/);
  assert.deepEqual(await server.stop(), { code: 0, signal: null });
});
