// Questions about the server's health, which it answers by itself.

import type { Section } from '../declaration.ts';

export const health = {
  title: 'Health',
  about:
    'GET and HEAD of two paths are answered by the I/O loop and never by a thread, so the answer is right also while every thread is stuck. [health.md](health.md) tells what each says and when.',
  settings: {
    health_path: {
      kind: 'text',
      form: 'url path',
      default: null,
      flags: ['--health-path'],
      placeholder: 'PATH',
      gunicorn: 'new',
      meaning: 'Answer 200 there while the worker lives, such as /healthz.',
      details:
        'The path as the client sends it, SCRIPT_NAME included; a query counts for nothing. Without it neither path is answered here.',
      doesNot:
        'Other methods than GET and HEAD go to the application. It says nothing about the threads: `ready_path` does.',
    },
    ready_path: {
      kind: 'text',
      form: 'url path',
      default: '/readyz',
      flags: ['--ready-path'],
      placeholder: 'PATH',
      gunicorn: 'new',
      meaning: 'Answer 200 there while a thread can take requests, else 503.',
      details:
        '503 says why: the worker drains, no thread is alive, or none has had room for a request for `queue_timeout`.',
      doesNot: 'It has no effect without `health_path`.',
    },
  },
} as const satisfies Section;
