// Which requests belong to which trace, and which of them are sampled: W3C Trace Context as far as a server goes. The field that a
// request came with, or none, becomes the one that its application is given, which names our span as the parent of its own.

import { randomFillSync } from 'node:crypto';

/** Of one request. */
export interface Trace {
  /** 32 and 16 hexadecimal digits. */
  readonly traceId: string;
  readonly spanId: string;
  /** Our caller's span; null where the trace begins here. */
  readonly parentId: string | null;
  /** It becomes a span that is sent. */
  readonly sampled: boolean;
  /** What the application is told; null: what came, as it came. */
  readonly traceparent: string | null;
  /** What came with the parent; empty for nothing. */
  readonly state: string;
  /** A `tracestate` came, and belongs to no trace that goes on here (Trace Context, 4.3). */
  readonly dropsState: boolean;
}

export interface TracingTerms {
  /** Of requests that begin a trace, from 0 to 1. */
  readonly share: number;
  /** A `traceparent` that comes with a request is gone on with. */
  readonly followsParents: boolean;
}

/** What a `traceparent` says. */
export interface Parent {
  readonly traceId: string;
  readonly spanId: string;
  readonly flags: number;
}

const SAMPLED = 0x01;
/** Level 2 of the recommendation: the digits of the trace's id are random. Passed on as it came. */
const RANDOM = 0x02;
/** Longer ones may be cut (Trace Context, 3.3.1.5); we let them go on to the application as they are, and keep none in a span. */
const STATE_MAX = 512;

export class Tracing {
  readonly #terms: TracingTerms;
  readonly #ids = new RandomIds();

  constructor(terms: TracingTerms) {
    this.#terms = terms;
  }

  /** @param fields name, value, name, value, as received */
  begin(fields: readonly string[]): Trace {
    const { followsParents } = this.#terms;
    const parent = followsParents ? parentIn(fields) : null;
    if (parent !== null) return this.#goOn(parent, fields);
    const ids = this.#ids.next();
    const sampled = ids.chance <= this.#terms.share;
    const { traceId, spanId } = ids;
    return {
      traceId,
      spanId,
      parentId: null,
      sampled,
      traceparent: `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`,
      state: '',
      dropsState: hasField(fields, 'tracestate'),
    };
  }

  #goOn({ traceId, spanId: parentId, flags }: Parent, fields: readonly string[]): Trace {
    const sampled = (flags & SAMPLED) !== 0;
    // A span that nobody will see is no parent: the application's spans stand below our caller's.
    if (!sampled) {
      const none = { parentId, sampled, traceparent: null, state: '', dropsState: false };
      return { traceId, spanId: parentId, ...none };
    }
    const { spanId } = this.#ids.next();
    const state = joinedField(fields, 'tracestate');
    return {
      traceId,
      spanId,
      parentId,
      sampled,
      traceparent: `00-${traceId}-${spanId}-0${(flags & RANDOM) | SAMPLED}`,
      state: state.length <= STATE_MAX ? state : '',
      dropsState: false,
    };
  }
}

const FORM = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/;

/** Null: there is none, or one that means nothing (Trace Context, 3.2 and 4.3). */
export function parentIn(fields: readonly string[]): Parent | null {
  let value: string | null = null;
  for (let at = 0; at < fields.length; at += 2) {
    if (!isNamed(fields[at], 'traceparent')) continue;
    // Two of them say two things.
    if (value !== null) return null;
    value = fields[at + 1] ?? '';
  }
  return value === null ? null : parsedParent(value);
}

export function parsedParent(value: string): Parent | null {
  const parts = FORM.exec(value);
  if (parts === null) return null;
  const [, version = '', traceId = '', spanId = '', flags = '', more] = parts;
  // A later version may say more behind these, and means the same by them.
  if (version === 'ff' || (version === '00' && more !== undefined)) return null;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return null;
  return { traceId, spanId, flags: Number.parseInt(flags, 16) };
}

function isNamed(name: string | undefined, lowerName: string): boolean {
  return name?.length === lowerName.length && name.toLowerCase() === lowerName;
}

function hasField(fields: readonly string[], lowerName: string): boolean {
  for (let at = 0; at < fields.length; at += 2) if (isNamed(fields[at], lowerName)) return true;
  return false;
}

/** Repeated ones are one list (RFC 9110, 5.3). */
function joinedField(fields: readonly string[], lowerName: string): string {
  let joined = '';
  for (let at = 0; at < fields.length; at += 2) {
    if (isNamed(fields[at], lowerName)) joined += `${joined === '' ? '' : ','}${fields[at + 1]}`;
  }
  return joined;
}

/** The list without the fields of that name. */
export function withoutField(fields: readonly string[], lowerName: string): string[] {
  return fields.filter((_, at) => !isNamed(fields[at - (at % 2)], lowerName));
}

const ID_BYTES = 24;
/** Asking for random bytes costs the same for one id as for hundreds. */
const IDS_AT_ONCE = 256;
/** 48 of the 56 bits that sampling goes by (Trace Context level 2, 3.2.2.3): the last seven bytes of a trace's id. */
const CHANCE_AT = 9;
const CHANCE_BYTES = 6;

class RandomIds {
  readonly #bytes = Buffer.alloc(ID_BYTES * IDS_AT_ONCE);
  #at = this.#bytes.length;

  /** `chance`: above 0, at most 1, and the same for whoever computes it from the id as OpenTelemetry's samplers do. */
  next(): { readonly traceId: string; readonly spanId: string; readonly chance: number } {
    if (this.#at === this.#bytes.length) {
      randomFillSync(this.#bytes);
      this.#at = 0;
    }
    const at = this.#at;
    this.#at += ID_BYTES;
    // All zeros mean nothing.
    this.#bytes[at] ||= 1;
    this.#bytes[at + 16] ||= 1;
    const digits = this.#bytes.toString('hex', at, at + ID_BYTES);
    const random = this.#bytes.readUIntBE(at + CHANCE_AT, CHANCE_BYTES) / 2 ** 48;
    return { traceId: digits.slice(0, 32), spanId: digits.slice(32), chance: 1 - random };
  }
}
