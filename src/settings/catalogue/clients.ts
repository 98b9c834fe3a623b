// Who may ask, and how much of the server one client may have.

import type { Section } from '../declaration.ts';

export const clients = {
  title: 'Limits for each client',
  about:
    'Who may ask, and how much of the server one client may have. A client is an address: that of the connection, or the one that a trusted proxy ' +
    'names (`forwarded_for`, `proxy_protocol`). docs/limits.md says what to set behind nginx, behind a balancer, for an API and for a login page.',
  settings: {
    allow: {
      kind: 'list',
      form: 'network or file',
      separator: ',',
      default: [],
      flags: ['--allow'],
      placeholder: 'NETWORKS',
      gunicorn: 'new',
      meaning: 'The only clients that are served; empty: everybody.',
      details:
        'Addresses and networks (`10.0.0.0/8`, `fd00::/8`), comma-separated, and files of them: `file:PATH`, with one or more on each line and comments behind `#`, read again at ' +
        'a reload (HUP). Others are disconnected when they connect, or answered 403 where a trusted proxy names them.',
      doesNot:
        'Clients of a unix socket have no address and are not judged, unless a trusted proxy names theirs.',
    },
    deny: {
      kind: 'list',
      form: 'network or file',
      separator: ',',
      default: [],
      flags: ['--deny'],
      placeholder: 'NETWORKS',
      gunicorn: 'new',
      meaning: 'Clients that are not served, whatever allow says.',
      details: 'Written as `allow` is.',
    },
    limit_connections: {
      kind: 'count',
      unit: 'connections',
      default: 0,
      min: 0,
      max: 1_000_000,
      zero: 'unlimited',
      flags: ['--limit-connections'],
      gunicorn: 'new',
      meaning: 'Connections of one client that may be open at once.',
      details:
        'One more is reset when it is accepted, before TLS. Where a trusted proxy names the client it is requests at once, and one more is answered 429.',
      doesNot:
        'Clients of a unix socket have no address and are not counted, unless a trusted proxy names theirs.',
    },
    limit_rate: {
      kind: 'text',
      form: 'rate',
      default: null,
      flags: ['--limit-rate'],
      placeholder: 'RATE',
      gunicorn: 'new',
      meaning: 'Requests of one client for each time; beyond it 429.',
      details:
        '`100/s` lets 100 a second through, and as many at once; `100/s:200` 200 at once. Units are `s`, `m`, `h` and `d`. The answer says by Retry-After when the next one may come. ' +
        'Questions about health (`health_path`) do not count.',
      doesNot: 'Against many addresses at once it is no protection: each has its own.',
    },
    limits: {
      kind: 'rules',
      form: 'limits',
      default: [],
      flags: [],
      gunicorn: 'new',
      meaning: 'Rates for some of the requests, by path, method and key.',
      details:
        "A list of `{ path: '/login', methods: ['POST'], rate: '5/m', key: 'address', name: 'login' }`; only `rate` must be there. `path` is a beginning, in any case and any encoding; GET stands for HEAD, too. " +
        '`key` is what requests are counted by: `address`, `header:x-api-key`, `everybody`, or, in TypeScript and JavaScript, a function that is told `{ method, path, query, headers, address }`. ' +
        'A request meets all limits that it matches, in their order: those by address, then `limit_rate`, then those by header or function; the first that refuses it ends that.',
      doesNot: 'A header is what the client likes to send: see docs/limits.md.',
    },
    limit_exempt: {
      kind: 'list',
      form: 'network or file',
      separator: ',',
      default: [],
      flags: ['--limit-exempt'],
      placeholder: 'NETWORKS',
      gunicorn: 'new',
      meaning: 'Clients for whom limits of rates and connections do not hold.',
      details: 'Written as `allow` is. `deny` holds for them, too.',
    },
    limit_ipv6_prefix: {
      kind: 'count',
      unit: 'bits',
      default: 64,
      min: 1,
      max: 128,
      flags: ['--limit-ipv6-prefix'],
      gunicorn: 'new',
      meaning: 'How many bits of an IPv6 address make a client.',
      details:
        'One customer mostly has a network of 64 bits, often of 56 or 48. An IPv4 client of an IPv6 socket (`::ffff:10.0.0.1`) is known by its IPv4 address.',
    },
    limit_headers: {
      kind: 'choice',
      choices: ['off', 'refused', 'all'],
      default: 'refused',
      flags: ['--limit-headers'],
      gunicorn: 'new',
      meaning: 'Which responses tell of the limits: RateLimit, RateLimit-Policy.',
      details:
        'The fields of draft-ietf-httpapi-ratelimit-headers: on 429 alone, on all responses of a request that a limit is about, or on none. Retry-After stands on every 429.',
    },
    limit_store: {
      kind: 'text',
      form: 'limit store',
      default: null,
      flags: ['--limit-store'],
      placeholder: 'URL',
      gunicorn: 'new',
      meaning: 'Where hosts count requests together: redis://HOST:6379/0.',
      details:
        '`redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]` of Redis or Valkey, `rediss://` with TLS, `valkey://` and `valkeys://` for the same, or `unix://PATH`. Each host ' +
        'holds to its rates by itself, too, and goes on by them where the store does not answer. A password belongs in a configuration file or a variable: `ps` shows command lines to everyone.',
      doesNot: 'Connections (`limit_connections`) are counted for each host.',
    },
    limit_store_prefix: {
      kind: 'text',
      form: 'not empty',
      default: 'tunicorn',
      flags: ['--limit-store-prefix'],
      placeholder: 'TEXT',
      gunicorn: 'new',
      meaning: 'What keys in limit_store begin with.',
      details: 'Services with the same prefix and a limit of the same name count it together.',
    },
    limit_store_timeout: {
      kind: 'seconds',
      default: 0.02,
      min: 0.001,
      max: 10,
      flags: ['--limit-store-timeout'],
      gunicorn: 'new',
      meaning: 'How long a request waits for limit_store, or for a key function.',
      details:
        'A store that does not answer in time is passed over: this host goes by its share of the limit until it does. A request whose function does not counts by its address. ' +
        'For the arbiter, which counts for all workers, a request waits for 0.1 s, or for this if it is longer. Where not even that comes, the request goes on uncounted.',
    },
    limit_dry_run: {
      kind: 'switch',
      default: false,
      flags: ['--limit-dry-run'],
      gunicorn: 'new',
      meaning: 'Limits and allow and deny refuse nobody: they count and log.',
    },
  },
} as const satisfies Section;
