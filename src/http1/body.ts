// Request bodies as they come in: with a length here, in chunks in chunked.ts. Pieces are views into the buffer that
// was read, valid only during the call; whoever keeps them copies them.

import { ChunkedReader, NO_TRAILERS } from './chunked.ts';
import type { ProtocolError } from './errors.ts';
import type { HeadLimits } from './limits.ts';
import type { ParsedHead } from './parsed-head.ts';

export interface BodyReader {
  /**
   * Reads from bytes[from] on, gives each stretch of body bytes to `onPiece`, and returns the offset after what was
   * used: the first byte after the body when `done`, the end of `bytes` while more is needed.
   */
  read(bytes: Buffer, from: number, onPiece: (piece: Buffer) => void): number;
  readonly done: boolean;
  readonly error: ProtocolError | null;
  /** Body bytes so far, without framing. */
  readonly received: number;
  /** Flat list name, value, name, value; complete when `done`. */
  readonly trailers: readonly string[];
}

/** The reader that `head` calls for; done at once when no body follows. */
export function bodyReaderFor(head: ParsedHead, limits: HeadLimits): BodyReader {
  if (head.chunked) return new ChunkedReader(limits);
  return new LengthReader(Math.max(0, head.contentLength));
}

/** Exactly `length` bytes. */
export class LengthReader implements BodyReader {
  readonly error = null;
  readonly trailers = NO_TRAILERS;
  received = 0;
  private readonly length: number;

  constructor(length: number) {
    this.length = length;
  }

  get done(): boolean {
    return this.received === this.length;
  }

  read(bytes: Buffer, from: number, onPiece: (piece: Buffer) => void): number {
    const after = Math.min(bytes.length, from + this.length - this.received);
    if (after === from) return from;
    this.received += after - from;
    onPiece(bytes.subarray(from, after));
    return after;
  }
}
