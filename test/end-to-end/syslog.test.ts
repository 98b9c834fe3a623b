// Syslog from a real server: the lines of both logs are those that Gunicorn sends, byte for byte where it says the same;
// a syslog that does not read, or is not there, costs lines and no request.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { receiveUdp, receiveUnix } from '../support/datagrams.ts';
import { descendantsOf, isAlive } from '../support/processes.ts';
import { RawClient } from '../support/raw-client.ts';
import { startServer } from '../support/server.ts';
import { startGunicorn } from './gunicorn.ts';
import {
  ask,
  eventually,
  PYTHON,
  requestBytes,
  serveWsgi,
  temporaryFolder,
  WSGI_APPS,
} from './serving.ts';

interface Receiver {
  readonly port: number;
  /** Everything received, a text for each datagram. */
  readonly lines: string[];
}

async function udpReceiver(t: TestContext): Promise<Receiver> {
  const lines: string[] = [];
  const port = await receiveUdp(t, (datagram) => lines.push(datagram));
  return { port, lines };
}

/** Without what differs from run to run: pids and the time of the access log. */
function masked(lines: readonly string[], tag: string): string[] {
  return lines
    .filter((line) => line.includes(tag))
    .map((line) => line.replace(/: \[\d+\] /, ': [PID] ').replace(/\[\d\d\/[^\]]*\]/, '[TIME]'));
}

const FIELDS = [
  'Referer: http://x/"quoted"',
  'User-Agent: test/1.0',
  'Authorization: Basic QWxhZGRpbjpvcGVu',
];
const FORMAT = '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s" %({x-none}i)s';

function options(port: number): string[] {
  return [
    ...['--log-syslog', '--log-syslog-to', `udp://127.0.0.1:${port}`],
    ...['--log-syslog-facility', 'local3', '--access-logformat', FORMAT, '--threads', '2'],
  ];
}

async function askPort(t: TestContext, port: number): Promise<void> {
  const client = await RawClient.connect(t, port);
  await client.send(requestBytes('GET', '/some/path?a=1&b=2', { fields: FIELDS }));
  await client.readResponse();
  client.destroy();
}

test('the lines are those of Gunicorn', async (t) => {
  const theirs = await udpReceiver(t);
  const port = await startGunicorn(t, ['-k', 'gthread', ...options(theirs.port), 'hello:app']);
  await askPort(t, port);

  const ours = await udpReceiver(t);
  const server = await startServer(t, {
    app: 'hello:app',
    args: ['--python', PYTHON, ...options(ours.port)],
    cwd: WSGI_APPS,
  });
  await askPort(t, server.port);

  for (const { lines } of [theirs, ours]) {
    await eventually(() => masked(lines, '.access: ').length === 1, 'the line of the request');
  }
  assert.deepEqual(masked(ours.lines, '.access: '), masked(theirs.lines, '.access: '));
  const listening = (lines: readonly string[]) =>
    masked(lines, '.error: ')
      .filter((line) => line.includes('Listening at'))
      .map((line) => line.replace(/:\d+ \(\d+\)/, ':PORT (PID)'));
  assert.equal(listening(theirs.lines).length, 1);
  assert.deepEqual(listening(ours.lines), listening(theirs.lines));
});

test('the access log can be kept out, and the name chosen', async (t) => {
  const syslog = await udpReceiver(t);
  const server = await serveWsgi('hello:app', [
    ...[...options(syslog.port), '--disable-redirect-access-to-syslog'],
    ...['--log-syslog-prefix', 'shop'],
  ]);
  await ask(server, '/');
  await server.stop();
  const isLast = (line: string) =>
    /^<158>gunicorn\.shop\.error: \[\d+\] Shutting down: Master\0$/.test(line);
  await eventually(() => syslog.lines.some(isLast), 'the last line');
  assert.deepEqual(masked(syslog.lines, '.access: '), []);
});

test('a syslog over TCP that does not read costs lines and no request', async (t) => {
  const syslog = net.createServer((socket) => {
    socket.pause();
    t.after(() => socket.destroy());
  });
  syslog.listen(0, '127.0.0.1');
  await once(syslog, 'listening');
  t.after(() => syslog.close());
  const { port } = syslog.address() as net.AddressInfo;
  const server = await serveWsgi('hello:app', [
    ...['--log-syslog', '--log-syslog-to', `tcp://127.0.0.1:${port}`],
    ...['--access-logformat', '%(a)s%(a)s%(a)s%(a)s%(a)s%(a)s%(a)s%(a)s%(a)s%(a)s'],
  ]);
  // Some 80 kB a line: a few hundred are more than the kernel and we keep.
  const long = { fields: [`User-Agent: ${'x'.repeat(8000)}`] };
  const client = await server.connect();
  await eventually(async () => {
    await client.send(requestBytes('GET', '/', long));
    assert.equal((await client.readResponse()).status, 200);
    return /Cannot send to syslog at tcp:.*: it does not read\. Requests go on\./.test(
      server.log(),
    );
  }, 'lines to be dropped');
  assert.equal((await ask(server, '/')).status, 200);
});

test('a unix socket gets both logs, and the processes that send end with the server', async (t) => {
  const path = join(await temporaryFolder(), 'log');
  const receiver = await receiveUnix(t, path);
  const server = await serveWsgi('hello:app', [
    ...['--log-syslog', '--log-syslog-to', `unix://${path}#dgram`],
    ...['--access-logformat', '%(r)s %(s)s'],
  ]);
  await ask(server, '/unix');
  await receiver.line(
    /b'<14>gunicorn\.hello\.app\.access: \[\d+\] GET \/unix HTTP\/1\.1 200\\x00'/,
  );
  await receiver.line(/b'<14>gunicorn\.hello\.app\.error: \[\d+\] Starting tunicorn/);
  const family = descendantsOf(server.pid);
  await server.stop();
  await receiver.line(/Shutting down: Master/);
  await eventually(() => family.every((pid) => !isAlive(pid)), 'all to have ended');
});
