// Behind a proxy below HTTP that tells by a PROXY header whose connection it is: what applications and the access log then
// know, that others cannot tell it, and that what is broken, late or never comes holds nobody up; without and with TLS.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, type TestContext, test } from 'node:test';
import { makeCertificate, type TestCertificate } from '../support/certificates.ts';
import { clientHello } from '../support/client-hello.ts';
import { ADDRESSES, ADDRESSES_6, version1, version2 } from '../support/proxy-header.ts';
import { RawClient, type Target } from '../support/raw-client.ts';
import { type Server, startServer } from '../support/server.ts';
import {
  eventually,
  json,
  PYTHON,
  runToEnd,
  type Served,
  serveNode,
  serveWsgi,
  temporaryFolder,
  WSGI_APPS,
} from './serving.ts';

const HANDSHAKE_SECONDS = 1.5;
const GET = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';

let plain: Server;
let secure: Server;
let node: Served;
let certificate: TestCertificate;
let socketPath: string;
let logFile: string;

before(async (root) => {
  const folder = await temporaryFolder();
  certificate = makeCertificate(folder);
  socketPath = join(folder, 'socket');
  logFile = join(folder, 'access');
  const t = root as TestContext;
  const common = ['--python', PYTHON, '--handshake-timeout', `${HANDSHAKE_SECONDS}`];
  const app = { app: 'tell_environ:app', cwd: WSGI_APPS };
  const log = ['--access-logfile', logFile, '--access-logformat', '%(h)s %(r)s'];
  [plain, secure, node] = await Promise.all([
    // The flag without a value, and APP right behind it.
    startServer(t, {
      ...app,
      args: [...common, ...log, '--proxy-protocol'],
      bind: ['127.0.0.1:0', `unix:${socketPath}`],
    }),
    startServer(t, { ...app, args: [...common, ...certificate.args, '--proxy-protocol', 'auto'] }),
    serveNode('./tell-socket.mjs', ['--proxy-protocol=v1', '--proxy-allow-from', '127.0.0.2']),
  ]);
});

const from = (localAddress: string, port = plain.port): Target => ({
  host: '127.0.0.1',
  port,
  localAddress,
});

type Told = Record<string, unknown>;

async function get(client: RawClient, path = '/', fields = ''): Promise<Told> {
  return json(await client.get(path, fields)) as Told;
}

/** What the application is told of a connection that begins with this. */
async function told(t: TestContext, target: Target, header: Buffer): Promise<Told> {
  const client = await RawClient.connect(t, target);
  await client.send(header);
  return get(client);
}

for (const [what, header, expected] of [
  ['version 1', version1(ADDRESSES), ['192.0.2.7', '4711', 'TCP4', '198.51.100.1', '443']],
  ['version 1, IPv6', version1(ADDRESSES_6), ['2001:db8::7', '4711', 'TCP6', '2001:db8::1', '443']],
  ['version 2', version2(ADDRESSES), ['192.0.2.7', '4711', 'TCP4', '198.51.100.1', '443']],
  [
    'version 2, IPv6 and TLVs',
    version2(ADDRESSES_6, { rest: Buffer.alloc(3000, 4) }),
    ['2001:db8::7', '4711', 'TCP6', '2001:db8::1', '443'],
  ],
] as const) {
  test(`the client of a PROXY header is REMOTE_ADDR of every request of its connection: ${what}`, async (t) => {
    const client = await RawClient.connect(t, plain.port);
    // With the first request in one packet.
    await client.send(Buffer.concat([header, Buffer.from(GET)]));
    const environs = [json(await client.readResponse()) as Told, await get(client)];
    for (const environ of environs) {
      const { REMOTE_ADDR, REMOTE_PORT, PROXY_PROTOCOL, PROXY_ADDR, PROXY_PORT } = environ;
      const found = [REMOTE_ADDR, REMOTE_PORT, PROXY_PROTOCOL, PROXY_ADDR, PROXY_PORT];
      assert.deepEqual(found, expected);
      assert.equal(environ['SERVER_PORT'], String(plain.port), 'as in Gunicorn');
    }
  });
}

test('LOCAL, UNKNOWN and no header at all leave the address that the connection has', async (t) => {
  const own = ['127.0.0.1', undefined];
  for (const [header, protocol] of [
    [version2(null, { command: 0x20 }), 'LOCAL'],
    [version2(null, { family: 0x00 }), 'UNSPEC'],
    [Buffer.from('PROXY UNKNOWN\r\n'), 'UNKNOWN'],
    [Buffer.alloc(0), undefined],
  ] as const) {
    const environ = await told(t, plain.port, header);
    assert.deepEqual([environ['REMOTE_ADDR'], environ['PROXY_ADDR']], own);
    assert.equal(environ['PROXY_PROTOCOL'], protocol);
    assert.match(String(environ['REMOTE_PORT']), /^[1-9]\d*$/);
  }
});

