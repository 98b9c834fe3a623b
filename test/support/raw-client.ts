// A client that says exactly the bytes a test wants said, and reads what comes back strictly. It can half-close and
// reset, and knows how the other side ended. The test's end closes it.

import net from 'node:net';
import type { TestContext } from 'node:test';
import tls from 'node:tls';
import { soon } from './eventually.ts';
import { type RawResponse, ResponseReader } from './response-reader.ts';

export type { RawResponse } from './response-reader.ts';

/** A port of 127.0.0.1, another address, or the path of a unix socket. */
export type Target =
  | number
  | {
      readonly host: string;
      readonly port: number;
      /** Which of our addresses the server sees. */
      readonly localAddress?: string;
    }
  | string;

export class RawClient {
  readonly #socket: net.Socket;
  /** Below TLS; the same where there is none. */
  readonly #raw: net.Socket;
  readonly #reader: ResponseReader;
  readonly #received: Buffer[] = [];
  #wake: (() => void) | null = null;
  #ending: 'end' | 'reset' | null = null;
  #total = 0;

  private constructor(socket: net.Socket, raw = socket) {
    this.#socket = socket;
    this.#raw = raw;
    this.#reader = new ResponseReader(() => this.#pull());
    socket.on('data', (bytes: Buffer) => {
      this.#received.push(bytes);
      this.#total += bytes.length;
      this.#wake?.();
    });
    socket.on('end', () => this.#close('end'));
    socket.on('error', () => this.#close('reset'));
    socket.on('close', () => this.#close('end'));
  }

  static async connect(t: TestContext, target: Target): Promise<RawClient> {
    return new RawClient(await connected(t, target));
  }

  /**
   * With TLS: resolves when the handshake is done. `options`: `ca`, and whatever a client may want otherwise.
   * `before`: what is said before the handshake.
   */
  static async connectSecurely(
    t: TestContext,
    target: Target,
    options: tls.ConnectionOptions,
    before: Uint8Array = Buffer.alloc(0),
  ): Promise<RawClient> {
    const raw = await connected(t, target);
    if (before.length > 0) raw.write(before);
    const socket = tls.connect({ servername: 'localhost', ...options, socket: raw });
    t.after(() => {
      socket.destroy();
    });
    const secured = new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve);
      socket.once('error', reject);
    });
    await soon(secured, 'the end of a TLS handshake');
    return new RawClient(socket, raw);
  }

  /** All bytes received so far. */
  get receivedBytes(): number {
    return this.#total;
  }

  /** The port of our own end: how a server's log may name us. */
  get localPort(): number {
    return this.#socket.localPort ?? 0;
  }

  /** Text goes out as latin-1. Resolves when the kernel has taken it. */
  send(bytes: string | Uint8Array): Promise<void> {
    const payload = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
    return new Promise((resolve, reject) => {
      this.#socket.write(payload, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** `toHead`: the request was HEAD. An interim response (1xx) is a response of its own. */
  readResponse({ toHead = false } = {}): Promise<RawResponse> {
    return soon(this.#reader.read(toHead), 'a response');
  }

  /** A GET on this connection, and its answer. */
  async get(path: string, fields = ''): Promise<RawResponse> {
    await this.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n`);
    return this.readResponse();
  }

  /** The next `bytes` bytes, whatever they are. */
  take(bytes: number): Promise<Buffer> {
    return soon(this.#reader.take(bytes), `${bytes} bytes`);
  }

  /** Everything up to and with `end`, whatever it is. */
  takeThrough(end: string): Promise<Buffer> {
    return soon(this.#reader.takeThrough(end), JSON.stringify(end));
  }

  /** Bytes received and not read by the test. */
  unread(): Buffer {
    return Buffer.concat([this.#reader.ahead, ...this.#received]);
  }

  /** How the other side ended so far. */
  get ending(): 'end' | 'reset' | null {
    return this.#ending;
  }

  /** How the other side ended: by closing, or by a reset. Unread bytes may still be there. */
  async waitClosed(): Promise<'end' | 'reset'> {
    const closed = async (): Promise<'end' | 'reset'> => {
      while (this.#ending === null) await this.#change();
      return this.#ending;
    };
    return soon(closed(), 'the server to close');
  }

  /** Stops reading, so that the server's writes meet a full buffer. */
  pauseReading(): void {
    this.#socket.pause();
  }

  resumeReading(): void {
    this.#socket.resume();
  }

  /** Half-close: says that nothing more will be sent. */
  end(): void {
    this.#socket.end();
  }

  /** Closes with a reset. */
  reset(): void {
    this.#raw.resetAndDestroy();
  }

  /** Closes, unread bytes or not. */
  destroy(): void {
    this.#socket.destroy();
  }

  async #pull(): Promise<Buffer | null> {
    for (;;) {
      const bytes = this.#received.shift();
      if (bytes !== undefined) return bytes;
      if (this.#ending === 'reset') throw new Error('The server reset the connection');
      if (this.#ending === 'end') return null;
      await this.#change();
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      const before = this.#wake;
      this.#wake = () => {
        before?.();
        this.#wake = null;
        resolve();
      };
    });
  }

  #close(how: 'end' | 'reset'): void {
    this.#ending ??= how;
    this.#wake?.();
  }
}

/** A GET on a connection of its own, and its answer. */
export async function getOnce(t: TestContext, target: Target, path = '/'): Promise<RawResponse> {
  const client = await RawClient.connect(t, target);
  return client.get(path, 'Connection: close\r\n');
}

export async function statusOf(t: TestContext, target: Target, path = '/'): Promise<number> {
  return (await getOnce(t, target, path)).status;
}

async function connected(t: TestContext, target: Target): Promise<net.Socket> {
  // allowHalfOpen: that the server ends must not end our side behind the test's back.
  const options = { allowHalfOpen: true, noDelay: true } as const;
  const socket =
    typeof target === 'string'
      ? net.connect({ ...options, path: target })
      : net.connect(
          typeof target === 'number'
            ? { ...options, host: '127.0.0.1', port: target }
            : { ...options, ...target },
        );
  t.after(() => {
    socket.destroy();
  });
  const established = new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  await soon(established, `a connection to ${JSON.stringify(target)}`);
  return socket;
}
