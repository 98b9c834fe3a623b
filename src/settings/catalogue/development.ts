// While an application is being written: the server takes it anew whenever its files change.

import type { Section } from '../declaration.ts';

export const development = {
  title: 'Development',
  about: 'For the desk, not for production: the application is taken anew when its files change.',
  settings: {
    reload: {
      kind: 'switch',
      default: false,
      flags: ['--reload'],
      gunicorn: {
        differs:
          'Gunicorn ends the worker first and then loads; here the old one serves until the new one is ready, and stays when that cannot be loaded. It goes together with `preload_app`.',
      },
      meaning: 'Reload when a file of the application changes.',
      details:
        'What the application has loaded is watched, also what it loads later: Python modules but for those of the standard library, and the files of a Node.js application but for `node_modules`. ' +
        'A change is what SIGHUP is ([signals.md](signals.md)); many changes at once are one reload. While the application cannot be loaded a new file counts, too, and the server waits for one.',
      doesNot:
        'It does not watch the config file, templates or data: name them with `reload_extra_files`.',
    },
    reload_engine: {
      kind: 'choice',
      choices: ['auto', 'poll', 'inotify'],
      default: 'auto',
      flags: ['--reload-engine'],
      gunicorn: {
        differs:
          '`inotify` needs no package. `auto` is both, so that it works on every file system.',
      },
      meaning: 'How changes are noticed: auto, poll or inotify.',
      details:
        '`inotify` is told by the system, `poll` looks once a second, `auto` is told and looks every two seconds as well, for folders that tell nothing (network, some containers).',
    },
    reload_extra_files: {
      kind: 'list',
      form: 'path',
      default: [],
      flags: ['--reload-extra-file'],
      placeholder: 'PATH',
      gunicorn: {
        differs:
          'A folder is everything in it. Patterns (`*`, `?`, `[a-z]`, `**`) see new files, too.',
      },
      meaning: 'More files, folders or patterns for `reload`; repeatable.',
      details:
        'In a folder and behind `*` names that begin with a dot, `node_modules` and `__pycache__` do not count. Relative paths start at the start directory.',
    },
    inspect: {
      kind: 'text',
      form: 'inspect address',
      default: null,
      bare: '127.0.0.1:9229',
      flags: ['--inspect'],
      placeholder: '[HOST:PORT]',
      gunicorn: 'new',
      meaning: 'Lets debuggers into one thread of a Node.js application.',
      details:
        'The first thread of the first worker, or whichever takes its place, under the same address ([node.md](node.md#debugging)). While a debugger is connected, that thread is never taken for stuck and its requests are not overdue; other threads serve. ' +
        'A word behind the flag that has no port is APP.',
      doesNot:
        'It asks nobody for a password: whoever reaches the address can run any code. It has no effect on WSGI applications, nor without threads (`threads` 0).',
    },
  },
} as const satisfies Section;
