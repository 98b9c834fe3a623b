// Puts pieces of a response into chunked coding and joins small things so that they leave in one write.

import { chunkHeader, type ResponsePlan } from '../../http1/response.ts';
import type { ByteSource } from '../../spool/byte-source.ts';
import type { SpoolError } from '../../spool/errors.ts';

/** A piece up to this size is copied into one buffer with its framing; a larger one is written in parts. */
export const COPY_BYTES = 16 * 1024;

const CRLF = Buffer.from('\r\n');

/** A piece in chunked coding (RFC 9112, 7.1): one buffer when small, else header, piece, end. */
export function chunked(piece: Buffer): Buffer[] {
  const header = chunkHeader(piece.length);
  if (piece.length > COPY_BYTES) return [Buffer.from(header, 'latin1'), piece, CRLF];
  const bytes = Buffer.allocUnsafe(header.length + piece.length + 2);
  bytes.write(header, 0, 'latin1');
  bytes.set(piece, header.length);
  bytes.set(CRLF, header.length + piece.length);
  return [bytes];
}

/** A latin-1 text and bytes in one buffer. */
export function joined(text: string, rest: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(text.length + rest.length);
  bytes.write(text, 0, 'latin1');
  bytes.set(rest, text.length);
  return bytes;
}

/** A source whose every read is one chunk. `buffered` counts without framing: only whether it is 0 matters. */
export class ChunkedSource implements ByteSource {
  readonly #inner: ByteSource;

  constructor(inner: ByteSource) {
    this.#inner = inner;
  }

  read(maxBytes: number): Buffer | null {
    const piece = this.#inner.read(maxBytes);
    return piece === null ? null : Buffer.concat(chunked(piece));
  }

  get buffered(): number {
    return this.#inner.buffered;
  }

  get onReadable(): (() => void) | null {
    return this.#inner.onReadable;
  }

  set onReadable(callback: (() => void) | null) {
    this.#inner.onReadable = callback;
  }

  get onFailed(): ((error: SpoolError) => void) | null {
    return this.#inner.onFailed;
  }

  set onFailed(callback: ((error: SpoolError) => void) | null) {
    this.#inner.onFailed = callback;
  }

  release(): void {
    this.#inner.release();
  }
}

/** What its announced Content-Length allows; infinite where none was announced. */
export function bodyBytesMax({ framing, length }: ResponsePlan): number {
  return framing === 'length' ? length : Number.POSITIVE_INFINITY;
}

/** The part of a piece that what is left of an announced length allows; what is too much is cut, as Gunicorn does. */
export function within(bytesLeft: number, bytes: Buffer): Buffer {
  return bytes.length <= bytesLeft ? bytes : bytes.subarray(0, bytesLeft);
}
