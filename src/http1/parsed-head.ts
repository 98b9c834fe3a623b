// What a request head means once its lines are read: framing of the body, keep-alive, Host, Expect, Upgrade. Every rule
// that needs more than one byte at a time is here. Where two readings are possible the request is refused, because the
// proxy in front may have taken the other one.

import type { Expectation, RequestHead } from '../threads/app-thread.ts';
import type { ProtocolError } from './errors.ts';
import { protocolError, quoteAddress, quoteText } from './errors.ts';
import type { Bounds } from './limits.ts';
import { isDigit, isToken, listMembers } from './octets.ts';
import { isHost, splitTarget, type TargetParts } from './target.ts';

export interface ParsedHead extends RequestHead {
  /** Bytes of the body by Content-Length; -1 without that field. */
  readonly contentLength: number;
  readonly chunked: boolean;
  /** True when body bytes follow: chunked, or a Content-Length above 0. */
  readonly hasBody: boolean;
  /** The client waits for `100 Continue` before it sends the body. False when no body follows, and for HTTP/1.0. */
  readonly expectContinue: boolean;
}

/** The fields that steer the connection, as found; judged when all are known, so that their order does not matter. */
interface Findings {
  host: string | null;
  hostCount: number;
  contentLength: string | null;
  contentLengthCount: number;
  contentTypeCount: number;
  transferEncoding: string | null;
  upgrade: string | null;
  expect: string | null;
  close: boolean;
  keepAlive: boolean;
  upgradeListed: boolean;
}

/** What the fields alone say; it holds for every request line of that version. */
export type FieldsMeaning = Omit<ParsedHead, 'method' | 'target' | 'path' | 'query'>;

/** The head that `method` and `target` make together with fields that were understood before. */
export function combinedHead(
  method: string,
  target: string,
  meaning: FieldsMeaning,
): ParsedHead | ProtocolError {
  const parts = splitTarget(method, target);
  // Its query is nobody's business but the application's: it may hold a secret, and this is logged.
  if (parts === null)
    return protocolError('bad-target', quoteAddress(target.split('?', 1)[0] ?? ''));
  return {
    method,
    target,
    minorVersion: meaning.minorVersion,
    // RFC 9112, 3.2.2: where the target names the authority, Host is ignored: nobody behind us sees two.
    fields: hasOtherHost(parts, method, meaning)
      ? withHost(meaning.fields, parts.authority)
      : meaning.fields,
    path: parts.path,
    query: parts.query,
    host: parts.authority ?? meaning.host,
    contentLength: meaning.contentLength,
    chunked: meaning.chunked,
    hasBody: meaning.hasBody,
    keepAlive: meaning.keepAlive,
    expects: meaning.expects,
    expectContinue: meaning.expectContinue,
    upgrade: meaning.upgrade,
    forwarded: meaning.forwarded,
  };
}

/** What is known of a head whose request line alone was understood. */
export function headOfLine(method: string, target: string, minorVersion: number): ParsedHead {
  const parts = splitTarget(method, target);
  return {
    method,
    target,
    minorVersion,
    fields: [],
    path: parts?.path ?? target,
    query: parts?.query ?? '',
    host: parts?.authority ?? null,
    contentLength: -1,
    chunked: false,
    hasBody: false,
    keepAlive: false,
    expects: 'nothing',
    expectContinue: false,
    upgrade: null,
    forwarded: null,
  };
}

/** A head of which nothing is known: method and target are empty. */
export const UNREAD_HEAD: ParsedHead = headOfLine('', '', 1);

/** `bounds`: what of dangerous framing is let pass, and whether the client is a proxy that is believed. */
export function understandFields(
  fields: readonly string[],
  minorVersion: number,
  bounds: Pick<Bounds, 'tolerance' | 'forwarding'>,
): FieldsMeaning | ProtocolError {
  const found = steeringFields(fields);
  const wrong =
    fieldsError(found, minorVersion, bounds.tolerance.expectations) ??
    framingError(found, minorVersion, bounds.tolerance.dangerousFraming);
  if (wrong !== null) return wrong;
  const forwarded = bounds.forwarding?.understand(fields) ?? null;
  if (forwarded !== null && isProtocolError(forwarded)) return forwarded;
  const chunked = found.transferEncoding !== null;
  const modern = minorVersion > 0;
  // RFC 9112, 6.1 and 6.3: chunked counts, nobody behind us sees the length, and nothing after this is trusted.
  const both = chunked && found.contentLength !== null;
  const dangerous = both || (chunked && !modern);
  const contentLength = found.contentLength === null || both ? -1 : Number(found.contentLength);
  const hasBody = chunked || contentLength > 0;
  const expects = modern ? expectationOf(found.expect) : 'nothing';
  return {
    minorVersion,
    fields: both ? withoutLength(fields) : fields,
    host: found.host,
    contentLength,
    chunked,
    hasBody,
    keepAlive: !dangerous && !found.close && (modern || found.keepAlive),
    expects,
    expectContinue: expects === 'continue' && hasBody,
    upgrade: modern && found.upgradeListed ? found.upgrade : null,
    forwarded,
  };
}

function hasOtherHost(
  parts: TargetParts,
  method: string,
  meaning: FieldsMeaning,
): parts is TargetParts & { authority: string } {
  return parts.authority !== null && method !== 'CONNECT' && parts.authority !== meaning.host;
}

function withHost(fields: readonly string[], host: string): string[] {
  const changed = fields.map((text, i) =>
    i % 2 === 1 && fields[i - 1]?.toLowerCase() === 'host' ? host : text,
  );
  // HTTP/1.0 may have come without it.
  const has = changed.some((text, i) => i % 2 === 0 && text.toLowerCase() === 'host');
  return has ? changed : ['Host', host, ...changed];
}

