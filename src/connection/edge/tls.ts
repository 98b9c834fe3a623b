// The edge of the connection machine with TLS: a tls.TLSSocket over the accepted handle. TLS 1.2 and 1.3, HTTP/1.1 alone
// (ALPN), no renegotiation, and an end that says close_notify before FIN, so that nobody takes half of a response for the
// whole. The machine tells how long a handshake may take; that the end is not waited for without a bound is told here.

import { constants } from 'node:crypto';
import { Socket, type SocketConstructorOpts } from 'node:net';
import tls, { type SecureContext } from 'node:tls';
import type { TlsFacts } from '../../threads/app-thread.ts';
import { firstReading } from '../beginning.ts';
import type { ConnectionContext } from '../context.ts';
import { HalfDeadline } from '../half-deadline.ts';
import type { Connection } from '../machine.ts';
import { type AcceptedHandle, letIn, type PeerOf, SocketEdge, type TurnedAway } from './socket.ts';

/** In the order of our preference. Who asks for none of them (h2 alone) is refused in the handshake. */
const PROTOCOLS = ['http/1.1', 'http/1.0'];

/** Beyond the documentation, as tls.Server passes it on: bytes that may wait before there is a `drain` event. */
interface SecureSocketOptions extends tls.TLSSocketOptions {
  highWaterMark: number;
}

/** Beyond the documentation: what tls.Server asks when a handshake is done. */
interface Verifier {
  readonly ssl: { verifyError(): (Error & { readonly code?: string }) | null };
}

export interface TlsOptions {
  /** PEM, with the chain. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
  /** 48 secret bytes: workers that have the same ones resume each other's sessions. */
  readonly ticketKeys: Buffer;
  /** PEM: the authorities of clients, which complete our own chain, too. */
  readonly ca?: string | null;
  /** A list as Node.js reads it; null: its own. */
  readonly ciphers?: string | null;
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
  /** Whether clients have to show a certificate. */
  readonly clients?: ClientCertificates;
}

type ClientCertificates = 'none' | 'optional' | 'required';

/** What all handshakes of a worker have in common. */
export interface TlsTerms {
  readonly context: SecureContext;
  readonly clients: ClientCertificates;
}

/** A client that resumes its session does not show its certificate again, so that one out of its time counts for so much longer. Without certificates OpenSSL's two hours. */
const VOUCHED_SECONDS = 300;

/** Made once for each worker: parsing a key takes as long as many requests. */
export function tlsTermsOf(options: TlsOptions): TlsTerms {
  const { cert, key, ticketKeys, ca, ciphers, clients = 'none' } = options;
  const context = tls.createSecureContext({
    cert,
    key,
    ticketKeys,
    ...(ca && { ca }),
    ...(ciphers && { ciphers }),
    ...(clients !== 'none' && { sessionTimeout: VOUCHED_SECONDS }),
    sessionIdContext: 'tunicorn',
    minVersion: options.minVersion ?? 'TLSv1.2',
    // A client may ask for a new handshake again and again, at little cost for itself.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_CIPHER_SERVER_PREFERENCE,
  });
  return { context, clients };
}

/** Makes a connection of an accepted handle; it begins with the handshake, or with a PROXY header before it. null as peerOfHandle. */
export function openSecureConnection(
  handle: AcceptedHandle,
  context: ConnectionContext,
  peerOf: PeerOf,
  terms: TlsTerms,
): Connection | TurnedAway | null {
  const first = firstReading(context, 'handshake');
  return letIn(
    handle,
    context,
    peerOf,
    first,
    () => new SecureEdge(handle, context, terms, first === 'proxy'),
  );
}

function socketOver(handle: AcceptedHandle): Socket {
  const options: SocketConstructorOpts & { handle: AcceptedHandle } = {
    handle,
    allowHalfOpen: true,
  };
  return new Socket(options);
}

function securedOver(raw: Socket, terms: TlsTerms): tls.TLSSocket {
  const options: SecureSocketOptions = {
    isServer: true,
    secureContext: terms.context,
    requestCert: terms.clients !== 'none',
    rejectUnauthorized: terms.clients === 'required',
    ALPNProtocols: PROTOCOLS,
    highWaterMark: 1,
  };
  return new tls.TLSSocket(raw, options);
}

export class SecureEdge extends SocketEdge {
  readonly #terms: TlsTerms;
  /** Null where a PROXY header comes before TLS. */
  readonly #secure: tls.TLSSocket | null;
  /** Below TLS. */
  readonly #raw: Socket;
  /** For our close_notify to leave. */
  readonly #endDeadline: HalfDeadline;
  #secured = false;
  /** The client's end has come. */
  #ended = false;

  /** @param isIntroduced a PROXY header comes before TLS */
  constructor(
    handle: AcceptedHandle,
    context: ConnectionContext,
    terms: TlsTerms,
    isIntroduced = false,
  ) {
    const raw = socketOver(handle);
    const secure = isIntroduced ? null : securedOver(raw, terms);
    super(handle, secure ?? raw, context.counts);
    this.#secure = secure;
    this.#terms = terms;
    this.#raw = raw;
    this.#endDeadline = new HalfDeadline(context, () => this.reset());
  }

  get greeted(): boolean {
    return this.#raw.bytesWritten > 0;
  }

