// What is believed of the proxies in front: who they are, and which of their fields count.

import type { Section } from '../declaration.ts';

/** The own machine: where a proxy on it connects from. */
const THIS_MACHINE = ['127.0.0.1', '::1'];

export const proxies = {
  title: 'Proxies',
  about:
    'What is believed of what stands in front of the server. A field that tells of the client can be sent by anybody, so it counts only from an address that is trusted; docs/proxies.md shows it with nginx and HAProxy.',
  settings: {
    forwarded_allow_ips: {
      kind: 'list',
      form: 'network',
      separator: ',',
      default: THIS_MACHINE,
      environment: [{ name: 'FORWARDED_ALLOW_IPS', emptyCounts: true }],
      flags: ['--forwarded-allow-ips'],
      placeholder: 'ADDRESSES',
      gunicorn: {
        differs:
          'An IPv4 client of an IPv6 socket (`::ffff:10.0.0.1`) is known by its IPv4 address; Gunicorn does not find it in the list.',
      },
      meaning: 'The proxies whose fields about the client count.',
      details:
        'Addresses and networks (`10.0.0.0/8`, `fd00::/8`), comma-separated, or `*` for everybody; empty for nobody. Clients of a unix socket ' +
        'have no address and are always trusted: its mode says who they can be. Trusted is the address that the connection comes from, also where ' +
        'a PROXY header names another client.',
      doesNot:
        'It does not see what the proxy passes on: fields that a proxy neither sets nor removes are the client’s, and are believed. With `*` every client is believed that reaches the server.',
    },
    secure_scheme_headers: {
      kind: 'map',
      default: {
        'X-FORWARDED-PROTOCOL': 'ssl',
        'X-FORWARDED-PROTO': 'https',
        'X-FORWARDED-SSL': 'on',
      },
      flags: [],
      gunicorn: 'same',
      meaning: 'Fields by which a trusted proxy says https, with their values.',
      details:
        'Any other value says http; no such field leaves what the connection has, https with a certificate. Values are compared in their very case, names in any. ' +
        'Two fields that say different things are answered 400.',
    },
    forwarder_headers: {
      kind: 'list',
      form: 'field name',
      separator: ',',
      default: ['SCRIPT_NAME', 'PATH_INFO'],
      flags: ['--forwarder-headers'],
      placeholder: 'NAMES',
      gunicorn: {
        differs:
          'With `header_map = dangerous` Gunicorn takes SCRIPT_NAME from any client; here it counts only from a trusted proxy, and only if it stands in this list.',
      },
      meaning: 'Fields with an underscore that a trusted proxy may send.',
      details:
        'Comma-separated, `*` for all; whatever `header_map` says. `SCRIPT_NAME` becomes SCRIPT_NAME in environ, and what follows it in the path PATH_INFO. All of them are there as ' +
        '`HTTP_` and their name, as other fields: `REMOTE_USER` as HTTP_REMOTE_USER, `PATH_INFO` as HTTP_PATH_INFO.',
    },
    forwarded_for: {
      kind: 'switch',
      default: false,
      flags: ['--forwarded-for'],
      gunicorn: 'new',
      meaning: 'Takes the client’s address from X-Forwarded-For of a trusted proxy.',
      details:
        'REMOTE_ADDR, `req.socket.remoteAddress` and the access log name the client and no longer the proxy; its port is not known, so there is none. ' +
        'Read from the right, past addresses of `forwarded_allow_ips`, to the first that is not one of them. Without it X-Forwarded-For is a field ' +
        'like any other, as in Gunicorn.',
      doesNot:
        'With `*` in `forwarded_allow_ips` it goes past nobody: it takes the last address, which the proxy itself has added.',
    },
    proxy_protocol: {
      kind: 'choice',
      choices: ['off', 'v1', 'v2', 'auto'],
      // Gunicorn's other words for them.
      synonyms: { false: 'off', 0: 'off', none: 'off', true: 'auto', 1: 'auto' },
      default: 'off',
      bare: 'auto',
      flags: ['--proxy-protocol'],
      gunicorn: {
        differs:
          'The header holds for the whole connection, and with TLS it comes before the handshake, as proxies send it. LOCAL, UNKNOWN and UNSPEC leave the address that the connection has; Gunicorn refuses UNKNOWN and has no address otherwise. A line has 107 bytes at most. What is malformed is 400, of version 2 too. A word behind the flag that is none of its values is APP.',
      },
      meaning: 'Lets connections begin with a PROXY header, which names the client.',
      details:
        'off, v1 (text), v2 (binary) or auto (both), which is also what the flag means without a value. The client is then REMOTE_ADDR and REMOTE_PORT, ' +
        '`req.socket.remoteAddress`, and `%(h)s` in the access log; WSGI has PROXY_PROTOCOL, PROXY_ADDR and PROXY_PORT, too. A connection without such a header is ' +
        'served all the same. The header has `handshake_timeout` to come.',
      doesNot:
        'It makes nobody send one: a client that connects past the proxy is served under its own address.',
    },
    proxy_allow_ips: {
      kind: 'list',
      form: 'network',
      separator: ',',
      default: THIS_MACHINE,
      flags: ['--proxy-allow-from'],
      placeholder: 'ADDRESSES',
      gunicorn: { differs: 'As for `forwarded_allow_ips`.' },
      meaning: 'The proxies that may send a PROXY header; 403 for others that do.',
      details:
        'As `forwarded_allow_ips`: addresses, networks, or `*`; clients of a unix socket always may. The fields of a request count by the address of the proxy, not by ' +
        'the one that its header names.',
    },
  },
} as const satisfies Section;
