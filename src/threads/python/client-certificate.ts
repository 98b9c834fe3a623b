// What a WSGI application is told of the client's certificate, under the names of Apache's mod_ssl: Gunicorn has none, and
// its `gunicorn.socket`, which could be asked, never leaves the loop here. No header field can become one of these names.

import { X509Certificate } from 'node:crypto';

/** @param certificate as Peer has it: DER in base64, null when none was shown */
export function certificatePairs(certificate: string | null): [string, string][] {
  if (certificate === null) return [['SSL_CLIENT_VERIFY', 'NONE']];
  const x509 = new X509Certificate(Buffer.from(certificate, 'base64'));
  return [
    ['SSL_CLIENT_VERIFY', 'SUCCESS'],
    ['SSL_CLIENT_CERT', x509.toString()],
    ['SSL_CLIENT_S_DN', distinguishedName(x509.subject)],
    ['SSL_CLIENT_I_DN', distinguishedName(x509.issuer)],
    ['SSL_CLIENT_M_SERIAL', x509.serialNumber],
  ];
}

/**
 * RFC 2253, as Apache and nginx write it: the most specific part first. Node.js gives a line for each part, from the general
 * to the specific, special characters escaped. Bytes of UTF-8 as characters, as all of environ (PEP 3333).
 */
function distinguishedName(lines: string): string {
  const name = lines.split('\n').reverse().join(',');
  return Buffer.from(name, 'utf8').toString('latin1');
}
