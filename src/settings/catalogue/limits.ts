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
      doesNot:
        'Without it one buffered upload may take all that `worker_spool` leaves for request bodies.',
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
      details:
        'Whoever waits is served in turn by client, so at the limit a client with few that wait takes the place of one with many ([limits.md](limits.md#overload)).',
    },
    priorities: {
      kind: 'list',
      form: 'priority',
      separator: ',',
      default: [],
      flags: ['--priority'],
      placeholder: 'RULES',
      gunicorn: 'new',
      meaning: 'Which requests go first when they wait for a thread.',
      details:
        '`/health=10` is about paths that begin so, `x-tier: gold=5` about a field and its value, `x-batch:=-5` about a field with any; comma-separated or as a list. ' +
        'The first that is about a request counts; without one it has 0. More goes first, in a full queue in place of less (of one client a few; [limits.md](limits.md#overload)); those that wait with less get one of sixteen turns at least.',
      doesNot:
        'Whoever can ask for a path or send a field can have what it gives, up to fifteen of sixteen turns: prefer by a field that a proxy in front sets or removes, and limit the rate of a path that anybody may ask for.',
    },
    queue_discipline: {
      kind: 'choice',
      choices: ['fair', 'codel'],
      synonyms: { fq: 'fair', fq_codel: 'codel' },
      default: 'fair',
      flags: ['--queue-discipline'],
      gunicorn: 'new',
      meaning: 'What becomes of requests that wait when more come than can be served.',
      details:
        '`fair`: each waits until a thread has it or `queue_timeout` has passed. `codel`: when every request of the last `queue_interval` has waited longer than `queue_target`, ' +
        'those that have waited twice as long are answered 503 at once, until nobody waits any more; so what is served is served quickly, and others are told to come back ([limits.md](limits.md#overload)).',
      doesNot:
        '`codel` cannot tell clients that would wait from those that would not: with more connections that ask all the time than threads (a benchmark) somebody always waits, and is answered 503.',
    },
    queue_target: {
      kind: 'seconds',
      default: 0.005,
      min: 0.001,
      max: 60,
      flags: ['--queue-target'],
      gunicorn: 'new',
      meaning: 'How long a request should wait for a thread at most, with codel.',
      details:
        'Some multiple of what a request usually takes, if that is more than a few milliseconds.',
    },
    queue_interval: {
      kind: 'seconds',
      default: 0.1,
      min: 0.01,
      max: 60,
      flags: ['--queue-interval'],
      gunicorn: 'new',
      meaning: 'For how long all must wait longer than that, with codel.',
      details: 'A burst that is over sooner is no overload.',
    },
  },
} as const satisfies Section;
