// Reads field lines (RFC 9112, 5) up to and with the blank line that ends them, for heads and for trailers alike. It
// can stop after any byte and go on in another buffer: it keeps offsets from the start of the head, never bytes. The
// outcome depends on the bytes alone, not on how they were cut, because each byte is judged once and in order.

import type { ProtocolError } from './errors.ts';
import { protocolError, quoteByte, quoteText } from './errors.ts';
import { nameAt } from './field-names.ts';
import type { Bounds } from './limits.ts';
import {
  COLON,
  CR,
  isBlank,
  LF,
  NAME_WITHOUT_UNDERSCORE,
  TOKEN,
  trimmed,
  UNDERSCORE,
  VALUE,
} from './octets.ts';

const LINE_START = 0;
const NAME = 1;
const FIELD_VALUE = 2;
const LINE_END = 3;
const SECTION_END = 4;
const DONE = 5;
const AFTER_NAME = 6;

export class FieldSection {
  error: ProtocolError | null = null;
  private readonly bounds: Bounds;
  /** What a name may hold. */
  private readonly nameTable: Uint8Array;
  private state = LINE_START;
  private count = 0;
  /** A value goes on on a second line. */
  private folded = false;
  /** Offset of the first line, and of the line being read. */
  private start = 0;
  private lineStart = 0;
  /** For each line read: offset of its colon and of its CR. Kept between requests, so that it is allocated once. */
  private readonly marks: number[] = [];

  constructor(bounds: Bounds) {
    this.bounds = bounds;
    // From a proxy that is believed some are let pass: which is known only by the whole name.
    const refuses = bounds.tolerance.underscores === 'refuse' && bounds.forwarding === null;
    this.nameTable = refuses ? NAME_WITHOUT_UNDERSCORE : TOKEN;
  }

  get done(): boolean {
    return this.state === DONE;
  }

  /** Makes ready for a section whose first line is at offset `start` of the text that `unpack` will be given. */
  begin(start: number): void {
    this.error = null;
    this.state = LINE_START;
    this.count = 0;
    this.folded = false;
    this.start = start;
    this.lineStart = start;
  }

  /**
   * Reads bytes[from] up to `end`; offset of bytes[i] is i - shift. Returns the index after the last byte used, which
   * is less than `end` only when `done` or `error` is set.
   */
  scan(bytes: Buffer, from: number, end: number, shift: number): number {
    let i = from;
    while (i < end && this.error === null) {
      switch (this.state) {
        case LINE_START:
          i = this.scanWholeLines(bytes, i, end, shift);
          if (i < end) i = this.beginLine(bytes, i, shift);
          break;
        case NAME:
          i = this.scanName(bytes, i, end, shift);
          break;
        case AFTER_NAME:
          i = this.scanBlanks(bytes, i, end, shift);
          break;
        case FIELD_VALUE:
          i = this.scanValue(bytes, i, end, shift);
          break;
        case LINE_END:
          i = this.expectLf(bytes, i, LINE_START);
          break;
        case SECTION_END:
          i = this.expectLf(bytes, i, DONE);
          break;
        default:
          return i;
      }
    }
    return i;
  }

  /**
   * The section as a flat list name, value, name, value; `text` holds its bytes as latin-1 from offset 0 on. May set
   * `error`: only now the names are known.
   */
  unpack(text: string): string[] {
    const { marks, count } = this;
    const { blanksBeforeColon, underscores } = this.bounds.tolerance;
    const mayHold = underscores !== 'keep' && text.includes('_', this.start);
    const fields: string[] = [];
    let lineStart = this.start;
    for (let n = 0; n < count; n++) {
      const colon = marks[2 * n] as number;
      const lineEnd = marks[2 * n + 1] as number;
      const name = nameAt(text, lineStart, blanksBeforeColon ? nameEnd(text, colon) : colon);
      const value = trimmed(text, colon + 1, lineEnd);
      if (!mayHold || this.keeps(name)) fields.push(name, this.folded ? unfolded(value) : value);
      lineStart = lineEnd + 2;
    }
    return fields;
  }

  /** A name without an underscore, or with one that is let pass. */
  private keeps(name: string): boolean {
    if (!name.includes('_') || this.bounds.forwarding?.keeps(name)) return true;
    if (this.bounds.tolerance.underscores === 'refuse') {
      this.error ??= protocolError('underscore-in-name', quoteText(name));
    }
    return false;
  }

  /**
   * The quick way: lines that are right and lie whole in `bytes`. Anything else, an error too, is left at its line's
   * start to the states below, so that only they decide what is wrong. A line is gone over twice at most.
   */
  private scanWholeLines(bytes: Buffer, from: number, end: number, shift: number): number {
    const { marks, nameTable } = this;
    const { fieldBytes, fieldCount } = this.bounds;
    let count = this.count;
    let start = from;
    for (; count < fieldCount; count++) {
      const stop = Math.min(start + fieldBytes + 1, end);
      let i = start;
      while (i < stop && nameTable[bytes[i] as number] === 1) i++;
      const colon = i;
      if (i >= stop || i === start || bytes[i] !== COLON) break;
      i++;
      while (i < stop && VALUE[bytes[i] as number] === 1) i++;
      if (i >= stop || i + 1 >= end || bytes[i] !== CR || bytes[i + 1] !== LF) break;
      marks[2 * count] = colon - shift;
      marks[2 * count + 1] = i - shift;
      start = i + 2;
    }
    this.count = count;
    this.lineStart = start - shift;
    return start;
  }