test('a header that comes byte by byte is the same header, and P may begin a method', async (t) => {
  for (const header of [version1(ADDRESSES), version2(ADDRESSES)]) {
    const client = await RawClient.connect(t, plain.port);
    for (const byte of header) await client.send(Buffer.from([byte]));
    assert.equal((await get(client))['REMOTE_ADDR'], '192.0.2.7');
  }
  const client = await RawClient.connect(t, plain.port);
  for (const piece of ['P', 'RO', 'PFIND / HTTP/1.1\r\nHost: localhost\r\n\r\n']) {
    await client.send(piece);
  }
  assert.equal((json(await client.readResponse()) as Told)['REQUEST_METHOD'], 'PROPFIND');
});

test('who is not in proxy_allow_ips is refused with a header, and served without', async (t) => {
  const stranger = '127.0.0.2';
  for (const header of [version1(ADDRESSES), version2(ADDRESSES)]) {
    const client = await RawClient.connect(t, from(stranger));
    await client.send(Buffer.concat([header, Buffer.from(GET)]));
    assert.equal((await client.readResponse()).status, 403);
    assert.equal(client.unread().length, 0, 'the request behind it is not answered');
  }
  await eventually(
    () => /from ip=127\.0\.0\.2: it may send no PROXY header.*proxy-not-allowed/.test(plain.log()),
    'the reason to be in the log',
  );
  assert.equal((await told(t, from(stranger), Buffer.alloc(0)))['REMOTE_ADDR'], stranger);
});

test('a header that is none is 400, and nothing behind it is read', async (t) => {
  for (const header of [
    Buffer.from('PROXY TCP4 192.0.2.7 198.51.100.1 1\r\n'),
    Buffer.from(`PROXY TCP4 ${'1'.repeat(200)}`),
    version2(ADDRESSES, { family: 0x12 }),
    version2(null, { family: 0x11, rest: Buffer.alloc(4) }),
  ]) {
    const client = await RawClient.connect(t, plain.port);
    await client.send(Buffer.concat([header, Buffer.from(GET)]));
    assert.equal((await client.readResponse()).status, 400);
    assert.equal(await client.waitClosed(), 'end');
    assert.equal(client.unread().length, 0);
  }
});

test('half a header, and a silent connection, are closed at handshake_timeout and not before', async (t) => {
  const began = performance.now();
  const lateness = async (target: Target, header: Buffer): Promise<number> => {
    const client = await RawClient.connect(t, target);
    await client.send(header);
    await client.waitClosed();
    assert.equal(client.unread().length, 0, 'without a word');
    return performance.now() - began;
  };
  const half1 = version1(ADDRESSES).subarray(0, 20);
  const half2 = version2(ADDRESSES).subarray(0, 20);
  const none = Buffer.alloc(0);
  const times = await Promise.all([
    ...[half1, half2, none].map((header) => lateness(plain.port, header)),
    ...[half1, half2, none].map((header) => lateness(secure.port, header)),
  ]);
  for (const time of times) assert.ok(time >= HANDSHAKE_SECONDS * 1000 - 50, `${time} ms`);
});

test('clients that stall in the header keep nobody out at worker_connections', async (t) => {
  const served = await serveWsgi('tell_environ:app', [
    '--proxy-protocol',
    '--worker-connections',
    '4',
  ]);
  const halves = [version1(ADDRESSES).subarray(0, 9), version2(ADDRESSES).subarray(0, 17)];
  const stalled = Array.from({ length: 12 }, async (_, n) => {
    const client = await RawClient.connect(t, served.port);
    await client.send(halves[n % 2] ?? '');
  });
  await Promise.all(stalled);
  const others = Array.from({ length: 8 }, () => told(t, served.port, version2(ADDRESSES)));
  for (const environ of await Promise.all(others))
    assert.equal(environ['REMOTE_ADDR'], '192.0.2.7');
});

test('on a unix socket everybody may send one', async (t) => {
  const environ = await told(t, socketPath, version2(ADDRESSES));
  assert.deepEqual([environ['REMOTE_ADDR'], environ['REMOTE_PORT']], ['192.0.2.7', '4711']);
  assert.equal((await told(t, socketPath, Buffer.alloc(0)))['REMOTE_ADDR'], '');
});

test('fields count by the address of the proxy, not by the one that its header names', async (t) => {
  const client = await RawClient.connect(t, plain.port);
  await client.send(version1(ADDRESSES));
  const https = 'X-Forwarded-Proto: https\r\n';
  assert.equal((await get(client, '/', https))['wsgi.url_scheme'], 'https');
  const stranger = await RawClient.connect(t, from('127.0.0.2'));
  assert.equal((await get(stranger, '/', https))['wsgi.url_scheme'], 'http');
});

