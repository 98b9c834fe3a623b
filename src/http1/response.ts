// Turns what an application answered into the head that goes out, and decides how its body is framed and whether the
// connection lives on (RFC 9112, 6 and 9). The application's word counts for everything but the connection itself.

import type { ReplyHead } from '../threads/app-thread.ts';
import { isValue } from './octets.ts';
import { reasonOf } from './reasons.ts';
import type { ReplyFields } from './reply-fields.ts';
import { replyFields } from './reply-fields.ts';
import { isForbiddenTrailer } from './trailers.ts';

/** What of the request decides about its response. */
export interface AnsweredRequest {
  readonly method: string;
  readonly minorVersion: number;
  /** What the client wants. */
  readonly keepAlive: boolean;
  /** The protocols it offers to go over to, null for none; always null for HTTP/1.0. */
  readonly upgrade: string | null;
}

export interface ResponseOptions {
  /** False when the server wants to close: it drains, or the request was not read to its end. */
  readonly keepAlive: boolean;
  /** Value of Date (RFC 9110, 5.6.7); empty for none. */
  readonly date: string;
  /** Value of Server; empty for none. */
  readonly server: string;
  /** Field lines beside those; empty or absent for none. */
  readonly fields?: string;
  /** Bytes of the body when all of it is known now, else null. */
  readonly bodyLength: number | null;
}

export type Framing =
  /** Exactly `length` bytes follow. */
  | 'length'
  | 'chunked'
  /** The body ends with the connection. */
  | 'close'
  /** Nothing follows the head, whatever the application says. */
  | 'none';

export interface ResponsePlan {
  /** Status line, fields and blank line, latin-1. */
  readonly head: string;
  readonly framing: Framing;
  /**
   * Bytes the client was promised; 0 unless framing is `length`. The application's Content-Length wins over the known
   * length: what is more must be cut, and after less the connection must close.
   */
  readonly length: number;
  readonly keepAlive: boolean;
  /** Why this response cannot be sent, for the error log. The client gets 500; the other members mean nothing then. */
  readonly error: string | null;
}

export function planResponse(
  request: AnsweredRequest,
  reply: ReplyHead,
  options: ResponseOptions,
): ResponsePlan {
  const status = statusLine(reply.status);
  const fields = replyFields(reply.fields);
  if (status.code === 0) return refused(`response status ${JSON.stringify(reply.status)} is none`);
  if (fields.error !== null) return refused(fields.error);
  if (status.code < 200 && status.code !== 101) {
    return refused(`${reply.status} cannot be the final response`);
  }
  // RFC 9110, 7.8: only to what the client offered, and it is named. HTTP/1.0 knows no 1xx at all (15.2).
  if (status.code === 101 && (request.upgrade === null || fields.upgrade === '')) {
    return refused('101 needs Upgrade in the request and in the response');
  }
  const announced = announcedLength(request, status.code, fields, options.bodyLength);
  const framing = framingOf(request, status.code, announced);
  const short = options.bodyLength !== null && options.bodyLength < announced;
  const keepAlive =
    request.keepAlive &&
    options.keepAlive &&
    !fields.close &&
    status.code !== 101 &&
    framing !== 'close' &&
    !(framing === 'length' && short);
  const head =
    status.line +
    ownFields(reply, fields, options) +
    connectionField(request, status.code, fields, keepAlive) +
    (framing === 'chunked' ? 'Transfer-Encoding: chunked\r\n' : lengthField(announced)) +
    fields.lines +
    LINE_END;
  return { head, framing, length: framing === 'length' ? announced : 0, keepAlive, error: null };
}

const LINE_END = '\r\n';

/** Head of an interim response (RFC 9110, 15.2); empty when it cannot be sent: no 1xx, 101, or bad fields. */
export function interimHead(status: string, fields: string): string {
  const { code, line } = statusLine(status);
  const meaning = replyFields(fields);
  if (code < 100 || code > 199 || code === 101 || meaning.error !== null) return '';
  return line + meaning.lines + LINE_END;
}

/** What stands before the data of a chunk of `length` > 0 bytes; CR LF stands after it. */
export function chunkHeader(length: number): string {
  return `${length.toString(16)}\r\n`;
}

/**
 * The end of a chunked body, with `trailers` as field lines. Lines that are malformed or may not come after a body (RFC
 * 9110, 6.5.1) are left out: the response is under way, and the client is better off without them than without its end.
 */
