// SIGUSR2 and the pid file on the real server: two arbiters on the same sockets, either of which may leave, and a file that
// always names the right one. Tried on purpose, and seen to fail: the socket file removed by the arbiter that leaves
// (`close` for `leave`); a pid file removed although it is another's; an heir only as
// long as its parent lives; sockets that it does not want left open.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { takeDescriptors } from '../support/descriptors.ts';
import { soon } from '../support/eventually.ts';
import { freePort } from '../support/listening-socket.ts';
import { isAlive } from '../support/processes.ts';
import { endFamily } from '../support/program.ts';
import { launchServer, type Server, startServer } from '../support/server.ts';
import { eventually, NODE_APPS, temporaryFolder } from './serving.ts';

interface Upgradable {
  readonly server: Server;
  readonly pidFile: string;
  readonly socket: string;
}

async function upgradable(t: TestContext, more: readonly string[] = []): Promise<Upgradable> {
  const folder = await temporaryFolder();
  const [pidFile, socket] = [join(folder, 'pid'), join(folder, 'app.sock')];
  const bind = ['127.0.0.1:0', `unix:${socket}`];
  const args = ['--pid', pidFile, ...more];
  const server = await startServer(t, { app: './bench-fetch.mjs', cwd: NODE_APPS, args, bind });
  return { server, pidFile, socket };
}

function pidIn(path: string): number {
  return Number(readFileSync(path, 'utf8'));
}

/** Sends SIGUSR2; the pid of the new arbiter, which ends with the test. */
async function upgrade(t: TestContext, { server, pidFile }: Upgradable): Promise<number> {
  const ready = server.workerPids().length;
  server.signal('SIGUSR2');
  await server.line(/Worker ready \(pid: \d+\)/, ready + 1);
  const next = pidIn(`${pidFile}.2`);
  t.after(() => endFamily(next));
  return next;
}

/** Evaluated until the file `go` is there. */
const WAITING_CONFIG = `
import { existsSync, writeFileSync } from 'node:fs';
writeFileSync(new URL('./here', import.meta.url), '');
while (!existsSync(new URL('./go', import.meta.url))) await new Promise((go) => setTimeout(go, 10));
export default {};
`;

