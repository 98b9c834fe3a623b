// Answers what browsers and monitoring ask: Node.js's own HTTP server at an address of its own. It shares the arbiter's loop and is
// bounded in clients, bytes and time. What can be asked is in routes.ts, who may ask in access.ts.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { messageOf } from '../../message-of.ts';
import { formatBind } from '../../settings/bind.ts';
import type { InspectAddress } from '../../settings/inspect.ts';
import { Refusal } from '../control/refusal.ts';
import { Access } from './access.ts';
import { VIEWERS_MAX } from './live.ts';

/** Beside those who watch. */
const CLIENTS_MAX = 32;
const REQUEST_MS = 5_000;
const IDLE_MS = 90_000;
/** A request of a monitor is some hundred bytes, of a browser some more. */
const HEADER_BYTES_MAX = 8 * 1024;

/** For every answer: no other page may read it, and nobody take it for what it is not. */
const GUARDS = {
  'cache-control': 'no-store',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

export interface Page {
  readonly type: string;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer that goes on: is given the response once its head is written. */
export interface Stream {
  readonly type: string;
  stream(response: ServerResponse): void;
}

export type StatusReply = Page | Stream;

export interface StatusRoute {
  readonly path: string;
  /** It shows something of the server. */
  readonly isData: boolean;
  /** Rejects with a Refusal, or an Error with a sentence for people. */
  answer(query: URLSearchParams): Promise<StatusReply>;
}

export class StatusServer {
  readonly #server: Server;
  readonly #access: Access;
  readonly #routes: readonly StatusRoute[];

  private constructor(token: string | null, routes: readonly StatusRoute[]) {
    this.#access = new Access(token);
    this.#routes = routes;
    const terms = {
      headersTimeout: REQUEST_MS,
      requestTimeout: REQUEST_MS,
      keepAliveTimeout: IDLE_MS,
      maxHeaderSize: HEADER_BYTES_MAX,
      connectionsCheckingInterval: REQUEST_MS,
    };
    this.#server = createServer(terms, (request, response) => void this.#answer(request, response));
    this.#server.maxConnections = CLIENTS_MAX + VIEWERS_MAX;
  }

  /** Rejects with an Error with a sentence for people. */
  static async open(
    { host, port }: InspectAddress,
    token: string | null,
    routes: readonly StatusRoute[],
  ): Promise<StatusServer> {
    const status = new StatusServer(token, routes);
    await new Promise<void>((resolve, reject) => {
      status.#server.once('error', (error) => reject(new Error(messageOf(error))));
      status.#server.listen({ host, port, exclusive: true }, resolve);
    });
    status.#server.unref();
    return status;
  }

  /** "127.0.0.1:8001": where it really listens. */
  get label(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') return '';
    return formatBind({ kind: 'tcp', host: address.address, port: address.port });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [status, reply] = await this.#reply(request);
    if (response.destroyed) return;
    const more = 'text' in reply ? reply.headers : undefined;
    response.writeHead(status, {
      'content-type': reply.type,
      ...GUARDS,
      ...more,
      ...(status === 401 && { 'www-authenticate': 'Bearer' }),
    });
    if (request.method === 'HEAD') response.end();
    else if ('text' in reply) response.end(reply.text);
    else reply.stream(response);
  }

  async #reply({ method, url, headers }: IncomingMessage): Promise<[number, StatusReply]> {
    const { pathname, query } = parts(url ?? '/');
    const route = this.#routes.find(({ path }) => path === pathname);
    const denial =
      route?.isData === false ? this.#access.toPage(headers) : this.#access.toData(headers);
    if (denial !== null) return [denial.status, text(denial.sentence)];
    if (method !== 'GET' && method !== 'HEAD') return [405, text('Only GET.')];
    if (route === undefined) {
      return [404, text(`There is ${this.#routes.map(({ path }) => path).join(', ')}.`)];
    }
    try {
      return [200, await route.answer(query)];
    } catch (error) {
      return [error instanceof Refusal ? error.status : 500, text(messageOf(error))];
    }
  }
}

function parts(target: string): { pathname: string; query: URLSearchParams } {
  const at = target.indexOf('?');
  if (at === -1) return { pathname: target, query: new URLSearchParams() };
  return { pathname: target.slice(0, at), query: new URLSearchParams(target.slice(at + 1)) };
}

function text(sentence: string): Page {
  return { type: 'text/plain; charset=utf-8', text: `${sentence}\n` };
}