  private beginLine(bytes: Buffer, i: number, shift: number): number {
    const byte = bytes[i] as number;
    if (byte === CR) {
      this.state = SECTION_END;
      return i + 1;
    }
    if (isBlank(byte)) {
      // Folding would join this line to the one before; a reader in front of us may have done otherwise.
      const first = i - shift === this.start;
      if (!first && this.bounds.tolerance.folding) return this.beginFold(i);
      this.error = protocolError(first ? 'space-before-first-field' : 'folded-field');
    } else if (this.count === this.bounds.fieldCount) {
      this.error = protocolError('too-many-fields', `${this.bounds.fieldCount}`);
    }
    this.lineStart = i - shift;
    this.state = NAME;
    return i;
  }

  /** The line before is read on: its end is where this one ends, and the limit of a line holds for both together. */
  private beginFold(i: number): number {
    this.count--;
    this.lineStart = this.count === 0 ? this.start : (this.marks[2 * this.count - 1] as number) + 2;
    this.folded = true;
    this.state = FIELD_VALUE;
    return i;
  }

  private scanName(bytes: Buffer, from: number, end: number, shift: number): number {
    const limit = shift + this.lineStart + this.bounds.fieldBytes;
    const stop = Math.min(limit, end);
    const { nameTable } = this;
    let i = from;
    while (i < stop && nameTable[bytes[i] as number] === 1) i++;
    if (i === end) return i;
    const byte = bytes[i] as number;
    if (i === limit) this.error = this.tooLarge();
    else if (i - shift === this.lineStart && byte === COLON) {
      this.error = protocolError('empty-field-name');
    } else if (byte !== COLON) {
      if (isBlank(byte) && this.bounds.tolerance.blanksBeforeColon && i - shift > this.lineStart) {
        this.state = AFTER_NAME;
        return i;
      }
      this.error = nameError(byte);
    }
    this.endName(i, shift);
    return i + 1;
  }

  /** Blanks between name and colon, where they are let pass. */
  private scanBlanks(bytes: Buffer, from: number, end: number, shift: number): number {
    const limit = shift + this.lineStart + this.bounds.fieldBytes;
    const stop = Math.min(limit, end);
    let i = from;
    while (i < stop && isBlank(bytes[i] as number)) i++;
    if (i === end) return i;
    if (i === limit) this.error = this.tooLarge();
    else if (bytes[i] !== COLON) this.error = nameError(bytes[i] as number);
    this.endName(i, shift);
    return i + 1;
  }

  private endName(i: number, shift: number): void {
    this.marks[2 * this.count] = i - shift;
    this.state = FIELD_VALUE;
  }

  private scanValue(bytes: Buffer, from: number, end: number, shift: number): number {
    const limit = shift + this.lineStart + this.bounds.fieldBytes;
    const stop = Math.min(limit, end);
    let i = from;
    while (i < stop && VALUE[bytes[i] as number] === 1) i++;
    if (i === end) return i;
    const byte = bytes[i] as number;
    if (byte !== CR) {
      this.error = i >= limit ? this.tooLarge() : valueError(byte);
      return i;
    }
    this.marks[2 * this.count + 1] = i - shift;
    this.count++;
    this.state = LINE_END;
    return i + 1;
  }

  private tooLarge(): ProtocolError {
    return protocolError('field-too-large', `${this.bounds.fieldBytes + 2}`);
  }

  private expectLf(bytes: Buffer, i: number, next: number): number {
    const byte = bytes[i] as number;
    if (byte === LF) this.state = next;
    else this.error = protocolError('bare-cr', quoteByte(byte));
    return i + 1;
  }
}

/** Where the name ends that stands before `colon`, with blanks between them. */
function nameEnd(text: string, colon: number): number {
  let end = colon;
  while (isBlank(text.charCodeAt(end - 1))) end--;
  return end;
}

/** RFC 9112, 5.2: each line end becomes a blank, with the blanks around it. */
function unfolded(value: string): string {
  const lines = value.split('\r\n');
  return lines
    .map((line) => trimmed(line, 0, line.length))
    .filter((line) => line !== '')
    .join(' ');
}

function nameError(byte: number): ProtocolError {
  if (byte === LF) return protocolError('bare-lf');
  if (byte === CR) return protocolError('no-colon');
  if (isBlank(byte)) return protocolError('space-before-colon');
  if (byte === UNDERSCORE) return protocolError('underscore-in-name');
  return protocolError('bad-field-name', quoteByte(byte));
}

function valueError(byte: number): ProtocolError {
  if (byte === LF) return protocolError('bare-lf');
  return protocolError('bad-field-value', quoteByte(byte));
}
