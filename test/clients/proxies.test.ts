// What nginx and HAProxy, set up as docs/proxies.md says, tell both kinds of application of their clients, by fields of
// HTTP and by PROXY headers; and that their clients cannot tell it themselves.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, type TestContext, test } from 'node:test';
import {
  json,
  PYTHON,
  type Served,
  serveNode,
  serveWsgi,
  temporaryFolder,
  WSGI_APPS,
} from '../end-to-end/serving.ts';
import { makeCertificate } from '../support/certificates.ts';
import { RawClient, type Target } from '../support/raw-client.ts';
import { startServer } from '../support/server.ts';
import { type Haproxy, startHaproxy } from './haproxy.ts';
import { KEPT, startNginx, startNginxBelowHttp } from './nginx.ts';

/** What a client may try to say: that it came by https, from elsewhere, and where the application begins. */
const LIES = [
  'X-Forwarded-Proto: https',
  'X-Forwarded-Ssl: on',
  'X-Forwarded-For: 198.51.100.1',
  'SCRIPT_NAME: /li',
]
  .map((line) => `${line}\r\n`)
  .join('');

interface Told {
  readonly secure: boolean;
  readonly client: string;
  /** WSGI alone. */
  readonly scriptName: string;
  readonly path: string;
}

interface Kind {
  served: Served;
  read(answer: Record<string, unknown>): Told;
}

const KINDS: { [kind: string]: Kind } = {};

before(async () => {
  const [wsgi, node] = await Promise.all([
    serveWsgi('tell_environ:app', ['--forwarded-for', '--threads', '2']),
    serveNode('./tell-socket.mjs', ['--forwarded-for']),
  ]);
  KINDS['WSGI'] = {
    served: wsgi,
    read: (environ) => ({
      secure: environ['wsgi.url_scheme'] === 'https',
      client: String(environ['REMOTE_ADDR']),
      scriptName: String(environ['SCRIPT_NAME']),
      path: String(environ['PATH_INFO']),
    }),
  };
  KINDS['Node.js'] = {
    served: node,
    read: (socket) => ({
      secure: socket['encrypted'] === true,
      client: String(socket['remoteAddress']),
      scriptName: '',
      path: '',
    }),
  };
});

async function told(
  t: TestContext,
  kind: string,
  target: Target,
  path: string,
  fields = '',
): Promise<Told> {
  const client = await RawClient.connect(t, target);
  const answer = json(await client.get(path, fields)) as Record<string, unknown>;
  return (KINDS[kind] ?? assert.fail(kind)).read(answer);
}

const upstreamPort = (kind: string): number => KINDS[kind]?.served.port ?? assert.fail(kind);

for (const kind of ['WSGI', 'Node.js']) {
  test(`nginx tells ${kind} applications of https and where they begin, and its clients cannot`, async (t) => {
    const clear = 'proxy_set_header X-Forwarded-Ssl "";';
    const own = (scheme: string): string =>
      `${KEPT} ${clear} proxy_set_header X-Forwarded-Proto ${scheme}; proxy_set_header X-Forwarded-For 192.0.2.1;`;
    const script = 'proxy_set_header SCRIPT_NAME /shop;';
    const [secure, plain] = await Promise.all([
      startNginx(t, { upstreamPort: upstreamPort(kind), location: `${own('https')} ${script}` }),
      startNginx(t, { upstreamPort: upstreamPort(kind), location: own('$scheme') }),
    ]);
    const viaSecure = await told(t, kind, secure.socketPath, '/shop/cart');
    assert.deepEqual([viaSecure.secure, viaSecure.client], [true, '192.0.2.1']);
    const viaPlain = await told(t, kind, plain.socketPath, '/cart', LIES);
    assert.deepEqual([viaPlain.secure, viaPlain.client], [false, '192.0.2.1']);
    if (kind !== 'WSGI') return;
    assert.deepEqual([viaSecure.scriptName, viaSecure.path], ['/shop', '/cart']);
    assert.deepEqual([viaPlain.scriptName, viaPlain.path], ['', '/cart']);
  });

  test(`HAProxy tells ${kind} applications of https and of the client, and its clients cannot`, async (t) => {
    const server = `server one 127.0.0.1:${upstreamPort(kind)}`;
    const asDocumented = [
      'http-request del-header X-Forwarded-For',
      'http-request del-header SCRIPT_NAME',
      'http-request del-header X-Forwarded-Ssl',
      'option forwardfor',
    ];
    const [secure, plain] = await Promise.all(
      ['https', 'http'].map((scheme) =>
        startHaproxy(t, {
          mode: 'http',
          frontend: [...asDocumented, `http-request set-header X-Forwarded-Proto ${scheme}`],
          backend: [server],
        }),
      ),
    );
    const from = (port = 0): Target => ({ host: '127.0.0.1', port, localAddress: '127.0.0.9' });
    const viaSecure = await told(t, kind, from(secure?.port), '/cart', LIES);
    assert.deepEqual([viaSecure.secure, viaSecure.client], [true, '127.0.0.9']);
    assert.equal(viaSecure.scriptName, '');
    const viaPlain = await told(t, kind, from(plain?.port), '/cart', LIES);
    assert.deepEqual([viaPlain.secure, viaPlain.client], [false, '127.0.0.9']);
  });
}

