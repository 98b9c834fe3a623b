// What the server answers where no application speaks, with what the connection knows of the request and the worker.

import { type ErrorResponse, errorResponse } from '../http1/error-response.ts';
import type { ParsedHead } from '../http1/head.ts';
import type { Failure, ReplyHead } from '../threads/app-thread.ts';
import type { ConnectionContext } from './context.ts';
import type { ProbeAnswer } from './effects.ts';

/** A client that found no thread is told to come back when those that wait now have been served. Not later than this: what
 * holds threads for long may end at any moment. */
const RETRY_AFTER_SECONDS_MAX = 30;

export function ownAnswer(
  context: ConnectionContext,
  status: number,
  head: ParsedHead,
  keepAlive: boolean,
): ErrorResponse {
  return errorResponse(status, {
    method: head.method,
    minorVersion: head.minorVersion,
    keepAlive,
    date: context.date(),
    server: context.server,
    ...(status === 503 ? { retryAfterSeconds: retryAfter(context.requests.drainMs) } : {}),
  });
}

export function retryAfter(drainMs: number): number {
  return Math.min(RETRY_AFTER_SECONDS_MAX, Math.max(1, Math.ceil(drainMs / 1000)));
}

/** queue_timeout has passed. */
export const WAITED_IN_VAIN: Failure = {
  status: 503,
  code: 'queue-timeout',
  detail: 'no thread was free in time',
};

/** It may wait for the answer, or have gone; others wait, too. */
export const ENDED_IN_QUEUE: Failure = {
  status: 503,
  code: 'client-ended',
  detail: 'its client has sent its end, and others wait for threads already',
};

/** Its room was needed. */
export function gaveWayAfter(stalledMs: number): Failure {
  const seconds = (stalledMs / 1000).toFixed(1);
  const detail = `its client had read nothing for ${seconds} s, and others needed its room`;
  return { status: 503, code: 'gave-way', detail };
}

/** The head of the answer to a question about health. A proxy on the way must ask again every time. */
export function probeReply({ status }: ProbeAnswer): ReplyHead {
  const fields = 'Content-Type: text/plain\r\nCache-Control: no-store\r\n';
  return { status, fields, sendDate: true };
}
