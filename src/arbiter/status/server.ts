// Answers what browsers and monitoring ask: Node.js's own HTTP server at an address of its own. It shares the arbiter's loop and is
// bounded in clients, bytes and time. What can be asked is in routes.ts, who may ask in access.ts, and what becomes of those who may
// not in strangers.ts.

import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import { messageOf } from '../../message-of.ts';
import { formatBind } from '../../settings/bind.ts';
import type { InspectAddress } from '../../settings/inspect.ts';
import { Refusal } from '../control/refusal.ts';
import { Access, type Denial } from './access.ts';
import { VIEWERS_MAX } from './live.ts';
import { HEADER_BYTES_MAX, STRANGERS_MAX, Strangers } from './strangers.ts';

/** Beside those who watch. */
const CLIENTS_MAX = 32;
const REQUEST_MS = 5_000;
/** For those who may ask. */
const IDLE_MS = 90_000;

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
  /** The same, for whoever takes it. */
  readonly gzipped?: Buffer;
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
  readonly #strangers = new Strangers();

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
    this.#server.maxConnections = CLIENTS_MAX + VIEWERS_MAX + STRANGERS_MAX;
    this.#receiveStrangers();
  }

  /** Before Node.js's own server takes them in. */
  #receiveStrangers(): void {
    const server = this.#server;
    const takeIn = server.listeners('connection');
    server.removeAllListeners('connection');
    server.on('connection', (socket: Socket) =>
      this.#strangers.came(socket, () => {
        for (const each of takeIn) Reflect.apply(each, server, [socket]);
      }),
    );
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
      this.#strangers.end();
      this.#server.closeAllConnections();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket, headers } = request;
    const denial = this.#access.toData(headers);
    if (denial === null) this.#strangers.isNone(socket);
    else if (!this.#strangers.dismiss(socket)) return;
    const [status, reply] = await this.#reply(request, denial);
    if (response.destroyed) return;
    const more = 'text' in reply ? reply.headers : undefined;
    const gzipped = 'text' in reply && takesGzip(headers) ? reply.gzipped : undefined;
    response.writeHead(status, {
      'content-type': reply.type,
      ...GUARDS,
      ...more,
      ...(gzipped !== undefined && { 'content-encoding': 'gzip' }),
      ...(denial !== null && { connection: 'close' }),
      ...(status === 401 && { 'www-authenticate': 'Bearer' }),
    });
    if (request.method === 'HEAD') response.end();
    else if ('text' in reply) response.end(gzipped ?? reply.text);
    else reply.stream(response);
  }

  async #reply(
    { method, url, headers }: IncomingMessage,
    toData: Denial | null,
  ): Promise<[number, StatusReply]> {
    const { pathname, query } = parts(url ?? '/');
    const route = this.#routes.find(({ path }) => path === pathname);
    const denial = route?.isData === false ? this.#access.toPage(headers) : toData;
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

/** Only by its name: `*` is what scripts send, and people read what those got (RFC 9110 12.5.3). */
function takesGzip(headers: IncomingHttpHeaders): boolean {
  const codings = headers['accept-encoding']?.toString().toLowerCase().split(',') ?? [];
  return codings.some((coding) => {
    const [name, weight] = coding.split(';').map((part) => part.trim());
    return name === 'gzip' && Number(weight?.replace(/^q=/, '') ?? 1) > 0;
  });
}

function parts(target: string): { pathname: string; query: URLSearchParams } {
  const at = target.indexOf('?');
  if (at === -1) return { pathname: target, query: new URLSearchParams() };
  return { pathname: target.slice(0, at), query: new URLSearchParams(target.slice(at + 1)) };
}

function text(sentence: string): Page {
  return { type: 'text/plain; charset=utf-8', text: `${sentence}\n` };
}
