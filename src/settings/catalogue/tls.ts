// Encryption between clients and the server.

import type { Section } from '../declaration.ts';

export const tls = {
  title: 'TLS',
  about:
    'With a certificate every address speaks TLS 1.2 or 1.3 and nothing else. How long a handshake may take is `handshake_timeout`.',
  settings: {
    certfile: {
      kind: 'text',
      form: 'PEM file',
      default: null,
      flags: ['--certfile'],
      placeholder: 'FILE',
      gunicorn: 'same',
      meaning: 'The certificate, and with it TLS on every address.',
      details:
        'PEM, the own certificate first and the chain to its authority behind it (`fullchain.pem`). It may hold the private key as well. ' +
        'Read once, at the start, by the first process; the workers get what was in it. So the files need to be readable for the user that ' +
        'starts the server and for no other. A key on a curve (P-256) costs the loop 1 ms for each handshake, an RSA key of 2048 bits 1.7 ms.',
      doesNot: 'A new certificate is not noticed: start the server anew.',
    },
    keyfile: {
      kind: 'text',
      form: 'PEM file',
      default: null,
      flags: ['--keyfile'],
      placeholder: 'FILE',
      gunicorn: { differs: 'Gunicorn asks for a passphrase at the terminal; here it is an error.' },
      meaning: 'The private key of the certificate.',
      details: 'PEM, without a passphrase. Without it the key must be in `certfile`.',
    },
  },
} as const satisfies Section;
