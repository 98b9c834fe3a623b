// Reads one request head after another from a connection's bytes. A head that lies whole in the read buffer is parsed
// where it is, in one pass; one that comes in pieces is scanned piece by piece and its bytes are kept until it is
// complete, so the work is linear however it is cut. Nothing of the given buffer is referred to after the call.

import type { ProtocolError } from './errors.ts';
import { protocolError } from './errors.ts';
import { FieldSection } from './field-section.ts';
import { HeldBytes } from './held-bytes.ts';
import type { Bounds, HeadLimits } from './limits.ts';
import { boundsOf } from './limits.ts';
import type { ParsedHead } from './parsed-head.ts';
import { isProtocolError, understandHead } from './parsed-head.ts';
import { RequestLine } from './request-line.ts';

export type { HeadLimits } from './limits.ts';
export type { ParsedHead } from './parsed-head.ts';

export class HeadReader {
  private readonly bounds: Bounds;
  private readonly line: RequestLine;
  private readonly section: FieldSection;
  private readonly held = new HeldBytes();
  private complete: ParsedHead | null = null;
  private failure: ProtocolError | null = null;

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

  /** True when a byte of the request line has been read: the connection is no longer idle. */
  get started(): boolean {
    return this.line.started;
  }

  /** Makes ready for the next head. */
  reset(): void {
    this.line.begin();
    this.held.clear();
    this.complete = null;
    this.failure = null;
  }

  /**
   * Reads from bytes[from] on and returns the offset after what was used: the first byte after the head when `head` is
   * set, the end of `bytes` while more is needed, anything when `error` is set. Uses nothing while either is set.
   */
  read(bytes: Buffer, from: number): number {
    if (this.complete !== null || this.failure !== null) return from;
    const shift = from - this.held.length;
    const end = Math.min(bytes.length, shift + this.bounds.totalBytes);
    const after = this.scan(bytes, from, end, shift);
    this.failure = this.line.error ?? this.section.error;
    if (this.failure !== null) return after;
    if (this.line.done && this.section.done) this.finish(bytes, from, after);
    else if (end < bytes.length) {
      this.failure = protocolError('head-too-large', `${this.bounds.totalBytes} bytes`);
    } else this.held.append(bytes, from, after);
    return after;
  }

  private scan(bytes: Buffer, from: number, end: number, shift: number): number {
    let i = from;
    if (!this.line.done) {
      i = this.line.scan(bytes, i, end, shift);
      if (!this.line.done) return i;
      this.section.begin(this.line.end);
    }
    return this.section.scan(bytes, i, end, shift);
  }

  private finish(bytes: Buffer, from: number, after: number): void {
    const text = this.wholeText(bytes, from, after);
    const { line } = this;
    const result = understandHead(
      text.slice(line.start, line.methodEnd),
      text.slice(line.methodEnd + 1, line.targetEnd),
      line.minorVersion,
      this.section.unpack(text),
    );
    if (isProtocolError(result)) this.failure = result;
    else this.complete = result;
  }

  /** One string for the whole head: its parts are then slices of it, which cost a tenth of a copy out of the buffer. */
  private wholeText(bytes: Buffer, from: number, after: number): string {
    if (this.held.length === 0) return bytes.toString('latin1', from, after);
    this.held.append(bytes, from, after);
    const text = this.held.text();
    this.held.clear();
    return text;
  }
}
