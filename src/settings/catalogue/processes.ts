// What the processes are called and where they run: in the foreground or behind.

import type { Section } from '../declaration.ts';

export const processes = {
  title: 'Processes',
  about: 'What the processes are called, and whether they stay in the foreground.',
  settings: {
    proc_name: {
      kind: 'text',
      form: 'not empty',
      default: null,
      flags: ['-n', '--name'],
      placeholder: 'NAME',
      gunicorn: {
        differs: 'Gunicorn needs the module `setproctitle` for it, and its master is our arbiter.',
      },
      meaning: 'Name of the server in ps, top and syslog.',
      details:
        'Processes are called `tunicorn: arbiter [NAME]`, `tunicorn: worker [NAME]` and `tunicorn: python [NAME]`; without it NAME is the application. A new arbiter of SIGUSR2 is NAME.2 while the old one lives.',
      doesNot:
        'A title has no more room than the command line had; one that is longer is cut. The title of Python processes is set on Linux only.',
    },
    daemon: {
      kind: 'switch',
      default: false,
      flags: ['-D', '--daemon'],
      gunicorn: {
        differs:
          "Gunicorn's command is back before the application is loaded, and what is wrong with it is told to nobody.",
      },
      meaning: 'Go into the background once the server serves.',
      details:
        'The command comes back when the first worker is ready. What is wrong before that is told on standard error, and the exit code is that of a server in the foreground. ' +
        'The daemon leads a session of its own, without a terminal; its standard streams are /dev/null, and its umask is 022 unless `umask` is given. Use it with `pidfile` and `errorlog`.',
      doesNot:
        'It starts nothing again that has ended. systemd and containers keep a server in the background by themselves: leave it out there.',
    },
    enable_stdio_inheritance: {
      kind: 'switch',
      default: false,
      flags: ['-R', '--enable-stdio-inheritance'],
      gunicorn: 'same',
      meaning: 'Let a daemon keep standard output and error.',
      details: 'As far as they are files or pipes; a terminal is let go in any case.',
      doesNot: 'Without `daemon` it has no effect: the streams are kept then.',
    },
  },
} as const satisfies Section;
