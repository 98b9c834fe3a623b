// What is served: which application, of which kind, found and started how.

import type { Section } from '../declaration.ts';

export const application = {
  title: 'Application',
  about: 'What is served, and how it is found.',
  settings: {
    app: {
      kind: 'text',
      form: 'not empty',
      default: null,
      flags: [],
      aliases: ['wsgi_app'],
      placeholder: 'APP',
      gunicorn: { differs: 'The same for WSGI applications. Node.js applications are new.' },
      meaning: 'The application: package.module:callable, or a Node.js file.',
      details:
        'Python: `package.module:callable`, `package.module:factory()` or `package.module`, where the callable is then ' +
        '`application`, or else `app`. Node.js: a path that has a slash or ends in `.ts`, `.mts`, `.cts`, `.js`, `.mjs` or `.cjs`, or a ' +
        'directory with a package.json; `:name` behind it chooses an export other than the default one. Paths start at `chdir`. ' +
        'It is the positional argument of the command line.',
    },
    app_type: {
      kind: 'choice',
      choices: ['auto', 'wsgi', 'node'],
      default: 'auto',
      flags: ['--app-type'],
      gunicorn: 'new',
      meaning: 'What kind of application APP is; auto goes by its form.',
      details:
        'Needed only where the form misleads: a Python package called `server.js`, for example.',
    },
    other_listeners: {
      kind: 'choice',
      choices: ['one', 'every', 'refuse'],
      default: 'one',
      flags: ['--other-listeners'],
      gunicorn: 'new',
      meaning: 'What becomes of servers that a Node.js program opens beside its own.',
      details:
        'The first HTTP server that a program lets listen is the application; its requests come through the server. Of others, for metrics or ' +
        'administration, each address is bound by `one` thread (the first of whichever worker comes first; another one when that has gone) and the rest believe that they ' +
        'listen, by `every` thread, or it is an error (`refuse`). What listens on port 0 always does.',
      doesNot: 'It has no effect on WSGI applications.',
    },
    app_args: {
      kind: 'list',
      form: 'argument',
      default: [],
      flags: ['--app-arg'],
      placeholder: 'TEXT',
      gunicorn: 'new',
      meaning: 'An argument for a Node.js program; repeatable.',
      details:
        'The program finds them in `process.argv`, behind its own file. One that begins with a dash is written `--app-arg=--seed`.',
      doesNot: 'It has no effect on WSGI applications.',
    },
    instance_var: {
      kind: 'text',
      form: 'not empty',
      default: null,
      flags: ['--instance-var'],
      placeholder: 'NAME',
      gunicorn: 'new',
      meaning: 'The environment variable that tells a Node.js thread which one it is.',
      details:
        'It holds 0, 1, 2 ... over the threads of all workers, spare ones included, so that just one of them sends mail at midnight. With the config file of PM2 it is NODE_APP_INSTANCE. A worker that is replaced, and the ' +
        'one that takes over, have the same numbers for a moment.',
      doesNot: 'It has no effect on WSGI applications.',
    },
    wait_ready: {
      kind: 'switch',
      default: false,
      flags: ['--wait-ready'],
      gunicorn: 'new',
      meaning: "Wait until a Node.js program has said process.send('ready').",
      details: 'As in PM2. Without it a program is ready when its HTTP server listens.',
      doesNot: 'A program that never says it is not waited for longer than `boot_timeout`.',
    },
    chdir: {
      kind: 'text',
      form: 'directory',
      default: '.',
      flags: ['--chdir'],
      placeholder: 'DIR',
      gunicorn: 'same',
      meaning: 'Change to this directory before loading the application.',
      details:
        'It also becomes the first entry of `sys.path`. The config file is looked for before the change, in the start directory.',
    },
    pythonpath: {
      kind: 'text',
      form: 'directories',
      default: null,
      flags: ['--pythonpath'],
      placeholder: 'DIRS',
      gunicorn: 'same',
      meaning: 'Directories to put at the head of sys.path, comma-separated.',
    },
    python: {
      kind: 'text',
      form: 'not empty',
      default: 'python3',
      environment: [{ name: 'VIRTUAL_ENV', as: '$VIRTUAL_ENV/bin/python3' }],
      flags: ['--python'],
      placeholder: 'PATH',
      gunicorn: 'new',
      meaning: 'The Python that runs a WSGI application.',
      details:
        'A name is looked up on PATH; a relative path starts at the start directory. Python 3.8 or newer. An active virtual ' +
        'environment is used by itself.',
    },
    request_buffering: {
      kind: 'choice',
      choices: ['auto', 'on', 'off'],
      default: 'auto',
      flags: ['--request-buffering'],
      gunicorn: 'new',
      meaning: 'Whether a request is complete before a thread gets it.',
      details:
        '`auto` is `on` for WSGI, where waiting for a client would hold a thread, and `off` for Node.js, where it costs nothing. ' +
        'Buffered bodies stay in memory up to `request_memory` and go to a temporary file beyond it.',
      doesNot:
        'It cannot be `off` for a WSGI application: its thread would wait for a client. A body that streams is bounded by `body_timeout` and `body_min_rate`.',
    },
    raw_env: {
      kind: 'list',
      form: 'assignment',
      default: [],
      flags: ['-e', '--env'],
      placeholder: 'KEY=VALUE',
      gunicorn: 'same',
      meaning: 'Environment variables for the application; repeatable.',
      doesNot: 'It is no place for secrets: `ps` shows command lines to everyone.',
    },
  },
} as const satisfies Section;
