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
  timedOut(socket: ClientSocket): boolean;
}

/** Of an http.Server, what a socket needs. */
export interface EventSource {
  emit(event: string, ...args: unknown[]): boolean;
}

/** What Node.js says of a client that shows none. */
const NO_CERTIFICATE = 'UNABLE_TO_GET_ISSUER_CERT';

const OPTIONS = {
  readableHighWaterMark: GUEST_HIGH_WATER,
  writableHighWaterMark: GUEST_HIGH_WATER,
  allowHalfOpen: true,
  // As of net.Socket: it says whether an error ended it.
  emitClose: false,
};

export class ClientSocket extends Duplex implements ExchangeSide {
  readonly exchange: Exchange;
  owner: SocketOwner | null = null;
  /** Node's own name for the response that a socket carries; its ServerResponse reads it. */
  _httpMessage: unknown = null;
  /** The application's http.Server, where it has one. */
  server: EventSource | undefined = undefined;
  readonly connecting = false;
  readonly pending = false;
  #peer: WirePeer | null = null;
  #timer: NodeJS.Timeout | null = null;
  #timeoutMs = 0;
  #isOver = false;

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
  get encrypted(): true | undefined {
    return this.#addresses.scheme === 'https' ? true : undefined;
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

  /** As of a TLSSocket; absent where a proxy has the TLS, or nobody. */
  get getProtocol(): (() => string | null) | undefined {
    const { tls } = this.#addresses;
    return tls && (() => tls.protocol);
  }

  get getCipher(): (() => object) | undefined {
    const { tls } = this.#addresses;
    return tls && (() => tls.cipher);
  }

  get servername(): string | false | undefined {
    return this.#addresses.tls?.servername;
  }

  get alpnProtocol(): string | false | null | undefined {
    return this.#addresses.tls?.alpnProtocol;
  }

  get #certificate(): X509Certificate | null {
    const { certificate } = this.#addresses;
    return certificate ? new X509Certificate(Buffer.from(certificate, 'base64')) : null;
  }

  /** As near as the thread can tell: fields and bodies, without what the server adds to them. */
  get bytesRead(): number {
    return this.exchange.bytesRead;
  }

  get bytesWritten(): number {
    return this.exchange.bytesWritten;
  }

  get bufferSize(): number {
    return this.writableLength;
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
    this.#timer = setTimeout(() => this.#timedOut(), this.#timeoutMs).unref();
  }

  /** Node's own server listens first, and ends a connection whose request, response and server do not. */
  #timedOut(): void {
    if (!this.owner?.timedOut(this)) this.destroy();
    this.emit('timeout');
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

  /** The bytes belong to the parser, says Node. */
  override setEncoding(_encoding: BufferEncoding): this {
    throw Object.assign(
      new Error('Changing the socket encoding is not allowed per RFC7230 Section 3.'),
      { code: 'ERR_HTTP_SOCKET_ENCODING' },
    );
  }

  /** An 'error' that nobody hears ends the connection and not the thread: Node's own server listens, too. */
  override emit(event: string | symbol, ...values: unknown[]): boolean {
    if (event !== 'error') return super.emit(event, ...values);
    const heard = this.listenerCount('error') > 0 && super.emit(event, ...values);
    this.destroy();
    return heard;
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

  /** All of the request and its response is over, and with them what stands for its connection. That itself may be kept. */
  over(): void {
    this.#isOver = true;
    if (this.listenerCount('close') > 0) super.destroy();
  }

  /** The program hangs up, whether or not it has heard that the request is over. */
  override destroy(error?: Error): this {
    if (this.#isOver) this.exchange.cut();
    return super.destroy(error);
  }

  /** Tells of the end in a later turn, as Node's. */
  closing(error: Error | null): void {
    process.nextTick(closed, this, error);
  }

  override _read(): void {}

  /** The end of the socket is that of the connection, behind the response if there is one. */
  override end(...given: unknown[]): this {
    if (this.exchange.phase === 'over') this.exchange.cut();
    else this.destroy();
    return super.end(...(given as []));
  }

  override _write(_chunk: unknown, _encoding: string, done: (error?: Error | null) => void): void {
    done(new Error('Raw bytes cannot be written to the socket of a request. Use the response.'));
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.release();
    if (!this.#isOver) this.exchange.cut();
    done(error);
    this.closing(error);
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

function closed(socket: ClientSocket, error: Error | null): void {
  socket.owner?.closed(error);
  socket.emit('close', error !== null);
}

function family(address: string): string | undefined {
  if (address === '') return undefined;
  return isIPv6(address) ? 'IPv6' : 'IPv4';
}
