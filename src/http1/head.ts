// Reads one request head after another from a connection's bytes. A head that lies whole in the read buffer is parsed
// where it is, in one pass; one that comes in pieces is scanned piece by piece and its bytes are kept until it is
// complete, so the work is linear however it is cut. A connection whose requests repeat their fields (most programs do)
// pays for them once. Nothing of the given buffer is referred to after the call.

import type { ProtocolError } from './errors.ts';
import { protocolError } from './errors.ts';
import { FieldSection } from './field-section.ts';
import { HeldBytes } from './held-bytes.ts';
import type { Bounds, HeadLimits } from './limits.ts';
import { boundsOf } from './limits.ts';
import { LF } from './octets.ts';
import type { FieldsMeaning, ParsedHead } from './parsed-head.ts';
import {
  combinedHead,
  headOfLine,
  isProtocolError,
  UNREAD_HEAD,
  understandFields,
} from './parsed-head.ts';
import { RequestLine } from './request-line.ts';

export type { HeadLimits } from './limits.ts';
export type { ParsedHead } from './parsed-head.ts';

/** Longer heads are not remembered: 2 KiB on each connection is what the quick way may cost. */
const REMEMBERED_CHARACTERS = 2048;

export class HeadReader {
  private readonly bounds: Bounds;
  private readonly line: RequestLine;
  private readonly section: FieldSection;
  private readonly held = new HeldBytes();
  private complete: ParsedHead | null = null;
  private failure: ProtocolError | null = null;
  /** The beginning of a head with an `error`, if its request line was read. */
  private lineText: string | null = null;
  /** The field section of the head before, with its blank line, and what it meant; empty for none. */
  private before = '';
  private beforeMeaning: FieldsMeaning | null = null;

  constructor(limits: HeadLimits) {
    this.bounds = boundsOf(limits);
    this.line = new RequestLine(this.bounds);
    this.section = new FieldSection(this.bounds);
  }

  /** The head, once it is complete; until `reset`. */
  get head(): ParsedHead | null {
    return this.complete;
  }

  /** What is wrong with it; as soon as the bytes read so far show it. */
  get error(): ProtocolError | null {
    return this.failure;
  }

  /** What is known of a head that is not complete, or never will be: its request line, once that was read. */
  get known(): ParsedHead {
    const { line } = this;
    if (!line.done) return UNREAD_HEAD;
    const text = this.lineText ?? this.held.text();
    const method = text.slice(line.start, line.methodEnd);
    return headOfLine(method, text.slice(line.methodEnd + 1, line.targetEnd), line.minorVersion);
  }

  /** True when a byte of the request line has been read: the connection is no longer idle. */
  get started(): boolean {
    return this.line.started;
  }

  /** Makes ready for the next head. */
  reset(): void {
    this.line.begin();
    this.section.begin(0);
    this.held.clear();
    this.complete = null;
    this.failure = null;
    this.lineText = null;
  }

  /**
   * Reads from bytes[from] on and returns the offset after what was used: the first byte after the head when `head` is
   * set, the end of `bytes` while more is needed, anything when `error` is set. Uses nothing while either is set.
   */
  read(bytes: Buffer, from: number): number {
    if (this.complete !== null || this.failure !== null) return from;
    const before = this.held.length;
    const after = this.readOn(bytes, from);
    if (this.error !== null && this.line.done) {
      const rest = bytes.toString('latin1', from, Math.max(from, from - before + this.line.end));
      this.lineText = this.held.text().slice(0, before) + rest;
    }
    return after;
  }

  private readOn(bytes: Buffer, from: number): number {
    const shift = from - this.held.length;
    const end = Math.min(bytes.length, shift + this.bounds.totalBytes);
    let i = from;
    if (!this.line.done) {
      i = this.line.scan(bytes, from, end, shift);
      if (this.line.done) {
        if (this.held.length === 0 && this.readRepeated(bytes, from, i, end)) {
          return i + this.before.length;
        }
        this.section.begin(this.line.end);
      }
    }
    if (this.line.done) i = this.section.scan(bytes, i, end, shift);
    this.failure = this.line.error ?? this.section.error;
    if (this.failure !== null) return i;
    if (this.line.done && this.section.done) this.finish(bytes, from, i);
    else if (end < bytes.length) {
      this.failure = protocolError('head-too-large', `${this.bounds.totalBytes} bytes`);
    } else this.held.append(bytes, from, i);
    return i;
  }

  /**
   * The quick way: the field section is, byte for byte, the one of the head before, so it means the same. `fields` of
   * the two heads is then the same array, by which others can know it again.
   */
  private readRepeated(bytes: Buffer, from: number, lineEnd: number, end: number): boolean {
    const meaning = this.beforeMeaning;
    const after = lineEnd + this.before.length;
    if (meaning === null || after > end || meaning.minorVersion !== this.line.minorVersion) {
      return false;
    }
    // Another section is mostly one of another length: no blank line ends it here, and no string need be made.
    if (bytes[after - 1] !== LF || bytes[after - 3] !== LF) return false;
    const text = bytes.toString('latin1', from, after);
    if (text.slice(lineEnd - from) !== this.before) return false;
    this.combine(text, meaning);
    return true;
  }

  private finish(bytes: Buffer, from: number, after: number): void {
    const text = this.wholeText(bytes, from, after);
    const { line } = this;
    const fields = this.section.unpack(text);
    const meaning = this.section.error ?? understandFields(fields, line.minorVersion, this.bounds);
    if (isProtocolError(meaning)) {
      this.failure = meaning;
      return;
    }
    const remembers = text.length <= REMEMBERED_CHARACTERS;
    this.before = remembers ? text.slice(line.end) : '';
    this.beforeMeaning = remembers ? meaning : null;
    this.combine(text, meaning);
  }

  private combine(text: string, meaning: FieldsMeaning): void {
    const { start, methodEnd, targetEnd } = this.line;
    const sent = text.slice(start, methodEnd);
    const method = this.bounds.tolerance.capitalMethods ? sent.toUpperCase() : sent;
    const result = combinedHead(method, text.slice(methodEnd + 1, targetEnd), meaning);
    if (isProtocolError(result)) this.failure = result;
    else this.complete = result;
  }

  /** One string for the whole head: its parts are then slices of it, which cost a fraction of copies out of the buffer. */
  private wholeText(bytes: Buffer, from: number, after: number): string {
    if (this.held.length === 0) return bytes.toString('latin1', from, after);
    this.held.append(bytes, from, after);
    return this.held.text();
  }
}
