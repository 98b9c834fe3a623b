// TLS of the real server, seen by clients of other makers (curl, openssl s_client, Node.js): what it speaks and what it
// refuses, what applications are told, that bodies arrive whole in bounded memory, and that broken clients leave nothing.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import tls from 'node:tls';
import { makeCertificate, type TestCertificate } from '../support/certificates.ts';
import { soon } from '../support/eventually.ts';
import { residentBytes } from '../support/processes.ts';
import { Program } from '../support/program.ts';
import { commandPath } from '../support/server.ts';
import { curl as curlOf, type Ran, run, sClient as sClientOf } from '../support/tls-clients.ts';
import {
  ask,
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

const MIB = 1024 * 1024;
const LARGE_MIB = 64;
const GET = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';

let certificate: TestCertificate;
let hello: Served;

before(async () => {
  certificate = makeCertificate(await temporaryFolder());
  const args = ['--threads', '2', '--log-level', 'debug', '--head-timeout', '1.5'];
  hello = await serveWsgi('respond:app', args, { certificate });
});

/** curl that trusts our certificate. */
function curl(served: Served, path: string, ...options: string[]): Promise<Ran> {
  return curlOf(served.port, path, '--cacert', certificate.certfile, ...options);
}

/** openssl s_client; `input` is what is typed. */
function sClient(served: Served, input: string, ...options: string[]): Promise<Ran> {
  return sClientOf(served.port, input, '-CAfile', certificate.certfile, ...options);
}

test('the log says https, and a WSGI application is told so', async () => {
  const served = await serveWsgi('tell_environ:app', [], { certificate });
  assert.match(
    served.log(),
    new RegExp(`Listening at: https://127\\.0\\.0\\.1:${served.port} \\(`),
  );
  const { output } = await curl(served, '/path?query');
  const environ = JSON.parse(output);
  assert.equal(environ['wsgi.url_scheme'], 'https');
  assert.equal(environ['SERVER_PORT'], String(served.port));
  assert.equal(environ['REMOTE_ADDR'], '127.0.0.1');
  // Gunicorn sets none either; a client's field cannot pass for it.
  assert.equal('HTTPS' in environ, false);
});

test('a Node.js listener sees an encrypted socket, a fetch handler an https URL', async () => {
  const listener = await serveNode('./encrypted.mjs', [], { certificate });
  assert.deepEqual(json(await ask(listener, '/')), {
    encrypted: true,
    protocol: 'https',
    secured: ['TLSv1.3', 'TLS_AES_256_GCM_SHA384', 'localhost', false],
  });
  const fetcher = await serveNode('./fetch.ts', [], { certificate });
  const { url } = json(await ask(fetcher, '/seen?x')) as { url: string };
  assert.equal(url, 'https://localhost/seen?x');
});

for (const [version, code] of [
  ['1.1', 35],
  ['1.2', 0],
  ['1.3', 0],
] as const) {
  test(`TLS ${version} is ${code === 0 ? 'spoken' : 'refused'}`, async () => {
    // Level 0: a client that would speak 1.1 at all.
    const ciphers = ['--ciphers', 'DEFAULT:@SECLEVEL=0'];
    const limits = ['--tlsv1.0', '--tls-max', version];
    assert.equal((await curl(hello, '/fixed', ...ciphers, ...limits)).code, code);
  });
}

test('HTTP/1.1 is chosen before HTTP/1.0, and HTTP/2 never', async () => {
  const written = ['-o', '/dev/null', '-w', '%{http_code} %{http_version}'];
  assert.equal((await curl(hello, '/fixed', '--http2', ...written)).output, '200 1.1');
  assert.equal((await curl(hello, '/fixed', '--http1.0', ...written)).code, 0);
  assert.match((await sClient(hello, '', '-alpn', 'h2')).output, /no application protocol/);
  assert.match(
    (await sClient(hello, '', '-alpn', 'h2,http/1.1')).output,
    /ALPN protocol: http\/1\.1/,
  );
});

test('a response that ends with the connection ends with close_notify, so that it is known to be whole', async () => {
  // HTTP/1.0 and no length. curl and OpenSSL tell an end without it from a whole response.
  const { code, output } = await curl(hello, '/no-length', '--http1.0');
  assert.deepEqual({ code, output }, { code: 0, output: 'one two three' });
  const request = 'GET /no-length HTTP/1.0\r\n\r\n';
  const seen = await sClient(hello, request, '-ign_eof');
  assert.match(seen.output, /one two three/);
  assert.doesNotMatch(seen.output, /unexpected eof/i);
  assert.equal(seen.code, 0);
});

test('a client may not begin a new handshake in a connection', async () => {
  const { output } = await sClient(hello, `R\n${GET}`, '-tls1_2');
  assert.match(output, /no renegotiation/);
  assert.equal((await ask(hello, '/fixed')).status, 200);
});

test('plain HTTP is closed, told at debug in one line, and no error', async () => {
  const client = await hello.connectPlainly();
  await client.send(GET);
  await client.waitClosed();
  assert.equal(client.receivedBytes, 0);
  await hello.server.line(/\[DEBUG\] No TLS with ip=127\.0\.0\.1: http request \(tls-handshake\)/);
  assert.doesNotMatch(hello.log(), /\[ERROR\]|\n\s+at /);
});

test('a session is resumed by whichever worker takes the next connection', async () => {
  const args = ['--workers', '2', '--log-level', 'debug'];
  const served = await serveWsgi('hello:app', args, { certificate, readyWorkers: 2 });
  // Of TLS 1.2, whose one ticket may be used again and again.
  const options = { ca: certificate.cert, servername: 'localhost', maxVersion: 'TLSv1.2' } as const;
  const connect = async (session?: Buffer): Promise<{ reused: boolean; session: Buffer }> => {
    const socket = tls.connect(
      served.port,
      '127.0.0.1',
      session ? { ...options, session } : options,
    );
    await soon(new Promise((resolve) => socket.once('secureConnect', resolve)), 'a handshake');
    const found = { reused: socket.isSessionReused(), session: socket.getSession() };
    socket.destroy();
    return { ...found, session: found.session ?? assert.fail('no session') };
  };
  const { session } = await connect();
  for (let turn = 0; turn < 16; turn++) assert.ok((await connect(session)).reused);
  for (const pid of served.server.workerPids())
    await served.server.line(
      new RegExp(`worker \\(pid: ${pid}\\): 0 connections open, at most [1-9]`),
    );
});

test('a client that ends its half gets its answer, and the end of the server', async () => {
  const client = await hello.connect();
  await client.send('GET /fixed HTTP/1.1\r\nHost: localhost\r\n\r\n');
  client.end();
  assert.equal((await client.readResponse()).body.toString(), 'fixed');
  assert.equal(await client.waitClosed(), 'end');
});

test('a head that drips in after the handshake, a record for each byte, ends at head_timeout', async () => {
  const client = await hello.connect();
  const beganMs = performance.now();
  await client.send('GET /fixed HTTP/1.1\r\nX: ');
  const drip = setInterval(() => client.send('x').catch(() => {}), 50);
  try {
    assert.equal((await client.readResponse()).status, 408);
  } finally {
    clearInterval(drip);
  }
  assert.ok(performance.now() - beganMs >= 1400, 'not before its time');
});

async function hashOf(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

test('large bodies arrive whole both ways, in bounded memory', async () => {
  const served = await serveWsgi('large_bodies:app', ['--threads', '2'], { certificate });
  const folder = await temporaryFolder();
  const [sent, received] = [join(folder, 'sent'), join(folder, 'received')];
  await writeFile(sent, Buffer.alloc(LARGE_MIB * MIB, randomBytes(1000)));
  const { output } = await curl(served, '/', '--data-binary', `@${sent}`);
  assert.equal(JSON.parse(output).sha256, await hashOf(sent));
  await curl(served, `/${LARGE_MIB}`, '-o', received);
  const expected = createHash('sha256');
  for (let k = 0; k < LARGE_MIB; k++) expected.update(Buffer.alloc(MIB, k % 251));
  assert.equal(await hashOf(received), expected.digest('hex'));
  for (const pid of served.childPids()) {
    const mebibytes = Math.round(residentBytes(pid) / MIB);
    assert.ok(mebibytes < 250, `${mebibytes} MiB in process ${pid}`);
  }
});

test('a Node.js application streams both ways', async () => {
  const served = await serveNode('./large-bodies.mjs', [], { certificate });
  const body = Buffer.alloc(8 * MIB, randomBytes(1000));
  const told = json(await ask(served, '/', { method: 'POST', body, chunked: true })) as {
    sha256: string;
  };
  assert.equal(told.sha256, createHash('sha256').update(body).digest('hex'));
  assert.equal((await ask(served, '/8')).body.length, 8 * MIB);
});

test('a file of wsgi.file_wrapper arrives whole', async () => {
  const served = await serveWsgi('send_files:app', [], { certificate });
  const content = randomBytes(3 * MIB + 17);
  const path = join(await temporaryFolder(), 'content.bin');
  await writeFile(path, content);
  const reply = await ask(served, `/sized?file=${encodeURIComponent(path)}`);
  assert.ok(reply.body.equals(content));
});

test('clients that break off anywhere leave nothing behind, and others are served', async () => {
  const args = ['--threads', '2', '--log-level', 'debug'];
  const served = await serveWsgi('large_bodies:app', args, { certificate });
  for (let turn = 0; turn < 10; turn++) {
    const inHandshake = await served.connectPlainly();
    // The beginning of a hello: a record of a handshake that says to be longer.
    await inHandshake.send(Buffer.from('160301020001000001fc0303', 'hex'));
    inHandshake.reset();
    const inBody = await served.connect();
    await inBody.send('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000000\r\n\r\nabc');
    inBody.reset();
    const inResponse = await served.connect();
    inResponse.pauseReading();
    await inResponse.send('GET /8 HTTP/1.1\r\nHost: localhost\r\n\r\n');
    inResponse.reset();
  }
  assert.equal((await ask(served, '/0')).status, 200);
  await served.server.line(/: 0 connections open, at most (?!0)/);
  assert.doesNotMatch(served.log(), /\[ERROR\]|\[CRITICAL\]/);
});

test('TERM ends the server at once when nothing but handshakes and idle clients is left', async () => {
  const served = await serveWsgi('hello:app', ['--handshake-timeout', '60', '--keep-alive', '60'], {
    certificate,
  });
  const idle = await served.connect();
  assert.equal((await idle.get('/')).status, 200);
  await served.connectPlainly();
  const stopped = served.stop();
  assert.equal(await idle.waitClosed(), 'end');
  await stopped;
});

test('a unix socket speaks TLS too', async (t) => {
  const path = join(await temporaryFolder(), 'socket');
  const server = new Program(t, {
    command: process.execPath,
    args: [
      commandPath,
      '--python',
      PYTHON,
      '--bind',
      `unix:${path}`,
      ...certificate.args,
      'hello:app',
    ],
    cwd: WSGI_APPS,
  });
  await server.line(/Worker ready/);
  const options = ['-sS', '--cacert', certificate.certfile, '--unix-socket', path];
  const { output } = await run('curl', [...options, 'https://localhost/']);
  assert.equal(output, 'Hello, World!');
});

test('--check-config and the start say in one line what is wrong with a certificate', async () => {
  const wrong = ['--certfile', certificate.keyfile, '--keyfile', certificate.certfile, 'hello:app'];
  for (const args of [['--check-config', ...wrong], wrong]) {
    const { code, output } = await runToEnd(['--python', PYTHON, ...args], WSGI_APPS);
    assert.equal(code, 1);
    assert.match(
      output,
      /certfile .*server\.key has no certificate in PEM form .* are the two exchanged\? certfile is set on the command line \(--certfile\); keyfile is set on the command line \(--keyfile\)\.(?: \(cannot-start\))?\n/,
    );
    assert.doesNotMatch(output, /\n\s+at /);
  }
  await eventually(async () => {
    const good = ['--check-config', '--python', PYTHON, ...certificate.args, 'hello:app'];
    assert.deepEqual(await runToEnd(good, WSGI_APPS), { code: 0, output: '' });
    return true;
  });
});