const HEADERS = ['send-proxy', 'send-proxy-v2', 'send-proxy-v2-ssl-cn'];

test('HAProxy below HTTP names the client of each connection by a PROXY header, many at a time', async (t) => {
  const socketPath = join(await temporaryFolder(), 'socket');
  const server = await startServer(t, {
    app: 'tell_environ:app',
    cwd: WSGI_APPS,
    args: ['--python', PYTHON, '--threads', '2', '--proxy-protocol'],
    bind: ['127.0.0.1:0', `unix:${socketPath}`],
  });
  const places = [`127.0.0.1:${server.port}`, `unix@${socketPath}`];
  const proxies = await Promise.all(
    HEADERS.flatMap((header) => places.map((place) => belowHttp(t, `${place} ${header}`))),
  );
  const clients = Array.from({ length: 60 }, async (_, n) => {
    const localAddress = `127.0.3.${n + 1}`;
    const { port = 0 } = proxies[n % proxies.length] ?? {};
    const client = await RawClient.connect(t, { host: '127.0.0.1', port, localAddress });
    for (let turn = 0; turn < 5; turn++) {
      const environ = json(await client.get('/')) as Record<string, unknown>;
      const { REMOTE_ADDR, REMOTE_PORT, PROXY_PORT } = environ;
      assert.deepEqual(
        [REMOTE_ADDR, REMOTE_PORT, PROXY_PORT],
        [localAddress, String(client.localPort), String(port)],
      );
    }
  });
  await Promise.all(clients);
});

test('nginx below HTTP names the client of each connection, and says so when it knows none', async (t) => {
  const served = await serveWsgi('tell_environ:app', ['--proxy-protocol', 'v1', '--threads', '2']);
  const nginx = await startNginxBelowHttp(t, served.port);
  const clients = Array.from({ length: 30 }, async (_, n) => {
    const localAddress = `127.0.4.${n + 1}`;
    const target = { host: '127.0.0.1', port: nginx.port, localAddress };
    const client = await RawClient.connect(t, target);
    for (let turn = 0; turn < 3; turn++) {
      const { REMOTE_ADDR, REMOTE_PORT } = json(await client.get('/')) as Record<string, unknown>;
      assert.deepEqual([REMOTE_ADDR, REMOTE_PORT], [localAddress, String(client.localPort)]);
    }
  });
  await Promise.all(clients);
  // nginx's client of a unix socket: PROXY UNKNOWN.
  const client = await RawClient.connect(t, nginx.socketPath);
  const environ = json(await client.get('/')) as Record<string, unknown>;
  assert.deepEqual([environ['REMOTE_ADDR'], environ['PROXY_PROTOCOL']], ['127.0.0.1', 'UNKNOWN']);
});

test('HAProxy passes TLS on behind a PROXY header, and its own checks are no clients', async (t) => {
  const certificate = makeCertificate(await temporaryFolder());
  const args = ['--proxy-protocol', 'auto', '--log-level', 'info'];
  const served = await serveWsgi('tell_environ:app', args, { certificate });
  for (const header of HEADERS) {
    const proxy = await belowHttp(t, `127.0.0.1:${served.port} ${header} check inter 20ms`);
    const target = { host: '127.0.0.1', port: proxy.port, localAddress: '127.0.0.9' };
    const client = await RawClient.connectSecurely(t, target, { ca: certificate.cert });
    for (let turn = 0; turn < 20; turn++) {
      const environ = json(await client.get('/')) as Record<string, unknown>;
      assert.equal(environ['REMOTE_ADDR'], '127.0.0.9');
      assert.equal(environ['wsgi.url_scheme'], 'https');
    }
    assert.doesNotMatch(proxy.program.log(), /DOWN/);
  }
  assert.doesNotMatch(served.log(), /WARNING|ERROR/);
});

function belowHttp(t: TestContext, server: string): Promise<Haproxy> {
  return startHaproxy(t, { mode: 'tcp', backend: [`server one ${server}`] });
}
