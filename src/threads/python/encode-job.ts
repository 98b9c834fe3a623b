// Turns a job into the frame of a request, or into the reason why a Python thread cannot have it.

import type { Failure, Job } from '../app-thread.ts';
import { type EncodedRequest, OutsideScriptName, type RequestEncoder } from './environ.ts';

/** The frame is the encoder's scratch: good until the next call. */
export function encodeJob(encoder: RequestEncoder, job: Job): EncodedRequest | Failure {
  if (job.body.kind === 'stream') {
    const detail =
      'A WSGI application gets its request body complete; this one was still arriving.';
    return { status: 500, code: 'body-not-complete', detail };
  }
  try {
    return encoder.encode(job.head, job.peer, job.body, job.trace?.traceparent);
  } catch (error) {
    if (!(error instanceof OutsideScriptName)) throw error;
    return { status: 500, code: 'outside-script-name', detail: error.message };
  }
}
