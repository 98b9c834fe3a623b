// What people and monitoring see over HTTP.

import type { Section } from '../declaration.ts';

export const status = {
  title: 'Status',
  about:
    'An address of its own with a page that shows what the server does ([status-page.md](status-page.md)) and with `/metrics` for monitoring ([metrics.md](metrics.md)), answered by the arbiter and never by a thread.',
  settings: {
    status_bind: {
      kind: 'text',
      form: 'status address',
      default: null,
      flags: ['--status-bind'],
      placeholder: 'HOST:PORT',
      gunicorn: 'new',
      meaning: 'Serve the status page and metrics there, such as 127.0.0.1:8001.',
      details:
        'HTTP without TLS. On another address than one of this machine (127.0.0.0/8, ::1, localhost) only with `status_token`.',
      doesNot:
        'It shows methods, paths and addresses of clients, and nothing else of what is in requests: no query, field or body.',
    },
    status_token: {
      kind: 'text',
      form: 'not empty',
      default: null,
      flags: ['--status-token'],
      placeholder: 'TOKEN',
      environment: [{ name: 'TUNICORN_STATUS_TOKEN' }],
      gunicorn: 'new',
      meaning: 'What whoever asks at `status_bind` has to show.',
      details:
        'As `Authorization: Bearer TOKEN`; the page asks for it, and is itself given without. On a command line everybody on the machine can read it: prefer the variable or a file.',
    },
  },
} as const satisfies Section;
