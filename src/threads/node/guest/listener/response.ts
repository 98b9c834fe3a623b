// Builds the ServerResponse a listener gets: Node's own class, which checks and renders the head, but whose bytes go to
// the exchange as head and unframed body. What differs is set on the object, because Express replaces its prototype, or on
// Node's own prototype where its members are looked at.

import {
  type OutgoingHttpHeaders,
  OutgoingMessage,
  ServerResponse,
  validateHeaderName,
  validateHeaderValue,
} from 'node:http';
import { type Chunk, encodeChunk } from '../chunk.ts';
import type { Exchange } from '../exchange.ts';
import type { ClientSocket } from './client-socket.ts';
import { assertOneLine, type Fields, plainFields } from './plain-fields.ts';
import type { BuiltRequest } from './request.ts';
import type { ServerOptions } from './server-options.ts';

const kExchange = Symbol('exchange');
const kSocket = Symbol('client socket');
const kEnding = Symbol('inside end');
const kLast = Symbol('last chunk');
const kFinish = Symbol('finish');
const kChunked = Symbol('would be chunked');
const kHeadText = Symbol('encoding of the head');
const kInterim = Symbol('begun interim');
const kOwner = Symbol('owner');

type Callback = (error?: Error | null) => void;
type HeadText = 'utf8' | 'latin1';

/** Node's internals that a response needs and its type does not name. Held on Node 20 to 24 by the tests. */
interface Internals {
  _header: string | null;
  _headerSent: boolean;
  _trailer: string;
  _closed: boolean;
  _removedConnection: boolean;
  _last: boolean;
  _storeHeader(firstLine: string, fields: Fields): void;
  _send(data: Chunk, encoding: BufferEncoding | null, callback: Callback | null): boolean;
  _writeRaw(data: Chunk, encoding: BufferEncoding | null, callback: Callback | null): boolean;
}

export type BuiltResponse = ServerResponse &
  Internals & {
    [kExchange]: Exchange;
    [kSocket]: ClientSocket;
    [kEnding]: boolean;
    [kLast]: Chunk | null;
    [kFinish]: Callback | null;
    [kChunked]: boolean;
    /** Null until Node would have written the head. */
    [kHeadText]: HeadText | null;
    [kInterim]: string;
    [kOwner]: ResponseOwner;
    [flag: symbol]: unknown;
  };

/** Node's own, as it was before what stands at the end of this file. */
const { _storeHeader, writeEarlyHints, addTrailers, end } =
  ServerResponse.prototype as BuiltResponse;
const base = { _storeHeader, writeEarlyHints, addTrailers, end };
/** The flag that Node's writableNeedDrain shows; only its own server can lower it. Absent: it stays up, harmlessly. */
const kNeedDrain = Object.getOwnPropertySymbols(new OutgoingMessage()).find(
  (symbol) => symbol.description === 'kNeedDrain',
);

/** Hears that the response has left the thread: before 'finish' is emitted, and after. */
export interface ResponseOwner {
  finishing(): void;
  finished(): void;
}

export function buildResponse(
  request: BuiltRequest,
  exchange: Exchange,
  socket: ClientSocket,
  owner: ResponseOwner,
  options: ServerOptions,
): BuiltResponse {
  const response = options.newResponse(request, socket) as unknown as BuiltResponse;
  response[kExchange] = exchange;
  response[kSocket] = socket;
  response[kEnding] = false;
  response[kLast] = null;
  response[kFinish] = null;
  response[kChunked] = false;
  response[kHeadText] = null;
  response[kInterim] = '';
  response[kOwner] = owner;
  // The server decides on keep-alive and says so itself.
  response._removedConnection = true;
  response.shouldKeepAlive = exchange.facts.keepAlive;
  response._storeHeader = storeHeader;
  response._send = send;
  response._writeRaw = writeInterim;
  attach(response, socket);
  socket._httpMessage = response;
  return response;
}

/** Node's type holds `socket` for read-only; its own server writes it. */
export function attach(response: BuiltResponse, socket: ClientSocket | null): void {
  (response as unknown as { socket: ClientSocket | null }).socket = socket;
}

/** More may be written. */
export function drainResponse(response: BuiltResponse): void {
  if (kNeedDrain !== undefined) {
    if (response[kNeedDrain] !== true) return;
    response[kNeedDrain] = false;
  }
  if (!response.writableEnded && !response.destroyed) response.emit('drain');
}

export function closeResponse(response: BuiltResponse): void {
  if (response._closed) return;
  response.destroyed = true;
  response._closed = true;
  response.emit('close');
}

/** Lets Node check and render the fields; what belongs to the connection (Date, framing) is the server's to add. */
function storeHeader(this: BuiltResponse, firstLine: string, fields: Fields): void {
  assertOneLine(firstLine);
  const plain = plainFields(this, fields);
  const sendDate = this.sendDate;
  this.sendDate = false;
  try {
    base._storeHeader.call(this, firstLine, plain);
  } finally {
    this.sendDate = sendDate;
  }
  // Said by a member and not by a field; what the client wants itself needs no word of ours.
  if (!this.shouldKeepAlive && this[kExchange].facts.keepAlive) {
    this._header = `${(this._header ?? '').slice(0, -2)}Connection: close\r\n\r\n`;
  }
  if (!this.chunkedEncoding) return;
  this.chunkedEncoding = false;
  this[kChunked] = true;
  this._header = (this._header ?? '').replace(/\r\ntransfer-encoding:[^\r]*(?=\r\n)/gi, '');
}

