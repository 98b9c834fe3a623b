// Builds the IncomingMessage a listener gets: Node's own class, with its body read from the exchange. What differs from
// Node's is set on the object itself, because Express gives every request and response a prototype of its own.

import { IncomingMessage } from 'node:http';
import type { Exchange } from '../exchange.ts';
import type { ClientSocket } from './client-socket.ts';
import type { ServerOptions } from './server-options.ts';

const kExchange = Symbol('exchange');
const kSocket = Symbol('client socket');
const kPumped = Symbol('end pushed');
const kWants = Symbol('has room');

/** Node's internals that a request needs and its type does not name. Held on Node 20 to 24 by the tests. */
interface Internals {
  _readableState: { readingMore: boolean; resumeScheduled: boolean };
  _consuming: boolean;
  upgrade: boolean | null;
  _addHeaderLines(fields: string[], count: number): void;
}

export type BuiltRequest = IncomingMessage &
  Internals & {
    [kExchange]: Exchange;
    [kSocket]: ClientSocket;
    [kPumped]: boolean;
    [kWants]: boolean;
    extendTimeout: (seconds: number) => number;
  };

export function buildRequest(
  exchange: Exchange,
  socket: ClientSocket,
  options: ServerOptions,
): BuiltRequest {
  const request = options.newRequest(socket) as BuiltRequest;
  const facts = exchange.facts;
  const fields = exchange.fields;
  request[kExchange] = exchange;
  request[kSocket] = socket;
  request[kPumped] = false;
  request[kWants] = false;
  request.method = facts.method;
  request.url = facts.target;
  request.httpVersionMajor = 1;
  request.httpVersionMinor = facts.minorVersion;
  request.httpVersion = facts.minorVersion === 1 ? '1.1' : '1.0';
  request._addHeaderLines(fields, fields.length);
  request._read = read;
  request._destroy = destroy;
  return request;
}

/** Of an 'upgrade' or 'connect': it has no body, and what comes behind it is not its own. */
export function buildUpgradeRequest(
  exchange: Exchange,
  socket: ClientSocket,
  options: ServerOptions,
): BuiltRequest {
  const request = buildRequest(exchange, socket, options);
  request.upgrade = true;
  request.complete = true;
  request._consuming = true;
  pushEnd(request);
  return request;
}

/** All of it has arrived, read or not, also while the handler is being called. */
export function hasArrived(request: BuiltRequest): boolean {
  const inlet = request[kExchange].inlet;
  return request.complete || inlet === null || inlet.ended;
}

/**
 * The handler has been called. From Node a request is `complete` as soon as all of it has come, read or not, but never before its
 * handler has seen it.
 */
export function handed(request: BuiltRequest): void {
  const inlet = request[kExchange].inlet;
  if (inlet === null || inlet.ended) complete(request);
  else inlet.onChange ??= () => inlet.ended && complete(request);
}

/** The response is complete: a body that nobody reads is given up, one that is being read goes on. */
export function releaseRequest(request: BuiltRequest): void {
  if (request._consuming || request._readableState.resumeScheduled) return;
  const inlet = request[kExchange].inlet;
  if (inlet === null && request.listenerCount('close') + request.listenerCount('end') === 0) return;
  inlet?.discard();
  request._consuming = true;
  complete(request);
  pushEnd(request);
  request.resume();
}

/** All has arrived. Fields of a request that is complete are its trailers, to Node. */
function complete(request: BuiltRequest): void {
  if (request.complete) return;
  request.complete = true;
  const trailers = request[kExchange].inlet?.trailers ?? [];
  if (trailers.length > 0) request._addHeaderLines(trailers as string[], trailers.length);
}

function pushEnd(request: BuiltRequest): void {
  request[kPumped] = true;
  request.push(null);
}

/** More time for this request: see Exchange.extendTimeout. No member that who lists those of a request would find. */
function extendTimeout(this: Partial<BuiltRequest>, seconds: number): number {
  return this[kExchange]?.extendTimeout(seconds) ?? 0;
}

Object.defineProperty(IncomingMessage.prototype, 'extendTimeout', {
  value: extendTimeout,
  configurable: true,
  writable: true,
});

function read(this: BuiltRequest): void {
  if (!this._consuming) {
    this._readableState.readingMore = false;
    this._consuming = true;
    const inlet = this[kExchange].inlet;
    if (inlet !== null) inlet.onChange = () => pump(this);
  }
  this[kWants] = true;
  pump(this);
}

/** Moves what has arrived into the stream, until the stream has enough: taking more would let the client send more. */
function pump(request: BuiltRequest): void {
  const inlet = request[kExchange].inlet;
  if (request.destroyed || request[kPumped]) return;
  if (inlet?.failed) {
    request.destroy(aborted());
    return;
  }
  let pushed = false;
  while (request[kWants]) {
    const bytes = inlet?.take() ?? null;
    if (bytes === null) break;
    request[kSocket].touch();
    pushed = true;
    request[kWants] = request.push(bytes);
  }
  if (inlet === null || inlet.ended) complete(request);
  if (inlet !== null && !inlet.done) return;
  // As from Node the last bytes are heard, and what their listener does at once is done, before the end is known: a request
  // that is paused there hears its end when it goes on.
  if (pushed || request.readableLength > 0) {
    request[kPumped] = true;
    queueMicrotask(() => request.push(null));
  } else pushEnd(request);
}

/**
 * As Node's own: a request that ends before its end was 'aborted', and its connection goes with it. Where only the body
 * failed, the server knows better what to do with the connection; the application may still answer.
 */
function destroy(
  this: BuiltRequest,
  error: Error | null,
  done: (error?: Error | null) => void,
): void {
  const inlet = this[kExchange].inlet;
  if (!this.readableEnded || !this.complete) {
    this.aborted = true;
    this.emit('aborted');
    const socket = this[kSocket];
    const hangsUp = this[kExchange].phase !== 'over' && inlet?.failed !== true;
    if (hangsUp && !socket.destroyed) socket.destroy(error ?? undefined);
  }
  inlet?.discard();
  process.nextTick(() => done(this.listenerCount('error') > 0 ? error : null));
}

/** The error Node gives to a request whose client went away. */
export function aborted(): Error {
  return Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
}
