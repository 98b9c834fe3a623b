// Where bodies wait: in memory up to a bound, in temporary files beyond it.

import type { Section } from '../declaration.ts';

const bytes = { kind: 'bytes', gunicorn: 'new', max: Number.MAX_SAFE_INTEGER } as const;

export const bodies = {
  title: 'Bodies',
  about:
    'Threads never wait for slow clients: requests are complete before a thread sees them, responses are taken off its hands. Sizes may end in k, m or g (KiB, MiB, GiB).',
  settings: {
    request_memory: {
      ...bytes,
      default: 131_072,
      min: 0,
      flags: ['--request-memory'],
      meaning: 'Bytes of one request body kept in memory.',
      details:
        'The rest goes to a temporary file that is gone with the request, also after a crash.',
    },
    response_memory: {
      ...bytes,
      default: 262_144,
      min: 1024,
      flags: ['--response-memory'],
      meaning: 'Bytes of one response kept in memory for its client.',
    },
    response_spool: {
      ...bytes,
      default: 268_435_456,
      min: 0,
      zero: 'bounded by worker_spool alone',
      flags: ['--response-spool'],
      meaning: 'Bytes of one response kept in a temporary file beyond that.',
      details: 'Only when this is full, too, does a thread wait for its client.',
    },
    worker_spool: {
      ...bytes,
      default: 4_294_967_296,
      min: 0,
      zero: 'no temporary files',
      flags: ['--worker-spool'],
      meaning: 'Bytes of all temporary files of one worker.',
      details:
        'Request bodies that are gathered may take three quarters of it, responses that wait for their clients a quarter, 1 GiB by default: whoever fills one leaves the other alone. ' +
        'A request body that finds no room is answered 503 with Retry-After, one that is larger than those three quarters 413. ' +
        'Responses wait in memory then, and their threads with them: when a request waits and no thread is free, the response whose client has stalled longest is given up.',
      doesNot:
        'It does not look at the disk: where that is full first, request bodies are answered 507.',
    },
    tmp_dir: {
      kind: 'text',
      form: 'directory',
      default: '/tmp',
      environment: [{ name: 'TMPDIR' }],
      flags: ['--tmp-dir'],
      placeholder: 'DIR',
      gunicorn: 'new',
      meaning: 'Directory of the temporary files.',
      details: 'The files have no name there and are readable to no other user.',
      doesNot: 'Where /tmp is in memory (tmpfs), spooled bodies are in memory as well.',
    },
  },
} as const satisfies Section;