function send(
  this: BuiltResponse,
  data: Chunk,
  encoding: BufferEncoding | null,
  callback: Callback | null,
): boolean {
  this[kHeadText] ??= headText(this, data, encoding);
  if (this[kEnding]) {
    if (data.length > 0) this[kLast] = encodeChunk(data, encoding);
    if (callback) this[kFinish] = callback;
    return true;
  }
  sendHead(this);
  const exchange = this[kExchange];
  const room = data.length === 0 || exchange.write(encodeChunk(data, encoding));
  this[kSocket].touch();
  if (callback) process.nextTick(callback, null);
  return room;
}

/** Node writes head and first text in one, in the encoding of that text, and every other head as latin-1. */
function headText(
  response: BuiltResponse,
  data: Chunk,
  encoding: BufferEncoding | null | undefined,
): HeadText {
  const together = typeof data === 'string' && (!response[kChunked] || data === '');
  return together && (!encoding || encoding === 'utf8') ? 'utf8' : 'latin1';
}

function endOurs(
  this: BuiltResponse,
  chunk?: Chunk | Callback,
  encoding?: BufferEncoding | Callback,
  callback?: Callback,
): BuiltResponse {
  const first = !this.writableEnded;
  this[kEnding] = first;
  try {
    base.end.call(this, chunk, encoding as BufferEncoding, callback);
  } finally {
    this[kEnding] = false;
  }
  if (first && this.writableEnded) complete(this);
  return this;
}

/** Sends what end() gathered: the whole response in one where nothing was sent before. */
function complete(response: BuiltResponse): void {
  const exchange = response[kExchange];
  const last = response[kLast] ?? '';
  response[kLast] = null;
  const settle = (): void => process.nextTick(finish, response);
  const trailers = response[kChunked] ? response._trailer : '';
  if (!response._headerSent && trailers === '') {
    response._headerSent = true;
    const { status, fields } = headOf(response._header, response[kHeadText]);
    exchange.whole(status, fields, response.sendDate, last, settle);
    return;
  }
  sendHead(response);
  if (last.length > 0) exchange.write(last);
  exchange.end(trailers, settle);
}

function finish(response: BuiltResponse): void {
  const finished = response[kFinish];
  response[kFinish] = null;
  const owner = response[kOwner];
  owner.finishing();
  finished?.();
  owner.finished();
}

function sendHead(response: BuiltResponse): void {
  if (response._headerSent || response._header === null) return;
  response._headerSent = true;
  const { status, fields } = headOf(response._header, response[kHeadText]);
  response[kExchange].head(status, fields, response.sendDate);
}

/** Takes "HTTP/1.1 200 OK\r\nName: value\r\n\r\n" apart. */
function headOf(
  header: string | null,
  encoding: HeadText | null,
): { status: string; fields: string } {
  if (header === null) return { status: '200 OK', fields: '' };
  const lineEnd = header.indexOf('\r\n');
  const fields = header.slice(lineEnd + 2, -2);
  return { status: header.slice(9, lineEnd), fields: bytesOfText(fields, encoding) };
}

/**
 * Fields as they leave, one character per byte. As latin-1 they hold nothing else, with one exception: beside a known length Node
 * reads the bytes of a Content-Disposition as UTF-8 (node#46528), and what comes of that may need several bytes.
 */
function bytesOfText(fields: string, encoding: HeadText | null): string {
  if (!/[^\0-\x7f]/.test(fields)) return fields;
  if (encoding === 'utf8') return Buffer.from(fields).toString('latin1');
  return fields.replace(/[^\0-\xff]/g, (character) => Buffer.from(character).toString('latin1'));
}

/** Node writes 1xx responses, and after our `_send` nothing else, straight to the socket; a program may do so in pieces. */
function writeInterim(
  this: BuiltResponse,
  data: Chunk,
  encoding: BufferEncoding | Callback | null,
  callback: Callback | null,
): boolean {
  this[kInterim] += String(data);
  if (this[kInterim].endsWith('\r\n\r\n')) {
    const { status, fields } = headOf(this[kInterim], 'latin1');
    this[kInterim] = '';
    this[kExchange].interim(status, fields);
  }
  const done = typeof encoding === 'function' ? encoding : callback;
  if (done) process.nextTick(done);
  return true;
}

function addTrailersOurs(this: BuiltResponse, fields: Fields): void {
  const plain = plainFields(this, fields, () => {});
  base.addTrailers.call(this, plain as Parameters<typeof base.addTrailers>[0]);
}

/** Node 20 checks only the link: the other fields could carry a line end. */
function writeEarlyHintsOurs(
  this: BuiltResponse,
  hints: Record<string, string | string[]>,
  callback?: () => void,
): void {
  if (typeof hints !== 'object' || hints === null) {
    base.writeEarlyHints.call(this, hints, callback);
    return;
  }
  const plain = plainFields(this, hints) as typeof hints;
  for (const [name, value] of Object.entries(plain)) {
    validateHeaderName(name);
    for (const one of [value].flat()) validateHeaderValue(name, one);
  }
  base.writeEarlyHints.call(this, plain, callback);
}

/** A response that lists its members lists what node:http's would. Those of servers that really listen are none of ours. */
Object.assign(ServerResponse.prototype, {
  end(this: BuiltResponse, chunk: Chunk, encoding: BufferEncoding, callback: Callback) {
    if (this[kExchange] === undefined) return base.end.call(this, chunk, encoding, callback);
    return endOurs.call(this, chunk, encoding, callback);
  },
  addTrailers(this: BuiltResponse, fields: Fields) {
    if (this[kExchange] === undefined) base.addTrailers.call(this, fields as OutgoingHttpHeaders);
    else addTrailersOurs.call(this, fields);
  },
  writeEarlyHints(this: BuiltResponse, hints: Record<string, string>, callback?: () => void) {
    if (this[kExchange] === undefined) base.writeEarlyHints.call(this, hints, callback);
    else writeEarlyHintsOurs.call(this, hints, callback);
  },
});
