// What the field lines of an application's response mean to us: which of them go out, and what they say about framing
// and the connection. Applications give the same lines again and again, so the last few answers are remembered: a
// response like the one before costs one look-up.

import { isToken, isValue, listMembers, trimmed } from './octets.ts';

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

/** The meaning of `fields`: lines "Name: value\r\n", latin-1. */
export function replyFields(fields: string): ReplyFields {
  const known = remembered.get(fields);
  if (known !== undefined) return known;
  const meaning = analysed(fields);
  if (fields.length <= REMEMBERED_CHARACTERS) remember(fields, meaning);
  return meaning;
}

/** The oldest goes: heads with a changing part (Set-Cookie, ETag) pass through and the steady ones soon come back. */
function remember(fields: string, meaning: ReplyFields): void {
  if (remembered.size === REMEMBERED) {
    const oldest = remembered.keys().next();
    if (oldest.done !== true) remembered.delete(oldest.value);
  }
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
  for (const [name, value] of fieldLines(fields)) {
    if (!isToken(name)) draft.error ??= `response field name ${JSON.stringify(name)} is no token`;
    else if (!isValue(value)) draft.error ??= `response field ${name} holds a control character`;
    else sort(draft, name, value);
  }
  return draft;
}

/** Name and trimmed value of each line. A line without a colon comes out as a name that is no token. */
export function* fieldLines(fields: string): Generator<[name: string, value: string]> {
  let start = 0;
  while (start < fields.length) {
    const lineEnd = fields.indexOf('\r\n', start);
    const end = lineEnd === -1 ? fields.length : lineEnd;
    const colon = fields.indexOf(':', start);
    if (colon === -1 || colon > end) yield [`${fields.slice(start, end)} `, ''];
    else yield [fields.slice(start, colon), trimmed(fields, colon + 1, end)];
    start = end + 2;
  }
}

function sort(draft: Draft, name: string, value: string): void {
  const line = `${name}: ${value}\r\n`;
  switch (name.toLowerCase()) {
    case 'content-length':
      takeLength(draft, value);
      break;
    case 'connection':
      if (listMembers(value).includes('close')) draft.close = true;
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

function takeLength(draft: Draft, value: string): void {
  const length = /^[0-9]{1,16}$/.test(value) ? Number(value) : Number.NaN;
  if (!Number.isSafeInteger(length)) {
    draft.error ??= `response field Content-Length is no number of bytes: ${JSON.stringify(value)}`;
  } else if (draft.contentLength !== -1 && draft.contentLength !== length) {
    draft.error ??= 'response field Content-Length is given twice with different values';
  } else draft.contentLength = length;
}
