// How many processes and threads there are, how much each may take on, and how long they may take to come and go.

import type { Section } from '../declaration.ts';
import { LONGEST_SECONDS } from './longest.ts';

export const workers = {
  title: 'Workers and threads',
  about: 'How many there are, how much each takes on, how long they may take to come and to go.',
  settings: {
    workers: {
      kind: 'count',
      unit: 'processes',
      default: 1,
      min: 1,
      max: 1024,
      environment: [{ name: 'WEB_CONCURRENCY' }],
      flags: ['-w', '--workers'],
      gunicorn: { differs: 'Gunicorn accepts 0, listens, and never answers.' },
      meaning: 'Worker processes.',
      details:
        'Python runs one thread at a time in each process, so use about one worker for each core; threads are for waiting.',
    },
    worker_class: {
      kind: 'choice',
      choices: ['gthread', 'sync'],
      default: 'gthread',
      synonyms: {
        'egg:gunicorn#gthread': 'gthread',
        'egg:gunicorn#sync': 'sync',
        'gunicorn.workers.gthread.threadworker': 'gthread',
        'gunicorn.workers.sync.syncworker': 'sync',
      },
      refused: [
        {
          pattern: /asgi|uvicorn|daphne|hypercorn/i,
          instead:
            'Tunicorn runs WSGI and Node.js applications, in threads; it does not run ASGI applications.',
        },
        {
          pattern: /gevent|eventlet|tornado|aiohttp|meinheld|greenlet/i,
          instead:
            'Threads do that job here: leave it out and choose how many, for example --threads 16.',
        },
      ],
      flags: ['-k', '--worker-class'],
      gunicorn: { differs: 'Gunicorn starts from `sync`.' },
      meaning: 'Kind of worker. sync is gthread with one thread.',
      details:
        'There is one kind of worker. Both names are here so that a command line made for Gunicorn works; with more than one thread `sync` becomes `gthread`, as there.',
    },
    threads: {
      kind: 'count',
      unit: 'threads',
      default: 1,
      min: 0,
      max: 1024,
      zero: 'no thread: a Node.js application runs on the loop of its worker',
      flags: ['--threads'],
      gunicorn: 'same',
      meaning: 'Threads of each worker that run the application.',
      details:
        'A Python thread runs one request at a time; a Node.js thread up to `thread_concurrency` at once. Clients never hold a thread, so count only what the application waits for. ' +
        'File operations, `dns.lookup`, crypto and zlib of all Node.js threads of a worker share one pool with its logs and temporary files: it gets 16 threads for each of `threads` and 4 more, 128 at most, unless the environment sets UV_THREADPOOL_SIZE. ' +
        '0 is for native addons that refuse threads: code that holds the loop then holds its clients, too, and what ends the application ends its worker ([node.md](node.md#without-threads)).',
    },
    spare_threads: {
      kind: 'count',
      unit: 'threads',
      default: 0,
      min: 0,
      max: 64,
      flags: ['--spare-threads'],
      gunicorn: 'new',
      meaning: 'Threads with the application loaded, in reserve for one that dies.',
      details:
        'Replacing a thread that is stuck or dies then costs no start of the application ([node.md](node.md#spare-threads)). Each takes the memory of one more thread, which is why there are none by default. ' +
        'The next spare one is loaded afterwards; one that cannot be loaded harms nobody.',
      doesNot:
        'It has no effect on WSGI applications, whose threads need no start, nor without threads (`threads` 0).',
    },
    thread_concurrency: {
      kind: 'count',
      unit: 'requests',
      default: 1000,
      min: 1,
      max: 1_000_000,
      flags: ['--thread-concurrency'],
      gunicorn: 'new',
      meaning: 'Requests that one Node.js thread may run at once.',
      details:
        'As many as `worker_connections` has connections, because requests that wait for something else cost a thread nothing. Less protects what stands behind the application; whoever has no place waits in the queue ([node.md](node.md#how-many-at-once)).',
      doesNot: 'It has no effect on WSGI applications.',
    },
    worker_connections: {
      kind: 'count',
      unit: 'connections',
      default: 1000,
      min: 1,
      max: 1_000_000,
      flags: ['--worker-connections'],
      gunicorn: 'same',
      meaning: 'Open connections of one worker, whatever they are doing.',
      details:
        'At the limit only accepting stops: what is open goes on, and new clients wait in the `backlog` or go to another worker. ' +
        'An idle keep-alive connection is closed early, oldest first, to let them in.',
      doesNot: 'It does not limit how many requests run; `threads` and `thread_concurrency` do.',
    },
    reduce_timeouts_at: {
      kind: 'count',
      unit: 'percent',
      default: 70,
      min: 1,
      max: 100,
      flags: ['--reduce-timeouts-at'],
      gunicorn: 'new',
      meaning: 'How full a worker is when idle timeouts begin to shrink.',
      details:
        'Of `worker_connections`, or of the file descriptors that there are for connections. From there `keepalive` and `first_byte_timeout` shrink evenly, to a tenth at five sixths of the way to the limit ' +
        '(with 70 at 95 %), but not below 0.15 s and 1 s, for those that are idle already as well; so places come free before anybody has to wait outside. 100: never.',
      doesNot:
        'A proxy that keeps more idle connections than this share needs a larger `worker_connections`, or sends a request into a closing connection now and then.',
    },
    graceful_timeout: {
      kind: 'seconds',
      default: 30,
      min: 0,
      max: LONGEST_SECONDS,
      zero: 'at once',
      flags: ['--graceful-timeout'],
      gunicorn: 'same',
      meaning: 'How long a worker may finish its requests after SIGTERM.',
      details:
        'One that is replaced has as long, and so has a Python process of a worker, but this no less than `timeout`.',
      doesNot: 'SIGINT and SIGQUIT do not wait for it.',
    },
    boot_timeout: {
      kind: 'seconds',
      default: 60,
      min: 0.1,
      max: LONGEST_SECONDS,
      flags: ['--boot-timeout'],
      gunicorn: 'new',
      meaning: 'How long a worker may take to load the application.',
      details:
        'A worker that is not ready by then is killed and replaced. Where `pre_fork` is a hook it begins when that has returned.',
    },
    hook_timeout: {
      kind: 'seconds',
      default: 30,
      min: 0.1,
      max: LONGEST_SECONDS,
      flags: ['--hook-timeout'],
      gunicorn: 'new',
      meaning: 'How long a server hook of the config file may take.',
      details:
        "One of the arbiter's that has not returned by then is ended, said in the log, and not waited for any more; `on_starting` then ends the start.",
      doesNot:
        'It does not bound hooks that run inside a worker: `boot_timeout`, `timeout` and `graceful_timeout` do.',
    },
    max_requests: {
      kind: 'count',
      unit: 'requests',
      default: 0,
      min: 0,
      max: 1_000_000_000,
      zero: 'no limit',
      flags: ['--max-requests'],
      gunicorn: {
        differs:
          'Gunicorn ends the worker and then starts another; here the next one is ready first.',
      },
      meaning: 'Requests after which a worker is replaced.',
      details:
        'It goes on until its successor is ready, so it may begin some more; its clients are told `Connection: close` and its requests finish within `graceful_timeout`. ' +
        'Workers that get there within 10 s of their start are replaced later and later, up to every 5 s.',
    },
    max_requests_jitter: {
      kind: 'count',
      unit: 'requests',
      default: 0,
      min: 0,
      max: 1_000_000_000,
      flags: ['--max-requests-jitter'],
      gunicorn: 'same',
      meaning: 'Up to so many are added to `max_requests`, at random for each worker.',
    },
    max_worker_memory: {
      kind: 'bytes',
      default: 0,
      min: 0,
      max: 1024 ** 5,
      zero: 'no limit',
      flags: ['--max-worker-memory'],
      gunicorn: 'new',
      meaning: 'Memory of a worker and its Python beyond which it is replaced.',
      details:
        'Resident memory, looked at every second. It goes on until its successor is ready, and one worker is replaced at a time. ' +
        'One that had as much when it had just loaded the application is not replaced for it; a warning says so.',
      doesNot:
        'It is no hard bound: use the limits of a container or of systemd (MemoryMax) for that.',
    },
    preload_app: {
      kind: 'switch',
      default: false,
      flags: ['--preload'],
      gunicorn: {
        differs:
          'Gunicorn does not load the application anew on HUP then; here every reload does. It is loaded in a process of its own, not in the arbiter.',
      },
      meaning: 'Load a Python application once, before the workers fork.',
      details:
        'Workers share the memory that it takes then, and a replaced one is ready at once. What must not be shared (connections, threads) is to be opened at the first request. ' +
        'A worker whose Python cannot be forked loads the application itself.',
      doesNot: 'It has no effect on Node.js applications, nor elsewhere than on Linux.',
    },
    pidfile: {
      kind: 'text',
      form: 'file',
      default: null,
      flags: ['-p', '--pid'],
      gunicorn: 'same',
      meaning: 'File to write the process id of the arbiter to.',
      details:
        'One that names a process that lives is refused, a stale one is replaced; it is removed at the end. After SIGUSR2 the new arbiter writes FILE.2 until the old one has left.',
    },
  },
} as const satisfies Section;
