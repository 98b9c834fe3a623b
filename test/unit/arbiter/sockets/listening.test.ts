// The listening sockets: bound by the arbiter, served by workers, told by name when they are taken, gone at the end.

import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { bindAll, type Listener } from '../../../../src/arbiter/sockets/listeners.ts';
import { Patience } from '../../../../src/arbiter/sockets/patience.ts';
import { freeSocketPath } from '../../../../src/arbiter/sockets/socket-path.ts';
import { whoListensOnPort } from '../../../../src/arbiter/sockets/who-listens.ts';
import type { Log } from '../../../../src/observe/log.ts';
import { soon } from '../../../support/eventually.ts';
import { queuedConnections } from '../../../support/open-connections.ts';
import { nameOf } from '../../../support/processes.ts';
import { ask, launchArbiter, startArbiter } from '../arbiter-program.ts';

async function socketPath(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'arbiter-'));
  t.after(() => rm(folder, { recursive: true }));
  return join(folder, 'app.sock');
}

async function otherServer(t: TestContext, listenOn: object): Promise<net.Server> {
  const server = net.createServer((socket) => socket.destroy());
  t.after(() => server.close());
  await soon(new Promise<void>((resolve) => server.listen(listenOn, resolve)), 'a listener');
  return server;
}

function portOf(server: net.Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

test('the arbiter itself never accepts: what it binds refuses until a worker listens', async (t) => {
  const [listener] = await bindAll([{ kind: 'tcp', host: '127.0.0.1', port: 0 }]);
  t.after(() => listener?.close());
  const port = listener?.address.port ?? 0;
  assert.ok(port > 0);
  assert.equal(listener?.address.label, `http://127.0.0.1:${port}`);
  await assert.rejects(ask(t, port, 'who'), { code: 'ECONNREFUSED' });
});

test('clients that come while no worker lives wait in the queue of the kernel', async (t) => {
  const { arbiter, port } = await startArbiter(t);
  const worker = arbiter.childPids()[0] ?? 0;
  process.kill(worker, 'SIGSTOP');
  const asked = ask(t, port, 'who');
  while (queuedConnections(port) === 0) await new Promise((resolve) => setImmediate(resolve));
  process.kill(worker, 'SIGKILL');
  assert.notEqual(Number(await asked), worker);
});

test('a socket is kept while its file is there; closing removes no other', async (t) => {
  const path = await socketPath(t);
  const bind = async (...own: Listener[]): Promise<Listener> => {
    const [listener] = await bindAll([{ kind: 'unix', path }], 'http', { own });
    assert.ok(listener !== undefined);
    t.after(() => listener.close());
    return listener;
  };
  const first = await bind();
  assert.equal(await bind(first), first);
  rmSync(path);
  assert.ok(!first.isReachable);
  const second = await bind(first);
  assert.notEqual(second, first);
  first.close();
  assert.ok(second.isReachable);
  assert.equal(await bind(second), second);
  second.close();
  assert.deepEqual(readdirSync(dirname(path)), []);
  // Somebody else's by now.
  const third = await bind();
  rmSync(path);
  await otherServer(t, { path });
  await assert.rejects(bind(third), /is listening there/);
  third.close();
  assert.deepEqual(readdirSync(dirname(path)), ['app.sock']);
  assert.ok(await connects(path));
});

function connects(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(path, () => resolve(true));
    socket.on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}

test('a worker may ask for a listener again and again', async (t) => {
  // 500 duplicates are sent, one after the other, and closed by the worker: the arbiter's own must stay open.
  const { arbiter, port } = await startArbiter(t, { behaviour: 'asks-often' });
  assert.equal(await ask(t, port, 'who'), String(arbiter.childPids()[0]));
});

test('several addresses are listed and all are served', async (t) => {
  const path = await socketPath(t);
  const args = ['--bind', `unix:${path}`, '--bind', '[::1]:0'];
  const { arbiter, port } = await startArbiter(t, { args });
  const [, port6] = await arbiter.line(
    new RegExp(
      `Listening at: http://127\\.0\\.0\\.1:${port},unix:${path},http://\\[::1\\]:(\\d+) `,
    ),
  );
  const pid = String(arbiter.childPids()[0]);
  assert.equal(await ask(t, port, 'who'), pid);
  assert.equal(await ask(t, path, 'who'), pid);
  const six = net.connect(Number(port6), '::1');
  t.after(() => six.destroy());
  await soon(new Promise((resolve) => six.once('connect', resolve)), 'a connection to ::1');
});

test('a socket of another server is told with the flag that would name another one', async (t) => {
  const path = await socketPath(t);
  await otherServer(t, { path });
  await assert.rejects(
    freeSocketPath(path, '--control-socket'),
    /is listening there\. Stop it, or choose another --control-socket\.$/,
  );
});

test('a port that is taken is asked for five times and told with the process that has it', async (t) => {
  const port = portOf(await otherServer(t, { host: '127.0.0.1', port: 0 }));
  const arbiter = await launchArbiter(t, { bind: `127.0.0.1:${port}` });
  assert.equal((await soon(arbiter.exited, 'the end')).code, 1);
  assert.deepEqual(
    arbiter
      .log()
      .split('\n')
      .flatMap((line) => /\[ERROR\] (Can't .*|Conn.*|Retr.*)$/.exec(line)?.[1] ?? []),
    [
      ...Array(4).fill([`Connection in use: ('127.0.0.1', ${port})`, 'Retrying in 1 second.']),
      `Connection in use: ('127.0.0.1', ${port})`,
      `Can't connect to ('127.0.0.1', ${port})`,
    ].flat(),
  );
  const sentence = `Cannot listen on 127.0.0.1:${port}: process ${process.pid} (${nameOf(process.pid)}) is listening there. Stop it, or choose another --bind.`;
  assert.ok(arbiter.log().includes(`[ERROR] ${sentence}`), arbiter.log());
  assert.doesNotMatch(arbiter.log(), /Booting worker/);
});

test('an address that comes free meanwhile is bound', async (t) => {
  const [port, path] = [await otherServer(t, { host: '::1', port: 0 }), await socketPath(t)];
  const file = await otherServer(t, { path });
  const lines: string[] = [];
  const log = { error: (line: string) => lines.push(line) } as unknown as Log;
  const leaving = [port, file];
  const patience = new Patience(log, async (ms) => {
    lines.push(String(ms));
    const next = leaving.shift();
    await new Promise((resolve) => next?.close(resolve));
  });
  const making = { umask: 0, owner: null, sharedBy: null, patience };
  const tcp = { kind: 'tcp', host: '::1', port: portOf(port) } as const;
  const made = await bindAll([tcp, { kind: 'unix', path }], 'http', {}, making);
  for (const each of made) each.close();
  const retried = ['Retrying in 1 second.', '1000'];
  const [first, second] = [`('::1', ${tcp.port})`, path].map(
    (name) => `Connection in use: ${name}`,
  );
  assert.deepEqual(lines, [first, ...retried, second, ...retried]);
});

test('who listens is found for IPv4 and IPv6, and nobody for a free port', async (t) => {
  const four = portOf(await otherServer(t, { host: '127.0.0.1', port: 0 }));
  const six = portOf(await otherServer(t, { host: '::1', port: 0 }));
  assert.equal(whoListensOnPort(four)?.pid, process.pid);
  assert.equal(whoListensOnPort(six)?.pid, process.pid);
  const free = await otherServer(t, { host: '127.0.0.1', port: 0 });
  const freePort = portOf(free);
  await new Promise((resolve) => free.close(resolve));
  assert.equal(whoListensOnPort(freePort), null);
});

test('when one of several addresses cannot be bound, none stays bound', async (t) => {
  const path = await socketPath(t);
  const port = portOf(await otherServer(t, { host: '127.0.0.1', port: 0 }));
  await assert.rejects(
    bindAll([
      { kind: 'unix', path },
      { kind: 'tcp', host: '127.0.0.1', port },
    ]),
    /Cannot listen on 127\.0\.0\.1/,
  );
  assert.ok(!existsSync(path));
});

test('an address that is none of ours, and a name nobody knows, are told as such', async () => {
  const bind = (host: string) => bindAll([{ kind: 'tcp', host, port: 0 }]);
  // TEST-NET-1 (RFC 5737) and .invalid (RFC 2606) belong to nobody.
  await assert.rejects(
    bind('192.0.2.1'),
    /Cannot listen on 192\.0\.2\.1:0: this machine has no such/,
  );
  await assert.rejects(bind('nobody.invalid'), /the name cannot be resolved/);
});

test('a name means its IPv4 address', async (t) => {
  const [listener] = await bindAll([{ kind: 'tcp', host: 'localhost', port: 0 }]);
  t.after(() => listener?.close());
  assert.equal(listener?.address.host, '127.0.0.1');
});

test('a socket file may be used by every user and is gone at the end', async (t) => {
  const path = await socketPath(t);
  const { arbiter } = await startArbiter(t, { bind: `unix:${path}` });
  assert.equal(statSync(path).mode & 0o777, 0o777);
  assert.equal(await ask(t, path, 'who'), String(arbiter.childPids()[0]));
  assert.equal((await arbiter.stop()).code, 0);
  assert.ok(!existsSync(path));
});

test('what a program asks for has the rights and the family that Node.js would give it', async (t) => {
  let plain = 0;
  for (const [options, opens] of [
    [{}, 0],
    [{ readableAll: true }, 0o444],
    [{ writableAll: true }, 0o222],
  ] as const) {
    const [theirs, ours] = [await socketPath(t), await socketPath(t)];
    await otherServer(t, { path: theirs, ...options });
    const [listener] = await bindAll([{ kind: 'unix', path: ours, opens }]);
    t.after(() => listener?.close());
    // Node.js 24 takes all other rights away with it, its own user's included; 20 adds it to what umask leaves.
    const mode = statSync(theirs).mode | (opens === 0 ? 0 : plain);
    assert.equal(statSync(ours).mode, mode, JSON.stringify(options));
    if (opens === 0) plain = mode;
  }
  const [six] = await bindAll([{ kind: 'tcp', host: '::', port: 0, ipv6Only: true }]);
  t.after(() => six?.close());
  const [four] = await bindAll([{ kind: 'tcp', host: '0.0.0.0', port: six?.address.port ?? 0 }]);
  t.after(() => four?.close());
});

test('a socket file that is removed before it has its rights is told as such, and nothing stays open', async (t) => {
  const path = await socketPath(t);
  const name = '_createServerHandle';
  const create = Reflect.get(net, name);
  t.after(() => Reflect.set(net, name, create));
  let closed = 0;
  Reflect.set(net, name, (...args: unknown[]) => {
    const handle = create.apply(net, args);
    rmSync(path);
    const close = handle.close.bind(handle);
    handle.close = () => {
      closed += 1;
      close();
    };
    return handle;
  });
  await assert.rejects(
    bindAll([{ kind: 'unix', path, opens: 0o222 }]),
    /^Error: Cannot listen on unix:.*app\.sock: the system says ENOENT\.$/,
  );
  assert.equal(closed, 1);
});

test('a socket file that a killed server left behind is taken over', async (t) => {
  const path = await socketPath(t);
  const { arbiter } = await startArbiter(t, { bind: `unix:${path}` });
  await arbiter.kill();
  assert.ok(existsSync(path), 'the killed server could not clean up');
  const second = await startArbiter(t, { bind: `unix:${path}` });
  assert.equal(await ask(t, path, 'who'), String(second.arbiter.childPids()[0]));
});

test('a socket file of a living server is refused and left alone', async (t) => {
  const path = await socketPath(t);
  await otherServer(t, { path });
  await assert.rejects(
    bindAll([{ kind: 'unix', path }]),
    new RegExp(`Cannot listen on unix:${path}: process ${process.pid} \\(.+\\) is listening there`),
  );
  assert.ok(existsSync(path));
});

test('a file that is no socket is refused and left alone', async (t) => {
  const path = await socketPath(t);
  writeFileSync(path, 'precious');
  await assert.rejects(bindAll([{ kind: 'unix', path }]), /that is not a socket\. Move it away/);
  assert.ok(existsSync(path));
});

test('a socket in a folder that is not there is told as such', async (t) => {
  const path = join(`${await socketPath(t)}.folder`, 'app.sock');
  await assert.rejects(bindAll([{ kind: 'unix', path }]), /its folder does not exist/);
});

test('a descriptor that nobody can listen on is told as what it is, and left open', async (t) => {
  const file = openSync('/dev/null', 'r');
  t.after(() => closeSync(file));
  const server = await otherServer(t, { host: '127.0.0.1', port: 0 });
  const client = net.connect(portOf(server), '127.0.0.1');
  t.after(() => client.destroy());
  await soon(new Promise((resolve) => client.once('connect', resolve)), 'a connection');
  const datagrams = dgram.createSocket('udp4');
  await soon(new Promise<void>((done) => datagrams.bind(0, '127.0.0.1', done)), 'a socket');
  t.after(() => datagrams.close());
  for (const [fd, why] of [
    [1_000_000, 'was not passed to this process'],
    [file, 'is no socket'],
    [descriptorOf(client), 'is a connection and not a socket that listens'],
    [descriptorOf(datagrams), 'is a socket for datagrams'],
  ] as const) {
    await assert.rejects(bindAll([{ kind: 'fd', fd }]), (error: Error) => {
      assert.ok(error.message.startsWith(`Cannot listen on fd://${fd}: descriptor ${fd} ${why}`));
      return true;
    });
  }
  fstatSync(file);
});

test('descriptors of the server itself are not taken for passed ones', async (t) => {
  const own = await bindAll([{ kind: 'tcp', host: '127.0.0.1', port: 0 }]);
  const fd = own[0]?.fd ?? -1;
  t.after(() => own[0]?.close());
  await assert.rejects(
    bindAll([{ kind: 'fd', fd }], 'http', { own }),
    new RegExp(`fd://${fd}: descriptor ${fd} is this server's own by now`),
  );
});

/** Node.js tells it nowhere else. */
function descriptorOf(socket: object): number {
  const handle = Object.getOwnPropertySymbols(socket)
    .map((symbol) => Reflect.get(socket, symbol) as { handle?: unknown } | undefined)
    .find((each) => typeof each === 'object' && each !== null && 'handle' in each)?.handle;
  const fd: unknown = Reflect.get(Object(Reflect.get(socket, '_handle') ?? handle), 'fd');
  assert.equal(typeof fd, 'number');
  return fd as number;
}
