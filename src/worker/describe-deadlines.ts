// The rows of the table of all deadlines that no state has: what a worker cuts short at its limit and when it ends, and how
// long it is patient with its threads and its Python process.

import { PARTING_MS } from '../connection/answering/upgraded.ts';
import { PROMPT_END_MS } from '../connection/states/states.ts';
import { type DeadlineRow, fixedMs } from '../settings/describe/deadlines.ts';
import { PING_MS, STOP_MS } from './application/python-application.ts';
import { LONGEST_MS } from './application/restart.ts';
import { DRAIN_GRACE_MS, GREETED_GRACE_MS, HAND_OVER_MS, IDLE_GRACE_MS } from './connections.ts';
import { DRAIN_HEAD_MS, HALF_CLOSED_GRACE_MS } from './context.ts';
import { ARBITER_MS } from './limits/arbiter-patience.ts';
import { KEYS_LOAD_MS } from './limits/key-functions.ts';

/** Of connections, beside their states. */
export function limitDeadlines(): readonly DeadlineRow[] {
  return [
    {
      who: 'at `worker_connections`: proxy, handshake, new, keep-alive, lingering',
      waitsFor: 'a request, while others want to get in',
      bound: fixedMs(IDLE_GRACE_MS),
      seen: `the connection closes, the oldest first; a TLS client that has said hello has ${GREETED_GRACE_MS / 1000} s`,
    },
    {
      who: 'at `worker_connections`: others',
      waitsFor: 'the place of a connection that gave way',
      bound: fixedMs(HAND_OVER_MS),
      seen: 'it is accepted',
    },
    {
      who: 'running, the client has ended right behind its request',
      waitsFor: 'a Node.js application to begin its response',
      bound: fixedMs(HALF_CLOSED_GRACE_MS),
      seen: 'the connection closes, the request is aborted',
    },
    {
      who: 'queued, streaming',
      waitsFor: 'an end of the client that means "no more requests" and not "gone"',
      bound: fixedMs(PROMPT_END_MS),
      seen: 'the connection closes (see below)',
    },
    {
      who: 'worker, draining: idle',
      waitsFor: 'one more request that is on its way',
      bound: fixedMs(DRAIN_GRACE_MS),
      seen: 'our end (see below); the connection closes when the client has ended as well, so long later at the latest',
    },
    {
      who: 'worker, draining: head',
      waitsFor: 'a complete request head',
      bound: fixedMs(DRAIN_HEAD_MS),
      seen: '408, then close',
    },
    {
      who: 'worker, draining: WebSocket',
      waitsFor:
        'its turn to be told, in the first half of `graceful_timeout`; then for the end of a message',
      bound: fixedMs(PARTING_MS),
      seen: 'a close frame, 1001',
    },
    {
      who: 'worker, draining: WebSocket that was told',
      waitsFor: "the client's close",
      bound: fixedMs(PARTING_MS),
      seen: 'the connection closes',
    },
  ];
}

/** Of limits: who else is asked. */
export function askingDeadlines(): readonly DeadlineRow[] {
  return [
    {
      who: 'asking, the arbiter',
      waitsFor:
        'its word (`limit_store_timeout`, if that is longer); where a store is set `limit_store_timeout` more',
      bound: fixedMs(ARBITER_MS),
      seen: 'nothing: the worker goes by its share of the limit, and nobody waits until the arbiter answers again',
    },
    {
      who: 'asking, a key function',
      waitsFor: 'the function of a config file that answers the key of a request',
      bound: 'limit_store_timeout',
      seen: 'nothing: the request counts by its address',
    },
    {
      who: 'worker, key functions',
      waitsFor: 'the config file to be loaded for them',
      bound: fixedMs(KEYS_LOAD_MS),
      seen: 'nothing: it serves without them',
    },
  ];
}

/** Of threads and the Python process. */
export function applicationDeadlines(): readonly DeadlineRow[] {
  return [
    {
      who: 'thread or Python process that replaces another',
      waitsFor: 'the application to be loaded',
      bound: 'boot_timeout',
      seen: `nothing: requests wait in the queue. It is given up and started again, after ${LONGEST_MS / 1000} s at most`,
    },
    {
      who: 'Python process',
      waitsFor: `the answer of its interpreter, which is asked every ${PING_MS / 1000} s`,
      bound: 'timeout',
      seen: '502 for what it runs; it is replaced, the new one first',
    },
    {
      who: 'Python thread, nobody listens',
      waitsFor: 'the application, whose client has gone or has the whole response (`close()`)',
      bound: 'timeout',
      seen: 'nothing: it is interrupted, or its thread is replaced',
    },
    {
      who: 'Python process, replaced',
      waitsFor: 'requests that it still runs',
      bound: 'graceful_timeout',
      seen: '502 for what it runs. Not before `timeout`',
    },
    {
      who: 'Python process, worker ends',
      waitsFor: 'its `atexit` and its own threads',
      bound: fixedMs(STOP_MS),
      seen: 'nothing: every request has been answered',
    },
  ];
}
