// How much a client may send, and how many requests may wait.

import type { Section } from '../declaration.ts';

export const limits = {
  title: 'Limits',
  about: 'How much a client may send, and how many requests may wait.',
  settings: {
    limit_request_line: {
      kind: 'bytes',
      default: 4094,
      min: 0,
      max: 1_048_576,
      zero: '1 MiB',
      flags: ['--limit-request-line'],
      gunicorn: { differs: 'Gunicorn treats values above 8190 as 8190, and 0 as no limit.' },
      meaning: 'Length of the request line, without its line end.',
      details:
        'A longer one is answered with an error. A whole head has at most 2 MiB, whatever these three limits say.',
    },
    limit_request_fields: {
      kind: 'count',
      unit: 'fields',
      default: 100,
      min: 0,
      max: 32_768,
      zero: '32768',
      flags: ['--limit-request-fields'],
      gunicorn: { differs: 'Gunicorn treats values above 32768 as 32768.' },
      meaning: 'Header fields of a request.',
    },
    limit_request_field_size: {
      kind: 'bytes',
      default: 8190,
      min: 0,
      max: 1_048_576,
      zero: '1 MiB',
      flags: ['--limit-request-field_size', '--limit-request-field-size'],
      gunicorn: { differs: 'Gunicorn treats 0 as 8190. The flag with a dash throughout is new.' },
      meaning: 'Length of one header field line, with its line end.',
    },
    limit_request_body: {
      kind: 'bytes',
      default: 0,
      min: 0,
      max: Number.MAX_SAFE_INTEGER,
      zero: 'unlimited',
      flags: ['--limit-request-body'],
      gunicorn: 'new',
      meaning: 'Length of a request body; beyond it 413.',
      details: 'A body that announces its length is refused before a byte of it is read.',
      doesNot: 'Without it, buffered uploads may fill the disk that `tmp_dir` is on.',
    },
    queue_limit: {
      kind: 'count',
      unit: 'requests',
      default: 0,
      min: 0,
      max: 1_000_000,
      zero: 'as many as worker_connections',
      flags: ['--queue-limit'],
      gunicorn: 'new',
      meaning: 'Requests of one worker that may wait for a thread; then 503.',
    },
  },
} as const satisfies Section;
