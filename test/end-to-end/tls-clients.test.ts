// Client certificates on the real server, shown by curl and openssl s_client: who gets in, what applications are told, and
// that a reload changes it for resumed sessions, too. Faults put in by hand and seen here: what OpenSSL says of a
// certificate not asked for; ticket keys that do not follow from the authorities.

import assert from 'node:assert/strict';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { makeSigned, type TestCertificate } from '../support/certificates.ts';
import { curl, type Ran, sClient } from '../support/tls-clients.ts';
import { type Served, serveNode, serveWsgi, temporaryFolder } from './serving.ts';

const GET = 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';

let folder: string;
let root: TestCertificate;
let ours: TestCertificate;
let server: TestCertificate;
/** The chain of our own certificate and the authority of clients, as people who come from Gunicorn have it. */
let authorities: string;
let alice: TestCertificate;
/** Of an authority that the server does not know. */
let mallory: TestCertificate;
let theirs: TestCertificate;
/** Signed by ours, but to be a server with. */
let wrongUse: TestCertificate;

before(async () => {
  folder = await temporaryFolder();
  root = makeSigned(folder, 'root', { subject: '/CN=Root' }, null);
  ours = makeSigned(folder, 'ours', { subject: '/O=Bäckerei/CN=Ours' }, root);
  server = makeSigned(folder, 'server', { subject: '/CN=localhost' }, ours);
  theirs = makeSigned(folder, 'theirs', { subject: '/CN=Theirs' }, null);
  const person = { subject: '/C=DE/O=Bäckerei/CN=Alice, Bob', use: 'clientAuth' } as const;
  alice = makeSigned(folder, 'alice', person, ours);
  mallory = makeSigned(folder, 'mallory', { ...person, subject: '/CN=Mallory' }, theirs);
  wrongUse = makeSigned(folder, 'wrong', { subject: '/CN=Server', use: 'serverAuth' }, ours);
  authorities = join(folder, 'authorities.pem');
  writeFileSync(authorities, `${ours.cert}\n${root.cert}`);
});

function options(reqs: string, ca = authorities): string[] {
  return [...server.args, '--ca-certs', ca, '--cert-reqs', reqs, '--log-level', 'debug'];
}

/** Trusts the root alone: the server has to send the certificate between it and its own. */
function asks({ port }: Served, client: TestCertificate | null, ...more: string[]): Promise<Ran> {
  const shows = client === null ? [] : ['--cert', client.certfile, '--key', client.keyfile];
  return curl(port, '/', '--cacert', root.certfile, ...shows, ...more);
}

/** One request by openssl, its session read from and left in a file. */
function session(
  { port }: Served,
  client: TestCertificate,
  version: string,
  ...files: string[]
): Promise<Ran> {
  const shows = ['-cert', client.certfile, '-key', client.keyfile, '-CAfile', root.certfile];
  return sClient(port, GET, version, '-ign_eof', ...shows, ...files);
}

test('required: only who shows a good certificate gets in, and a WSGI application reads whose it is', async () => {
  const served = await serveWsgi('tell_environ:app', options('2'));
  for (const limit of ['1.2', '1.3']) {
    const { output } = await asks(served, alice, '--tls-max', limit);
    const environ = JSON.parse(output);
    assert.equal(environ.SSL_CLIENT_VERIFY, 'SUCCESS');
    const names = [environ.SSL_CLIENT_S_DN, environ.SSL_CLIENT_I_DN].map((name) =>
      Buffer.from(name, 'latin1').toString('utf8'),
    );
    assert.deepEqual(names, ['CN=Alice\\, Bob,O=Bäckerei,C=DE', 'CN=Ours,O=Bäckerei']);
    assert.equal(environ.SSL_CLIENT_CERT, alice.cert);
    assert.match(environ.SSL_CLIENT_M_SERIAL, /^[0-9A-F]{10,}$/);
    for (const other of [null, mallory, wrongUse]) {
      assert.notEqual((await asks(served, other, '--tls-max', limit)).code, 0);
    }
  }
  for (const reason of [
    'peer did not return a certificate',
    "the client's certificate is refused: unable to (?:get local issuer|verify the first) certificate",
    "the client's certificate is refused: (?:unsuitable|unsupported) certificate purpose",
  ]) {
    await served.server.line(new RegExp(`No TLS with ip=127\\.0\\.0\\.1: ${reason}`), 2);
  }
  assert.doesNotMatch(served.log(), /\[ERROR\]/);
});

test('optional: whoever shows none gets in, whoever shows a bad one does not', async () => {
  const served = await serveWsgi('tell_environ:app', options('CERT_OPTIONAL'));
  const without = JSON.parse((await asks(served, null)).output);
  assert.equal(without.SSL_CLIENT_VERIFY, 'NONE');
  assert.equal('SSL_CLIENT_S_DN' in without, false);
  const field = ['-H', 'SSL-Client-Verify: SUCCESS'];
  assert.equal(JSON.parse((await asks(served, null, ...field)).output).SSL_CLIENT_VERIFY, 'NONE');
  assert.equal(JSON.parse((await asks(served, alice)).output).SSL_CLIENT_VERIFY, 'SUCCESS');
  assert.notEqual((await asks(served, mallory)).code, 0);
});

test('a Node.js listener asks its socket, as on a TLSSocket', async () => {
  const served = await serveNode('./client-certificate.mjs', options('optional'));
  assert.deepEqual(JSON.parse((await asks(served, alice)).output), {
    authorized: true,
    authorizationError: null,
    subject: { C: 'DE', O: 'Bäckerei', CN: 'Alice, Bob' },
    x509: 'C=DE\nO=Bäckerei\nCN=Alice\\, Bob',
  });
  assert.deepEqual(JSON.parse((await asks(served, null)).output), {
    authorized: false,
    authorizationError: 'UNABLE_TO_GET_ISSUER_CERT',
  });
});

test('a reload takes other authorities, for resumed sessions too; a file that is none changes nothing', async () => {
  const file = join(folder, 'changing.pem');
  copyFileSync(authorities, file);
  const served = await serveWsgi('tell_environ:app', options('required', file));
  const kept = join(folder, 'session');
  for (const version of ['-tls1_2', '-tls1_3']) {
    const { output } = await session(served, alice, version, '-sess_out', `${kept}${version}`);
    assert.match(output, /"SSL_CLIENT_VERIFY": "SUCCESS"/);
    assert.match(output, /ticket lifetime hint: 300 /);
    const resumed = await session(served, alice, version, '-sess_in', `${kept}${version}`);
    assert.match(resumed.output, /Reused, TLSv1[\s\S]*"SSL_CLIENT_S_DN": "CN=Alice/);
  }

  writeFileSync(file, 'no certificate\n');
  served.server.signal('SIGHUP');
  await served.server.line(
    /Reload refused, everything stays as it is: ca_certs .*changing\.pem has no certificate in PEM form/,
  );
  assert.equal((await asks(served, alice)).code, 0);

  // Our own chain is still needed; but it is a leaf's signature by ours that no longer counts.
  writeFileSync(file, theirs.cert);
  served.server.signal('SIGHUP');
  await served.server.line(/Reloaded\./);
  const accepts = (client: TestCertificate) => asks(served, client, '--cacert', ours.certfile);
  assert.equal((await accepts(mallory)).code, 0);
  assert.notEqual((await accepts(alice)).code, 0);
  for (const version of ['-tls1_2', '-tls1_3']) {
    const { output } = await session(served, alice, version, '-sess_in', `${kept}${version}`);
    assert.doesNotMatch(output, /Reused, |HTTP\/1\.1 200/);
  }
});
