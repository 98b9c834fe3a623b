// Behind a proxy that speaks HTTP: whose word counts, and for what. Every client of 127.0.0.1 is a proxy by default; those
// that connect from 127.0.0.2 are strangers, who send the very same bytes.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, type TestContext, test } from 'node:test';
import { openConnections } from '../support/open-connections.ts';
import { RawClient, type RawResponse } from '../support/raw-client.ts';
import { type Server, startServer } from '../support/server.ts';
import {
  eventually,
  json,
  PYTHON,
  requestBytes,
  runToEnd,
  type Served,
  serveNode,
  serveWsgi,
  temporaryFolder,
  WSGI_APPS,
} from './serving.ts';

const PROXY = '127.0.0.1';
const STRANGER = '127.0.0.2';
const HTTPS = 'X-Forwarded-Proto: https';

let byDefault: Served;
let configured: Served;
let logFile: string;

before(async () => {
  const folder = await temporaryFolder();
  logFile = join(folder, 'access');
  const config = join(folder, 'gunicorn.conf.py');
  await writeFile(
    config,
    [
      `forwarded_allow_ips = "10.0.0.0/8, ${STRANGER}"`,
      'secure_scheme_headers = {"X-SCHEME": "tls", "X-TLS": "1"}',
      'forwarder_headers = "REMOTE_USER"',
      'header_map = "refuse"',
      'forwarded_for = True',
      `accesslog = "${logFile}"`,
      'access_log_format = "%(h)s %({wsgi.url_scheme}e)s %(r)s"',
    ].join('\n'),
  );
  [byDefault, configured] = await Promise.all([
    serveWsgi('tell_environ:app', []),
    serveWsgi('tell_environ:app', ['-c', config]),
  ]);
});

/** One request from this address of ours, on a connection of its own. */
async function askFrom(
  t: TestContext,
  localAddress: string,
  { port }: { readonly port: number },
  path: string,
  ...fields: string[]
): Promise<RawResponse> {
  const client = await RawClient.connect(t, { host: '127.0.0.1', port, localAddress });
  await client.send(requestBytes('GET', path, { fields }));
  return client.readResponse();
}

type Environ = Record<string, unknown>;

async function environOf(...asked: Parameters<typeof askFrom>): Promise<Environ> {
  return json(await askFrom(...asked)) as Environ;
}

test('a request whose client has reset before it was accepted comes from nobody, and never runs', async (t) => {
  const served = await serveNode('./freezes.mjs', ['--threads', '1']);
  const [worker = assert.fail('no worker')] = served.server.workerPids();
  // All of it is in the kernel before the worker accepts: there is no address any more that could be judged.
  process.kill(worker, 'SIGSTOP');
  try {
    for (let index = 0; index < 20; index++) {
      const client = await RawClient.connect(t, {
        host: '127.0.0.1',
        port: served.port,
        localAddress: STRANGER,
      });
      await client.send(requestBytes('GET', '/block?0', { fields: [HTTPS] }));
      client.reset();
    }
  } finally {
    process.kill(worker, 'SIGCONT');
  }
  assert.equal((await askFrom(t, PROXY, served, '/runs')).body.toString(), '0');
  await eventually(() => openConnections(served.port) <= 1, 'the others to be closed');
});

test('https that a proxy tells of is wsgi.url_scheme, and from a stranger only a field', async (t) => {
  const trusted = await environOf(t, PROXY, byDefault, '/', HTTPS);
  assert.equal(trusted['wsgi.url_scheme'], 'https');
  assert.equal(trusted['HTTP_X_FORWARDED_PROTO'], 'https');
  const spoofed = await environOf(t, STRANGER, byDefault, '/', HTTPS);
  assert.equal(spoofed['wsgi.url_scheme'], 'http');
  assert.equal(spoofed['HTTP_X_FORWARDED_PROTO'], 'https');
  assert.equal(spoofed['REMOTE_ADDR'], STRANGER);
  for (const field of ['X-Forwarded-Protocol: ssl', 'X-Forwarded-SSL: on']) {
    const environ = await environOf(t, PROXY, byDefault, '/', field);
    assert.equal(environ['wsgi.url_scheme'], 'https', field);
  }
});

test('a proxy that contradicts itself is refused before the body is read, a stranger is not', async (t) => {
  const fields = [HTTPS, 'X-Forwarded-SSL: off', 'Content-Length: 5'];
  assert.equal((await askFrom(t, PROXY, byDefault, '/', ...fields)).status, 400);
  await eventually(
    () => /contradictory-scheme/.test(byDefault.log()),
    'the reason to be in the log',
  );
  const ignored = await environOf(t, STRANGER, byDefault, '/', ...fields.slice(0, 2));
  assert.equal(ignored['wsgi.url_scheme'], 'http');
});

