// What the server answers where no application speaks, with what the connection knows of the request and the worker.

import { type ErrorResponse, errorResponse } from '../http1/error-response.ts';
import type { ParsedHead } from '../http1/head.ts';
import type { ConnectionContext } from './context.ts';

/** What a client is told that found no thread: a queue that was full moves within moments. */
const RETRY_AFTER_SECONDS = 1;

/** @param head null when it was never understood */
export function ownAnswer(
  context: ConnectionContext,
  status: number,
  head: ParsedHead | null,
  keepAlive: boolean,
): ErrorResponse {
  return errorResponse(status, {
    ...(head === null ? {} : { method: head.method, minorVersion: head.minorVersion }),
    keepAlive,
    date: context.date(),
    server: context.server,
    ...(status === 503 ? { retryAfterSeconds: RETRY_AFTER_SECONDS } : {}),
  });
}
