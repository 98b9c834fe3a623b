// Cuts the bytes of a socket pair into frames, wherever the reads happened to end. A frame that lies whole in the read
// buffer is handed over in place; PIECE frames are handed over as they come, in owned buffers; the rest is put together
// first. What is not a frame of an allowed kind and size is an error, and nothing after it is read.

import { Buffer } from 'node:buffer';
import { HEADER_BYTES } from '../../wire/python-frame.ts';

export interface FrameSink {
  /** A frame with payload bytes[start, end). The bytes are valid during the call only. */
  onFrame(kind: number, aux: number, bytes: Buffer, start: number, end: number): void;
  /** A frame of the streamed kind begins. */
  onStream(kind: number): void;
  /** Bytes of a streamed frame, in order; they belong to the sink. */
  onPart(bytes: Buffer): void;
  /** The wire is broken. Nothing more is handed over. */
  onBroken(why: string): void;
}

/** Largest payload in bytes for each kind that may come. */
export type FrameBounds = ReadonlyMap<number, number>;

const NO_KIND = -1;

export class FrameReader {
  readonly #bounds: readonly number[];
  readonly #streamed: number;
  readonly #sink: FrameSink;
  /** The start of a frame that is not complete yet; `#want` bytes of it make the next step possible. */
  #partial: Buffer | null = null;
  #have = 0;
  #partLeft = 0;
  #stopped = false;

  /** `streamed`: the kind whose payload is handed over in parts; -1 for none. */
  constructor(bounds: FrameBounds, streamed: number, sink: FrameSink) {
    this.#bounds = Array.from({ length: 256 }, (_, kind) => bounds.get(kind) ?? NO_KIND);
    this.#streamed = streamed;
    this.#sink = sink;
  }

  /** Takes what one read brought. */
  read(bytes: Buffer, length: number): void {
    let at = 0;
    while (at < length && !this.#stopped) {
      if (this.#partLeft > 0) {
        at = this.#part(bytes, at, length);
      } else if (this.#partial !== null) {
        at = this.#complete(this.#partial, bytes, at, length);
      } else {
        at = this.#direct(bytes, at, length);
      }
    }
  }

  /** Hands nothing more over; what is left of the present read is dropped. */
  stop(): void {
    this.#stopped = true;
  }

  #part(bytes: Buffer, at: number, length: number): number {
    const end = Math.min(length, at + this.#partLeft);
    this.#partLeft -= end - at;
    this.#sink.onPart(Buffer.from(bytes.subarray(at, end)));
    return end;
  }

  /** A frame that starts in this read. */
  #direct(bytes: Buffer, at: number, length: number): number {
    if (length - at < HEADER_BYTES) {
      return this.#keep(bytes, at, length, HEADER_BYTES);
    }
    const payload = bytes.readUInt32LE(at);
    const kind = bytes[at + 4] ?? 0;
    const start = at + HEADER_BYTES;
    if (!this.#allowed(kind, payload)) {
      return length;
    }
    if (kind === this.#streamed) {
      this.#partLeft = payload;
      this.#sink.onStream(kind);
      return start;
    }
    if (length - start < payload) {
      return this.#keep(bytes, at, length, HEADER_BYTES + payload);
    }
    this.#sink.onFrame(kind, auxAt(bytes, at), bytes, start, start + payload);
    return start + payload;
  }

  /** Keeps the start of a frame until `want` bytes of it are there. */
  #keep(bytes: Buffer, at: number, length: number, want: number): number {
    this.#partial = Buffer.allocUnsafe(want);
    this.#have = bytes.copy(this.#partial, 0, at, length);
    return length;
  }

  /** Adds to the frame under way; when its header or all of it is there, takes the next step. */
  #complete(partial: Buffer, bytes: Buffer, at: number, length: number): number {
    const end = Math.min(length, at + partial.length - this.#have);
    this.#have += bytes.copy(partial, this.#have, at, end);
    if (this.#have === partial.length) {
      this.#partial = null;
      // A whole frame, or a header alone, which is kept again with its payload's length now known.
      this.#direct(partial, 0, partial.length);
    }
    return end;
  }

  #allowed(kind: number, payload: number): boolean {
    const bound = this.#bounds[kind] ?? NO_KIND;
    if (payload <= bound) {
      return true;
    }
    this.#stopped = true;
    this.#sink.onBroken(
      bound === NO_KIND
        ? `frame of unknown kind ${kind}`
        : `frame of kind ${kind} announces ${payload} bytes, more than ${bound}`,
    );
    return false;
  }
}

function auxAt(bytes: Buffer, at: number): number {
  return (bytes[at + 5] ?? 0) | ((bytes[at + 6] ?? 0) << 8) | ((bytes[at + 7] ?? 0) << 16);
}
