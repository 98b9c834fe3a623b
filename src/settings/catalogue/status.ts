// What monitoring asks over HTTP.

import type { Section } from '../declaration.ts';

export const status = {
  title: 'Status',
  about:
    'An address of its own at which monitoring finds `/metrics`, answered by the arbiter and never by a thread. [metrics.md](metrics.md) names them all.',
  settings: {
    status_bind: {
      kind: 'text',
      form: 'status address',
      default: null,
      flags: ['--status-bind'],
      placeholder: 'HOST:PORT',
      gunicorn: 'new',
      meaning: 'Serve metrics for Prometheus there, such as 127.0.0.1:8001.',
      details:
        'HTTP without TLS. On another address than one of this machine (127.0.0.0/8, ::1, localhost) only with `status_token`.',
      doesNot:
        'It tells how many requests there are and how they fare, and nothing of what is in them.',
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
        'As `Authorization: Bearer TOKEN`. On a command line everybody on the machine can read it: prefer the variable or a file.',
    },
  },
} as const satisfies Section;
