// Everything that can go wrong with a request after its head was understood, by the code that stands at the end of its
// line in the log: what the client is answered, what it means, what to do. docs/errors.md is made from this; a test
// holds it against the codes that the source uses, both ways.

import type { SpoolErrorCode } from '../../spool/errors.ts';

/** Who ended a request, by the first letter of its end code. A small letter: by taking too long. */
export const ENDERS = {
  '-': 'nobody: the response left whole',
  C: 'the client: it left, or what it sent is refused',
  c: 'the client, by sending or reading too slowly',
  A: 'the application: it failed, died, or gave less than it had announced',
  a: 'the application, by taking longer than `timeout` or `stream_timeout`',
  S: 'the server: it had no room or no disk, was ending, or its operator interrupted it',
  s: 'the server, which had no free thread within `queue_timeout`',
} as const;

export type Ender = keyof typeof ENDERS;

export interface FailureEntry {
  /** What the client is answered when nothing was sent yet; otherwise the connection is cut. Empty: not seen there. */
  readonly status: readonly number[];
  readonly meaning: string;
  readonly remedy: string;
  /** Who ended the request; `-` where none is ended by it. */
  readonly by: Ender;
}

export const FAILURES: Readonly<Record<string, FailureEntry>> = {
  'tls-handshake': {
    status: [],
    by: '-',
    meaning:
      'A client and the server came to no TLS: the client spoke plain HTTP, had no version or cipher in common with the server, or did not trust its certificate. The connection is closed. At level debug.',
    remedy: 'Nothing, if it is a stranger. Else the line has the words of OpenSSL.',
  },
  'proxy-not-allowed': {
    status: [403],
    by: 'C',
    meaning:
      'A client began with a PROXY header, and its address is not in proxy_allow_ips. With TLS the connection is closed without an answer.',
    remedy:
      'If it is a proxy of yours, put its address into proxy_allow_ips (`--proxy-allow-from`).',
  },
  'bad-proxy-header': {
    status: [400],
    by: 'C',
    meaning:
      'A PROXY header (`proxy_protocol`) that is none; the line says what is wrong with it. With TLS the connection is closed without an answer.',
    remedy: 'Look at the proxy that sent it, or at who speaks for it.',
  },
  'client-denied': {
    status: [403],
    by: 'C',
    meaning:
      'A trusted proxy names a client that allow or deny keeps out. Not in the log one by one: a line tells how many.',
    remedy: 'Nothing, if that was meant. Else look at allow and deny, and at what explain says.',
  },
  'rate-limited': {
    status: [429],
    by: 'C',
    meaning:
      'A client has made more requests than limit_rate, or one of limits, lets through. Not in the log one by one: a line tells how many.',
    remedy: 'Nothing, if that was meant. Else a higher rate or burst, or limit_exempt.',
  },
  'too-many-requests-at-once': {
    status: [429],
    by: 'C',
    meaning:
      'A client behind a trusted proxy has limit_connections requests under way. Not in the log one by one: a line tells how many.',
    remedy: 'Nothing, if that was meant. Else a higher limit_connections, or limit_exempt.',
  },
  'spans-dropped': {
    status: [],
    by: '-',
    meaning:
      'Spans of sampled requests that otlp_endpoint did not take in time, or refused, are gone; the line says how many and why. Said once in ten seconds. Requests do not notice.',
    remedy:
      'Look at the receiver, at the path and the headers that it wants, or lower otlp_sample.',
  },
  'limit-key-failed': {
    status: [],
    by: '-',
    meaning:
      'A function that is the key of one of limits threw, answered no text, or did not answer within limit_store_timeout: such requests count by their address. Said once in ten seconds.',
    remedy:
      'Mend the function; it should compute and not wait. Raise limit_store_timeout if it must.',
  },
  'too-slow': {
    status: [408],
    by: 'c',
    meaning: 'A head or a body was not complete in time, or its bytes came too slowly.',
    remedy:
      'Nothing, if a client was slow. Whole classes of clients: raise head_timeout or body_timeout, lower body_min_rate.',
  },
  'body-too-large': {
    status: [413],
    by: 'C',
    meaning:
      'A body is larger than limit_request_body, or gathered and larger than what worker_spool leaves for request bodies.',
    remedy: 'Raise the setting that the line names if such bodies are wanted.',
  },
  'queue-full': {
    status: [503],
    by: 'S',
    meaning:
      'All threads were busy and queue_limit requests waited already; of the client that had most of them, where another had fewer. At level debug.',
    remedy: 'More threads or workers, a faster application, or a larger queue_limit.',
  },
  'queue-shed': {
    status: [503],
    by: 'S',
    meaning:
      'With `queue_discipline` codel: for `queue_interval` every request had waited longer than `queue_target`, and this one for twice as long. It never ran. At level debug.',
    remedy:
      'More threads or workers, or a faster application. A longer queue_target lets more wait.',
  },
  'queue-timeout': {
    status: [503],
    by: 's',
    meaning:
      'The request waited for a free thread for queue_timeout. It never ran. At level debug.',
    remedy: 'More threads or workers, or a faster application; look for `overdue` lines first.',
  },
  'gave-way': {
    status: [503],
    by: 'c',
    meaning:
      'The temporary files of responses were full and a request waited for a thread: of the responses whose clients read nothing, the one that had stalled longest was cut. At level debug; a warning tells how many.',
    remedy:
      'A larger worker_spool or response_spool, or a shorter write_timeout, if clients often stall.',
  },
  'client-ended': {
    status: [503],
    by: 'C',
    meaning:
      'A client sent its request and at once its end, while it or others had waited for half a second and would for longer: it may have gone. At level debug.',
    remedy: 'More threads or workers, or a faster application.',
  },
  overdue: {
    status: [504],
    by: 'a',
    meaning:
      'The application did not begin its response within timeout. The line shows where it was and which of the cases below it is.',
    remedy: 'Mend the place that the stack shows. Raise timeout if it may take so long.',
  },
  'stream-overdue': {
    status: [],
    by: 'a',
    meaning:
      'The application paused inside its response for longer than stream_timeout: the connection was reset. The line is that of `overdue`.',
    remedy:
      'Mend the place that the stack shows, send something now and then, or raise stream_timeout.',
  },
  'operator-interrupt': {
    status: [504],
    by: 'S',
    meaning:
      'An operator interrupted what the thread ran (`tunicorn ctl interrupt`, `i` in `tunicorn top`). No deadline had passed. A response that had begun is cut off. The line is that of `overdue`.',
    remedy: 'Nothing, it was meant. The stack shows where the request was.',
  },
  'unheard-overdue': {
    status: [],
    by: '-',
    meaning:
      'An application held its thread for timeout and nobody waited for it any more: the client had gone, or had the whole response and close() hung (WSGI); or the loop of a Node.js thread stood still for that long without a request past its time. The line is that of `overdue`.',
    remedy: 'Mend the place that the stack shows.',
  },
  'app-raised': {
    status: [500],
    by: 'A',
    meaning: 'The application raised or threw. The traceback follows.',
    remedy: 'Mend the application.',
  },
  'app-hung-up': {
    status: [],
    by: 'A',
    meaning:
      'A Node.js application destroyed its request, its response or their socket before it had answered: the connection was closed, without an answer where none had begun.',
    remedy: 'Answer the request instead, where that is not what is wanted.',
  },
  'bad-response': {
    status: [500],
    by: 'A',
    meaning: 'The application gave a head that is not HTTP, such as a field with a line end in it.',
    remedy: 'Mend the response; the line says what was wrong with it.',
  },
  'hop-by-hop-field': {
    status: [],
    by: '-',
    meaning:
      'A WSGI application set a response field that belongs to the connection and not to it (Keep-Alive, TE, Proxy-Authenticate ...; PEP 3333): the field is not sent, the rest of the response is. Said once for each name.',
    remedy: 'Take the field out of the application.',
  },
  'spool-refused': {
    status: [],
    by: '-',
    meaning:
      'No temporary file could be had for responses: they wait in memory, and threads for their clients. Said once in ten seconds.',
    remedy: 'As for spool-failed.',
  },
  'spool-taken': {
    status: [503],
    by: 'S',
    meaning:
      'Request bodies that others send have taken what worker_spool leaves for them: there is no room for this body now. Said once in ten seconds.',
    remedy:
      'A larger worker_spool, if the disk has room; else limit_request_body, and a higher body_min_rate.',
  },
  'spool-failed': {
    status: [500, 507],
    by: 'S',
    meaning:
      'The temporary file of a body could not be made, written or read: 507 for a request (said once in ten seconds), 500 for a response.',
    remedy: 'Look at the folder that the line names (tmp_dir); the causes are listed below.',
  },
  'outside-script-name': {
    status: [500],
    by: 'S',
    meaning: 'SCRIPT_NAME is set in the environment and the path of the request is not below it.',
    remedy: 'Route only paths below it to this server, or unset SCRIPT_NAME.',
  },
  'body-not-complete': {
    status: [500],
    by: 'S',
    meaning: 'A request whose body was still arriving reached a WSGI thread.',
    remedy: 'This is a bug: WSGI threads get complete requests. Please report it.',
  },
  'thread-died': {
    status: [502],
    by: 'A',
    meaning:
      'The thread, or the Python process, that ran the request ended: process.exit, an error that nobody caught, a crash, a kill. It is replaced.',
    remedy:
      'The line says how it ended and, for Node.js, what it ran: the latest first, because nobody can say which of them the error belongs to. A crash is mostly native code; a kill mostly lack of memory.',
  },
  'app-ended': {
    status: [],
    by: '-',
    meaning:
      'Without threads (`threads` 0) the application called process.exit, or nobody caught its error: the worker ended, and with it the connections that it had. The next one is started.',
    remedy: 'Mend the place that the stack shows. With threads only the thread ends.',
  },
  'thread-memory': {
    status: [502],
    by: 'A',
    meaning: 'A Node.js thread reached the limit of its heap and was ended. It is replaced.',
    remedy: 'Find the leak, or raise the limit with NODE_OPTIONS=--max-old-space-size.',
  },
  'thread-stuck': {
    status: [502],
    by: 'A',
    meaning:
      'The loop of a Node.js thread stood still for timeout. Other requests that this thread had begun are answered 502.',
    remedy:
      'Take the computation out of the loop; the `overdue` or `unheard-overdue` line shows where it was.',
  },
  'held-behind': {
    status: [502],
    by: 'A',
    meaning:
      "A request of the same method and path held the interpreter's lock for timeout, until its Python process was ended. This one had waited behind it and never began; in the next process it might do the same.",
    remedy:
      'The `overdue` line shows where the other one was. Native code should release the lock while it works.',
  },
  stuck: {
    status: [504],
    by: 'a',
    meaning: 'A Python thread did not come back after its request was overdue, and was given up.',
    remedy: 'Give calls that wait (sockets, locks, subprocesses) a timeout of their own.',
  },
  'wire-broken': {
    status: [502],
    by: 'S',
    meaning: 'The connection between the worker and its Python process broke or carried nonsense.',
    remedy:
      'See that nothing in the application writes to descriptors it did not open. Else it is a bug.',
  },
  'handed-back': {
    status: [503],
    by: 'S',
    meaning: 'A thread ended before it began the request, and nobody was there to take it.',
    remedy: 'Nothing: the server was ending.',
  },
  stopped: {
    status: [502, 503],
    by: 'S',
    meaning:
      'The worker or the thread was stopped while it had the request: graceful_timeout had passed, or QUIT or INT came.',
    remedy: 'A longer graceful_timeout lets more requests end.',
  },
};