test('on one connection each request has the scheme that came with it', async (t) => {
  const { port } = byDefault;
  const client = await RawClient.connect(t, port);
  for (const turn of [0, 1, 2, 3, 4, 5]) {
    const scheme = turn % 3 === 0 ? 'https' : 'http';
    const field = turn === 5 ? '' : `X-Forwarded-Proto: ${scheme}\r\n`;
    const environ = json(await client.get('/', field)) as Environ;
    assert.equal(environ['wsgi.url_scheme'], scheme, `request ${turn}`);
  }
});

test('SCRIPT_NAME of a proxy is where the application begins, and of a stranger nothing', async (t) => {
  const fields = ['SCRIPT_NAME: /shop', 'PATH_INFO: /not-this'];
  const trusted = await environOf(t, PROXY, byDefault, '/shop/a%20b?q', ...fields);
  assert.equal(trusted['SCRIPT_NAME'], '/shop');
  assert.equal(trusted['PATH_INFO'], '/a b');
  assert.equal(trusted['RAW_URI'], '/shop/a%20b?q');
  assert.equal(trusted['HTTP_SCRIPT_NAME'], '/shop', 'as in Gunicorn');
  assert.equal(trusted['HTTP_PATH_INFO'], '/not-this', 'as in Gunicorn');
  const spoofed = await environOf(t, STRANGER, byDefault, '/shop/a', ...fields);
  assert.equal(spoofed['SCRIPT_NAME'], '');
  assert.equal(spoofed['PATH_INFO'], '/shop/a');
  assert.equal('HTTP_SCRIPT_NAME' in spoofed || 'HTTP_PATH_INFO' in spoofed, false);
  for (const path of ['/other', '/shopping']) {
    const outside = await askFrom(t, PROXY, byDefault, path, ...fields);
    assert.equal(outside.status, 500, `${path} is not below it`);
  }
  const twice = ['SCRIPT_NAME: /shop', 'SCRIPT_NAME: /shop/more'];
  assert.equal((await askFrom(t, PROXY, byDefault, '/shop/more/a', ...twice)).status, 400);
});

test('X-Forwarded-For and X-Forwarded-Host are fields and nothing else by default', async (t) => {
  const fields = ['X-Forwarded-For: 192.0.2.1', 'X-Forwarded-Host: other.example'];
  const environ = await environOf(t, PROXY, byDefault, '/', ...fields);
  assert.equal(environ['REMOTE_ADDR'], PROXY);
  assert.match(String(environ['REMOTE_PORT']), /^[1-9]\d*$/);
  assert.equal(environ['HTTP_X_FORWARDED_FOR'], '192.0.2.1');
  assert.equal(environ['HTTP_HOST'], 'localhost');
  assert.equal(environ['HTTP_X_FORWARDED_HOST'], 'other.example');
});

test('gunicorn.conf.py says who the proxies are, by which fields they say https, and what else they may send', async (t) => {
  const secure = await environOf(t, STRANGER, configured, '/', 'X-Scheme: tls', 'X-TLS: 1');
  assert.equal(secure['wsgi.url_scheme'], 'https');
  const other = await environOf(t, STRANGER, configured, '/', HTTPS);
  assert.equal(other['wsgi.url_scheme'], 'http', 'no field of this server');
  const own = await environOf(t, PROXY, configured, '/', 'X-Scheme: tls');
  assert.equal(own['wsgi.url_scheme'], 'http', '127.0.0.1 is in the default, not in this list');
  const user = await environOf(t, STRANGER, configured, '/', 'REMOTE_USER: ada');
  assert.equal(user['HTTP_REMOTE_USER'], 'ada');
  assert.equal((await askFrom(t, PROXY, configured, '/', 'REMOTE_USER: ada')).status, 400);
  assert.equal((await askFrom(t, STRANGER, configured, '/', 'SCRIPT_NAME: /a')).status, 400);
});

test('forwarded_for names the client of a proxy, to the application and in the access log', async (t) => {
  const chain = 'X-Forwarded-For: 198.51.100.7, 192.0.2.1, 10.0.0.3';
  const client = await environOf(t, STRANGER, configured, '/by-proxy', chain, 'X-Scheme: tls');
  assert.equal(client['REMOTE_ADDR'], '192.0.2.1');
  assert.equal('REMOTE_PORT' in client, false, 'nobody tells it');
  assert.equal(client['wsgi.url_scheme'], 'https');
  const spoofed = await environOf(t, PROXY, configured, '/by-stranger', chain);
  assert.equal(spoofed['REMOTE_ADDR'], PROXY);
  const logged = async (): Promise<string> => readFile(logFile, 'latin1');
  await eventually(async () => (await logged()).includes('/by-stranger'), 'the access log');
  const lines = (await logged()).split('\n').filter((line) => line.includes('/by-'));
  assert.deepEqual(lines, [
    '192.0.2.1 https GET /by-proxy HTTP/1.1',
    `${PROXY} http GET /by-stranger HTTP/1.1`,
  ]);
});

