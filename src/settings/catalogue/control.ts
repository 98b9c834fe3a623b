// How an operator talks to a server that runs.

import type { Section } from '../declaration.ts';

export const control = {
  title: 'Control',
  about:
    'A unix socket on which a server that runs tells where every connection waits, and is told to reload, scale or stop. [control.md](control.md) has its words and `tunicorn ctl`, which speaks them.',
  settings: {
    control_socket: {
      kind: 'text',
      form: 'file',
      default: null,
      flags: ['--control-socket'],
      gunicorn: {
        differs:
          "Gunicorn's has one name for all servers of a user, which take it from each other, and a protocol of its own.",
      },
      meaning: 'Where the control socket is.',
      details:
        'Without it: beside `pidfile`, as FILE.ctl in the place of FILE.pid; without that PID.ctl in $RUNTIME_DIRECTORY, else in tunicorn/ of $XDG_RUNTIME_DIR, of /run for root, or of ~/.cache. ' +
        'A socket of a server that lives is never taken. One that cannot be had is a line in the log, and the server serves without. After SIGUSR2 the new arbiter has FILE.2 until the old one has left.',
    },
    control_socket_mode: {
      kind: 'text',
      form: 'mask',
      default: '0600',
      flags: ['--control-socket-mode'],
      placeholder: 'MODE',
      gunicorn: { differs: 'It is read as `umask` is; the value is the same.' },
      meaning: 'Who may use the control socket.',
      details: 'Octal, as `umask`. Whoever may write to it can stop the server.',
    },
    control_socket_disable: {
      kind: 'switch',
      default: false,
      flags: ['--no-control-socket'],
      gunicorn: 'same',
      meaning: 'Have no control socket.',
    },
  },
} as const satisfies Section;
