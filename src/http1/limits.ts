// How large a head may be, and what a limit of 0 means; what is let pass goes with it. Where all this comes from is the
// settings' business.

import type { Forwarding } from './forwarding.ts';
import { STRICT, type Tolerance } from './tolerance.ts';

/** Gunicorn's three limits, in Gunicorn's units. 0 lifts a limit as far as `boundsOf` allows. */
export interface HeadLimits {
  /** limit_request_line: bytes of the request line without its CR LF. */
  readonly line: number;
  /** limit_request_fields: how many field lines. */
  readonly fields: number;
  /** limit_request_field_size: bytes of one field line with its CR LF. */
  readonly fieldSize: number;
  /** Bytes of the whole head. Without it: what the other three allow together, at most 2 MiB. */
  readonly total?: number;
  /** What is let pass; strict without it. */
  readonly tolerance?: Tolerance;
  /** The client is a proxy that is believed; without it none is. */
  readonly forwarding?: Forwarding;
}

/** The limits as the scanners compare them. */
export interface Bounds {
  readonly lineBytes: number;
  readonly fieldCount: number;
  /** Bytes of a field line without its CR LF. */
  readonly fieldBytes: number;
  readonly totalBytes: number;
  readonly tolerance: Tolerance;
  /** Null: nothing that the fields say of another client counts. */
  readonly forwarding: Forwarding | null;
}

// "No limit" must still be one, or a single client could take all memory. 1 MiB is what Gunicorn's C parser makes of 0,
// 32,768 what it makes of 0 fields.
const UNLIMITED_BYTES = 1 << 20;
const UNLIMITED_FIELDS = 32_768;
const TOTAL_BYTES_AT_MOST = 2 << 20;

/** A blank line before the request line (2 bytes), its own CR LF and the blank line after the fields. */
const LINE_ENDS = 6;

export function boundsOf(limits: HeadLimits): Bounds {
  const lineBytes = limits.line > 0 ? limits.line : UNLIMITED_BYTES;
  const fieldCount = limits.fields > 0 ? limits.fields : UNLIMITED_FIELDS;
  const fieldSize = limits.fieldSize > 0 ? limits.fieldSize : UNLIMITED_BYTES;
  const allowed = lineBytes + fieldCount * fieldSize + LINE_ENDS;
  const totalBytes = Math.min(limits.total ?? allowed, TOTAL_BYTES_AT_MOST);
  return {
    lineBytes,
    fieldCount,
    fieldBytes: Math.max(0, fieldSize - 2),
    totalBytes,
    tolerance: limits.tolerance ?? STRICT,
    forwarding: limits.forwarding ?? null,
  };
}
