// Runs a (req, res) listener for one request: builds its request, response and socket, and ties their ends together as
// Node's own server does. A listener that throws, or whose promise is rejected, is answered with 500.

import type { Server } from 'node:http';
import type { Begin, Exchange } from '../exchange.ts';
import { refusesExpectation } from '../expectation.ts';
import { type Listener, stackOf } from '../load-app.ts';
import { ClientSocket, type SocketOwner } from './client-socket.ts';
import { type Classes, GivenPrototypes } from './given-prototypes.ts';
import { type Observed, Observers } from './observers.ts';
import {
  aborted,
  type BuiltRequest,
  buildRequest,
  handed,
  hasArrived,
  releaseRequest,
} from './request.ts';
import {
  attach,
  type BuiltResponse,
  buildResponse,
  closeResponse,
  drainResponse,
  type ResponseOwner,
} from './response.ts';
import { ServerOptions } from './server-options.ts';

/** `server`: whose event the listener emits, where there is one; `classes`: what its requests and responses are made with. */
export function listenerBegin(
  listener: Listener,
  server?: Server,
  classes: Classes | undefined = server === undefined ? new GivenPrototypes(listener) : undefined,
): Begin {
  const observers = new Observers(listener, server);
  const options = new ServerOptions(server, classes);
  return (exchange) => {
    if (server === undefined && refusesExpectation(exchange)) return;
    const pair = new Pair(exchange, observers, options, server);
    try {
      const result = observers.run(pair);
      handed(pair.request);
      if (isPromise(result)) result.then(undefined, (error: unknown) => pair.raised(error));
    } catch (error) {
      pair.raised(error);
    }
  };
}

/** A request and a response that share a socket. */
class Pair implements SocketOwner, ResponseOwner, Observed {
  readonly request: BuiltRequest;
  readonly response: BuiltResponse;
  readonly socket: ClientSocket;
  readonly #exchange: Exchange;
  readonly #observers: Observers;

  constructor(
    exchange: Exchange,
    observers: Observers,
    options: ServerOptions,
    server: Server | undefined,
  ) {
    this.#exchange = exchange;
    this.#observers = observers;
    this.socket = new ClientSocket(exchange);
    this.socket.owner = this;
    this.socket.server = server;
    this.request = buildRequest(exchange, this.socket, options);
    this.response = buildResponse(this.request, exchange, this.socket, this, options);
  }

  raised(error: unknown): void {
    const late = this.#exchange.phase === 'over';
    this.#exchange.fail(500, 'app-raised', stackOf(error));
    if (!late) this.socket.destroy();
  }

  closed(): void {
    if (!this.request.destroyed) this.request.destroy(aborted());
    closeResponse(this.response);
  }

  drained(): void {
    drainResponse(this.response);
  }

  /** As Node: a request that has arrived does not time out. */
  timedOut(socket: ClientSocket): boolean {
    const byRequest = !hasArrived(this.request) && this.request.emit('timeout', socket);
    const byResponse = this.response.emit('timeout', socket);
    const byServer = socket.server?.emit('timeout', socket) === true;
    return byRequest || byResponse || byServer;
  }

  /** Somebody could tell when the response closes. */
  get #isHeard(): boolean {
    const { response } = this;
    return response.listenerCount('close') > 0 || response.listenerCount('error') > 0;
  }

  /** All has left, and 'finish' is about to be emitted. */
  finishing(): void {
    this.#observers.finished(this);
    this.socket.release();
    attach(this.response, null);
    releaseRequest(this.request);
    if (this.#isHeard) process.nextTick(closeResponse, this.response);
  }

  /** 'finish' was emitted; 'close' follows a tick later, as from Node. */
  finished(): void {
    if (!this.#isHeard) closeResponse(this.response);
    this.socket.owner = null;
    this.socket.over();
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Promise<unknown>).then === 'function'
  );
}