export function lastChunk(trailers: string): string {
  if (trailers === '') return '0\r\n\r\n';
  let lines = '';
  for (const text of trailers.split('\r\n')) {
    const line = `${text}\r\n`;
    const name = text.slice(0, Math.max(0, text.indexOf(':')));
    if (name !== '' && !isForbiddenTrailer(name)) lines += replyFields(line).lines;
  }
  return `0\r\n${lines}\r\n`;
}

interface StatusLine {
  /** 0 when the status is malformed. */
  readonly code: number;
  readonly line: string;
}

/** As many as an application will use; one that makes up reasons starts over. */
const STATUS_LINES = 64;
const statusLines = new Map<string, StatusLine>();

function statusLine(status: string): StatusLine {
  const known = statusLines.get(status);
  if (known !== undefined) return known;
  const made = madeStatusLine(status);
  if (statusLines.size === STATUS_LINES) statusLines.clear();
  if (status.length <= 64) statusLines.set(status, made);
  return made;
}

/** Codes of 600 and above are nobody's, but some applications use 999; they are not ours to forbid. */
function madeStatusLine(status: string): StatusLine {
  const match = /^([1-9][0-9][0-9])(?: (.*))?$/.exec(status);
  if (match === null || !isValue(status)) return { code: 0, line: '' };
  const code = Number(match[1]);
  return { code, line: `HTTP/1.1 ${code} ${match[2] ?? reasonOf(code)}\r\n` };
}

/** RFC 9112, 6.3: these have no body, whatever their fields say. */
function isBodiless(request: AnsweredRequest, code: number): boolean {
  return code === 204 || code === 304 || code < 200 || request.method === 'HEAD';
}

/** RFC 9110, 9.3.6: after 2xx to CONNECT comes a tunnel, and neither length nor coding may be given. */
function isTunnel(request: AnsweredRequest, code: number): boolean {
  return request.method === 'CONNECT' && code >= 200 && code < 300;
}

/** The Content-Length to send, -1 for none. */
function announcedLength(
  request: AnsweredRequest,
  code: number,
  fields: ReplyFields,
  bodyLength: number | null,
): number {
  if (code < 200 || code === 204 || isTunnel(request, code)) return -1;
  // RFC 9110, 15.3.6: it has no content. Some clients read none, and would take it for the next response.
  if (code === 205) return 0;
  if (fields.contentLength !== -1) return fields.contentLength;
  if (bodyLength === null || code === 304) return -1;
  // To HEAD an application may leave the body out; 0 would then tell the client that GET has none.
  if (request.method === 'HEAD' && bodyLength === 0) return -1;
  return bodyLength;
}

function framingOf(request: AnsweredRequest, code: number, announced: number): Framing {
  if (isBodiless(request, code)) return 'none';
  if (announced !== -1) return 'length';
  if (isTunnel(request, code)) return 'close';
  return request.minorVersion > 0 ? 'chunked' : 'close';
}

function lengthField(length: number): string {
  return length === -1 ? '' : `Content-Length: ${length}\r\n`;
}

function ownFields(reply: ReplyHead, fields: ReplyFields, options: ResponseOptions): string {
  let server = fields.server;
  if (server === '' && options.server !== '') server = `Server: ${options.server}\r\n`;
  let date = fields.date;
  if (date === '' && reply.sendDate && options.date !== '') date = `Date: ${options.date}\r\n`;
  return server + date + (options.fields ?? '');
}

function connectionField(
  request: AnsweredRequest,
  code: number,
  fields: ReplyFields,
  keepAlive: boolean,
): string {
  // RFC 9110, 7.8 and 15.5.22: these two name the protocol, and Connection must list Upgrade.
  if (fields.upgrade !== '' && (code === 101 || code === 426)) {
    const close = keepAlive || code === 101 ? '' : ', close';
    return `Connection: Upgrade${close}\r\n${fields.upgrade}`;
  }
  // Closing is said to HTTP/1.0 as well: the response is of HTTP/1.1, which promises to stay (RFC 9112, 9.3).
  if (!keepAlive) return 'Connection: close\r\n';
  return request.minorVersion > 0 ? '' : 'Connection: keep-alive\r\n';
}

function refused(error: string): ResponsePlan {
  return { head: '', framing: 'none', length: 0, keepAlive: false, error };
}
