// What the real server says to systemd (sd_notify(3)), received by a real datagram socket: READY, RELOADING, STOPPING, the main
// process after an upgrade, and the watchdog. Faults put in by hand and seen here: READY at the start of the arbiter; no READY after
// a reload that was refused; a watchdog that is petted by a timer alone; an end that does not wait for the barrier.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { receiveNotices } from '../support/notify-receiver.ts';
import { isAlive } from '../support/processes.ts';
import { endFamily } from '../support/program.ts';
import { commandPath, startServer } from '../support/server.ts';
import { eventually, NODE_APPS, ROOT, temporaryFolder } from './serving.ts';

const WORKS = 'export default { fetch: () => new Response("x") };';

async function ownApp(): Promise<{ cwd: string; write: (text: string) => void }> {
  const cwd = await temporaryFolder();
  const write = (text: string): void => writeFileSync(join(cwd, 'app.mjs'), text);
  write(WORKS);
  return { cwd, write };
}

function nowMicroseconds(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

test('systemd hears of the start, of reloads that succeed and that do not, and of the end', async (t) => {
  const { cwd, write } = await ownApp();
  const receiver = await receiveNotices(t);
  const env = { NOTIFY_SOCKET: receiver.path };
  const args = ['--workers', '2'];
  const server = await startServer(t, { app: './app.mjs', cwd, args, env, readyWorkers: 2 });
  await receiver.line(
    /STATUS=Starting: 0 of 2 workers ready\\n\nREADY=1\\nSTATUS=Serving: 1 of 2 workers ready/,
  );
  await receiver.line(/\nSTATUS=Serving: 2 of 2 workers ready/);
  for (const pid of server.workerPids()) {
    assert.doesNotMatch(readFileSync(`/proc/${pid}/environ`, 'latin1'), /NOTIFY_SOCKET/);
  }

  const before = nowMicroseconds();
  server.signal('SIGHUP');
  const [, at] = await receiver.line(/\nRELOADING=1\\nMONOTONIC_USEC=(\d+)\\nSTATUS=Reloading/);
  assert.ok(Number(at) >= before && Number(at) <= nowMicroseconds(), `${at} after ${before}`);
  await receiver.line(/\nREADY=1\\n/, 2);
  await server.line(/Reloaded\./);

  write('export default {');
  server.signal('SIGHUP');
  await receiver.line(/RELOADING=1/, 2);
  await server.line(/Reload given up/);
  await receiver.line(/\nREADY=1\\nSTATUS=Serving: 2 of 2/, 2);

  assert.deepEqual(await server.stop(), { code: 0, signal: null });
  // It has waited until all of that was received.
  assert.match(receiver.log(), /\nSTOPPING=1\\nSTATUS=Stopping: \d left\\n\n/);
  assert.equal(receiver.messages().at(-1), 'BARRIER=1');
  assert.equal([...receiver.log().matchAll(/READY=1/g)].length, 3);
});

test('the watchdog is petted while a worker answers, and only then', async (t) => {
  const { cwd, write } = await ownApp();
  const receiver = await receiveNotices(t, `tunicorn-test-${process.pid}`);
  const env = { NOTIFY_SOCKET: receiver.path, WATCHDOG_USEC: '300000' };
  const server = await startServer(t, { app: './app.mjs', cwd, env });
  const pets = (): number => receiver.count('WATCHDOG=1\\n');
  await eventually(() => pets() >= 3, 'three signs of life at an abstract socket');

  write('export default {');
  process.kill(server.workerPids()[0] ?? 0, 'SIGKILL');
  await server.line(
    /No worker answers: the watchdog of systemd is not told that all is well, and ends this server after 0\.3 s/,
  );
  // What was sent before that is received by now: a message behind it is.
  await receiver.line(/Serving: 0 of 1 worker ready/);
  const atTheEnd = pets();
  await server.line(/cannot serve/, 3);
  assert.ok(pets() <= atTheEnd + 1, `${pets()} after ${atTheEnd}`);

  write(WORKS);
  await server.line(/A worker answers again/);
  await eventually(() => pets() >= atTheEnd + 3, 'signs of life again');
});

test('a watchdog for another process is none of ours', async (t) => {
  const receiver = await receiveNotices(t);
  const env = { NOTIFY_SOCKET: receiver.path, WATCHDOG_USEC: '30000', WATCHDOG_PID: '1' };
  const server = await startServer(t, { app: './bench-fetch.mjs', cwd: NODE_APPS, env });
  await receiver.line(/READY=1/);
  await server.stop();
  assert.equal(receiver.count('WATCHDOG=1\\n'), 0);
});

test('after an upgrade the new arbiter is the main process before the old one has left', async (t) => {
  const pidFile = join(await temporaryFolder(), 'pid');
  const receiver = await receiveNotices(t);
  const env = { NOTIFY_SOCKET: receiver.path, WATCHDOG_USEC: '600000' };
  const args = ['--pid', pidFile];
  const server = await startServer(t, { app: './bench-fetch.mjs', cwd: NODE_APPS, args, env });
  server.signal('SIGUSR2');
  await server.line(/Worker ready/, 2);
  const next = Number(readFileSync(`${pidFile}.2`, 'utf8'));
  t.after(() => endFamily(next));
  assert.equal([...receiver.log().matchAll(/READY=1/g)].length, 1, 'one of two speaks');
  server.signal('SIGTERM');
  await eventually(() => !isAlive(server.pid), 'the old arbiter to end');
  const [, told = ''] = /\nMAINPID=(\d+)\\n\n/.exec(receiver.log()) ?? [];
  assert.equal(Number(told), next);
  assert.doesNotMatch(receiver.log(), /STOPPING/);
  await receiver.line(new RegExp(`\\nMAINPID=${next}\\\\n\n(.*\n)*READY=1`), 1);
  const pets = receiver.count('WATCHDOG=1\\n');
  await eventually(
    () => receiver.count('WATCHDOG=1\\n') > pets + 1,
    'signs of life of the new one',
  );
  process.kill(next, 'SIGTERM');
  await receiver.line(/STOPPING=1/);
});

test('the units of the documentation are what systemd understands', async () => {
  const folder = await temporaryFolder();
  const names = ['tunicorn.service', 'tunicorn.socket'];
  const verify = (): string => {
    const paths = names.map((name) => join(folder, name));
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...paths], {
      encoding: 'utf8',
    });
    return `${status} ${stderr}`;
  };
  for (const name of names) {
    const text = readFileSync(join(ROOT, 'docs/systemd', name), 'utf8');
    // It looks whether the program is there.
    writeFileSync(join(folder, name), text.replace('/usr/local/bin/tunicorn', commandPath));
  }
  assert.equal(verify(), '0 ');
  appendFileSync(join(folder, 'tunicorn.service'), '[Service]\nWatchdogSek=1\n');
  assert.match(verify(), /Unknown key.*WatchdogSek/);
});

test('a supervisor that is no unix socket is warned of, once and for all', async (t) => {
  const env = { NOTIFY_SOCKET: 'vsock:2:1234' };
  const server = await startServer(t, { app: './bench-fetch.mjs', cwd: NODE_APPS, env });
  const warned = server.log().match(/\[WARNING\] NOTIFY_SOCKET .*"vsock:2:1234".*Nobody is told/g);
  assert.equal(warned?.length, 1);
});

test('a supervisor that is not there costs a line of the log', async (t) => {
  const env = { NOTIFY_SOCKET: join(await temporaryFolder(), 'nobody') };
  const server = await startServer(t, { app: './bench-fetch.mjs', cwd: NODE_APPS, env });
  await server.line(
    /\[ERROR\] Cannot send to the unix socket .*nobody.*systemd does not hear of this server\./,
  );
  assert.deepEqual(await server.stop(), { code: 0, signal: null });
});
