// Who is connected to the status address and has not shown that it may ask: few, for a short time, and with one question each, so
// that nobody without the token holds up the arbiter or keeps out who has it. Of the first bytes nothing is made until they are one
// head and no more: Node.js's parser makes an object of each of the two thousand heads that a single read may hold.

import type { Socket } from 'node:net';

/**
 * One more, and the oldest gives way: who comes has shown its token a round trip later. All viewers may come at once, when a
 * server has come back.
 */
export const STRANGERS_MAX = 96;
/** From its coming until it is cut, whatever it does. */
const STRANGER_MS = 10_000;
/** A request of a monitor is some hundred bytes, of a browser some more. */
export const HEADER_BYTES_MAX = 8 * 1024;

const END_OF_HEAD = '\r\n\r\n';
const SENTENCE = `One request at a time, without a body, its head of ${HEADER_BYTES_MAX} bytes at most.\n`;
const NOT_ONE_HEAD = [
  'HTTP/1.1 400 Bad Request',
  'content-type: text/plain; charset=utf-8',
  `content-length: ${SENTENCE.length}`,
  'connection: close',
  '',
  SENTENCE,
].join('\r\n');

export class Strangers {
  /** Oldest first, with what ends each. */
  readonly #late = new Map<Socket, NodeJS.Timeout>();
  /** They have had their answer. */
  readonly #dismissed = new WeakSet<Socket>();

  /** `goOn`: takes it in, with its first head to be read. */
  came(socket: Socket, goOn: () => void): void {
    const [oldest] = this.#late.keys();
    if (oldest !== undefined && this.#late.size >= STRANGERS_MAX) this.#cut(oldest);
    this.#watch(socket);
    socket.once('close', () => this.#forget(socket));
    // What ends it is told by `close`.
    socket.on('error', () => undefined);
    readHead(socket, goOn);
  }

  /** It has shown that it may ask. */
  isNone(socket: Socket): void {
    this.#forget(socket);
  }

  /** It gets one more answer, and nothing that it sends is read. false: it has had that. */
  dismiss(socket: Socket): boolean {
    if (this.#dismissed.has(socket)) return false;
    this.#dismissed.add(socket);
    if (!this.#late.has(socket)) this.#watch(socket);
    socket.pause();
    return true;
  }

  end(): void {
    for (const socket of [...this.#late.keys()]) this.#cut(socket);
  }

  #watch(socket: Socket): void {
    this.#late.set(socket, setTimeout(() => this.#cut(socket), STRANGER_MS).unref());
  }

  #cut(socket: Socket): void {
    this.#forget(socket);
    socket.destroy();
  }

  #forget(socket: Socket): void {
    clearTimeout(this.#late.get(socket));
    this.#late.delete(socket);
  }
}

/** Calls `goOn` once a whole head is there and nothing behind it, with all of it to be read from the socket again. */
function readHead(socket: Socket, goOn: () => void): void {
  let bytes = Buffer.alloc(0);
  const left = (): void => void socket.destroy();
  const read = (chunk: Buffer): void => {
    bytes = Buffer.concat([bytes, chunk]);
    const end = bytes.indexOf(END_OF_HEAD);
    if (end === -1 && bytes.length < HEADER_BYTES_MAX) return;
    socket.off('data', read).off('end', left).pause();
    if (end === -1 || end + END_OF_HEAD.length < bytes.length) {
      socket.end(NOT_ONE_HEAD, left);
      return;
    }
    socket.unshift(bytes);
    goOn();
    socket.resume();
  };
  socket.on('data', read).once('end', left);
}