/** What the log shows as `spool-failed`, by its cause. A cause that is missing here does not compile. */
export const SPOOL_FAILURES: Readonly<Record<SpoolErrorCode, Omit<FailureEntry, 'status' | 'by'>>> =
  {
    'spool-full-disk': {
      meaning: 'No space, quota or file size is left.',
      remedy:
        'Make room, choose another tmp_dir, or bound what is spooled: limit_request_body, response_spool, worker_spool.',
    },
    'spool-unwritable': {
      meaning: 'The folder is missing, read-only or not ours to write.',
      remedy: 'Choose another tmp_dir, or let the user of the server write there.',
    },
    'spool-out-of-descriptors': {
      meaning: 'The process or the system has no free file descriptor.',
      remedy: 'Raise `ulimit -n`, or lower worker_connections.',
    },
    'spool-over-limit': {
      meaning: 'One body is larger than one may be in a file, and it may not wait.',
      remedy: 'Raise response_spool, or worker_spool for a request body.',
    },
    'spool-over-budget': {
      meaning:
        'The files of the worker together have reached their bound, and this body may not wait.',
      remedy: 'Raise worker_spool.',
    },
    'spool-broken': {
      meaning: 'The disk failed, or somebody else changed the file.',
      remedy: 'Look at the disk, and at whatever cleans tmp_dir.',
    },
  };