function answersAt(target: net.NetConnectOpts): Promise<boolean> {
  const socket = net.connect(target);
  const answered = new Promise<boolean>((resolve) => {
    socket.on('connect', () => socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
    socket.on('data', () => resolve(true));
    socket.on('error', () => resolve(false));
  });
  return soon(answered, 'an answer').finally(() => socket.destroy());
}

async function assertServes({ server, socket }: Upgradable): Promise<void> {
  assert.ok(await answersAt({ host: '127.0.0.1', port: server.port }), 'TCP');
  assert.ok(await answersAt({ path: socket }), 'the unix socket');
}

test('an upgrade is finished by ending the old arbiter: sockets stay, the pid file changes its name', async (t) => {
  const status = `127.0.0.1:${await freePort()}`;
  const both = await upgradable(t, ['--status-bind', status]);
  const { server, pidFile, socket } = both;
  const next = await upgrade(t, both);
  assert.equal(pidIn(pidFile), server.pid);
  server.signal('SIGUSR2');
  await server.line(/USR2 signal ignored\. Child exists\./);
  process.kill(next, 'SIGUSR2');
  await server.line(/USR2 signal ignored\. Parent exists\./);
  server.signal('SIGTERM');
  await eventually(() => !isAlive(server.pid), 'the old arbiter to end');
  await eventually(() => pidIn(pidFile) === next, 'the new name');
  assert.ok(!existsSync(`${pidFile}.2`));
  await assertServes(both);
  const ofNext = `tunicorn_resident_memory_bytes{process="arbiter",pid="${next}"}`;
  await eventually(async () =>
    (await (await fetch(`http://${status}/metrics`)).text()).includes(ofNext),
  );
  assert.doesNotMatch(server.log(), /No status page/);
  process.kill(next, 'SIGTERM');
  await eventually(() => !isAlive(next), 'the new arbiter to end');
  assert.ok(!existsSync(pidFile) && !existsSync(socket), 'the last one tidies up');
});

test('going back: the old arbiter gets workers again, the new one leaves', async (t) => {
  const both = await upgradable(t);
  const { server, pidFile } = both;
  const next = await upgrade(t, both);
  server.signal('SIGWINCH');
  await server.line(/Worker exiting/);
  await assertServes(both);
  server.signal('SIGHUP');
  await server.line(/Reloaded\./);
  process.kill(next, 'SIGQUIT');
  await server.line(/The new arbiter \(pid: \d+\) has ended \(exit code 0\)\. This one goes on\./);
  assert.ok(!existsSync(`${pidFile}.2`));
  assert.equal(pidIn(pidFile), server.pid);
  await assertServes(both);

  // One that is killed cannot tidy up.
  process.kill(await upgrade(t, both), 'SIGKILL');
  await server.line(/The new arbiter \(pid: \d+\) has ended \(SIGKILL\)\. This one goes on\./);
  assert.ok(!existsSync(`${pidFile}.2`));
  assert.equal(pidIn(pidFile), server.pid);
  await assertServes(both);
});

test('a new arbiter that cannot start leaves everything to the old one, which can try again', async (t) => {
  const folder = await temporaryFolder();
  const app = join(folder, 'app.mjs');
  const works = 'export default { fetch: () => new Response("x") };';
  writeFileSync(app, works);
  const [pidFile, socket] = [join(folder, 'pid'), join(folder, 'app.sock')];
  const bind = ['127.0.0.1:0', `unix:${socket}`];
  const args = ['--pid', pidFile];
  const server = await startServer(t, { app: './app.mjs', cwd: folder, args, bind });
  const both = { server, pidFile, socket };
  writeFileSync(app, 'export default {');
  server.signal('SIGUSR2');
  await server.line(/The new arbiter \(pid: \d+\) has ended \(exit code 3\)\. This one goes on\./);
  await assertServes(both);
  assert.equal(pidIn(pidFile), server.pid);
  writeFileSync(app, works);
  await upgrade(t, both);
  await assertServes(both);
});

for (const signal of ['SIGQUIT', 'SIGKILL'] as const) {
  test(`${signal} to the old arbiter before the new one has read its config file: the new one takes over`, async (t) => {
    const folder = await temporaryFolder();
    const at = (name: string): string => join(folder, name);
    writeFileSync(at('app.mjs'), 'export default { fetch: () => new Response("x") };');
    const config = at('tunicorn.config.mjs');
    writeFileSync(config, 'export default {};');
    const bind = ['127.0.0.1:0', `unix:${at('app.sock')}`];
    const args = ['--pid', at('pid'), '-c', config];
    const server = await startServer(t, { app: './app.mjs', cwd: folder, args, bind });
    writeFileSync(config, WAITING_CONFIG);
    server.signal('SIGUSR2');
    const next = Number((await server.line(/New arbiter started with pid: (\d+)/))[1]);
    t.after(() => endFamily(next));
    await eventually(() => existsSync(at('here')), 'the new arbiter to read its config file');
    server.signal(signal);
    await eventually(() => !isAlive(server.pid), 'the old arbiter to end');
    writeFileSync(at('go'), '');
    await eventually(() => pidIn(at('pid')) === next, 'the new one to be the only one');
    await assertServes({ server, pidFile: at('pid'), socket: at('app.sock') });
    assert.ok(!existsSync(at('pid.2')));
  });
}

test('addresses that the new arbiter does not want are closed at once, and their files go with the old one', async (t) => {
  const folder = await temporaryFolder();
  const at = (name: string): string => join(folder, name);
  writeFileSync(at('app.mjs'), 'export default { fetch: () => new Response("x") };');
  const config = at('tunicorn.config.mjs');
  const configure = (bind: readonly string[]): void =>
    writeFileSync(config, `export default { bind: ${JSON.stringify(bind)} };`);
  const [kept, other] = [
    ['127.0.0.1:0', `unix:${at('app.sock')}`],
    ['127.0.0.2:0', `unix:${at('other.sock')}`],
  ];
  configure([...kept, ...other]);
  const args = ['--pid', at('pid'), '-c', config];
  const server = await startServer(t, { app: './app.mjs', cwd: folder, args, bind: [] });
  const second = /http:\/\/127\.0\.0\.2:(\d+)/.exec(server.log());
  const dropped = { host: '127.0.0.2', port: Number(second?.[1]) };
  server.port = Number(/http:\/\/127\.0\.0\.1:(\d+)/.exec(server.log())?.[1]);
  assert.ok(await answersAt(dropped), 'before');
  configure(kept);
  const both = { server, pidFile: at('pid'), socket: at('app.sock') };
  const next = await upgrade(t, both);
  assert.ok(await answersAt({ path: at('other.sock') }), 'as long as the old one lives');
  server.signal('SIGQUIT');
  await eventually(() => !isAlive(server.pid), 'the old arbiter to end');
  assert.ok(!(await answersAt(dropped)), 'nobody listens any more');
  await eventually(() => pidIn(at('pid')) === next, 'the new one to be the only one');
  await eventually(() => !existsSync(at('other.sock')), 'its file to be removed');
  await assertServes(both);
});

test('an arbiter without descriptors for a new one goes on, and starts it when there are some', async (t) => {
  const both = await upgradable(t);
  const { server } = both;
  const giveBack = takeDescriptors(server.pid);
  server.signal('SIGUSR2');
  await server.line(/The new arbiter could not be started: .*EMFILE.*\. This one goes on\./);
  giveBack();
  await upgrade(t, both);
  server.signal('SIGTERM');
  await eventually(() => !isAlive(server.pid), 'the old arbiter to end');
  await assertServes(both);
});

test('a pid file that names a living process is refused, and left alone', async (t) => {
  const pidFile = join(await temporaryFolder(), 'pid');
  writeFileSync(pidFile, `${process.pid}\n`);
  const server = launchServer(t, {
    app: './bench-fetch.mjs',
    cwd: NODE_APPS,
    args: ['-p', pidFile],
  });
  assert.equal((await server.exited).code, 1);
  assert.ok(
    server
      .log()
      .includes(`Already running on PID ${process.pid} (or pid file '${pidFile}' is stale)`),
  );
  assert.equal(pidIn(pidFile), process.pid);
});

test('a stale pid file is replaced; at the end it is removed only if it is still ours', async (t) => {
  const pidFile = join(await temporaryFolder(), 'pid');
  for (const stale of ['4194305\n', 'no number', '']) {
    writeFileSync(pidFile, stale);
    const options = { app: './bench-fetch.mjs', cwd: NODE_APPS, args: ['--pid', pidFile] };
    const server = await startServer(t, options);
    assert.equal(readFileSync(pidFile, 'utf8'), `${server.pid}\n`);
    assert.equal(statSync(pidFile).mode & 0o777, 0o644 & ~process.umask());
    if (stale === '') writeFileSync(pidFile, '1\n');
    await server.stop();
    assert.equal(existsSync(pidFile), stale === '');
  }
});
