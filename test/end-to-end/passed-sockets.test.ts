// Sockets that somebody else has bound: systemd's socket activation and fd://N on the real server. Whoever holds them keeps them
// over restarts, so nobody is refused meanwhile. Faults put in by hand and seen here: the file of the unix socket removed at the end;
// LISTEN_* passed on to workers; bind served beside; a new arbiter that binds for itself.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CountingClients } from '../support/counting-clients.ts';
import { soon } from '../support/eventually.ts';
import { isAlive } from '../support/processes.ts';
import { endFamily, Program } from '../support/program.ts';
import { statusOf } from '../support/raw-client.ts';
import { commandPath, launchServer } from '../support/server.ts';
import { holdSockets } from '../support/socket-holder.ts';
import { eventually, NODE_APPS, PYTHON, temporaryFolder, WSGI_APPS } from './serving.ts';

const APP = './freezes.mjs';

test('sockets of systemd are served instead of bind, and stay over reload, restart and upgrade', async (t) => {
  const folder = await temporaryFolder();
  const [path, pidFile] = [join(folder, 'app.sock'), join(folder, 'pid')];
  const args = ['--bind', '127.0.0.1:1', '--pid', pidFile, APP];
  const held = await holdSockets(t, 'activates', path, { args, cwd: NODE_APPS });
  const { program, port } = held;
  const first = held.serverPid();
  assert.match(
    program.log(),
    new RegExp(`Listening at: http://127\\.0\\.0\\.1:${port},unix:${path} `),
  );
  assert.equal(await statusOf(t, port), 200);
  assert.equal(await statusOf(t, path), 200);

  process.kill(first, 'SIGHUP');
  await program.line(/Reloaded\. Listening at: http:\/\/127\.0\.0\.1:\d+,unix:/);
  assert.equal(await statusOf(t, path), 200);

  const clients = new CountingClients(port, 8, '/pause');
  t.after(() => clients.stop());
  await eventually(() => clients.answered > 100, 'the clients to be served');
  process.kill(first, 'SIGTERM');
  await program.line(/ended 0/);
  assert.ok(existsSync(path), 'the file is not ours to remove');
  // Nobody serves now: these wait in the sockets that are held.
  assert.deepEqual(await Promise.all([statusOf(t, port), statusOf(t, path)]), [200, 200]);

  const before = clients.answered;
  await eventually(() => clients.answered > before + 100, 'the clients to be served on');
  await clients.stop();
  assert.deepEqual(clients.lost, [], 'a restart loses no request');

  const ready = [...program.log().matchAll(/Worker ready/g)].length;
  const second = held.serverPid();
  process.kill(second, 'SIGUSR2');
  await program.line(/Worker ready/, ready + 1);
  const next = Number(readFileSync(`${pidFile}.2`, 'utf8'));
  t.after(() => endFamily(next));
  const [, listening = ''] = program.log().split('New arbiter started with pid');
  assert.match(listening, new RegExp(`Listening at: http://127\\.0\\.0\\.1:${port},unix:${path} `));
  // Kept from starting the server a third time.
  process.kill(program.pid, 'SIGKILL');
  process.kill(second, 'SIGTERM');
  await eventually(() => !isAlive(second), 'the old arbiter to end');
  assert.equal(await statusOf(t, port), 200);
  assert.equal(await statusOf(t, path), 200);
  process.kill(next, 'SIGTERM');
  await eventually(() => !isAlive(next), 'the new arbiter to end');
  assert.ok(existsSync(path));
});

test('systemd-socket-activate starts it, and neither workers nor Python see the variables', async (t) => {
  const path = join(await temporaryFolder(), 'app.sock');
  const command = [process.execPath, commandPath, '--python', PYTHON, 'hello:app'];
  const program = new Program(t, {
    command: 'systemd-socket-activate',
    args: ['-l', path, ...command],
    cwd: WSGI_APPS,
  });
  await program.line(/Listening on/);
  assert.equal(await statusOf(t, path), 200);
  const family = program.childPids();
  assert.equal(family.length, 2);
  for (const pid of family) {
    assert.doesNotMatch(readFileSync(`/proc/${pid}/environ`, 'latin1'), /LISTEN_/);
  }
  assert.deepEqual(await program.stop(), { code: 0, signal: null });
});

test('fd://N takes sockets as they are passed, beside addresses of its own', async (t) => {
  const path = join(await temporaryFolder(), 'app.sock');
  const binds = ['fd://3', 'fd://4', '127.0.0.1:0'].flatMap((bind) => ['--bind', bind]);
  const held = await holdSockets(t, 'passes', path, { args: [...binds, APP], cwd: NODE_APPS });
  const [, own] = await held.program.line(
    new RegExp(
      `Listening at: http://127\\.0\\.0\\.1:${held.port},unix:${path},http://127\\.0\\.0\\.1:(\\d+) `,
    ),
  );
  for (const target of [held.port, path, Number(own)]) {
    assert.equal(await statusOf(t, target), 200, String(target));
  }
  process.kill(held.serverPid(), 'SIGHUP');
  await held.program.line(/Reloaded\./);
  assert.equal(await statusOf(t, held.port), 200);
});

test('sockets for another process are not used, which a warning says; a wrong number of them is an error', async (t) => {
  const other = launchServer(t, {
    app: APP,
    cwd: NODE_APPS,
    env: { LISTEN_PID: '1', LISTEN_FDS: '1' },
  });
  await other.line(
    /\[WARNING\] Sockets were passed to process 1 \(LISTEN_PID\), and this is \d+: not used/,
  );
  await other.line(/Worker ready/);
  // The shell becomes the server and keeps its id.
  const script = 'LISTEN_PID=$$ LISTEN_FDS=many exec "$@"';
  const wrong = new Program(t, {
    command: 'sh',
    args: ['-c', script, 'sh', process.execPath, commandPath, '--bind', '127.0.0.1:0', APP],
    cwd: NODE_APPS,
  });
  assert.equal((await soon(wrong.exited, 'the end')).code, 1);
  assert.match(wrong.log(), /Error: LISTEN_FDS must be .* "many" in the environment is not\./);
});
