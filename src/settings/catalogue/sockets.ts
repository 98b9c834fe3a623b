// Where the server listens.

import type { Section } from '../declaration.ts';

export const sockets = {
  title: 'Sockets',
  about: 'Where the server listens.',
  settings: {
    bind: {
      kind: 'list',
      form: 'address',
      default: ['127.0.0.1:8000'],
      environment: [{ name: 'PORT', as: '0.0.0.0:$PORT' }],
      flags: ['-b', '--bind'],
      placeholder: 'ADDRESS',
      gunicorn: {
        differs: 'An empty text is refused; Gunicorn takes it for every address.',
      },
      meaning: 'An address to listen on: HOST:PORT, unix:PATH or fd://N; repeatable.',
      details:
        '`HOST:PORT`, `[IPV6]:PORT`, `HOST` (port 8000), `:PORT` (every IPv4 address), `unix:PATH`, or `fd://N`, a socket that whoever starts the server has bound ' +
        'and passes on as descriptor N. Port 0 takes a free one; the log says which. ' +
        'Without it a Node.js program that calls `listen` is served where it wants to listen, whatever PORT says (node.md). ' +
        'A stronger source replaces the whole list of a weaker one. Sockets of systemd (`LISTEN_FDS`) take the place of all addresses (deploy.md).',
      doesNot: "The file of a unix socket that was passed on is never removed: it is its owner's.",
    },
    backlog: {
      kind: 'count',
      unit: 'connections',
      default: 2048,
      min: 1,
      max: 2_147_483_647,
      flags: ['--backlog'],
      gunicorn: 'same',
      meaning: 'Connections the kernel may keep waiting for each address.',
      details: 'It is here that clients wait while every worker is at `worker_connections`.',
      doesNot:
        'The kernel has a limit of its own and cuts this one down silently (Linux: `net.core.somaxconn`).',
    },
    reuse_port: {
      kind: 'switch',
      default: false,
      flags: ['--reuse-port'],
      gunicorn: {
        differs:
          'Gunicorn binds one socket for each worker, and drops the clients that wait at one whose worker goes. Here the workers of a server share one.',
      },
      meaning: 'Let other servers listen on the same TCP ports (SO_REUSEPORT).',
      details:
        'The kernel spreads new connections over the servers that listen there, which must be of the same user and all have it. A small Python process binds such a socket (`python`).',
      doesNot:
        'It has no effect on unix sockets, on sockets that were passed on, and on an address that a reload keeps. Who waits at a server that ends is reset: for a new release without a gap use SIGUSR2.',
    },
  },
} as const satisfies Section;
