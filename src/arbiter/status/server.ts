// Answers what monitoring asks: Node.js's own HTTP server at an address of its own. It shares the arbiter's loop and is bounded in
// clients, bytes and time. Without a token only who names this machine is answered, so that no page of a browser can ask.

import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import { messageOf } from '../../message-of.ts';
import { withoutQuery } from '../../observe/request-words.ts';
import { formatBind } from '../../settings/bind.ts';
import type { InspectAddress } from '../../settings/inspect.ts';

const CLIENTS_MAX = 32;
const REQUEST_MS = 5_000;
const IDLE_MS = 90_000;
/** A request of a monitor is some hundred bytes. */
const HEADER_BYTES_MAX = 8 * 1024;

export interface Page {
  readonly type: string;
  readonly text: string;
}

export class StatusServer {
  readonly #server: Server;
  readonly #token: Buffer | null;
  readonly #metrics: () => Promise<Page>;

  private constructor(token: string | null, metrics: () => Promise<Page>) {
    this.#token = token === null ? null : Buffer.from(token);
    this.#metrics = metrics;
    const terms = {
      headersTimeout: REQUEST_MS,
      requestTimeout: REQUEST_MS,
      keepAliveTimeout: IDLE_MS,
      maxHeaderSize: HEADER_BYTES_MAX,
      connectionsCheckingInterval: REQUEST_MS,
    };
    this.#server = createServer(terms, (request, response) => void this.#answer(request, response));
    this.#server.maxConnections = CLIENTS_MAX;
  }

  /** Rejects with an Error with a sentence for people. */
  static async open(
    { host, port }: InspectAddress,
    token: string | null,
    metrics: () => Promise<Page>,
  ): Promise<StatusServer> {
    const status = new StatusServer(token, metrics);
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
    const [status, page] = await this.#page(request);
    if (response.destroyed) return;
    response.writeHead(status, {
      'content-type': page.type,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...(status === 401 && { 'www-authenticate': 'Bearer' }),
    });
    response.end(request.method === 'HEAD' ? undefined : page.text);
  }

  async #page(request: IncomingMessage): Promise<[number, Page]> {
    if (this.#token === null && !namesThisMachine(request.headers.host)) {
      return [403, text('Ask by an IP address or localhost, or set status_token.\n')];
    }
    if (!this.#isAllowed(request.headers.authorization)) return [401, text('A token is wanted.\n')];
    if (request.method !== 'GET' && request.method !== 'HEAD') return [405, text('Only GET.\n')];
    if (withoutQuery(request.url ?? '') !== '/metrics') return [404, text('There is /metrics.\n')];
    try {
      return [200, await this.#metrics()];
    } catch (error) {
      return [500, text(`${messageOf(error)}\n`)];
    }
  }

  #isAllowed(authorization: string | undefined): boolean {
    if (this.#token === null) return true;
    const shown = Buffer.from(/^Bearer +(.*)$/i.exec(authorization ?? '')?.[1] ?? '');
    return shown.length === this.#token.length && timingSafeEqual(shown, this.#token);
  }
}

function text(sentence: string): Page {
  return { type: 'text/plain; charset=utf-8', text: sentence };
}

/** A name that some page of a browser chose could lead here (DNS rebinding). */
function namesThisMachine(host: string | undefined): boolean {
  const name = (host ?? '').replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  return name === 'localhost' || isIP(name) !== 0;
}
