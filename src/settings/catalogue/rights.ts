// Whose rights the application runs with.

import type { Section } from '../declaration.ts';

export const rights = {
  title: 'Rights',
  about:
    'Whose rights the application runs with. The first process keeps those that it was started with; it runs no application code.',
  settings: {
    user: {
      kind: 'text',
      form: 'user',
      default: null,
      flags: ['-u', '--user'],
      placeholder: 'USER',
      gunicorn: {
        differs:
          "Gunicorn keeps the groups of whoever started it; here they are given up, and without `group` the user's own group is taken.",
      },
      meaning: 'The user that workers run as, by name or number.',
      details:
        'Workers, their threads and their Python are started as this user and cannot become another one again. Log files are given to it, and so are ' +
        'unix sockets. It must be able to read the application, Tunicorn and its Node.js and Python, and to write into `tmp_dir`. Only root can do it. ' +
        'A number that no user has needs `group`. With setpriv (util-linux) set-uid programs such as `sudo` give them no other rights.',
      doesNot:
        'The config file is still evaluated by the user that starts the server, and the TLS files are read by it.',
    },
    group: {
      kind: 'text',
      form: 'group',
      default: null,
      flags: ['-g', '--group'],
      placeholder: 'GROUP',
      gunicorn: { differs: 'Gunicorn keeps the supplementary groups of whoever started it.' },
      meaning: 'The group that workers run as, by name or number.',
      details: 'Without it the group of `user`.',
    },
    initgroups: {
      kind: 'switch',
      default: false,
      flags: ['--initgroups'],
      gunicorn: 'same',
      meaning: 'Give workers the other groups that user is a member of, too.',
      details: 'Needs the command `setpriv` (util-linux, on every Debian, Fedora and SUSE).',
      doesNot: 'Without `user` it has no effect.',
    },
    umask: {
      kind: 'text',
      form: 'mask',
      default: null,
      flags: ['-m', '--umask'],
      placeholder: 'MASK',
      gunicorn: {
        differs:
          "Gunicorn's is 0, and is for its own files alone: unix sockets and heartbeat files. Here it is the application's, too.",
      },
      meaning: 'The rights that new files and unix sockets do not get.',
      details:
        'A number as in Gunicorn: `027` and `0o27` are octal, `23` is the same in decimal, `0x17` in hexadecimal. Without it a unix socket is open to every user ' +
        '(a mask of 0; not one that a Node.js program names itself), and files of the application get the mask of whoever starts the server.',
    },
  },
} as const satisfies Section;