test('the access log names the client of the header', async (t) => {
  const client = await RawClient.connect(t, plain.port);
  await client.send(version2(ADDRESSES));
  await get(client, '/one');
  await get(client, '/two');
  const lines = async (): Promise<string[]> =>
    (await readFile(logFile, 'latin1')).split('\n').filter((line) => /\/(one|two)/.test(line));
  await eventually(async () => (await lines()).length === 2, 'two lines');
  assert.deepEqual(await lines(), ['192.0.2.7 GET /one HTTP/1.1', '192.0.2.7 GET /two HTTP/1.1']);
});

test('a Node.js application has the client in its socket, from the one version that is asked for', async (t) => {
  const first = await told(t, from('127.0.0.2', node.port), version1(ADDRESSES));
  assert.deepEqual([first['remoteAddress'], first['remotePort']], ['192.0.2.7', 4711]);
  const other = await RawClient.connect(t, from('127.0.0.2', node.port));
  await other.send(version2(ADDRESSES));
  assert.equal((await other.readResponse()).status, 400, 'no HTTP');
});

test('with TLS the header comes before the handshake', async (t) => {
  const ca = certificate.cert;
  for (const [header, address] of [
    [version1(ADDRESSES), '192.0.2.7'],
    [version2(ADDRESSES_6, { rest: Buffer.alloc(500) }), '2001:db8::7'],
    [version2(null, { command: 0x20 }), '127.0.0.1'],
    [Buffer.alloc(0), '127.0.0.1'],
  ] as const) {
    const client = await RawClient.connectSecurely(t, secure.port, { ca }, header);
    const environs = [await get(client), await get(client)];
    for (const environ of environs) {
      assert.equal(environ['REMOTE_ADDR'], address);
      assert.equal(environ['wsgi.url_scheme'], 'https');
    }
  }
});

test('with TLS a hello in the packet of the header is not lost, however they are cut', async (t) => {
  const hello = await clientHello();
  for (const header of [version1(ADDRESSES), version2(ADDRESSES)]) {
    const bytes = Buffer.concat([header, hello]);
    for (const at of [0, 3, header.length - 1, header.length, header.length + 1, bytes.length]) {
      const client = await RawClient.connect(t, secure.port);
      await client.send(bytes.subarray(0, at));
      await client.send(bytes.subarray(at));
      // A handshake record, and in it the server's hello.
      const record = await client.take(6);
      assert.deepEqual([record[0], record[5]], [0x16, 0x02], `cut at ${at}`);
      client.reset();
    }
  }
});

test('with TLS a header that is refused is closed without an answer, and the log says why', async (t) => {
  for (const [target, header] of [
    [secure.port, Buffer.from('PROXY TCP4 x y 1 2\r\n')],
    [from('127.0.0.2', secure.port), version2(ADDRESSES)],
  ] as const) {
    const client = await RawClient.connect(t, target);
    await client.send(header);
    await client.waitClosed();
    assert.equal(client.unread().length, 0);
  }
  await eventually(() => /bad-proxy-header/.test(secure.log()), 'the one in the log');
  await eventually(() => /127\.0\.0\.2: .*proxy-not-allowed/.test(secure.log()), 'the other');
});

test('clients that break off anywhere in the header leave nothing behind', async (t) => {
  for (const { port } of [plain, secure]) {
    for (const header of [version1(ADDRESSES), version2(ADDRESSES)]) {
      for (const at of [1, 6, 12, 16, 20, header.length]) {
        for (const leave of ['end', 'reset', 'destroy'] as const) {
          const client = await RawClient.connect(t, port);
          await client.send(header.subarray(0, at));
          client[leave]();
        }
      }
    }
  }
  assert.equal((await told(t, plain.port, version1(ADDRESSES)))['REMOTE_ADDR'], '192.0.2.7');
  assert.doesNotMatch(plain.log() + secure.log(), /Error|error|Traceback/);
});

test('a wrong mode or list is refused with a sentence that names the flag', async () => {
  const wrong = [
    ['--proxy-protocol=v3', /proxy_protocol must be off, v1, v2 or auto: "v3" on the command line/],
    ['--proxy-protocol=', /proxy_protocol must be off, v1, v2 or auto: "" on the command line/],
    ['--proxy-allow-from=10.0.0.1/8', /proxy_allow_ips must be .* it has host bits set/],
  ] as const;
  const checked = wrong.map(async ([flag, sentence]) => {
    const args = ['--check-config', '--python', PYTHON, flag, 'tell_environ:app'];
    const { code, output } = await runToEnd(args, WSGI_APPS);
    assert.equal(code, 1, output);
    assert.match(output, sentence);
  });
  await Promise.all(checked);
});
