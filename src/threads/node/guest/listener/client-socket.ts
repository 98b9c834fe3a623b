// What a listener finds as req.socket: the client's addresses and the means to hang up. There is no real socket in the
// thread; the bytes of the response go through the exchange, and the server's own deadlines hold the connection.

import { X509Certificate } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { Duplex } from 'node:stream';
import { GUEST_HIGH_WATER, type WirePeer } from '../../../../wire/node-thread.ts';
import type { Exchange, ExchangeSide } from '../exchange.ts';

/** What the socket tells of its end: the request and response that belong to it. */
export interface SocketOwner {
  closed(error: Error | null): void;
  drained(): void;
  /** Emits 'timeout' where somebody listens; false when nobody does. */
  timedOut(): boolean;
}

/** What Node.js says of a client that shows none. */
const NO_CERTIFICATE = 'UNABLE_TO_GET_ISSUER_CERT';

const OPTIONS = {
  readableHighWaterMark: GUEST_HIGH_WATER,
  writableHighWaterMark: GUEST_HIGH_WATER,
  allowHalfOpen: true,
};

export class ClientSocket extends Duplex implements ExchangeSide {
  readonly exchange: Exchange;
  owner: SocketOwner | null = null;
  /** Node's own name for the response that a socket carries; its ServerResponse reads it. */
  _httpMessage: unknown = null;
  /** The application's http.Server, where it has one. */
  server: object | undefined = undefined;
  readonly connecting = false;
  readonly pending = false;
  #peer: WirePeer | null = null;
  #timer: NodeJS.Timeout | null = null;
  #timeoutMs = 0;

  constructor(exchange: Exchange) {
    super(OPTIONS);
    this.exchange = exchange;
    exchange.side = this;
  }

  get #addresses(): WirePeer {
    this.#peer ??= this.exchange.peer;
    return this.#peer;
  }

  get remoteAddress(): string | undefined {
    return this.#addresses.address || undefined;
  }

  get remotePort(): number | undefined {
    return this.#addresses.port || undefined;
  }

  get remoteFamily(): string | undefined {
    return family(this.#addresses.address);
  }

  get localAddress(): string | undefined {
    return this.#addresses.serverPort > 0 ? this.#addresses.serverName : undefined;
  }

  get localPort(): number | undefined {
    return this.#addresses.serverPort || undefined;
  }

  get localFamily(): string | undefined {
    return family(this.localAddress ?? '');
  }

  /** As on a TLSSocket; absent on a plain one, which frameworks test by truth. */
  get encrypted(): boolean {
    return this.#addresses.scheme === 'https';
  }

  /** The client has shown a certificate that an authority of ours signed; nobody with a bad one comes this far. */
  get authorized(): boolean | undefined {
    return this.encrypted ? Boolean(this.#addresses.certificate) : undefined;
  }

  get authorizationError(): string | null | undefined {
    if (!this.encrypted) return undefined;
    return this.#addresses.certificate === null ? NO_CERTIFICATE : null;
  }

  /** As of a TLSSocket, without the issuers; absent on a plain socket, as there. */
  get getPeerCertificate(): (() => object) | undefined {
    return this.encrypted ? () => this.#certificate?.toLegacyObject() ?? {} : undefined;
  }

  get getPeerX509Certificate(): (() => X509Certificate | undefined) | undefined {
    return this.encrypted ? () => this.#certificate ?? undefined : undefined;
  }

  get #certificate(): X509Certificate | null {
    const { certificate } = this.#addresses;
    return certificate ? new X509Certificate(Buffer.from(certificate, 'base64')) : null;
  }

  get timeout(): number | undefined {
    return this.#timeoutMs || undefined;
  }

  get readyState(): string {
    return this.destroyed ? 'closed' : 'open';
  }

  address(): { address?: string; family?: string; port?: number } {
    const { localAddress, localFamily, localPort } = this;
    if (localAddress === undefined || localPort === undefined) return {};
    return { address: localAddress, port: localPort, ...(localFamily && { family: localFamily }) };
  }

  /** Milliseconds without a byte written or read before 'timeout'; 0 ends it. As net.Socket. */
  setTimeout(timeoutMs: number, onTimeout?: () => void): this {
    this.#timeoutMs = timeoutMs;
    if (onTimeout) this.once('timeout', onTimeout);
    this.touch();
    return this;
  }

  /** A byte moved: the idle timer begins again. */
  touch(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#timeoutMs <= 0 || this.destroyed) return;
    this.#timer = setTimeout(() => {
      const heard = this.emit('timeout');
      if (!this.owner?.timedOut() && !heard) this.destroy();
    }, this.#timeoutMs).unref();
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  destroySoon(): void {
    this.destroy();
  }

  resetAndDestroy(): this {
    return this.destroy();
  }

  gone(): void {
    this.destroy();
  }

  drained(): void {
    this.touch();
    this.owner?.drained();
  }

  /** The response is complete: nothing of the request reaches the client through this socket any more. */
  release(): void {
    this.#timeoutMs = 0;
    this.touch();
  }

  override _read(): void {}

  override _write(_chunk: unknown, _encoding: string, done: (error?: Error | null) => void): void {
    done(new Error('Raw bytes cannot be written to the socket of a request. Use the response.'));
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.release();
    this.exchange.fail(502, 'app-hung-up', 'The application destroyed the socket of its request.');
    this.owner?.closed(error);
    // Node's server listens for errors of its sockets, so that one nobody handles ends no process.
    done(this.listenerCount('error') > 0 ? error : null);
  }
}

// Response bytes that have not left the thread: what res.writableLength is made from. An accessor in Node as well,
// but declared as a property by its types.
Object.defineProperty(ClientSocket.prototype, 'writableLength', {
  configurable: true,
  get(this: ClientSocket): number {
    return this.exchange.queuedBytes;
  },
});

function family(address: string): string | undefined {
  if (address === '') return undefined;
  return isIPv6(address) ? 'IPv6' : 'IPv4';
}
