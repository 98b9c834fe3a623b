// TLS sessions, versions and ciphers on the real server, tried by openssl s_client: a session is resumed by every worker, after
// a reload and by a new arbiter, as long as the private key stays. Faults put in by hand and seen here: a new secret for each
// reload; none handed to the new arbiter.

import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { makeCertificate, type TestCertificate } from '../support/certificates.ts';
import { isAlive } from '../support/processes.ts';
import { type Ran, sClient } from '../support/tls-clients.ts';
import {
  eventually,
  makeFifo,
  type Served,
  serveNode,
  serveWsgi,
  temporaryFolder,
} from './serving.ts';

const GET = 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
const VERSIONS = ['-tls1_2', '-tls1_3'] as const;

let folder: string;
let certificate: TestCertificate;

before(async () => {
  folder = await temporaryFolder();
  certificate = makeCertificate(folder);
});

function talks({ port }: Served, ...options: string[]): Promise<Ran> {
  return sClient(port, GET, '-ign_eof', ...options);
}

test('sessions are resumed by every worker, across reloads and an upgrade, until the private key changes', async (t) => {
  const [pidFile, saved] = [join(folder, 'pid'), join(folder, 'session')];
  const args = ['--workers', '2', '--pid', pidFile];
  const served = await serveNode('./bench-fetch.mjs', args, { certificate, readyWorkers: 2 });
  const { server } = served;
  for (const version of VERSIONS) {
    const { output } = await talks(served, version, '-sess_out', `${saved}${version}`);
    assert.match(output, /^New, TLSv1/m);
    assert.match(output, /HTTP\/1\.1 200/);
  }
  const resumes = async (when: string): Promise<void> => {
    // Both workers get their share.
    for (let turn = 0; turn < 3; turn++) {
      for (const version of VERSIONS) {
        const { output } = await talks(served, version, '-sess_in', `${saved}${version}`);
        assert.match(output, /^Reused, TLSv1/m, `${when}, ${version}`);
        assert.match(output, /HTTP\/1\.1 200/, `${when}, ${version}`);
      }
    }
  };
  await resumes('at first');
  const { output } = await talks(served, '-tls1_2', '-reconnect');
  assert.equal(output.match(/^Reused, TLSv1\.2/gm)?.length, 5);

  server.signal('SIGHUP');
  await server.line(/Reloaded\./);
  await resumes('after a reload');

  server.signal('SIGUSR2');
  const next = Number((await server.line(/New arbiter started with pid: (\d+)/))[1]);
  t.after(() => eventually(() => !isAlive(next), 'the new arbiter to end'));
  await server.line(/Worker ready \(pid: \d+\)/, 6);
  server.signal('SIGTERM');
  try {
    await eventually(() => !isAlive(server.pid), 'the old arbiter to end');
    await resumes('by the new arbiter');

    const other = makeCertificate(folder, 'other');
    copyFileSync(other.certfile, certificate.certfile);
    process.kill(next, 'SIGHUP');
    await server.line(
      /Reload refused, everything stays as it is: The private key in .*server\.key does not belong to the certificate in certfile .*server\.crt\./,
    );
    await resumes('when the new certificate and the old key were not one');
    copyFileSync(other.keyfile, certificate.keyfile);
    process.kill(next, 'SIGHUP');
    await server.line(/Reloaded\./, 2);
    for (const version of VERSIONS) {
      const seen = await talks(served, version, '-sess_in', `${saved}${version}`);
      assert.match(seen.output, /^New, TLSv1/m);
      assert.match(seen.output, /HTTP\/1\.1 200/);
    }
  } finally {
    process.kill(next, 'SIGTERM');
  }
});

test('ciphers are for TLS 1.2 and leave TLS 1.3 alone; ours come first', async () => {
  const own = makeCertificate(folder, 'own');
  const list = 'ECDHE-ECDSA-AES128-GCM-SHA256,ECDHE-ECDSA-AES256-GCM-SHA384';
  const served = await serveNode('./bench-fetch.mjs', ['--ciphers', list], { certificate: own });
  const chosen = async (...options: string[]): Promise<string | undefined> =>
    /^(?:New|Reused), TLSv1.*, Cipher is (.*)$/m.exec(
      (await talks(served, ...options)).output,
    )?.[1];
  const [aes128, aes256] = list.split(',');
  assert.equal(await chosen('-tls1_2', '-cipher', `${aes256}:${aes128}`), aes128);
  assert.equal(await chosen('-tls1_2', '-cipher', `${aes256}`), aes256);
  assert.equal(await chosen('-tls1_2', '-cipher', 'ECDHE-ECDSA-CHACHA20-POLY1305'), undefined);
  assert.equal(await chosen('-tls1_3'), 'TLS_AES_256_GCM_SHA384');
});

test('ssl_min_version 1.3 refuses TLS 1.2; a cipher of TLS 1.3 may be chosen', async () => {
  const own = makeCertificate(folder, 'newest');
  const args = ['--ssl-min-version', 'TLSv1.3', '--ciphers', 'TLS_CHACHA20_POLY1305_SHA256'];
  const served = await serveNode('./bench-fetch.mjs', args, { certificate: own });
  assert.match((await talks(served, '-tls1_2')).output, /alert protocol version/);
  assert.match(
    (await talks(served, '-tls1_3')).output,
    /^New, TLSv1\.3, Cipher is TLS_CHACHA20_POLY1305_SHA256$/m,
  );
});
test('a reload serves the new certificate and closes nothing: a request under way is answered', async () => {
  const own = makeCertificate(folder, 'before');
  const fifo = await makeFifo();
  const served = await serveWsgi('wait_for_signal:app', [], { certificate: own });
  const client = await served.connect();
  await client.send(`GET /step?fifo=${fifo} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  await eventually(() => client.receivedBytes > 0, 'the first piece');

  const next = makeCertificate(folder, 'after');
  copyFileSync(next.certfile, own.certfile);
  copyFileSync(next.keyfile, own.keyfile);
  served.server.signal('SIGHUP');
  await served.server.line(/Reloaded\./);
  const fresh = await served.connectSecurely({ ca: next.cert });
  await fresh.send(GET);
  assert.equal((await fresh.readResponse()).status, 200);
  await assert.rejects(served.connectSecurely({ ca: own.cert }));

  await writeFile(fifo, '');
  assert.equal((await client.readResponse()).body.toString(), 'firstsecond');
  assert.equal(await client.waitClosed(), 'end');
});
