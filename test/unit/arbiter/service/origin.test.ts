// What an arbiter reads from its environment about who started it: sockets, a supervisor and its watchdog. Each variable is gone
// afterwards, so that no worker takes it for its own.

import assert from 'node:assert/strict';
import { closeSync, openSync, symlinkSync } from 'node:fs';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { bequest, isHeir, takeInheritance } from '../../../../src/arbiter/service/inheritance.ts';
import {
  supervisionFor,
  takeSupervision,
  unheard,
} from '../../../../src/arbiter/service/supervisor.ts';
import { takeActivation } from '../../../../src/arbiter/sockets/activation.ts';
import { startFolder } from '../../../../src/start-folder.ts';
import { listeningSocket } from '../../../support/listening-socket.ts';

const PID = 4711;

test('sockets of systemd are descriptors from 3 on; the variables are gone', () => {
  const env = { LISTEN_PID: '4711', LISTEN_FDS: '2', LISTEN_FDNAMES: 'a:b', OTHER: 'x' };
  assert.deepEqual(takeActivation(env, PID), { sockets: ['fd://3', 'fd://4'], warning: null });
  assert.deepEqual(env, { OTHER: 'x' });
});

test('from 1 to 1024 sockets are taken; without, with none and for another process there are none', () => {
  const take = (LISTEN_FDS: string | undefined, LISTEN_PID: string | undefined = '4711') =>
    takeActivation({ LISTEN_PID, LISTEN_FDS }, PID);
  assert.equal(take('1').sockets.length, 1);
  assert.equal(take('1024').sockets.length, 1024);
  for (const wrong of ['1025', '-1', '1.5', 'two', '']) {
    assert.throws(() => take(wrong), {
      message: `LISTEN_FDS must be a number of sockets from 1 to 1024: ${JSON.stringify(wrong)} in the environment is not.`,
    });
  }
  assert.deepEqual(take('0'), { sockets: [], warning: null });
  assert.deepEqual(takeActivation({}, PID), { sockets: [], warning: null });
  assert.match(
    take('1', '4712').warning ?? '',
    /passed to process 4712 \(LISTEN_PID\), and this is 4711/,
  );
  assert.deepEqual(take('1', '4712').sockets, []);
});

test('a bequest is for who has its sockets, whether its arbiter lives or not', async (t) => {
  const { fd, close } = await listeningSocket();
  t.after(close);
  const env = bequest([{ bind: '127.0.0.1:80', fd }], true);
  const written = JSON.parse(env['TUNICORN_UPGRADE'] ?? '');
  assert.deepEqual([written.sockets[0][1], written.secret], [3, 4], 'the secret is behind it');
  // The file stands for the pipe: it ends before the secret does.
  const secret = openSync('/dev/null', 'r');
  const [[bind, , inode]] = written.sockets;
  const has = (at: number) => ({
    TUNICORN_UPGRADE: JSON.stringify({ ...written, sockets: [[bind, at, inode]], secret }),
  });
  // Not ours: another file, another number, none.
  for (const other of [secret, 1, 1_000_000]) assert.ok(!isHeir(has(other)), String(other));
  const strangers = has(secret);
  assert.equal(takeInheritance(strangers), null);
  for (const text of ['', '{', 'null', '1', '{}', '{"sockets":[1]}']) {
    assert.equal(takeInheritance({ TUNICORN_UPGRADE: text }), null, text);
  }
  assert.deepEqual(strangers, {});
  const mine = has(fd);
  assert.ok(isHeir(mine));
  assert.deepEqual(takeInheritance(mine), {
    parent: process.pid,
    sockets: new Map([['127.0.0.1:80', fd]]),
    activated: true,
    ticketSecret: null,
  });
  assert.deepEqual(mine, {});
  assert.throws(() => closeSync(secret), { code: 'EBADF' });
});

test('a supervisor is a path or an abstract name; its watchdog may be for another process', () => {
  const take = (env: NodeJS.ProcessEnv) => takeSupervision(env, PID);
  const NOTIFY_SOCKET = '/run/notify';
  const env = { NOTIFY_SOCKET, WATCHDOG_USEC: '3000000', WATCHDOG_PID: '4711' };
  assert.deepEqual(take(env), { socket: NOTIFY_SOCKET, watchdogMs: 3000 });
  assert.deepEqual(env, {});
  assert.equal(unheard({ NOTIFY_SOCKET }), null);
  assert.equal(unheard({ NOTIFY_SOCKET: '@name' }), null);
  assert.match(unheard({ NOTIFY_SOCKET: 'notify' }) ?? '', /^NOTIFY_SOCKET .+"notify" in the env/);
  assert.equal(take({ NOTIFY_SOCKET: '@name', WATCHDOG_USEC: '1000' })?.watchdogMs, 1);
  for (const WATCHDOG_USEC of [undefined, '', '0', '-1', 'x']) {
    assert.equal(take({ NOTIFY_SOCKET, WATCHDOG_USEC })?.watchdogMs, null);
  }
  assert.equal(
    take({ ...env, NOTIFY_SOCKET, WATCHDOG_USEC: '1', WATCHDOG_PID: '1' })?.watchdogMs,
    null,
  );
  for (const socket of [undefined, '', '/', '@', 'vsock:2:1234', 'notify']) {
    assert.equal(take({ NOTIFY_SOCKET: socket }), null, socket);
    // Whoever names one wants to be told.
    const named = socket !== undefined && socket !== '';
    assert.equal(unheard({ NOTIFY_SOCKET: socket }) !== null, named, socket);
  }
});

test('the arbiter that takes our place is told of the same supervisor, whatever its pid', () => {
  const supervision = { socket: '@name', watchdogMs: 1500 };
  const env = supervisionFor(supervision);
  assert.deepEqual(takeSupervision(env, 1), supervision);
  assert.deepEqual(supervisionFor(null), {});
});

test('the start folder has the name that was used for it, where that is the same folder', async (t) => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'start-folder-')));
  t.after(() => rm(folder, { recursive: true }));
  const link = join(folder, 'current');
  symlinkSync(process.cwd(), link);
  assert.equal(startFolder({ PWD: link }), link);
  for (const PWD of [undefined, '', folder, `${link}/nowhere`, '.']) {
    assert.equal(startFolder({ PWD }), process.cwd(), PWD);
  }
});
