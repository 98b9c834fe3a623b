// --daemon and --name on the real server: what is left of the terminal (nothing), what the command says and returns before it comes back,
// and what the processes are called. Faults put in by hand and seen here: the command back before anybody serves; a daemon that keeps
// the session or the streams of the command; one that fails in silence; an upgrade that detaches anew.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { soon } from '../support/eventually.ts';
import { listeningSocket } from '../support/listening-socket.ts';
import { descendantsOf, isAlive, titleOf } from '../support/processes.ts';
import { endFamily, Program } from '../support/program.ts';
import { statusOf } from '../support/raw-client.ts';
import { commandPath, startServer } from '../support/server.ts';
import { eventually, NODE_APPS, PYTHON, temporaryFolder, WSGI_APPS } from './serving.ts';

interface Daemon {
  /** The command, which has come back. */
  readonly command: Program;
  readonly code: number | null;
  readonly pid: number;
  readonly pidFile: string;
  readonly port: number;
  log(): string;
}

/** The command to its end; a daemon that it leaves ends with the test. */
async function daemon(
  t: TestContext,
  args: readonly string[],
  { cwd = NODE_APPS, shell = 'exec "$@"', inherits = [] as readonly number[] } = {},
): Promise<Daemon> {
  const folder = await temporaryFolder();
  const [pidFile, log] = [join(folder, 'pid'), join(folder, 'error.log')];
  const own = ['--daemon', '--bind', '127.0.0.1:0', '--pid', pidFile, '--error-logfile', log];
  const command = new Program(t, {
    command: 'sh',
    args: ['-c', shell, 'sh', process.execPath, commandPath, ...own, ...args],
    cwd,
    env: { FOLDER: folder },
    inherits,
  });
  t.after(() => Promise.all(pidsIn(pidFile).map(endFamily)));
  const { code } = await soon(command.exited, 'the command to come back');
  const text = (): string => (existsSync(log) ? readFileSync(log, 'utf8') : '');
  const port = Number(/Listening at: http:\/\/127\.0\.0\.1:(\d+)/.exec(text())?.[1]);
  return { command, code, pid: pidsIn(pidFile)[0] ?? 0, pidFile, port, log: text };
}

function pidsIn(pidFile: string): number[] {
  return [pidFile, `${pidFile}.2`]
    .filter((path) => existsSync(path))
    .map((path) => Number(readFileSync(path, 'utf8')));
}

/** Of /proc/PID/stat: parent, session and terminal. */
function familyOf(pid: number): { parent: number; session: number; terminal: number } {
  const [, behind = ''] = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ');
  const [, parent, , session, terminal] = behind.split(' ').map(Number);
  return { parent: parent ?? 0, session: session ?? 0, terminal: terminal ?? -1 };
}

function streamsOf(pid: number): string[] {
  return [0, 1, 2].map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
}

test('a daemon serves when the command comes back, has nothing of its terminal, and can be upgraded', async (t) => {
  const server = await daemon(t, ['./bench-fetch.mjs']);
  assert.deepEqual([server.code, server.command.log()], [0, '']);
  assert.equal(await statusOf(t, server.port), 200);
  const { parent, session, terminal } = familyOf(server.pid);
  assert.notEqual(parent, server.command.pid);
  assert.deepEqual([session, terminal], [server.pid, 0]);
  for (const pid of [server.pid, ...descendantsOf(server.pid)]) {
    assert.deepEqual(streamsOf(pid), Array(3).fill('/dev/null'));
    assert.match(readFileSync(`/proc/${pid}/status`, 'utf8'), /^Umask:\t0022$/m);
  }
  process.kill(server.pid, 'SIGUSR2');
  await eventually(() => /Worker ready.*Worker ready/s.test(server.log()), 'the new arbiter');
  const next = Number(readFileSync(`${server.pidFile}.2`, 'utf8'));
  assert.equal(titleOf(next), 'tunicorn: arbiter [./bench-fetch.mjs.2]');
  process.kill(server.pid, 'SIGTERM');
  await eventually(() => pidsIn(server.pidFile)[0] === next, 'the promotion');
  await eventually(() => titleOf(next) === 'tunicorn: arbiter [./bench-fetch.mjs]', 'its title');
  assert.equal(await statusOf(t, server.port), 200);
  process.kill(next, 'SIGTERM');
  await eventually(() => !isAlive(next), 'the end');
  assert.ok(!existsSync(server.pidFile));
});

