// The chunked coding of a request body (RFC 9112, 7.1), byte for byte and strict: hexadecimal size, bounded extensions,
// CR LF everywhere, trailers by the rules of the head. Chunk data is handed on without a copy and without being cut.

import { ChunkExtension } from './chunk-extension.ts';
import type { ProtocolError, ProtocolErrorCode } from './errors.ts';
import { protocolError, quoteByte, quoteText } from './errors.ts';
import { FieldSection } from './field-section.ts';
import { HeldBytes } from './held-bytes.ts';
import type { Bounds, HeadLimits } from './limits.ts';
import { boundsOf } from './limits.ts';
import { CR, HEX, isBlank, LF, SEMICOLON } from './octets.ts';
import { isForbiddenTrailer } from './trailers.ts';

const SIZE = 0;
const EXTENSION = 2;
const SIZE_END = 3;
const DATA = 4;
const DATA_CR = 5;
const DATA_LF = 6;
const TRAILERS = 7;
const DONE = 8;

/** 2^53 has 14 hexadecimal digits; two more allow for senders that pad, and bound leading zeros. */
const SIZE_DIGITS = 16;

/**
 * Bytes of extensions in one body, all chunks together. Nobody uses them; without a bound for the whole body a client
 * could send megabytes that no body limit counts. As in Node.js and hyper.
 */
export const CHUNK_EXTENSION_BYTES = 16_384;

/** None came, or none can. */
export const NO_TRAILERS: readonly string[] = [];

/** A BodyReader (body.ts, which imports this file). */
export class ChunkedReader {
  error: ProtocolError | null = null;
  received = 0;
  /** Trailer fields as a flat list name, value, name, value; complete when `done`. */
  trailers: readonly string[] = NO_TRAILERS;
  private readonly bounds: Bounds;
  private state = SIZE;
  private sizeDigits = 0;
  /** Of the current chunk: its size while it is read, then what is left of its data. */
  private remaining = 0;
  private extensionBytes = 0;
  private readonly extension = new ChunkExtension();
  private section: FieldSection | null = null;
  private readonly held = new HeldBytes();

  /** Of `limits`, number and size of the fields hold for trailers. */
  constructor(limits: HeadLimits) {
    this.bounds = boundsOf(limits);
  }

  get done(): boolean {
    return this.state === DONE;
  }

  read(bytes: Buffer, from: number, onPiece: (piece: Buffer) => void): number {
    const end = bytes.length;
    let i = from;
    while (i < end && this.error === null && this.state !== DONE) {
      if (this.state === DATA) i = this.readData(bytes, i, onPiece);
      else if (this.state === TRAILERS) i = this.readTrailers(bytes, i);
      else this.readFramingByte(bytes[i++] as number);
    }
    return i;
  }

  private readData(bytes: Buffer, from: number, onPiece: (piece: Buffer) => void): number {
    const after = Math.min(bytes.length, from + this.remaining);
    this.remaining -= after - from;
    this.received += after - from;
    if (this.remaining === 0) this.state = DATA_CR;
    onPiece(bytes.subarray(from, after));
    return after;
  }

  private readFramingByte(byte: number): void {
    switch (this.state) {
      case SIZE:
        this.readSizeByte(byte);
        break;
      case EXTENSION:
        this.readExtensionByte(byte);
        break;
      case SIZE_END:
        if (byte === LF) this.beginData();
        else this.fail('bare-cr', byte);
        break;
      case DATA_CR:
        if (byte === CR) this.state = DATA_LF;
        else this.fail('bad-chunk-end', byte);
        break;
      case DATA_LF:
        if (byte === LF) this.state = SIZE;
        else this.fail('bad-chunk-end', byte);
        this.sizeDigits = 0;
        break;
    }
  }

  private readSizeByte(byte: number): void {
    const digit = HEX[byte] as number;
    if (digit !== 255) {
      this.remaining = this.remaining * 16 + digit;
      this.sizeDigits++;
      if (this.sizeDigits > SIZE_DIGITS || this.remaining > Number.MAX_SAFE_INTEGER) {
        this.fail('chunk-too-large');
      }
    } else if (this.sizeDigits === 0) this.fail('bad-chunk-size', byte);
    else if (byte === CR) this.state = SIZE_END;
    else if (byte === SEMICOLON || isBlank(byte)) {
      this.state = EXTENSION;
      this.extension.begin();
      this.readExtensionByte(byte);
    } else this.fail(byte === LF ? 'bare-lf' : 'bad-chunk-size', byte);
  }

  private readExtensionByte(byte: number): void {
    const { extension } = this;
    this.extensionBytes++;
    if (byte === LF) this.fail('bare-lf');
    else if (!extension.take(byte)) {
      this.fail(extension.isEmpty ? 'bad-chunk-size' : 'bad-chunk-extension', byte);
    } else if (extension.ended) this.state = SIZE_END;
    if (this.extensionBytes > CHUNK_EXTENSION_BYTES) this.fail('chunk-extensions-too-large');
  }

  private beginData(): void {
    if (this.remaining > 0) {
      this.state = DATA;
      return;
    }
    this.section = new FieldSection(this.bounds);
    this.section.begin(0);
    this.state = TRAILERS;
  }

  private readTrailers(bytes: Buffer, from: number): number {
    const section = this.section as FieldSection;
    const shift = from - this.held.length;
    const end = Math.min(bytes.length, shift + this.bounds.totalBytes);
    const after = section.scan(bytes, from, end, shift);
    this.error = section.error;
    if (this.error !== null) return after;
    this.held.append(bytes, from, after);
    if (section.done) this.finish(section);
    else if (end < bytes.length) this.fail('head-too-large');
    return after;
  }

  private finish(section: FieldSection): void {
    this.trailers = section.unpack(this.held.text());
    this.held.clear();
    for (let i = 0; i < this.trailers.length; i += 2) {
      const name = this.trailers[i] as string;
      if (isForbiddenTrailer(name)) {
        this.error = protocolError('forbidden-trailer', quoteText(name));
        return;
      }
    }
    this.state = DONE;
  }

  private fail(code: ProtocolErrorCode, byte?: number): void {
    this.error = protocolError(code, byte === undefined ? '' : quoteByte(byte));
  }
}
