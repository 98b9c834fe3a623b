// Reads certfile, keyfile and ca_certs before anything listens, and says in one sentence what is wrong with them. The arbiter
// does it, at its start and at each reload, and hands the bytes to its workers: only the user that starts the server must be
// able to read a private key.

import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto';
import tls from 'node:tls';
import { nodeCiphers } from '../../settings/ciphers.ts';
import type { Settings } from '../../settings/settings.ts';
import type { TlsMaterial } from '../../wire/arbiter-worker.ts';
import { certificatesIn, isDer, noCertificate, PRIVATE_KEY, readPem, wordsOf } from './pem.ts';
import { ticketKeysFor } from './ticket-keys.ts';

const ENCRYPTED_KEY = /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m;

export interface Certificate {
  /** null without TLS. */
  readonly tls: TlsMaterial | null;
  /** Sentences: it can be served, but clients will not like it. */
  readonly warnings: readonly string[];
}

type TlsSettings = Pick<Settings, 'certfile' | 'keyfile' | 'ca_certs' | 'cert_reqs' | 'ciphers'>;

/**
 * @param ticketSecret what the keys of session tickets are made from
 * @throws Error with a sentence for people that names the setting, the file and what would be right
 */
export function readCertificate(
  settings: TlsSettings,
  now: Date,
  ticketSecret: Buffer,
): Certificate {
  const { certfile, keyfile, ca_certs, cert_reqs } = settings;
  if (certfile === null) {
    if (keyfile === null) return { tls: null, warnings: [] };
    throw new Error(
      `keyfile is given (${keyfile}), certfile is not: TLS needs the certificate of the key too. Give it with --certfile.`,
    );
  }
  const cert = readPem('certfile', certfile, 'the certificate and its chain');
  const key = keyfile === null ? cert : readPem('keyfile', keyfile, 'the private key');
  const [own, ...others] = certificatesIn('certfile', certfile, cert);
  if (own === undefined)
    throw new Error(noCertificate('certfile', certfile, cert, 'fullchain.pem'));
  const privateKey = keyOf(certfile, keyfile, key);
  if (!own.checkPrivateKey(privateKey)) {
    throw new Error(mismatch(certfile, keyfile ?? certfile, privateKey, others));
  }
  const { ca, warnings } = readAuthorities(ca_certs, now);
  tryOut(settings, cert, key, ca);
  const ticketKeys = ticketKeysFor(ticketSecret, key, ca, cert_reqs);
  const ofOwn = outOfTime(`The certificate in certfile ${certfile}`, own, now, 'Clients');
  return { tls: { cert, key, ca, ticketKeys }, warnings: [...ofOwn, ...warnings] };
}

function readAuthorities(
  path: string | null,
  now: Date,
): { readonly ca: string | null; readonly warnings: readonly string[] } {
  if (path === null) return { ca: null, warnings: [] };
  const ca = readPem('ca_certs', path, 'the certificates of the authorities');
  const found = certificatesIn('ca_certs', path, ca);
  if (found.length === 0) throw new Error(noCertificate('ca_certs', path, ca, 'ca.pem'));
  const warnings = found.flatMap((one, index) =>
    outOfTime(`Certificate ${index + 1} in ca_certs ${path}`, one, now, 'The server'),
  );
  return { ca, warnings };
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
function tryOut(
  { certfile, ciphers }: TlsSettings,
  cert: string,
  key: string,
  ca: string | null,
): void {
  try {
    const chosen = ciphers === null ? {} : { ciphers: nodeCiphers(ciphers) };
    tls.createSecureContext({ cert, key, ...(ca && { ca }), ...chosen });
  } catch (error) {
    throw new Error(
      `certfile ${certfile} cannot be used: OpenSSL says "${wordsOf(error)}". Get a certificate that today's clients take.`,
    );
  }
}

/** @param whoRefuses what is out of its time, "Clients" */
function outOfTime(what: string, one: X509Certificate, now: Date, whoRefuses: string): string[] {
  const refused = `${whoRefuses} will refuse it.`;
  if (new Date(one.validTo) < now) return [`${what} ended on ${one.validTo}. ${refused}`];
  if (new Date(one.validFrom) > now) {
    return [`${what} begins on ${one.validFrom} only. ${refused}`];
  }
  return [];
}
