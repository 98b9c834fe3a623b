// Runs a (req, res) listener for one request: builds its request, response and socket, and ties their ends together as
// Node's own server does. A listener that throws, or whose promise is rejected, is answered with 500.

import type { Begin } from '../channel.ts';
import type { Exchange } from '../exchange.ts';
import { type Listener, stackOf } from '../load-app.ts';
import { ClientSocket, type SocketOwner } from './client-socket.ts';
import { aborted, type BuiltRequest, buildRequest, releaseRequest } from './request.ts';
import {
  attach,
  type BuiltResponse,
  buildResponse,
  closeResponse,
  drainResponse,
} from './response.ts';

/** `server`: what the requests' sockets are to name as theirs. */
export function listenerBegin(listener: Listener, server?: object): Begin {
  return (exchange) => {
    const pair = new Pair(exchange, server);
    try {
      const result = listener(pair.request, pair.response);
      if (isPromise(result)) result.then(undefined, (error: unknown) => pair.raised(error));
    } catch (error) {
      pair.raised(error);
    }
  };
}

/** A request and a response that share a socket. */
class Pair implements SocketOwner {
  readonly request: BuiltRequest;
  readonly response: BuiltResponse;
  readonly #socket: ClientSocket;
  readonly #exchange: Exchange;

  constructor(exchange: Exchange, server: object | undefined) {
    this.#exchange = exchange;
    this.#socket = new ClientSocket(exchange);
    this.#socket.server = server;
    this.#socket.owner = this;
    this.request = buildRequest(exchange, this.#socket);
    this.response = buildResponse(this.request, exchange, this.#socket, () => this.#settled());
  }

  raised(error: unknown): void {
    this.#exchange.fail(500, 'app-raised', stackOf(error));
    this.#socket.destroy();
  }

  closed(): void {
    if (!this.request.destroyed) this.request.destroy(aborted());
    closeResponse(this.response);
  }

  drained(): void {
    drainResponse(this.response);
  }

  timedOut(): boolean {
    const byRequest = this.request.emit('timeout');
    return this.response.emit('timeout') || byRequest;
  }

  /** 'finish' was emitted; 'close' follows a tick later, as from Node. */
  #settled(): void {
    this.#socket.release();
    attach(this.response, null);
    releaseRequest(this.request);
    if (this.response.listenerCount('close') > 0) process.nextTick(closeResponse, this.response);
    else closeResponse(this.response);
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Promise<unknown>).then === 'function'
  );
}
