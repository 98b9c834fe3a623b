// What a Python thread's frames carry, read and checked: response heads, file offers, and how large a frame may be. The
// other side has checked its heads already; here the wire is not trusted, because native code may have written to it.

import type { Buffer } from 'node:buffer';
import { FromThread, HEAD_MAX, PIECE_MAX, WHOLE_BODY_MAX } from '../../wire/python-frame.ts';
import type { Failure, ReplyHead } from '../app-thread.ts';
import type { FrameBounds } from './frame-reader.ts';

export const THREAD_FRAME_BOUNDS: FrameBounds = new Map([
  [FromThread.WHOLE, HEAD_MAX + WHOLE_BODY_MAX],
  [FromThread.WHOLE_OPEN, HEAD_MAX + WHOLE_BODY_MAX],
  [FromThread.HEAD, HEAD_MAX + WHOLE_BODY_MAX],
  [FromThread.PIECE, PIECE_MAX],
  [FromThread.END, 0],
  [FromThread.FILE, HEAD_MAX],
  [FromThread.INTERIM, HEAD_MAX],
  [FromThread.FAILED, HEAD_MAX],
  [FromThread.INTERRUPTED, 0],
]);

/** By `aux` of FAILED; else the application raised. */
const FAILED_CODES = new Map([
  [2, 'spool-failed'],
  [3, 'bad-response'],
]);

const HEAD_SHAPE =
  /^[1-9]\d\d(?: [\t\x20-\x7e\x80-\xff]*)?\r\n(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+: [\t\x20-\x7e\x80-\xff]*\r\n)*$/;

/** Reads heads. The last one is remembered: an application's heads are alike, and then nothing is cut or checked. */
export class ReplyHeadReader {
  #text = '';
  #head: ReplyHead | null = null;

  /** The head in bytes[start, headEnd); null when it is none or reaches beyond the frame's end. */
  read(bytes: Buffer, start: number, headEnd: number, end: number): ReplyHead | null {
    if (headEnd > end) {
      return null;
    }
    const text = bytes.toString('latin1', start, headEnd);
    if (text !== this.#text || this.#head === null) {
      this.#head = parseHead(text);
      this.#text = text;
    }
    return this.#head;
  }
}

function parseHead(text: string): ReplyHead | null {
  if (!HEAD_SHAPE.test(text)) {
    return null;
  }
  const statusEnd = text.indexOf('\r\n');
  return { status: text.slice(0, statusEnd), fields: text.slice(statusEnd + 2), sendDate: true };
}

/** What FAILED says. */
export function failureOf(aux: number, detail: string): Failure {
  return { status: 500, code: FAILED_CODES.get(aux) ?? 'app-raised', detail };
}

export interface FileOffer {
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

const RANGE_BYTES = 16;

/** The range and path in bytes[start, end); null unless it names a descriptor of that very process. */
export function parseFileOffer(
  bytes: Buffer,
  start: number,
  end: number,
  pid: number,
): FileOffer | null {
  if (end - start <= RANGE_BYTES) {
    return null;
  }
  const path = bytes.toString('latin1', start + RANGE_BYTES, end);
  const prefix = `/proc/${pid}/fd/`;
  if (!path.startsWith(prefix) || !/^\d+$/.test(path.slice(prefix.length))) {
    return null;
  }
  const offset = Number(bytes.readBigUInt64LE(start));
  const length = Number(bytes.readBigUInt64LE(start + 8));
  return Number.isSafeInteger(offset + length) ? { path, offset, length } : null;
}