for (const [what, code, args, words] of [
  [
    'an application that raises',
    3,
    ['--python', PYTHON, 'raises_on_import:app'],
    /RuntimeError: this module raises/,
  ],
  [
    'an application that is not there',
    4,
    ['--python', PYTHON, 'hello:nothing'],
    /Failed to find attribute 'nothing'/,
  ],
  [
    'an address that is none of ours',
    1,
    ['--bind', '192.0.2.1:80', 'hello:app'],
    /Error: Cannot listen on 192\.0\.2\.1:80/,
  ],
  [
    'a socket that nobody passed',
    1,
    ['--bind', 'fd://3000000', 'hello:app'],
    /^Error: Cannot listen on fd:\/\/3000000: descriptor 3000000 was not passed to this process\.\n$/,
  ],
  [
    'a wrong setting',
    2,
    ['--threads', '0', 'hello:app'],
    /threads must be 1 or more for a WSGI application/,
  ],
  [
    'a log that cannot be opened',
    1,
    ['--error-logfile', '/nowhere/log', 'hello:app'],
    /\/nowhere\/log/,
  ],
] as const) {
  test(`${what} is told by the command, which ends with ${code}`, async (t) => {
    const server = await daemon(t, args, { cwd: WSGI_APPS });
    assert.equal(server.code, code, server.command.log());
    assert.match(server.command.log(), words);
    assert.deepEqual(pidsIn(server.pidFile), [], 'nothing is left');
  });
}

test('a socket that was passed to the command is passed on', async (t) => {
  const held = await listeningSocket();
  const options = { inherits: [held.fd] };
  const server = await daemon(t, ['--bind', 'fd://3', './bench-fetch.mjs'], options);
  held.close();
  assert.equal(server.code, 0, server.command.log());
  assert.equal(await statusOf(t, held.port), 200);
});

test('with -R files stay standard output and error; an error log that goes nowhere is warned of', async (t) => {
  const shell = 'exec "$@" >"$FOLDER/out" 2>&1';
  const args = ['-R', '--error-logfile', '-', './bench-fetch.mjs'];
  const kept = await daemon(t, args, { shell });
  const [input, output = '', errors] = streamsOf(kept.pid);
  assert.equal(input, '/dev/null');
  assert.match(output, /\/out$/);
  assert.equal(errors, output);
  assert.match(
    readFileSync(output, 'utf8'),
    /^\[[^\]]+\] \[\d+\] \[INFO\] Starting tunicorn.*Worker ready/s,
  );

  // Without -R the daemon lets go of the pipe, or the command's output would never end.
  const let_go = await daemon(t, args.slice(1));
  assert.deepEqual([let_go.code, streamsOf(let_go.pid)[2]], [0, '/dev/null']);
  assert.match(
    let_go.command.log(),
    /^Warning: Once it serves, the error log of a daemon goes nowhere/,
  );
});

test('whoever gives up waiting has no daemon', async (t) => {
  const folder = await temporaryFolder();
  const [pidFile, log] = [join(folder, 'pid'), join(folder, 'log')];
  const own = ['--daemon', '--bind', '127.0.0.1:0', '--pid', pidFile, '--error-logfile', log];
  const command = new Program(t, {
    command: process.execPath,
    args: [commandPath, ...own, './never-loads.mjs'],
    cwd: NODE_APPS,
  });
  await eventually(() => pidsIn(pidFile).length === 1, 'the pid file');
  const [pid = 0] = pidsIn(pidFile);
  await eventually(() => /Booting worker/.test(readFileSync(log, 'utf8')), 'the boot');
  assert.equal((await command.stop('SIGINT')).code, 1);
  await eventually(() => !isAlive(pid), 'the daemon to end');
});

test('--name is the title of arbiter, worker and Python, and changes with a reload', async (t) => {
  const config = join(await temporaryFolder(), 'tunicorn.config.json');
  writeFileSync(config, '{ "proc_name": "shop" }');
  const args = ['-c', config, '--worker-tmp-dir', '/tmp', '--python', PYTHON];
  const server = await startServer(t, { app: 'hello:app', cwd: WSGI_APPS, args });
  const titles = (): string[] => [server.pid, ...server.childPids()].map(titleOf);
  const named = (name: string): string[] =>
    ['arbiter', 'worker', 'python'].map((role) => `tunicorn: ${role} [${name}]`);
  assert.deepEqual(titles(), named('shop'));
  assert.match(server.log(), /^Warning: .*worker.tmp.dir.* no effect/);
  writeFileSync(config, '{ "proc_name": "market" }');
  server.signal('SIGHUP');
  await eventually(() => {
    assert.deepEqual(titles(), named('market'));
    return true;
  });
});