/** A server that is started with this list, on these addresses. */
function listening(
  t: TestContext,
  allowed: string,
  bind: readonly string[] = ['127.0.0.1:0'],
): Promise<Server> {
  const args = ['--python', PYTHON, '--forwarded-for'];
  const env = { FORWARDED_ALLOW_IPS: allowed };
  return startServer(t, { app: 'tell_environ:app', cwd: WSGI_APPS, args, env, bind });
}

test('FORWARDED_ALLOW_IPS is the list: * is everybody; an empty one is nobody but unix sockets', async (t) => {
  const path = join(await temporaryFolder(), 'socket');
  const [everybody, nobody] = await Promise.all([
    listening(t, '*'),
    listening(t, '', ['127.0.0.1:0', `unix:${path}`]),
  ]);
  const fields = [HTTPS, `X-Forwarded-For: ${PROXY}, 192.0.2.1`] as const;
  const believed = await environOf(t, STRANGER, everybody, '/', ...fields);
  assert.deepEqual(
    [believed['wsgi.url_scheme'], believed['REMOTE_ADDR']],
    ['https', '192.0.2.1'],
    'it is the last one, whatever stands left of it',
  );
  const ignored = await environOf(t, PROXY, nobody, '/', ...fields);
  assert.deepEqual([ignored['wsgi.url_scheme'], ignored['REMOTE_ADDR']], ['http', PROXY]);

  const client = await RawClient.connect(t, path);
  const secure = json(await client.get('/', `${fields.join('\r\n')}\r\n`)) as Environ;
  assert.deepEqual([secure['wsgi.url_scheme'], secure['REMOTE_ADDR']], ['https', '192.0.2.1']);
  assert.equal(secure['SERVER_PORT'], '443', 'the port follows the scheme');
  const plain = json(await client.get('/')) as Environ;
  assert.deepEqual([plain['wsgi.url_scheme'], plain['SERVER_PORT']], ['http', '80']);
  assert.equal(plain['REMOTE_ADDR'], '');
});

test('a Node.js listener has an encrypted socket of the client, a fetch handler an https URL', async (t) => {
  const [listener, fetcher] = await Promise.all([
    serveNode('./tell-socket.mjs', ['--forwarded-for']),
    serveNode('./fetch.ts', []),
  ]);
  const fields = [HTTPS, 'X-Forwarded-For: 192.0.2.1'] as const;
  assert.deepEqual(json(await askFrom(t, PROXY, listener, '/', ...fields)), {
    encrypted: true,
    remoteAddress: '192.0.2.1',
    remotePort: null,
    localAddress: '127.0.0.1',
    localPort: listener.port,
  });
  const spoofed = json(await askFrom(t, STRANGER, listener, '/', ...fields)) as Environ;
  // As of a plain socket of Node.js, which has no such property.
  assert.deepEqual([spoofed['encrypted'], spoofed['remoteAddress']], [null, STRANGER]);
  const seen = json(await askFrom(t, PROXY, fetcher, '/seen?x', HTTPS)) as Environ;
  assert.equal(seen['url'], 'https://localhost/seen?x');
  const plain = json(await askFrom(t, STRANGER, fetcher, '/seen?x', HTTPS)) as Environ;
  assert.equal(plain['url'], 'http://localhost/seen?x');
});

test('a list or a dict that is wrong is named with its place, and --check-config ends with 1', async () => {
  const folder = await temporaryFolder();
  const wrong = [
    [
      'forwarded_allow_ips = "10.0.0.1/8"',
      /forwarded_allow_ips must be IP .* line 1 is not: it has/,
    ],
    ['secure_scheme_headers = "https"', /secure_scheme_headers must be field names, .* line 1/],
    ['secure_scheme_headers = {"X-A": True}', /must be a text for X-A: true .* line 1/],
    ['forwarder_headers = "A B"', /forwarder_headers must be names of fields.* line 1/],
  ] as const;
  const checked = wrong.map(async ([line, sentence], n) => {
    const config = join(folder, `${n}.py`);
    await writeFile(config, line);
    const args = ['--check-config', '--python', PYTHON, '-c', config, 'tell_environ:app'];
    const { code, output } = await runToEnd(args, WSGI_APPS);
    assert.equal(code, 1, output);
    assert.match(output, sentence);
  });
  await Promise.all(checked);
});
