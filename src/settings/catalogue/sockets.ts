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
        differs:
          '`fd://N` is not there yet. An empty text is refused; Gunicorn takes it for every address.',
      },
      meaning: 'An address to listen on: HOST:PORT or unix:PATH; repeatable.',
      details:
        '`HOST:PORT`, `[IPV6]:PORT`, `HOST` (port 8000), `:PORT` (every IPv4 address), or `unix:PATH`. Port 0 takes a free one; the log says which. ' +
        'A stronger source replaces the whole list of a weaker one.',
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
  },
} as const satisfies Section;
