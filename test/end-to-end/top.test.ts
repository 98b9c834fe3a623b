// `tunicorn top` in a real pseudo-terminal, on a server whose thread runs a request that never ends: it is seen, its stack is, it is
// interrupted; and whatever ends the view, the terminal is as it was. Seen to fail: a keeper that does not give the terminal back, and
// a view that gives it back after its keeper's end, when a shell has gone on.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import test, { before, describe, type TestContext } from 'node:test';
import { answerTo } from '../../src/ctl/client.ts';
import { isAlive } from '../support/processes.ts';
import { PseudoTerminal } from '../support/pseudo-terminal.ts';
import { commandPath } from '../support/server.ts';
import { ask, eventually, PYTHON, type Served, serveWsgi, temporaryFolder } from './serving.ts';

const VIEW = [process.execPath, commandPath, 'top'];
const ENV = { ...process.env, TERM: 'xterm-256color', NO_COLOR: '' };

describe('a server with a thread that is stuck, seen in a terminal', () => {
  let server: Served;
  let socket: string;

  before(async () => {
    socket = join(await temporaryFolder(), 'shop.ctl');
    const terms = ['--threads', '2', '--timeout', '600', '--control-socket', socket];
    server = await serveWsgi('freezes:app', terms);
    for (let each = 0; each < 20; each++) await ask(server, '/quick');
    const client = await server.connect();
    await client.send('GET /nap HTTP/1.1\r\nHost: a\r\n\r\n');
    const running = { method: 'GET', path: '/connections?state=running', body: null } as const;
    await eventually(async () => (await answerTo(socket, running)).answer['matching'] === 1);
  });

  function open(
    t: TestContext,
    env: NodeJS.ProcessEnv = ENV,
    command: readonly string[] = [...VIEW, '--control-socket', socket],
  ): PseudoTerminal {
    return new PseudoTerminal(t, command, { rows: 24, columns: 80, python: PYTHON, env });
  }

  async function assertAsBefore(terminal: PseudoTerminal): Promise<void> {
    // All that was drawn has come when the modes have.
    const { before: was, after: is } = await terminal.modes();
    assert.deepEqual(is, was);
    assert.ok(terminal.isGivenBack);
  }

  const sees = async (terminal: PseudoTerminal, what: RegExp): Promise<void> => {
    await eventually(async () => what.test(terminal.screen()));
  };

  test('once, as text, without a terminal', () => {
    const words = ['top', '--once', '--control-socket', socket];
    const { stdout, status } = spawnSync(process.execPath, [commandPath, ...words], ONCE);
    assert.equal(status, 0);
    assert.match(stdout, /^\d+\.\d requests\/s/m);
    assert.match(stdout, /^threads 1\/2 busy {2}workers 1\/1 ready/m);
    assert.match(stdout, /^ \d+\/\d +ready +1 +\d+\.\ds +127\.0\.0\.1:\d+ +GET \/nap$/m);
  });

  test('without a terminal, and on one that cannot be drawn on, one sentence says what to do', () => {
    const words = ['top', '--control-socket', socket];
    const { stderr, status } = spawnSync(process.execPath, [commandPath, ...words], ONCE);
    assert.equal(status, 1);
    assert.equal(
      stderr,
      'Error: Input and output must be a terminal, and one of them is none. `tunicorn top --once` prints one picture as text.\n',
    );
  });

  test('killed while it draws, itself or the process that keeps the terminal, it is as it was', async (t) => {
    const [one, other] = [open(t), open(t)];
    await Promise.all([one, other].map((terminal) => sees(terminal, /GET \/nap/)));
    // The process that draws, which is a child of the one that was started.
    process.kill(childOf(one.pid), 'SIGKILL');
    assert.equal(await one.code(), 1);
    await assertAsBefore(one);
    assert.match(one.drawn, /Error: The view was ended by SIGKILL\.\r\n$/);
    // Both at once; the shell in front of it sets no modes.
    const line = readlinkSync(`/proc/${other.pid}/fd/0`);
    process.kill(-other.pid, 'SIGKILL');
    assert.equal(await other.code(), -9);
    await eventually(async () => /(^|\s)icanon/m.test(modesOf(line)));
    await assertAsBefore(other);
  });

  test('a shell that goes on in modes of its own keeps them when the process that keeps the terminal was killed', async (t) => {
    const terminal = open(t, { ...ENV, PS1: 'go on> ' }, ['bash', '--norc', '-i']);
    await sees(terminal, /^go on>/m);
    const line = readlinkSync(`/proc/${terminal.pid}/fd/0`);
    terminal.type(`${VIEW.join(' ')} --control-socket ${socket}\r`);
    await sees(terminal, /w workers/);
    const keeper = childOf(terminal.pid);
    const others = readFileSync(`/proc/${keeper}/task/${keeper}/children`, 'utf8')
      .trim()
      .split(' ');
    process.kill(keeper, 'SIGKILL');
    await eventually(async () => terminal.isGivenBack);
    await eventually(async () => !others.some((pid) => isAlive(Number(pid))));
    terminal.type('echo told $((6 * 7))\r');
    await eventually(async () => terminal.drawn.includes('told 42'));
    // Echoed by the shell alone, which reads key by key.
    assert.match(modesOf(line), /-icanon/);
    assert.equal(terminal.drawn.split('echo told').length, 2);
  });

  test('a stuck request is seen with its stack and interrupted, and q leaves the terminal as it was', async (t) => {
    const terminal = open(t);
    await sees(terminal, />\d+\/\d +ready +1 +\S+ +127\.0\.0\.1:\d+ +GET \/nap/);
    assert.match(terminal.screen(), /^freezes:app|tunicorn/);
    assert.match(terminal.screen(), /^running +1 #/m);
    terminal.type('\r');
    await sees(terminal, /freezes\.py", line \d+, in app/);
    terminal.type('q');
    await sees(terminal, /i interrupt/);
    terminal.type('i');
    await sees(terminal, /^Interrupt \d+\/\d\? 504 for GET \/nap {2}y yes {2}n no$/m);
    terminal.type('n');
    await sees(terminal, /s sort: longest/);
    assert.doesNotMatch(server.log(), /answered 504/);
    terminal.type('i');
    await sees(terminal, /y yes/);
    terminal.type('y');
    await sees(terminal, /requests interrupted: 1/);
    await eventually(async () => /GET \/nap .* answered 504/.test(server.log()));
    await sees(terminal, /threads 0\/2 busy/);
    // Another size of window, as somebody drags its corner.
    const line = readlinkSync(`/proc/${terminal.pid}/fd/0`);
    spawnSync('stty', ['-F', line, 'rows', '12', 'cols', '40']);
    await sees(terminal, /^ THREAD +STATE +FOR +CLIENT +REQUEST$/m);
    terminal.type('/no such\r');
    await eventually(async () => !/^.\d+\/\d/m.test(terminal.screen()));
    terminal.type('q');
    assert.equal(await terminal.code(), 0);
    await assertAsBefore(terminal);
  });

  test('a picture in which little changes is some hundred bytes', async (t) => {
    const terminal = open(t, { ...ENV, NO_COLOR: '1' });
    await sees(terminal, /threads 0\/2 busy/);
    const first = terminal.drawn.length;
    const up = (): string => /up (\S+)/.exec(terminal.screen())?.[1] ?? '';
    const before = up();
    await eventually(async () => up() !== before);
    t.diagnostic(`${terminal.drawn.length - first} bytes`);
    // Less than half of the window.
    assert.ok(terminal.drawn.length - first < 960, `${terminal.drawn.length - first}`);
    // No colours.
    for (const colour of ['\x1b[31m', '\x1b[32m', '\x1b[33m', '\x1b[38;']) {
      assert.ok(!terminal.drawn.includes(colour), colour);
    }
    process.kill(terminal.pid, 'SIGHUP');
    assert.equal(await terminal.code(), 129);
    await assertAsBefore(terminal);
  });

  test('when the server goes the view does, and says so', async (t) => {
    const terminal = open(t);
    await sees(terminal, /threads 0\/2 busy/);
    await server.stop();
    assert.equal(await terminal.code(), 1);
    await assertAsBefore(terminal);
    assert.match(terminal.drawn, /Error: Cannot ask .*shop\.ctl: no server listens there\.\r\n$/);
  });
});

const ONCE = { encoding: 'utf8', timeout: 60_000 } as const;

/** Of a terminal, for people: "-icanon" where it gives key by key. */
function modesOf(line: string): string {
  return spawnSync('stty', ['-a', '-F', line], ONCE).stdout;
}

function childOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')[0]);
}
