// What is logged, where and how.

import type { Section } from '../declaration.ts';

export const logging = {
  title: 'Logging',
  about: 'What is logged, and where to.',
  settings: {
    accesslog: {
      kind: 'text',
      form: 'log file',
      default: null,
      flags: ['--access-logfile'],
      placeholder: 'FILE',
      gunicorn: 'same',
      meaning: 'The access log; - is the standard output.',
      details:
        'Without it there is none. Every answer is a line, those that the server gives by itself included; what the client never said is -.',
      doesNot: 'Questions about health (`health_path`) are not in it.',
    },
    access_log_format: {
      kind: 'text',
      form: 'not empty',
      default: '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"',
      flags: ['--access-logformat'],
      placeholder: 'FORMAT',
      gunicorn: 'same',
      meaning: 'What a line of the access log looks like.',
    },
    errorlog: {
      kind: 'text',
      form: 'log file',
      default: '-',
      flags: ['--error-logfile', '--log-file'],
      placeholder: 'FILE',
      gunicorn: 'same',
      meaning: 'The log of everything else; - is the standard error.',
    },
    loglevel: {
      kind: 'choice',
      choices: ['debug', 'info', 'warning', 'error', 'critical'],
      default: 'info',
      flags: ['--log-level'],
      gunicorn: { differs: 'Gunicorn takes an unknown level for `info`.' },
      meaning: 'The least important messages that are logged.',
      doesNot: 'It has no effect on the access log.',
    },
    log_json: {
      kind: 'switch',
      default: false,
      flags: ['--log-json'],
      gunicorn: 'new',
      meaning: 'Write both logs as JSON, one object a line.',
      doesNot: '`access_log_format` has no effect then.',
    },
  },
} as const satisfies Section;
