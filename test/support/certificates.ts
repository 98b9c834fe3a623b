// Certificates for the tests, made by openssl in a folder of the test: one that is its own authority, for localhost and
// 127.0.0.1, with a key on a curve because those are made and used quickly.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface TestCertificate {
  readonly certfile: string;
  readonly keyfile: string;
  /** What is in them. */
  readonly cert: string;
  readonly key: string;
  /** The options of a server that uses it. */
  readonly args: readonly string[];
}

const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];

const FOR_LOCALHOST = ['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];

/** @param newKey how the key is made; `name` distinguishes several in one folder */
export function makeCertificate(
  folder: string,
  name = 'server',
  newKey: readonly string[] = CURVE,
): TestCertificate {
  return make(folder, name, ['-subj', '/CN=localhost', ...FOR_LOCALHOST, ...newKey]);
}

export interface Signed {
  /** As in openssl: /O=Some firm/CN=somebody. */
  readonly subject: string;
  /** What it is for: serverAuth, clientAuth. */
  readonly use?: 'clientAuth' | 'serverAuth';
}

/** A certificate, signed by another one or, without it, by itself. It is good for localhost. */
export function makeSigned(
  folder: string,
  name: string,
  { subject, use }: Signed,
  authority: TestCertificate | null,
): TestCertificate {
  const signedBy =
    authority === null ? [] : ['-CA', authority.certfile, '-CAkey', authority.keyfile];
  const uses = use === undefined ? [] : ['-addext', `extendedKeyUsage=${use}`];
  return make(folder, name, [
    '-subj',
    subject,
    '-utf8',
    ...FOR_LOCALHOST,
    ...CURVE,
    ...uses,
    ...signedBy,
  ]);
}

function make(folder: string, name: string, options: readonly string[]): TestCertificate {
  const certfile = join(folder, `${name}.crt`);
  const keyfile = join(folder, `${name}.key`);
  const files = ['-keyout', keyfile, '-out', certfile];
  openssl(['req', '-x509', '-nodes', '-days', '2', ...options, ...files]);
  const cert = readFileSync(certfile, 'utf8');
  const key = readFileSync(keyfile, 'utf8');
  return { certfile, keyfile, cert, key, args: ['--certfile', certfile, '--keyfile', keyfile] };
}

export function openssl(args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
