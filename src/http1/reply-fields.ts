// What the field lines of an application's response mean to us: which of them go out, and what they say about framing
// and the connection. Applications give the same lines again and again, so the last few answers are remembered: a
// response like the one before costs one look-up.

import { quoteText } from './errors.ts';
import { COLON, isValue, listMembers, TOKEN, trimmed } from './octets.ts';

export interface ReplyFields {
  /** The lines that go out as they are: without framing, hop-by-hop fields, Date and Server. */
  readonly lines: string;
  /** Date and Server lines of the application, empty when it gave none; of repeated ones the first. */
  readonly date: string;
  readonly server: string;
  /** Upgrade line, which only some statuses may carry. */
  readonly upgrade: string;
  /** Bytes by Content-Length; -1 without that field. */
  readonly contentLength: number;
  /** The application asks to close the connection. */
  readonly close: boolean;
  /** Why these fields cannot be sent, for the error log; null when they can. */
  readonly error: string | null;
}

/** 256 heads of at most 1 KiB: 256 KiB a process at most, and enough for every route of a small application. */
const REMEMBERED = 256;
const REMEMBERED_CHARACTERS = 1024;
const remembered = new Map<string, ReplyFields>();
/** Its keys in a ring. The Map's own order would do, but finding its oldest key walks over every deleted one. */
const ring: string[] = [];
let ringNext = 0;

/** The meaning of `fields`: lines "Name: value\r\n", latin-1. */
export function replyFields(fields: string): ReplyFields {
  const known = remembered.get(fields);
  if (known !== undefined) return known;
  const meaning = analysed(fields);
  if (fields.length <= REMEMBERED_CHARACTERS) remember(fields, meaning);
  return meaning;
}

/** How many field lists are remembered now: never more than 256, whatever applications answer. */
export function rememberedReplies(): number {
  return remembered.size;
}

/** The oldest goes: heads with a changing part (Set-Cookie, ETag) pass through and the steady ones soon come back. */
function remember(fields: string, meaning: ReplyFields): void {
  const oldest = ring[ringNext];
  if (oldest !== undefined) remembered.delete(oldest);
  ring[ringNext] = fields;
  ringNext = (ringNext + 1) % REMEMBERED;
  remembered.set(fields, meaning);
}

type Draft = { -readonly [K in keyof ReplyFields]: ReplyFields[K] };

function analysed(fields: string): ReplyFields {
  const draft: Draft = {
    lines: '',
    date: '',
    server: '',
    upgrade: '',
    contentLength: -1,
    close: false,
    error: null,
  };
  for (let start = 0; start < fields.length && draft.error === null; ) {
    const lineEnd = fields.indexOf('\r\n', start);
    const end = lineEnd === -1 ? fields.length : lineEnd;
    const colon = nameEnd(fields, start, end);
    if (colon === -1) draft.error = `no response field: ${quoteText(fields.slice(start, end))}`;
    else if (!isValue(fields, colon + 1, end)) draft.error = valueError(fields, start, colon);
    else sort(draft, fields, start, colon, end);
    start = end + 2;
  }
  return draft;
}

/** Where the colon of a well-formed line stands, -1 when its name is no token. */
function nameEnd(fields: string, start: number, end: number): number {
  let i = start;
  while (i < end && TOKEN[fields.charCodeAt(i)] === 1) i++;
  return i > start && i < end && fields.charCodeAt(i) === COLON ? i : -1;
}

/** The value is not shown: it may be a secret (Set-Cookie). */
function valueError(fields: string, start: number, colon: number): string {
  return `response field ${fields.slice(start, colon)} holds a character that may not be sent`;
}

function sort(draft: Draft, fields: string, start: number, colon: number, end: number): void {
  const line = `${fields.slice(start, end)}\r\n`;
  // Every name below has one of these lengths; most others are told apart by it alone.
  if (!STEERING_LENGTHS.has(colon - start)) {
    draft.lines += line;
    return;
  }
  switch (fields.slice(start, colon).toLowerCase()) {
    case 'content-length':
      takeLength(draft, trimmed(fields, colon + 1, end));
      break;
    case 'connection':
      if (listMembers(fields.slice(colon + 1, end)).includes('close')) draft.close = true;
      break;
    case 'date':
      draft.date ||= line;
      break;
    case 'server':
      draft.server ||= line;
      break;
    case 'upgrade':
      draft.upgrade += line;
      break;
    // Hop-by-hop (RFC 9110, 7.6.1): the connection is ours, and so is its framing.
    case 'keep-alive':
    case 'proxy-connection':
    case 'te':
    case 'transfer-encoding':
      break;
    default:
      draft.lines += line;
  }
}

const STEERING_LENGTHS: ReadonlySet<number> = new Set([2, 4, 6, 7, 10, 14, 16, 17]);

function takeLength(draft: Draft, value: string): void {
  const length = /^[0-9]{1,16}$/.test(value) ? Number(value) : Number.NaN;
  if (!Number.isSafeInteger(length)) {
    draft.error = `response field Content-Length is no number of bytes: ${quoteText(value)}`;
  } else if (draft.contentLength !== -1 && draft.contentLength !== length) {
    draft.error = 'response field Content-Length is given twice with different values';
  } else draft.contentLength = length;
}
