// One deadline for each state in which a connection can wait, in the order a request meets them.

import type { Section } from '../declaration.ts';
import { LONGEST_SECONDS } from './longest.ts';

/** Deadlines of our own cannot be switched off: nothing waits without one. A tenth of a second is as fine as timers are here. */
const SHORTEST_SECONDS = 0.1;

const deadline = {
  kind: 'seconds',
  min: SHORTEST_SECONDS,
  max: LONGEST_SECONDS,
  gunicorn: 'new',
} as const;

const rate = {
  kind: 'bytes',
  unit: 'bytes a second',
  min: 1,
  max: 1_073_741_824,
  gunicorn: 'new',
} as const;

export const timeouts = {
  title: 'Timeouts',
  about:
    'Seconds, decimals allowed. Whatever a connection can wait for has a deadline of its own, and a slow client never counts against the application.',
  settings: {
    handshake_timeout: {
      ...deadline,
      default: 10,
      flags: ['--handshake-timeout'],
      meaning: 'For the TLS handshake, and for a PROXY header before it; then closed.',
      details:
        'Progress does not extend it. Without TLS and `proxy_protocol` nothing waits for it. At `worker_connections` a connection whose handshake ' +
        'goes on for more than a second gives way to others earlier, one whose client says nothing at all after 0.15 s.',
    },
    first_byte_timeout: {
      ...deadline,
      default: 10,
      flags: ['--first-byte-timeout'],
      meaning: 'For the first byte on a new connection; then closed silently.',
    },
    head_timeout: {
      ...deadline,
      default: 10,
      flags: ['--head-timeout'],
      meaning: 'For a whole request head, from its first byte; then 408.',
      details: 'Progress does not extend it: a client that drips a byte a second gets no further.',
    },
    body_timeout: {
      ...deadline,
      default: 60,
      flags: ['--body-timeout'],
      meaning: 'The longest pause inside a request body; then 408.',
      details:
        'The body as a whole may take this long plus its length divided by `body_min_rate`: 60 s and 500 bytes a second leave a body of 100 kB 260 s.',
      doesNot: 'It does not bound what a fast client may send in all; `limit_request_body` does.',
    },
    body_min_rate: {
      ...rate,
      default: 500,
      flags: ['--body-min-rate'],
      meaning: 'The slowest that a request body may come, on average.',
      details:
        'Counted beyond the first `body_timeout` seconds, so a short pause never ends an upload.',
    },
    queue_timeout: {
      ...deadline,
      default: 15,
      flags: ['--queue-timeout'],
      meaning: 'For a free thread; then 503 with Retry-After.',
      details: 'The application never sees a request that waited longer.',
    },
    timeout: {
      kind: 'seconds',
      default: 30,
      min: 0,
      max: LONGEST_SECONDS,
      zero: 'off',
      flags: ['-t', '--timeout'],
      gunicorn: {
        differs:
          'In Gunicorn it ends a worker that is silent; with threads that never ends a hung request. Here it ends the request.',
      },
      meaning: 'For the application to start its response; then 504.',
      details:
        'The client hears 504 at once; the thread is interrupted, the place where it was stuck is logged, and it is replaced if it does not come back. ' +
        'Where the request body streams to the application, the time counts from the last that came of it. ' +
        'A worker whose own loop is silent for as long is replaced as well.',
      doesNot:
        'It does not bound a response that has started (`stream_timeout`) or a client that reads slowly (`write_timeout`).',
    },
    timeout_limit: {
      ...deadline,
      default: 300,
      flags: ['--timeout-limit'],
      meaning: 'To how much an application may extend the time of a request.',
      details:
        'Counted from its start. What will take long asks for time with `tunicorn.extend_timeout` (WSGI) or `extendTimeout` (Node.js): see timeouts.md. A value below `timeout` grants nothing.',
      doesNot: 'It shortens nothing: `timeout` and `stream_timeout` hold as they are.',
    },
    stream_timeout: {
      ...deadline,
      default: 300,
      flags: ['--stream-timeout'],
      meaning: 'The longest pause of the application inside a response; then reset.',
      details:
        'An event stream with longer silences needs a larger value, or a comment line now and then, which proxies want as well.',
      doesNot: 'Time that the client takes to read does not count.',
    },
    write_timeout: {
      ...deadline,
      default: 30,
      flags: ['--write-timeout'],
      meaning: 'For a client that reads nothing of its response; then reset.',
      details:
        'The response as a whole may take this long plus its length divided by `write_min_rate`. ' +
        'What the client reads out of the buffers of the kernel counts as well (on Linux; the kernel is asked while nothing else moves), so a slow client is told from one that reads nothing.',
      doesNot:
        'It does not bound the memory of those buffers, some megabytes for each client that does not read: `net.ipv4.tcp_wmem` does.',
    },
    write_min_rate: {
      ...rate,
      default: 500,
      flags: ['--write-min-rate'],
      meaning: 'The slowest that a client may read, on average.',
      details:
        'Counted only while bytes wait for the client, and beyond the first `write_timeout` seconds.',
      doesNot:
        'It does not keep a client that reads so slowly that its kernel tells nobody: once the receive buffer there is full, that is until much of it is free, some 128 KiB on Linux. ' +
        'One that needs more than three quarters of `write_timeout` for that counts as one that reads nothing: with 30 s whoever reads less than some 6 kB a second.',
    },
    upgrade_idle_timeout: {
      ...deadline,
      default: 300,
      flags: ['--upgrade-idle-timeout'],
      meaning: 'For a byte of an upgraded connection, either way; then closed.',
      details:
        'WebSockets, and whatever else an application takes over. As long as a response may pause (`stream_timeout`): a ping of either side now and then keeps the connection (Socket.IO sends one every 25 s, `ws` none of its own accord), ' +
        'and proxies in front, which often cut after 60 s, want one as well. A client that has vanished without a word is found by it and by nothing else.',
      doesNot:
        'It does not bound how long a connection lasts, nor a client that does not read (`write_timeout`).',
    },
    keepalive: {
      kind: 'seconds',
      default: 2,
      min: 0,
      max: LONGEST_SECONDS,
      zero: 'off',
      flags: ['--keep-alive'],
      gunicorn: 'same',
      meaning: 'For the next request on a connection; then closed.',
      details:
        'Behind a proxy or load balancer that keeps connections, use more than its own idle time (often 60 s), or it may send a request into a closing connection.',
    },
    linger_timeout: {
      ...deadline,
      default: 2,
      flags: ['--linger-timeout'],
      meaning: "For the client's end after we have closed; then reset.",
      details:
        'Without it a client that is still sending would lose the answer that told it to stop.',
    },
  },
} as const satisfies Section;
