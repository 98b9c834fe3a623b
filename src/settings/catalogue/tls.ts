// Encryption between clients and the server, and what clients have to show.

import type { Section } from '../declaration.ts';

export const tls = {
  title: 'TLS',
  about:
    'With a certificate every address speaks TLS 1.2 or 1.3 and nothing else. How long a handshake may take is `handshake_timeout`. ' +
    'All files are read by the first process, at its start and at each SIGHUP; what is wrong with a new one is one line in the log, and the old one stays in use.',
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
        'The workers get what was in it, so the files need to be readable for the user that starts the server and for no other. ' +
        'A key on a curve (P-256) costs the loop 1 ms for each handshake, an RSA key of 2048 bits 1.7 ms.',
      doesNot: 'A new certificate is not noticed by itself: send SIGHUP when it is there.',
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
    ca_certs: {
      kind: 'text',
      form: 'PEM file',
      default: null,
      flags: ['--ca-certs'],
      placeholder: 'FILE',
      gunicorn: 'same',
      meaning: 'Certificates of the authorities that clients are to have theirs from.',
      details:
        'PEM, one or more. They also complete the chain of our own certificate where `certfile` does not hold it. Whether clients have to show a certificate says `cert_reqs`.',
      doesNot: 'It withdraws nothing: lists of revoked certificates are not read.',
    },
    cert_reqs: {
      kind: 'choice',
      choices: ['none', 'optional', 'required'],
      default: 'none',
      synonyms: {
        '0': 'none',
        '1': 'optional',
        '2': 'required',
        cert_none: 'none',
        cert_optional: 'optional',
        cert_required: 'required',
      },
      flags: ['--cert-reqs'],
      gunicorn: {
        differs:
          'Gunicorn takes the numbers alone, and takes 1 and 2 without `ca_certs`, where no certificate is ever good; here that is an error.',
      },
      meaning: 'Whether clients have to show a certificate.',
      details:
        'none: they are not asked. optional: whoever shows one must show a good one. required: without a good one there is no connection. Good is what an authority of `ca_certs` ' +
        'signed, for clients, and in its time. A WSGI application finds it in `environ` (`SSL_CLIENT_VERIFY`, `SSL_CLIENT_CERT`, `SSL_CLIENT_S_DN`, `SSL_CLIENT_I_DN`, `SSL_CLIENT_M_SERIAL`; ' +
        'the names of Apache), a Node.js listener as `req.socket.getPeerCertificate()`, `getPeerX509Certificate()` and `authorized`.',
      doesNot: 'Who a client is and what it may do is up to the application.',
    },
    ciphers: {
      kind: 'text',
      form: 'cipher list',
      default: null,
      flags: ['--ciphers'],
      placeholder: 'LIST',
      gunicorn: 'same',
      meaning: 'The ciphers that may be used, as an OpenSSL list.',
      details:
        'For TLS 1.2, as in Gunicorn: `ECDHE+AESGCM:!aNULL`. Those of TLS 1.3 stay as they are unless the list names some (`TLS_AES_128_GCM_SHA256`); then it holds for both versions, and with names ' +
        "of TLS 1.3 alone there is no TLS 1.2. Ours come first, whatever the client prefers. Without it Node.js's list.",
      doesNot: 'OpenSSL passes over words that it does not know, as long as one cipher is left.',
    },
    ssl_min_version: {
      kind: 'choice',
      choices: ['1.2', '1.3'],
      default: '1.2',
      synonyms: { 'tlsv1.2': '1.2', tlsv1_2: '1.2', 'tlsv1.3': '1.3', tlsv1_3: '1.3' },
      refused: [
        {
          pattern: /^(tlsv?)?1([._][01])?$|^ssl/,
          instead: 'Browsers have given up what is older (RFC 8996), and so has Tunicorn.',
        },
      ],
      flags: ['--ssl-min-version'],
      gunicorn: 'new',
      meaning: 'The oldest version of TLS that is spoken.',
      details: 'Gunicorn takes what its Python and OpenSSL take, or a hook `ssl_context`.',
    },
  },
} as const satisfies Section;
