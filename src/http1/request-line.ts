// Reads the request line (RFC 9112, 3): method, one blank, target, one blank, HTTP/1.x, CR LF, nothing else. Like
// FieldSection it keeps offsets only and can stop after any byte. What the target means is decided in target.ts.

import type { ProtocolError } from './errors.ts';
import { protocolError, quoteByte, quoteText } from './errors.ts';
import type { Bounds } from './limits.ts';
import { CR, isDigit, LF, METHOD_TOKEN, SPACE, TARGET, TOKEN } from './octets.ts';

const BEFORE = 0;
const BLANK_LINE_END = 1;
const METHOD = 2;
const REQUEST_TARGET = 3;
const VERSION = 4;
const DONE = 5;

/** By convention, as with Gunicorn. Registered methods have 3 (ACL) to 17 characters (UPDATEREDIRECTREF). */
const METHOD_CHARACTERS_MIN = 3;
const METHOD_CHARACTERS_MAX = 20;

const VERSION_PREFIX = 'HTTP/';
/** `HTTP/1.1`; and with the blank before it and CR LF after it. */
const VERSION_CHARACTERS = 8;
const AFTER_TARGET = 11;

const TLS_HANDSHAKE = 0x16;

export class RequestLine {
  error: ProtocolError | null = null;
  /** Offsets from the first byte given: of the method, the blank after it, the blank after the target, the next line. */
  start = 0;
  methodEnd = 0;
  targetEnd = 0;
  end = 0;
  /** 0 for HTTP/1.0; 1 for HTTP/1.1 and, as RFC 9110, 2.5 asks, for minor versions above. */
  minorVersion = 1;
  private readonly bounds: Bounds;
  /** What a method may hold, and how much of it; an unconventional one is bounded by its line alone. */
  private readonly methodTable: Uint8Array;
  private readonly methodMin: number;
  private readonly methodMax: number;
  private state = BEFORE;
  private majorVersion = 1;

  constructor(bounds: Bounds) {
    this.bounds = bounds;
    const any = bounds.tolerance.unconventionalMethods;
    this.methodTable = any ? TOKEN : METHOD_TOKEN;
    this.methodMin = any ? 1 : METHOD_CHARACTERS_MIN;
    this.methodMax = any ? bounds.lineBytes : METHOD_CHARACTERS_MAX;
  }

  get done(): boolean {
    return this.state === DONE;
  }

  /** True as soon as a byte of the line itself was seen. */
  get started(): boolean {
    return this.state >= METHOD;
  }

  begin(): void {
    this.error = null;
    this.state = BEFORE;
    this.start = 0;
  }

  /** As FieldSection.scan. */
  scan(bytes: Buffer, from: number, end: number, shift: number): number {
    let i = from;
    while (i < end && this.error === null) {
      switch (this.state) {
        case BEFORE:
          i = this.scanWholeLine(bytes, i, end, shift);
          if (this.state === BEFORE) i = this.skipBlankLine(bytes, i, shift);
          break;
        case BLANK_LINE_END:
          i = this.endBlankLine(bytes, i, shift);
          break;
        case METHOD:
          i = this.scanMethod(bytes, i, end, shift);
          break;
        case REQUEST_TARGET:
          i = this.scanTarget(bytes, i, end, shift);
          break;
        case VERSION:
          i = this.scanVersion(bytes, i, end, shift);
          break;
        default:
          return i;
      }
    }
    return i;
  }

  /** The quick way: a line that is right and lies whole in `bytes`. Anything else is left to the states below. */
  private scanWholeLine(bytes: Buffer, from: number, end: number, shift: number): number {
    const stop = Math.min(from + this.bounds.lineBytes - VERSION_CHARACTERS, end - AFTER_TARGET);
    const methodStop = Math.min(from + this.methodMax + 1, stop);
    const { methodTable } = this;
    let i = from;
    while (i < methodStop && methodTable[bytes[i] as number] === 1) i++;
    if (i >= methodStop || i < from + this.methodMin || bytes[i] !== SPACE) return from;
    const methodEnd = i++;
    while (i < stop && TARGET[bytes[i] as number] === 1) i++;
    if (i >= stop || i === methodEnd + 1 || !isVersionAndEnd(bytes, i)) return from;
    this.start = from - shift;
    this.methodEnd = methodEnd - shift;
    this.targetEnd = i - shift;
    this.minorVersion = bytes[i + 8] === 0x30 ? 0 : 1;
    this.end = i + AFTER_TARGET - shift;
    this.state = DONE;
    return i + AFTER_TARGET;
  }

  /** RFC 9112, 2.2: one blank line before the request line is ignored; some clients send one after a body. */
  private skipBlankLine(bytes: Buffer, i: number, shift: number): number {
    if (bytes[i] === CR && i === shift) {
      this.state = BLANK_LINE_END;
      return i + 1;
    }
    this.start = i - shift;
    this.state = METHOD;
    return i;
  }

  private endBlankLine(bytes: Buffer, i: number, shift: number): number {
    const byte = bytes[i] as number;
    if (byte !== LF) this.error = protocolError('bare-cr', quoteByte(byte));
    this.state = BEFORE;
    this.start = i + 1 - shift;
    return i + 1;
  }