  override connect(connection: Connection): void {
    if (this.#secure === null) this.#connectPlainly(connection);
    else this.#connectSecurely(connection, this.#secure);
  }

  /** Reads the PROXY header; what comes behind it is put back, for TLS to read. */
  #connectPlainly(connection: Connection): void {
    const raw = this.#raw;
    this.connection = connection;
    const onData = (chunk: Buffer): void => {
      const { next, held } = connection.beginning.proxyBytes(chunk, 0);
      if (connection.state.reading !== 'handshake') return;
      raw.pause();
      raw.off('data', onData).off('end', onEnd).off('close', onClose);
      const rest = Buffer.concat([held ?? Buffer.alloc(0), chunk.subarray(next)]);
      if (rest.length > 0) raw.unshift(rest);
      const secure = securedOver(raw, this.#terms);
      this.socket = secure;
      this.#connectSecurely(connection, secure);
    };
    const onEnd = (): void => connection.ended();
    const onClose = (): void => connection.closed();
    raw.on('data', onData).on('end', onEnd).on('close', onClose);
    // `close` follows and tells all there is to tell.
    raw.on('error', () => {});
  }

  #connectSecurely(connection: Connection, socket: tls.TLSSocket): void {
    socket.on('secure', () => {
      const { refusal, ...seen } = this.#seen(socket);
      if (refusal !== undefined) {
        connection.beginning.handshakeFailed(refusal);
        socket.destroy();
        return;
      }
      this.#secured = true;
      connection.beginning.secured({ ...seen, tls: factsOf(socket) });
    });
    socket.on('data', (chunk: Buffer) => {
      this.counts.received += chunk.length;
      connection.bytes(chunk);
    });
    // Told for a handshake that fails, with its reason, and for a record later on that is none.
    socket.on('_tlsError', (error: Error) => {
      if (!this.#secured) connection.beginning.handshakeFailed(reasonOf(error));
      socket.destroy();
    });
    socket.on('close', () => this.#endDeadline.remove());
    super.connect(connection);
  }

  /**
   * The client's certificate, or what is wrong with it. OpenSSL itself refuses who shows none and must; what it thinks of
   * one that it got is for us to ask, because Node.js has it go on. A resumed session answers as it did when it was new.
   */
  #seen(socket: tls.TLSSocket): {
    readonly refusal?: string;
    readonly certificate?: string | null;
  } {
    const { clients } = this.#terms;
    if (clients === 'none') return {};
    const shown = socket.getPeerX509Certificate();
    if (shown === undefined && clients === 'optional') return { certificate: null };
    if (shown === undefined) return { refusal: 'the client shows no certificate' };
    const error = (socket as unknown as Verifier).ssl.verifyError();
    if (error !== null) return { refusal: `the client's certificate is refused: ${error.message}` };
    return { certificate: shown.raw.toString('base64') };
  }

  /**
   * A client that left while TLS wrote something of its own (session tickets) looks like one that has ended its half, and
   * Node.js (20 and 24) completes no write after that, nor fails it. Of TCP the kernel knows: what was reset has no
   * peer any more. Otherwise the next write shows it.
   */
  protected override clientEnded(connection: Connection): void {
    this.#ended = true;
    const wasReset = (this.handle.getpeername?.({}) ?? 0) < 0;
    if (wasReset) this.socket.destroy();
    else super.clientEnded(connection);
    if (this.socket.writableLength > 0) this.#destroyIfStuck();
  }

  override write(bytes: Buffer | string): boolean {
    const taken = super.write(bytes);
    if (!taken && this.#ended) this.#destroyIfStuck();
    return taken;
  }

  /** A write has either reached the kernel, or waits for it in libuv's queue, when the loop has turned. */
  #destroyIfStuck(): void {
    const before = this.#raw.bytesWritten;
    const look = (): void => {
      const { socket, handle } = this;
      const waits = socket.writableLength > 0 && handle.writeQueueSize === 0;
      if (waits && this.#raw.bytesWritten === before) socket.destroy();
    };
    // What TLS itself has under way is told at the end of this turn; what follows from it is seen after the next.
    setImmediate(() => setImmediate(look));
  }

  /** Our end leaves at once if the kernel has room for it; the client's is not waited for. */
  close(): void {
    if (!this.#secured) {
      this.socket.destroy();
      return;
    }
    this.#endDeadline.arm('linger_timeout');
    this.socket.destroySoon();
  }

  reset(): void {
    const { socket } = this;
    // While the end is on its way there is no reset (EINVAL of libuv, and a handle that nobody closes).
    const ending = socket.writableEnded && !socket.writableFinished;
    if (this.canReset && !ending) this.#raw.resetAndDestroy();
    else socket.destroy();
  }
}

/** The words of OpenSSL without its numbers and source files: "http request", "no shared cipher". */
function reasonOf(error: Error & { code?: string; reason?: string }): string {
  return error.reason ?? error.message;
}

/** For the application, which has no socket that it could ask. */
function factsOf(socket: tls.TLSSocket): TlsFacts {
  const { name, standardName, version } = socket.getCipher();
  const { servername = false } = socket as tls.TLSSocket & { servername?: string | false };
  return {
    protocol: socket.getProtocol(),
    cipher: { name, standardName, version },
    servername: servername || false,
    alpnProtocol: socket.alpnProtocol,
  };
}
