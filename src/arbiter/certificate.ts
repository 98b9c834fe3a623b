// Reads certfile and keyfile, once, before anything listens, and says in one sentence what is wrong with them. The arbiter
// does it and hands the bytes to its workers: only the user that starts the server must be able to read a private key.

import { createPrivateKey, type KeyObject, randomBytes, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import tls from 'node:tls';
import type { Settings } from '../settings/settings.ts';
import type { TlsMaterial } from '../wire/arbiter-worker.ts';

/** Chains have some kilobytes; whoever names a disk image by mistake shall not have it read. */
const FILE_BYTES_MAX = 1024 * 1024;
const TICKET_KEY_BYTES = 48;

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;
const ENCRYPTED_KEY = /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m;

export interface Certificate {
  /** null without TLS. */
  readonly tls: TlsMaterial | null;
  /** Sentences: it can be served, but clients will not like it. */
  readonly warnings: readonly string[];
}

type Paths = Pick<Settings, 'certfile' | 'keyfile'>;

/** Throws an Error with a sentence for people that names the setting, the file and what would be right. */
export function readCertificate({ certfile, keyfile }: Paths, now: Date): Certificate {
  if (certfile === null) {
    if (keyfile === null) return { tls: null, warnings: [] };
    throw new Error(
      `keyfile is given (${keyfile}), certfile is not: TLS needs the certificate of the key too. Give it with --certfile.`,
    );
  }
  const cert = read('certfile', certfile);
  const key = keyfile === null ? cert : read('keyfile', keyfile);
  const [own, ...others] = certificatesOf(certfile, cert);
  if (own === undefined) throw new Error(noCertificate(certfile, cert));
  const privateKey = keyOf(certfile, keyfile, key);
  if (!own.checkPrivateKey(privateKey)) {
    throw new Error(mismatch(certfile, keyfile ?? certfile, privateKey, others));
  }
  tryOut(certfile, cert, key);
  const ticketKeys = randomBytes(TICKET_KEY_BYTES).toString('base64');
  return { tls: { cert, key, ticketKeys }, warnings: outOfTime(certfile, own, now) };
}

function read(setting: keyof Paths, path: string): string {
  try {
    const { size } = regularFile(path);
    if (size > FILE_BYTES_MAX) throw new Error(`it has ${size} bytes, more than any PEM file`);
    return readFileSync(path, 'latin1');
  } catch (error) {
    const right = setting === 'certfile' ? 'the certificate and its chain' : 'the private key';
    throw new Error(
      `${setting} ${path} cannot be read: ${reasonOf(error)}. It must be a PEM file with ${right}.`,
    );
  }
}

function regularFile(path: string): { size: number } {
  const found = statSync(path);
  if (!found.isFile()) throw new Error('it is no regular file');
  return found;
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'there is no such file';
  if (code === 'EACCES') return 'permission denied for the user that starts the server';
  return error instanceof Error ? error.message : String(error);
}

function certificatesOf(path: string, text: string): X509Certificate[] {
  const blocks = text.match(CERTIFICATE) ?? [];
  return blocks.map((pem, index) => {
    try {
      return new X509Certificate(pem);
    } catch (error) {
      throw new Error(
        `certfile ${path}: certificate ${index + 1} in it is damaged (${wordsOf(error)}). Get the file anew.`,
      );
    }
  });
}

function noCertificate(path: string, text: string): string {
  const begins = `certfile ${path} has no certificate in PEM form (-----BEGIN CERTIFICATE-----).`;
  if (PRIVATE_KEY.test(text)) {
    return `${begins} It has a private key, which belongs into keyfile: are the two exchanged?`;
  }
  if (isDer(text)) return `${begins} It looks like DER: openssl x509 -inform der -in ${path}`;
  return `${begins} Name the file that has it, often fullchain.pem.`;
}

/** A sequence of ASN.1, in binary. */
function isDer(text: string): boolean {
  return text.charCodeAt(0) === 0x30 && /[^\t\r\n -~]/.test(text);
}

function keyOf(certfile: string, keyfile: string | null, text: string): KeyObject {
  const file = keyfile === null ? `certfile ${certfile}` : `keyfile ${keyfile}`;
  if (!PRIVATE_KEY.test(text)) throw new Error(noKey(file, keyfile, text));
  if (ENCRYPTED_KEY.test(text)) {
    throw new Error(
      `The private key in ${file} has a passphrase, and nobody is there to type it when a server restarts. Take it off, into a file that only the server's user can read: openssl pkey -in ${keyfile ?? certfile} -out FILE`,
    );
  }
  try {
    return createPrivateKey(text);
  } catch (error) {
    throw new Error(
      `The private key in ${file} is damaged or of no known kind (${wordsOf(error)}). Get it anew.`,
    );
  }
}

function noKey(file: string, keyfile: string | null, text: string): string {
  if (keyfile === null) {
    return `${file} has no private key in it, and keyfile is not given. Give the key with --keyfile.`;
  }
  const begins = `${file} has no private key in PEM form (-----BEGIN PRIVATE KEY-----).`;
  if (text.includes('-----BEGIN CERTIFICATE-----')) {
    return `${begins} It has a certificate, which belongs into certfile: are the two exchanged?`;
  }
  if (isDer(text)) return `${begins} It looks like DER: openssl pkey -inform der -in ${keyfile}`;
  return `${begins} Name the file that has it, often privkey.pem.`;
}

function mismatch(
  certfile: string,
  keyfile: string,
  key: KeyObject,
  others: readonly X509Certificate[],
): string {
  const place = others.findIndex((one) => one.checkPrivateKey(key));
  if (place >= 0) {
    return `The private key in ${keyfile} belongs to certificate ${place + 2} in certfile ${certfile}. It must be the first one, its chain behind it.`;
  }
  return `The private key in ${keyfile} does not belong to the certificate in certfile ${certfile}. Give the two that were made together.`;
}

/** What only OpenSSL itself can tell: a key that is too short, a digest that is too weak. */
function tryOut(path: string, cert: string, key: string): void {
  try {
    tls.createSecureContext({ cert, key });
  } catch (error) {
    throw new Error(
      `certfile ${path} cannot be used: OpenSSL says "${wordsOf(error)}". Get a certificate that today's clients take.`,
    );
  }
}

/** "ee key too small" of "error:0A00018F:SSL routines::ee key too small". */
function wordsOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.slice(message.lastIndexOf(':') + 1).trim();
}

function outOfTime(path: string, own: X509Certificate, now: Date): string[] {
  const refused = 'Clients will refuse it.';
  if (new Date(own.validTo) < now) {
    return [`The certificate in certfile ${path} ended on ${own.validTo}. ${refused}`];
  }
  if (new Date(own.validFrom) > now) {
    return [`The certificate in certfile ${path} begins on ${own.validFrom} only. ${refused}`];
  }
  return [];
}