  private scanMethod(bytes: Buffer, from: number, end: number, shift: number): number {
    const limit = shift + this.start + this.methodMax;
    const stop = Math.min(limit, end);
    const { methodTable } = this;
    let i = from;
    while (i < stop && methodTable[bytes[i] as number] === 1) i++;
    if (i === end) return i;
    const byte = bytes[i] as number;
    const length = i - shift - this.start;
    if (byte !== SPACE || length === 0) {
      const tooLong = i === limit && TOKEN[byte] === 1;
      this.error = tooLong ? this.methodTooLong() : methodError(byte, length === 0);
      return i;
    }
    if (length < this.methodMin) this.error = protocolError('unconventional-method');
    this.methodEnd = i - shift;
    this.state = REQUEST_TARGET;
    return i + 1;
  }

  private scanTarget(bytes: Buffer, from: number, end: number, shift: number): number {
    const limit = shift + this.start + this.bounds.lineBytes;
    const stop = Math.min(limit, end);
    let i = from;
    while (i < stop && TARGET[bytes[i] as number] === 1) i++;
    if (i === end) return i;
    const byte = bytes[i] as number;
    if (i >= limit) this.error = this.tooLong();
    else if (byte !== SPACE) this.error = targetError(byte);
    else if (i - shift === this.methodEnd + 1) this.error = protocolError('bad-request-line');
    this.targetEnd = i - shift;
    this.state = VERSION;
    return i + 1;
  }

  /** Any token may be a method then, and only the line is too long. */
  private methodTooLong(): ProtocolError {
    if (this.bounds.tolerance.unconventionalMethods) return this.tooLong();
    return protocolError('method-too-long');
  }

  /** `HTTP/d.d` CR LF, a byte at a time: position n counts from the H. */
  private scanVersion(bytes: Buffer, from: number, end: number, shift: number): number {
    const limit = shift + this.start + this.bounds.lineBytes;
    for (let i = from; i < end; i++) {
      const byte = bytes[i] as number;
      const n = i - shift - this.targetEnd - 1;
      if (n === 9 && byte === LF) {
        this.state = DONE;
        this.end = i + 1 - shift;
        return i + 1;
      }
      if (n < 8 && i >= limit) this.error = this.tooLong();
      else this.error = versionError(n, byte) ?? this.majorError(n);
      if (this.error !== null) return i;
      if (n === 5) this.majorVersion = byte - 0x30;
      if (n === 7) this.minorVersion = minorOf(this.majorVersion, byte - 0x30);
    }
    return end;
  }

  /** Told only once the version is whole: `HTTP/01.1` is none. */
  private majorError(n: number): ProtocolError | null {
    const spoken = this.majorVersion === 1 || this.bounds.tolerance.unconventionalVersions;
    if (n < 8 || spoken) return null;
    return protocolError('version-not-supported', quoteText(`HTTP/${this.majorVersion}`));
  }

  private tooLong(): ProtocolError {
    return protocolError('request-line-too-long', `${this.bounds.lineBytes} bytes`);
  }
}

/** ` HTTP/1.0` or ` HTTP/1.1` and CR LF at bytes[i]. Other minor versions are rare enough for the slow way. */
function isVersionAndEnd(bytes: Buffer, i: number): boolean {
  const minor = bytes[i + 8];
  return (
    bytes[i] === SPACE &&
    bytes[i + 1] === 0x48 &&
    bytes[i + 2] === 0x54 &&
    bytes[i + 3] === 0x54 &&
    bytes[i + 4] === 0x50 &&
    bytes[i + 5] === 0x2f &&
    bytes[i + 6] === 0x31 &&
    bytes[i + 7] === 0x2e &&
    (minor === 0x31 || minor === 0x30) &&
    bytes[i + 9] === CR &&
    bytes[i + 10] === LF
  );
}

function methodError(byte: number, empty: boolean): ProtocolError {
  if (byte === LF) return protocolError('bare-lf');
  if (byte === CR) return protocolError('bad-request-line');
  if (empty && byte === TLS_HANDSHAKE) {
    return protocolError('bad-method', `${quoteByte(byte)}, the beginning of a TLS handshake`);
  }
  if (TOKEN[byte] === 1) return protocolError('unconventional-method', quoteByte(byte));
  return protocolError('bad-method', quoteByte(byte));
}

function targetError(byte: number): ProtocolError {
  if (byte === LF) return protocolError('bare-lf');
  // A line without a version is HTTP/0.9, which could not carry Host.
  if (byte === CR) return protocolError('bad-request-line');
  return protocolError('bad-target-byte', quoteByte(byte));
}

/** What is below 1.0 is read as 1.0, what is above 1.x as 1.1. */
function minorOf(major: number, minor: number): number {
  if (major === 1) return minor === 0 ? 0 : 1;
  return major === 0 ? 0 : 1;
}

function versionError(n: number, byte: number): ProtocolError | null {
  if (n === 9) return protocolError('bare-cr', quoteByte(byte));
  if (versionByteFits(n, byte)) return null;
  if (byte === LF) return protocolError('bare-lf');
  return protocolError('bad-version', quoteByte(byte));
}

function versionByteFits(n: number, byte: number): boolean {
  switch (n) {
    case 6:
      return byte === 0x2e;
    case 5:
    case 7:
      return isDigit(byte);
    case 8:
      return byte === CR;
    default:
      return byte === VERSION_PREFIX.charCodeAt(n);
  }
}
