// PEM files of the settings: read with a bound, taken apart, and what is wrong with them said in words that name the
// setting, the file and what would be right. What the certificates are for is known by those who ask.

import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { messageOf } from '../../message-of.ts';

/** Chains have some kilobytes, all the authorities of the web a quarter of this: whoever names a disk image by mistake shall not have it read. */
const FILE_BYTES_MAX = 1024 * 1024;

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
export const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;

/** @param right what the file should hold: "the private key" */
export function readPem(setting: string, path: string, right: string): string {
  try {
    const found = statSync(path);
    if (!found.isFile()) throw new Error('it is no regular file');
    if (found.size > FILE_BYTES_MAX) {
      throw new Error(`it has ${found.size} bytes, more than any PEM file`);
    }
    return readFileSync(path, 'latin1');
  } catch (error) {
    throw new Error(
      `${setting} ${path} cannot be read: ${reasonOf(error)}. It must be a PEM file with ${right}.`,
    );
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'there is no such file';
  if (code === 'EACCES') return 'permission denied for the user that starts the server';
  return messageOf(error);
}

/** Perhaps none. */
export function certificatesIn(setting: string, path: string, text: string): X509Certificate[] {
  const blocks = text.match(CERTIFICATE) ?? [];
  return blocks.map((pem, index) => {
    try {
      return new X509Certificate(pem);
    } catch (error) {
      throw new Error(
        `${setting} ${path}: certificate ${index + 1} in it is damaged (${wordsOf(error)}). Get the file anew.`,
      );
    }
  });
}

/** "certfile /etc/x has no certificate in PEM form", and why that may be. */
export function noCertificate(setting: string, path: string, text: string, often: string): string {
  const begins = `${setting} ${path} has no certificate in PEM form (-----BEGIN CERTIFICATE-----).`;
  if (PRIVATE_KEY.test(text)) {
    return `${begins} It has a private key, which belongs into keyfile: are the two exchanged?`;
  }
  if (isDer(text)) return `${begins} It looks like DER: openssl x509 -inform der -in ${path}`;
  return `${begins} Name the file that has it, often ${often}.`;
}

/** A sequence of ASN.1, in binary. */
export function isDer(text: string): boolean {
  return text.charCodeAt(0) === 0x30 && /[^\t\r\n -~]/.test(text);
}

/** "ee key too small" of "error:0A00018F:SSL routines::ee key too small". */
export function wordsOf(error: unknown): string {
  const message = messageOf(error);
  return message.slice(message.lastIndexOf(':') + 1).trim();
}
