// Sends what an application's fetch answered. A light response goes at once; any other is read as a stream, with
// back-pressure, and still goes as one message when all of it is there at once.

import { STATUS_CODES } from 'node:http';
import { type Chunk, encodeChunk } from '../chunk.ts';
import type { Exchange } from '../exchange.ts';
import { fieldLines } from './header-list.ts';
import { plainResponse } from './light-response.ts';

type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** What a response that streams needs to hear of its client. */
export interface StreamEnds {
  /** Set while a body is read; called when the client has gone. */
  onGone: (() => void) | null;
  /** Set while the window is full. */
  onDrained: (() => void) | null;
}

/** Rejects when the value is no Response or its body fails before its end. */
export function sendResponse(
  exchange: Exchange,
  response: unknown,
  ends: StreamEnds,
): Promise<void> | null {
  const plain = plainResponse(response);
  if (plain !== null) {
    const { status, statusText, fields, body } = plain;
    sendWhole(exchange, statusLine(status, statusText), fields, encodeChunk(body ?? '', null));
    return null;
  }
  if (!(response instanceof Response)) throw new TypeError(`fetch answered ${kindOf(response)}.`);
  if (response.bodyUsed || response.body?.locked) {
    throw new TypeError('fetch answered a Response whose body was already read.');
  }
  const status = statusLine(response.status, response.statusText);
  const fields = fieldLines(isDecoded(response) ? withoutCoding(response) : response.headers);
  const body = response.body as ReadableStream<Uint8Array> | null;
  if (body === null || exchange.facts.method === 'HEAD') {
    exchange.whole(status, fields, true, '', null);
    return body === null ? null : body.cancel();
  }
  return stream(exchange, status, fields, body.getReader(), ends);
}

/** The answer to HEAD has the length that GET's would have, and no body (RFC 9110, 9.3.2). */
function sendWhole(exchange: Exchange, status: string, fields: string, body: Chunk): void {
  if (exchange.facts.method !== 'HEAD' || body.length === 0) {
    exchange.whole(status, fields, true, body, null);
    return;
  }
  const known = /^(content-length|transfer-encoding):/m.test(fields);
  const length = known ? '' : `content-length: ${body.length}\r\n`;
  exchange.whole(status, fields + length, true, '', null);
}

async function stream(
  exchange: Exchange,
  status: string,
  fields: string,
  reader: Reader,
  ends: StreamEnds,
): Promise<void> {
  ends.onGone = () => void reader.cancel().catch(() => undefined);
  if (exchange.gone) ends.onGone();
  const first = await reader.read();
  if (first.done) {
    exchange.whole(status, fields, true, '', null);
    return;
  }
  let next = readOn(reader);
  const early = await Promise.race([next, nextTurn()]);
  if (early?.done === true) {
    exchange.whole(status, fields, true, bytesOf(first.value), null);
    return;
  }
  exchange.head(status, fields, true);
  let room = exchange.write(bytesOf(first.value));
  for (;;) {
    if (!room && !exchange.gone) await drained(ends);
    const { done, value } = await next;
    if (done || exchange.gone) break;
    room = exchange.write(bytesOf(value));
    next = readOn(reader);
  }
  ends.onGone = null;
  exchange.end('', null);
}

/** Read ahead: that it fails is heard when it is waited for, which may be when the client has read what came before. */
function readOn(reader: Reader): ReturnType<Reader['read']> {
  const next = reader.read();
  next.catch(() => undefined);
  return next;
}

/** What fetch has answered is decoded by then, but its fields still speak of the body as it was sent. */
function isDecoded(response: Response): boolean {
  return response.url !== '' && response.headers.has('content-encoding') && response.body !== null;
}

function withoutCoding(response: Response): Headers {
  const headers = new Headers(response.headers);
  headers.delete('content-encoding');
  headers.delete('content-length');
  return headers;
}

function drained(ends: StreamEnds): Promise<void> {
  return new Promise((resolve) => {
    ends.onDrained = resolve;
  });
}

function nextTurn(): Promise<null> {
  return new Promise((resolve) => {
    setImmediate(resolve, null);
  });
}

function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new TypeError('A response body stream yielded something else than bytes.');
}

function statusLine(status: number, statusText: string): string {
  return `${status} ${statusText || (STATUS_CODES[status] ?? '')}`;
}

function kindOf(value: unknown): string {
  const kind = value === null ? 'null' : typeof value;
  return `${kind} where a Response was expected`;
}
