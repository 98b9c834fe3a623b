// What the server answers where no application speaks, with what the connection knows of the request and the worker.

import { type ErrorResponse, errorResponse } from '../../http1/error-response.ts';
import type { ParsedHead } from '../../http1/head.ts';
import type { Refusal, Verdict } from '../../limits/verdict.ts';
import type { Failure } from '../../threads/app-thread.ts';
import type { ConnectionContext } from '../context.ts';
import type { ProbeAnswer } from '../effects.ts';
import { enderOf } from '../states/end-codes.ts';
import { READING } from '../states/states.ts';
import type { Exchange } from './exchange.ts';

/** A client that found no thread is told to come back when those that wait now have been served. Not later than this: what
 * holds threads for long may end at any moment. */
const RETRY_AFTER_SECONDS_MAX = 30;

export function ownAnswer(
  context: ConnectionContext,
  status: number,
  head: ParsedHead,
  keepAlive: boolean,
  { refusal, fields }: Verdict,
): ErrorResponse {
  const retryAfterSeconds =
    status === 503 ? retryAfter(context.requests.drainMs) : refusal?.retryAfterSeconds;
  return errorResponse(status, {
    method: head.method,
    minorVersion: head.minorVersion,
    keepAlive,
    date: context.date(),
    server: context.server,
    ...(retryAfterSeconds == null ? {} : { retryAfterSeconds }),
    fields,
  });
}

export function retryAfter(drainMs: number): number {
  return Math.min(RETRY_AFTER_SECONDS_MAX, Math.max(1, Math.ceil(drainMs / 1000)));
}

/** The process ends now. */
export function answerStop(
  connection: { readonly exchange: Exchange | null; abandon(reset: boolean): void },
  failure: Failure,
): void {
  const { exchange } = connection;
  exchange?.failed(failure);
  // Some of its answer is still in this process.
  if (exchange === null || connection.exchange === null) return;
  exchange.endedBy(enderOf(failure.code), failure.code);
  connection.abandon(true);
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

/** A question about the server's health, which no thread ever sees. A proxy on the way must ask again every time. */
export function answerProbe(exchange: Exchange, { status, text }: ProbeAnswer): void {
  const fields = 'Content-Type: text/plain\r\nCache-Control: no-store\r\n';
  exchange.isProbe = true;
  exchange.started();
  exchange.whole({ status, fields, sendDate: true }, Buffer.from(text, 'latin1'));
}

/** The limits of clients do not let it go on. */
export function answerRefusal(exchange: Exchange, { status, code }: Refusal): void {
  exchange.endedBy(enderOf(code), code, READING.asking.letter);
  exchange.answerError(status);
}
