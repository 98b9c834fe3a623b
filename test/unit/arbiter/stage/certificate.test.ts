// Certificate and key as they are given, rightly and in every wrong way: each is one sentence that names the setting, the
// file and what would be right.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type Certificate, readCertificate } from '../../../../src/arbiter/stage/certificate.ts';
import { makeCertificate, openssl } from '../../../support/certificates.ts';
import { launchArbiter } from '../arbiter-program.ts';

const folder = mkdtempSync(join(tmpdir(), 'tunicorn-certificate-'));
after(() => rmSync(folder, { recursive: true }));
const one = makeCertificate(folder);
const other = makeCertificate(folder, 'other');
const now = new Date();

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const WITHOUT = {
  certfile: null,
  keyfile: null,
  ca_certs: null,
  cert_reqs: 'none',
  ciphers: null,
} as const;
type Given = Parameters<typeof readCertificate>[0];
const secret = Buffer.alloc(32, 's');

function readAll(given: Partial<Given>, at = now, ticketSecret = secret): Certificate {
  return readCertificate({ ...WITHOUT, ...given }, at, ticketSecret);
}

function read(certfile: string | null, keyfile: string | null): Certificate {
  return readAll({ certfile, keyfile });
}

test('without the two there is no TLS', () => {
  assert.deepEqual(read(null, null), { tls: null, warnings: [] });
});

test('certificate and key in two files, or in one, are read', () => {
  const { tls, warnings } = read(one.certfile, one.keyfile);
  assert.deepEqual([tls?.cert, tls?.key], [one.cert, one.key]);
  assert.equal(Buffer.from(tls?.ticketKeys ?? '', 'base64').length, 48);
  assert.deepEqual(warnings, []);
  const both = file('both.pem', one.key + one.cert);
  assert.equal(read(both, null).tls?.key, one.key + one.cert);
});

test('a chain may stand behind the certificate', () => {
  const chain = file('chain.pem', one.cert + other.cert);
  assert.equal(read(chain, one.keyfile).tls?.cert, one.cert + other.cert);
});

const encrypted = join(folder, 'encrypted.key');
openssl(['pkey', '-in', one.keyfile, '-aes128', '-passout', 'pass:secret', '-out', encrypted]);
const oldEncrypted = join(folder, 'old.key');
openssl(['ec', '-in', one.keyfile, '-aes128', '-passout', 'pass:secret', '-out', oldEncrypted]);
const der = join(folder, 'server.der');
openssl(['x509', '-in', one.certfile, '-outform', 'der', '-out', der]);
const derKey = join(folder, 'key.der');
openssl(['pkey', '-in', one.keyfile, '-outform', 'der', '-out', derKey]);
const short = makeCertificate(folder, 'short', ['-newkey', 'rsa:512']);
const directory = join(folder, 'directory');
mkdirSync(directory);
const missing = join(folder, 'missing.pem');
const notPem = file('not.pem', 'no PEM\n');
const reversed = file('reversed.pem', other.cert + one.cert);
const damaged = file('damaged.pem', one.cert.replace(/\n[^-\n]{8}/, '\nAAAAAAAA'));
const damagedKey = file('damaged.key', one.key.replace(/\n[^-\n]{8}/, '\nAAAAAAAA'));
const huge = file('huge.pem', Buffer.alloc(1024 * 1024 + 1));

for (const [what, certfile, keyfile, says] of [
  [
    'a key without a certificate',
    null,
    one.keyfile,
    /^keyfile is given .* certfile is not: .*--certfile\.$/,
  ],
  [
    'a certificate without a key',
    one.certfile,
    null,
    /no private key in it, and keyfile is not given\. .*--keyfile\.$/,
  ],
  [
    'a certfile that is not there',
    missing,
    one.keyfile,
    /^certfile .*missing\.pem cannot be read: there is no such file\. It must be a PEM file with the certificate/,
  ],
  [
    'a keyfile that is not there',
    one.certfile,
    missing,
    /^keyfile .*missing\.pem cannot be read: there is no such file\. It must be a PEM file with the private key/,
  ],
  ['a folder', directory, one.keyfile, /^certfile .* it is no regular file\./],
  ['something much too large', huge, one.keyfile, /^certfile .* it has 1048577 bytes/],
  [
    'a certfile that is no PEM',
    notPem,
    one.keyfile,
    /^certfile .*not\.pem has no certificate in PEM form .* fullchain\.pem\.$/,
  ],
  [
    'a keyfile that is no PEM',
    one.certfile,
    notPem,
    /^keyfile .*not\.pem has no private key in PEM form .* privkey\.pem\.$/,
  ],
  [
    'a certificate in DER',
    der,
    one.keyfile,
    /^certfile .* looks like DER: openssl x509 -inform der/,
  ],
  ['a key in DER', one.certfile, derKey, /^keyfile .* looks like DER: openssl pkey -inform der/],
  ['the two exchanged', one.keyfile, one.certfile, /^certfile .* are the two exchanged\?$/],
  ['the certificate as both', one.certfile, one.certfile, /^keyfile .* are the two exchanged\?$/],
  [
    'the key of another certificate',
    one.certfile,
    other.keyfile,
    /^The private key in .*other\.key does not belong to the certificate in certfile .*server\.crt\./,
  ],
  [
    'a chain in the wrong order',
    reversed,
    one.keyfile,
    /belongs to certificate 2 in certfile .*reversed\.pem\. It must be the first/,
  ],
  [
    'a key with a passphrase',
    one.certfile,
    encrypted,
    /^The private key in keyfile .*encrypted\.key has a passphrase.*openssl pkey -in /,
  ],
  [
    'a key with a passphrase in the older form',
    one.certfile,
    oldEncrypted,
    /^The private key in keyfile .*old\.key has a passphrase.*openssl pkey -in /,
  ],
  [
    'a damaged certificate',
    damaged,
    one.keyfile,
    /^certfile .*damaged\.pem: certificate 1 in it is damaged/,
  ],
  [
    'a damaged key',
    one.certfile,
    damagedKey,
    /^The private key in keyfile .*damaged\.key is damaged/,
  ],
  [
    'a key that is too short',
    short.certfile,
    short.keyfile,
    /^certfile .*short\.crt cannot be used: OpenSSL says ".*too small"/,
  ],
] as const) {
  test(`${what} is one sentence that says what would be right`, () => {
    assert.throws(
      () => read(certfile, keyfile),
      (error: unknown) => {
        assert.ok(error instanceof Error);
        assert.match(error.message, says);
        assert.doesNotMatch(error.message, /\n/);
        return true;
      },
    );
  });
}

