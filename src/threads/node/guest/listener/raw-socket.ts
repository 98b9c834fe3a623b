// The socket that 'upgrade' and 'connect' hand to the application: a stream of raw bytes both ways. The connection is taken
// over with the first byte that is written or read; until then the request is one like others, with its deadline and its place
// in the thread. What the client does not read holds the application back, what the application does not read the client.

import { Duplex } from 'node:stream';
import { INLINE_BYTES, latin1, PIECE_BYTES } from '../../../../wire/node-thread.ts';
import type { Exchange } from '../exchange.ts';
import type { Inlet } from '../inlet.ts';
import { ClientSocket, type EventSource } from './client-socket.ts';
import { aborted } from './request.ts';

type Done = (error?: Error | null) => void;

export class RawSocket extends ClientSocket {
  #bytesRead = 0;
  #bytesWritten = 0;
  #inlet: Inlet | null = null;
  /** The stream has room. */
  #wants = false;
  /** A write that has not left the thread. */
  #writing: Done | null = null;

  constructor(exchange: Exchange, server: EventSource) {
    super(exchange);
    this.server = server;
    this.owner = {
      closed: () => {},
      drained: () => {},
      // Only 'timeout' is emitted: Node's own server takes its listener away before it hands the socket over.
      timedOut: () => true,
    };
  }

  override get bytesRead(): number {
    return this.#bytesRead;
  }

  override get bytesWritten(): number {
    return this.#bytesWritten;
  }

  // A stream like others, where the socket of a response is not.

  override setEncoding(encoding: BufferEncoding): this {
    return Duplex.prototype.setEncoding.call(this, encoding) as this;
  }

  override end(...given: unknown[]): this {
    return (Duplex.prototype.end as (...given: unknown[]) => this).apply(this, given);
  }

  override drained(): void {
    super.drained();
    this.#written();
  }

  /** Once what was written has left the thread: from there it reaches the client, whatever becomes of us. */
  override destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  override _read(): void {
    this.#wants = true;
    this.#open();
    this.#pump();
  }

  override _write(chunk: Buffer, _encoding: string, done: Done): void {
    this.#put(chunk, chunk.length, done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: Done): void {
    let bytes = 0;
    for (const { chunk } of chunks) bytes += chunk.length;
    if (bytes <= INLINE_BYTES) {
      let text = '';
      for (const { chunk } of chunks) text += latin1(chunk);
      this.#put(text, bytes, done);
    } else if (bytes <= PIECE_BYTES) {
      this.#put(Buffer.concat(chunks.map(({ chunk }) => chunk)), bytes, done);
    } else {
      this.#open();
      for (const { chunk } of chunks.slice(0, -1)) this.exchange.write(chunk);
      this.#put(chunks.at(-1)?.chunk ?? '', bytes, done);
    }
  }

  override _final(done: Done): void {
    this.#open();
    this.exchange.end('', () => done());
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.release();
    this.exchange.hangUp();
    this.#written(error ?? aborted());
    // As for the socket of a request: an error that nobody listens for ends no thread.
    done(this.listenerCount('error') > 0 ? error : null);
    this.closing(error);
  }

  #open(): void {
    if (this.#inlet !== null) return;
    this.#inlet = this.exchange.upgrade();
    if (this.#inlet !== null) this.#inlet.onChange = () => this.#pump();
  }

  /** `bytes`: of all that this write brings. */
  #put(data: Buffer | string, bytes: number, done: Done): void {
    this.#open();
    this.#bytesWritten += bytes;
    this.touch();
    this.exchange.write(data);
    if (this.exchange.queuedBytes > 0) this.#writing = done;
    else done();
  }

  #written(error: Error | null = null): void {
    const done = this.#writing;
    this.#writing = null;
    done?.(error);
  }

  /** Moves what has come into the stream while that has room: taking lets the client send more. */
  #pump(): void {
    const inlet = this.#inlet;
    if (inlet === null || this.destroyed) return;
    if (inlet.failed) {
      this.destroy(aborted());
      return;
    }
    while (this.#wants) {
      const bytes = inlet.take();
      if (bytes === null) break;
      this.touch();
      this.#bytesRead += bytes.length;
      this.#wants = this.push(bytes);
    }
    if (!inlet.done || !this.#wants) return;
    this.#wants = false;
    this.push(null);
  }
}

// Unlike a response, whose bytes are no business of its socket, a raw socket knows what it has not passed on.
Object.defineProperty(RawSocket.prototype, 'writableLength', {
  configurable: true,
  get(this: { _writableState: { length: number } }): number {
    return this._writableState.length;
  },
});
