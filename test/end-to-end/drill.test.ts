// `tunicorn drill` as people run it, with rows made short by short deadlines: against a WSGI and a Node.js application,
// with lax settings, with applications that do not load or do not work, stopped by Ctrl-C. Nothing is ever left behind.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../support/processes.ts';
import { Program } from '../support/program.ts';
import { commandPath } from '../support/server.ts';
import {
  ask,
  eventually,
  NODE_APPS,
  PYTHON,
  type Served,
  serveNode,
  temporaryFolder,
  WSGI_APPS,
} from './serving.ts';

type Context = ConstructorParameters<typeof Program>[0];

/** Its temporary files are in a folder of its own, so that what it leaves there can be seen. */
async function drill(
  t: Context,
  cwd: string,
  args: readonly string[],
): Promise<{ program: Program; folder: string }> {
  const folder = await temporaryFolder();
  const program = new Program(t, {
    command: process.execPath,
    args: [commandPath, 'drill', '--python', PYTHON, ...args],
    cwd,
    env: { TMPDIR: folder },
  });
  return { program, folder };
}

/** What normal clients ask for takes 50 ms and no processor: else they take all of it. */
const QUIETLY = ['--path', '/pause?0.05'];
const SHORT = [...QUIETLY, '--threads', '2', '--timeout', '2', '--head-timeout', '2'];

// They mostly wait.
describe('tunicorn drill', { concurrency: 3 }, () => {
  /** One that no drill may touch. */
  let running: Served;

  before(async () => {
    running = await serveNode('./freezes.mjs', []);
  });

  for (const [kind, cwd, app] of [
    ['a WSGI', WSGI_APPS, 'freezes:app'],
    ['a Node.js', NODE_APPS, './freezes.mjs'],
  ] as const) {
    it(`the rows of ${kind} application are told with the setting that held, and nothing outside is touched`, async (t) => {
      const logs = await temporaryFolder();
      const outside = [
        ...[
          '--access-logfile',
          join(logs, 'access.log'),
          '--error-logfile',
          join(logs, 'error.log'),
        ],
        ...['--bind', `127.0.0.1:${running.port}`],
      ];
      const args = [...SHORT, ...outside, '--limit-request-body', '1m', '--rows', '2,6,9', app];
      const { program, folder } = await drill(t, cwd, args);
      const { code } = await program.exited;
      const text = program.standardOutput();
      for (const pattern of [
        /^Drill of \S+: 1 worker of 2 threads, 16 normal clients ask for \/pause\?0\.05\. It takes about \d+/,
        /\nrow 2: 100 clients drip a request head, .*\n.*normal clients: .*\n {2}the others: 100 got 408\n/,
        /\n {2}(held: |NOT HELD: .*\n {2})head_timeout 2 s \(on the command line \(--head-timeout\)\)\n/,
        /\nrow 6: 2 requests asleep for ever, timeout 2 s .*\n.*\n {2}the others: 2 got 504\n/,
        /\nrow 9: 2 requests end their (process|thread) .*\n.*\n {2}the others: 2 got 502\n/,
      ]) {
        assert.match(text, pattern);
      }
      // Whether the rates of a busy machine were enough is not for a test to say; that the code says the same is.
      assert.match(text, /\n[0-3] of 3 rows held\.\n(Not held: [\d, ]+\.\n)?$/);
      assert.equal(code, /\n3 of 3 rows held\.\n$/.test(text) ? 0 : 1);
      assert.deepEqual([readdirSync(folder), readdirSync(logs)], [[], []]);
      assert.equal((await ask(running, '/')).status, 200);
    });
  }

  it('a setting that is too lax is named, and a row that it loses is not held', async (t) => {
    const lax = ['--timeout', '0', '--keep-alive', '600'];
    const { program, folder } = await drill(t, WSGI_APPS, [
      ...[...lax, ...QUIETLY],
      ...['--rows', '6', 'freezes'],
    ]);
    assert.equal((await program.exited).code, 1);
    const text = program.standardOutput();
    assert.match(text, /row 6: 1 request asleep for ever, timeout 0 s/);
    assert.match(text, /NOT HELD: 1 of 1 did not get 504; normal clients got 0\.00 /);
    assert.match(
      text,
      /\n0 of 1 rows held\.\nNot held: 6\.\n\nToo lax:\n- timeout 0 .* Try --timeout 30\.\n- keepalive 600 /,
    );
    assert.match(program.log(), /The last lines of the server's log:\n/);
    assert.deepEqual(readdirSync(folder), []);
  });

  it('a deadline that is longer than the drill waits is said, and the row is not called held', async (t) => {
    const long = ['--timeout', '900', '--seconds', '2', '--rows', '6'];
    const { program } = await drill(t, WSGI_APPS, [...long, ...QUIETLY, 'freezes']);
    assert.equal((await program.exited).code, 1);
    assert.match(
      program.standardOutput(),
      /the deadline was not waited for: 900 s; --seconds 900 would\n {2}NOT DECIDED: timeout 900 s/,
    );
  });

  it('an application that does not load ends as --check-config ends, with its error', async (t) => {
    const { program, folder } = await drill(t, WSGI_APPS, ['raises_on_import:app']);
    assert.equal((await program.exited).code, 1);
    assert.match(program.log(), /Error while loading the application:\n\nTraceback/);
    assert.deepEqual(readdirSync(folder), []);
  });

  it('a path that does not work is told before any row is played', async (t) => {
    const { program, folder } = await drill(t, WSGI_APPS, ['--path', '/raise', 'freezes']);
    assert.equal((await program.exited).code, 1);
    assert.match(program.log(), /GET \/raise with 500\. .* choose one with --path\./);
    assert.equal(program.standardOutput(), '');
    assert.deepEqual(readdirSync(folder), []);
  });

  it('Ctrl-C in the middle of a row ends everything and leaves nothing', async (t) => {
    // Two rows: the second one must not try to go on.
    const { program, folder } = await drill(t, WSGI_APPS, [...QUIETLY, '--rows', '6,7', 'freezes']);
    await program.line(/row 6/);
    // Somewhere in the row: in its measurements or in its attack.
    await sleep(1000);
    const family = program.childPids();
    assert.ok(family.length >= 3, 'arbiter, worker and Python are there');
    program.signal('SIGINT');
    assert.equal((await program.exited).code, 130);
    await eventually(() => !family.some(isAlive), 'the server to be gone');
    assert.deepEqual(readdirSync(folder), []);
    assert.doesNotMatch(program.log(), /held|HELD|Error/, 'nothing is said of what was not played');
  });

  it('a drill that is killed takes its server with it', async (t) => {
    const { program } = await drill(t, WSGI_APPS, [...QUIETLY, '--rows', '2', 'freezes']);
    await program.line(/row 2/);
    const family = program.childPids();
    await program.kill();
    await eventually(() => !family.some(isAlive), 'the server to be gone');
  });

  it('a server that serves has none of the paths of a drill', async () => {
    // Nothing on the command line or in the environment gives it a token: any path is the application's.
    for (const token of ['', 'null', 'undefined', 'token']) {
      const reply = await ask(running, `/-${token}-/exit`);
      assert.deepEqual([reply.status, reply.body.toString()], [200, 'Hello, World!']);
    }
  });
});