test('a certificate out of its time is served, with a warning', () => {
  const years = (count: number) => new Date(now.getTime() + count * 366 * 24 * 3600 * 1000);
  const { certfile, keyfile } = one;
  const at = (date: Date) => readAll({ certfile, keyfile }, date).warnings.join();
  assert.match(
    at(years(1)),
    /^The certificate in certfile .*server\.crt ended on .* Clients will refuse it\.$/,
  );
  assert.match(at(years(-1)), / begins on .* only\. /);
});

const { certfile, keyfile } = one;
for (const [what, ca_certs, says] of [
  ['is not there', missing, /^ca_certs .*missing\.pem cannot be read: there is no such file\./],
  ['is no PEM', notPem, /^ca_certs .*not\.pem has no certificate in PEM form .* often ca\.pem\.$/],
  ['is DER', der, /^ca_certs .* looks like DER: openssl x509 -inform der/],
  ['is a key', one.keyfile, /^ca_certs .* It has a private key, which belongs into keyfile/],
  ['is damaged', damaged, /^ca_certs .*damaged\.pem: certificate 1 in it is damaged/],
  ['is too large', huge, /^ca_certs .* it has 1048577 bytes/],
] as const) {
  test(`a file of authorities that ${what} is one sentence`, () => {
    assert.throws(() => readAll({ certfile, keyfile, ca_certs }), { message: says });
  });
}

test('authorities are read, several of one file, and one out of its time is told', () => {
  const ca_certs = file('authorities.pem', `# ours\n${one.cert}\n# theirs\n${other.cert}`);
  const given = { certfile, keyfile, ca_certs };
  assert.equal(readAll(given).tls?.ca, readFileSync(ca_certs, 'latin1'));
  assert.deepEqual(readAll(given).warnings, []);
  const later = new Date(now.getTime() + 366 * 24 * 3600 * 1000);
  const [, first, second] = readAll(given, later).warnings;
  assert.match(
    first ?? '',
    /^Certificate 1 in ca_certs .* ended on .* The server will refuse it\.$/,
  );
  assert.match(second ?? '', /^Certificate 2 in ca_certs /);
});

test('keys of tickets stay the same for the same secret, key, authorities and rule, and change with each', () => {
  const keysOf = (given: Partial<Given>, ticketSecret = secret) =>
    readAll({ certfile, keyfile, ...given }, now, ticketSecret).tls?.ticketKeys;
  const same = keysOf({});
  assert.equal(keysOf({ ciphers: 'HIGH' }), same);
  const others = [
    keysOf({}, Buffer.alloc(32, 't')),
    keysOf({ certfile: other.certfile, keyfile: other.keyfile }),
    keysOf({ ca_certs: other.certfile }),
    keysOf({ ca_certs: other.certfile, cert_reqs: 'optional' }),
    keysOf({ ca_certs: other.certfile, cert_reqs: 'required' }),
  ];
  assert.equal(new Set([same, ...others]).size, 6);
});

for (const check of [false, true]) {
  test(`a wrong certificate ends ${check ? 'the check' : 'the start'} with 1 and one line`, async (t) => {
    const args = ['--certfile', missing, '--keyfile', one.keyfile];
    const arbiter = await launchArbiter(t, { args, check });
    assert.equal((await arbiter.exited).code, 1);
    const lines = arbiter
      .log()
      .split('\n')
      .filter((line) => /missing\.pem/.test(line));
    assert.equal(lines.length, 1, arbiter.log());
    assert.doesNotMatch(arbiter.log(), /\n\s+at /);
  });
}

test('the workers get certificate and key in their start message', async (t) => {
  const args = [...one.args, '--env', `REPORT=${join(folder, 'report.json')}`];
  const arbiter = await launchArbiter(t, { args });
  await arbiter.line(/Listening at: https:\/\/127\.0\.0\.1:\d+ \(/);
  await arbiter.line(/Worker ready/);
  const told = JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8'));
  assert.deepEqual([told.tls.cert, told.tls.key], [one.cert, one.key]);
});
