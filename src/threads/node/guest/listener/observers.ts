// What observability tools hear of a request, as from Node's own server: the channels http.server.request.start and
// http.server.response.finish, with a server that they may wrap. Where nobody has subscribed this costs two looks.

import { channel } from 'node:diagnostics_channel';
import { createServer, type Server } from 'node:http';
import type { Listener } from '../load-app.ts';

const started = channel('http.server.request.start');
const finished = channel('http.server.response.finish');

/** As Node publishes it, but for the server. */
export interface Observed {
  readonly request: object;
  readonly response: object;
  readonly socket: object;
}

export class Observers {
  readonly #listener: Listener;
  #server: Server | null;
  /** The listener is called by the server's 'request'. */
  readonly #isServers: boolean;
  #result: unknown;

  /** `server`: whose 'request' the listener emits; none for a listener alone. */
  constructor(listener: Listener, server: Server | undefined) {
    this.#listener = listener;
    this.#server = server ?? null;
    this.#isServers = server !== undefined;
  }

  /** Runs the listener. Answers what it returns. */
  run({ request, response, socket }: Observed): unknown {
    if (!started.hasSubscribers) return this.#listener(request, response);
    const server = this.#named;
    started.publish({ request, response, socket, server });
    if (this.#isServers) return this.#listener(request, response);
    // A tool that wraps `emit` of the server it was shown sees the request begin.
    this.#result = undefined;
    server.emit('request', request, response);
    return this.#result;
  }

  finished({ request, response, socket }: Observed): void {
    if (!finished.hasSubscribers) return;
    finished.publish({ request, response, socket, server: this.#named });
  }

  /** One that listens nowhere, for a listener that has none. */
  get #named(): Server {
    this.#server ??= createServer((request, response) => {
      this.#result = this.#listener(request, response);
    });
    return this.#server;
  }
}