function withoutLength(fields: readonly string[]): string[] {
  return fields.filter((_, i) => fields[i - (i % 2)]?.toLowerCase() !== 'content-length');
}

export function isProtocolError(result: object): result is ProtocolError {
  return 'rfc' in result;
}

function steeringFields(fields: readonly string[]): Findings {
  const found: Findings = {
    host: null,
    hostCount: 0,
    contentLength: null,
    contentLengthCount: 0,
    contentTypeCount: 0,
    transferEncoding: null,
    upgrade: null,
    expect: null,
    close: false,
    keepAlive: false,
    upgradeListed: false,
  };
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    if (maySteer(name)) note(found, name.toLowerCase(), fields[i + 1] as string);
  }
  return found;
}

/** Length and first letter spare most names the way through toLowerCase. */
function maySteer(name: string): boolean {
  const first = name.charCodeAt(0) | 0x20;
  switch (name.length) {
    case 4:
      return first === 0x68; // host
    case 6:
      return first === 0x65; // expect
    case 7:
    case 10:
    case 12:
    case 14:
      return first === 0x75 || first === 0x63; // upgrade, connection, content-type, content-length
    case 17:
      return first === 0x74; // transfer-encoding
    default:
      return false;
  }
}

function note(found: Findings, name: string, value: string): void {
  switch (name) {
    case 'host':
      found.host = value;
      found.hostCount++;
      break;
    case 'connection':
      noteConnection(found, value);
      break;
    case 'content-length':
      found.contentLength = value;
      found.contentLengthCount++;
      break;
    case 'content-type':
      found.contentTypeCount++;
      break;
    case 'transfer-encoding':
      found.transferEncoding = joined(found.transferEncoding, value);
      break;
    case 'upgrade':
      found.upgrade = joined(found.upgrade, value);
      break;
    case 'expect':
      found.expect = joined(found.expect, value);
      break;
  }
}

/** Repeated fields of a list are one list (RFC 9110, 5.3). */
function joined(before: string | null, value: string): string {
  return before === null ? value : `${before}, ${value}`;
}

function noteConnection(found: Findings, value: string): void {
  if (value === 'keep-alive') found.keepAlive = true;
  else if (value === 'close') found.close = true;
  else {
    const options = listMembers(value);
    if (options.includes('close')) found.close = true;
    if (options.includes('keep-alive')) found.keepAlive = true;
    if (options.includes('upgrade')) found.upgradeListed = true;
  }
}

function fieldsError(
  found: Findings,
  minorVersion: number,
  anyExpectation: boolean,
): ProtocolError | null {
  const { host } = found;
  if (host === null) {
    if (minorVersion > 0) return protocolError('no-host');
  } else {
    if (found.hostCount > 1) return protocolError('repeated-host', quoteAddress(host));
    if (!isHost(host)) return protocolError('bad-host', quoteAddress(host));
  }
  if (found.contentTypeCount > 1) return protocolError('repeated-content-type');
  if (!anyExpectation && expectationOf(found.expect) === 'other') {
    return protocolError('unknown-expectation', quoteText(found.expect ?? ''));
  }
  return null;
}

function expectationOf(value: string | null): Expectation {
  if (value === null) return 'nothing';
  // RFC 9110, 5.6.1.2: empty members of a list are none.
  const members = listMembers(value).filter((member) => member !== '');
  if (members.length === 0) return 'nothing';
  return members.every((member) => member === '100-continue') ? 'continue' : 'other';
}

function framingError(
  found: Findings,
  minorVersion: number,
  toleratesDanger: boolean,
): ProtocolError | null {
  const { contentLength, transferEncoding } = found;
  if (contentLength !== null) {
    const wrong = contentLengthError(contentLength, found.contentLengthCount);
    if (wrong !== null) return wrong;
  }
  if (transferEncoding === null) return null;
  if (!toleratesDanger) {
    if (contentLength !== null) return protocolError('length-and-coding');
    if (minorVersion === 0) return protocolError('coding-on-1.0', quoteText(transferEncoding));
  }
  return transferEncoding === 'chunked' ? null : codingError(transferEncoding);
}

/** 16 digits hold every number that is counted exactly (2^53 - 1); more are too many even if they are zeros. */
const LENGTH_DIGITS = 16;

function contentLengthError(value: string, count: number): ProtocolError | null {
  // RFC 9112, 6.3 lets equal values pass; a proxy in front may have taken the first, the last, or neither.
  if (count > 1) return protocolError('repeated-content-length', quoteText(value));
  for (let i = 0; i < value.length; i++) {
    if (!isDigit(value.charCodeAt(i))) {
      return protocolError('bad-content-length', quoteText(value));
    }
  }
  if (value === '') return protocolError('bad-content-length', quoteText(value));
  const tooLarge = value.length > LENGTH_DIGITS || Number(value) > Number.MAX_SAFE_INTEGER;
  return tooLarge ? protocolError('content-length-too-large', quoteText(value)) : null;
}

function codingError(value: string): ProtocolError | null {
  const codings = listMembers(value);
  if (codings.length === 1 && codings[0] === 'chunked') return null;
  const chunkedAt = codings.indexOf('chunked');
  const misplaced = chunkedAt !== -1 && chunkedAt !== codings.length - 1;
  if (misplaced || !codings.every(isToken)) {
    return protocolError('bad-transfer-coding', quoteText(value));
  }
  return protocolError('unknown-transfer-coding', quoteText(value));
}
