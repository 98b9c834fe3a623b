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
    syslog: {
      kind: 'switch',
      default: false,
      flags: ['--log-syslog'],
      gunicorn: 'same',
      meaning: 'Send both logs to syslog as well.',
      details:
        'Lines are those of Gunicorn: `<PRIORITY>gunicorn.NAME.error: [PID] text`, and `.access` for the access log, which needs no `accesslog` for that. Requests never wait for syslog: what it does not take is dropped, counted, and told in the error log.',
    },
    syslog_addr: {
      kind: 'text',
      form: 'syslog address',
      default: 'udp://localhost:514',
      flags: ['--log-syslog-to'],
      placeholder: 'ADDRESS',
      gunicorn: {
        differs:
          'The default is that of Linux everywhere, and a unix socket is used as what it is, whatever stands behind #.',
      },
      meaning: 'Where syslog listens: udp://HOST:PORT, tcp://HOST:PORT or unix://PATH.',
      details: 'To a unix socket a small Python process sends (`python`), one for each log.',
    },
    syslog_prefix: {
      kind: 'text',
      form: 'not empty',
      default: null,
      flags: ['--log-syslog-prefix'],
      placeholder: 'NAME',
      gunicorn: 'same',
      meaning: 'The NAME in the lines for syslog.',
      details: 'Without it `proc_name`, or the application, with dots for colons.',
    },
    syslog_facility: {
      kind: 'choice',
      choices: [
        ...['kern', 'user', 'mail', 'daemon', 'auth', 'security', 'syslog', 'lpr', 'news', 'uucp'],
        ...['cron', 'authpriv', 'ftp', 'local0', 'local1', 'local2', 'local3', 'local4', 'local5'],
        ...['local6', 'local7'],
      ],
      default: 'user',
      flags: ['--log-syslog-facility'],
      placeholder: 'FACILITY',
      gunicorn: 'same',
      meaning: 'The facility of the lines for syslog.',
    },
    disable_redirect_access_to_syslog: {
      kind: 'switch',
      default: false,
      flags: ['--disable-redirect-access-to-syslog'],
      gunicorn: 'same',
      meaning: 'Keep the access log out of syslog.',
    },
    log_json: {
      kind: 'switch',
      default: false,
      flags: ['--log-json'],
      gunicorn: 'new',
      meaning: 'Write both logs as JSON, one object a line.',
      doesNot: '`access_log_format` has no effect then, but for syslog, whose lines stay text.',
    },
  },
} as const satisfies Section;
