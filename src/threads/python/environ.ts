// Turns a request into the frame that carries it to a Python thread: the request's part of environ in marshal format,
// and a small body behind it. What repeats (the same peer, the same header block) is encoded once and copied.

import { Buffer } from 'node:buffer';
import { percentDecoded } from '../../percent.ts';
import { closeDict, encodeKey, openDict, spaceFor, writeString } from '../../wire/marshal.ts';
import { HEADER_BYTES, ToThread } from '../../wire/python-frame.ts';
import type { Introduction, Peer, RequestBody, RequestHead } from '../app-thread.ts';
import { certificatePairs } from './client-certificate.ts';
import { FieldsEncoder } from './environ-fields.ts';

/** Bodies up to this many bytes travel in the same write as their head; one copy is cheaper than a second write. */
const INLINE_MAX = 16_384;
const SCRATCH_BYTES = 65_536;

const PATH_INFO = encodeKey('PATH_INFO');
const SCRIPT_NAME = encodeKey('SCRIPT_NAME');
const QUERY_STRING = encodeKey('QUERY_STRING');
const RAW_URI = encodeKey('RAW_URI');
const CONTENT_LENGTH = encodeKey('CONTENT_LENGTH');
const TRACEPARENT = encodeKey('HTTP_TRACEPARENT');
const FIXED_BYTES = 160;

/** The request's path does not begin with SCRIPT_NAME, so there is no PATH_INFO for it. */
export class OutsideScriptName extends Error {}

/** A frame ready to be written. Valid until the next call of `encode`: the bytes may be the encoder's scratch. */
export interface EncodedRequest {
  readonly bytes: Buffer;
  readonly length: number;
  /** What must be written after it: a body too large to be copied. */
  readonly rest: Buffer | null;
}

/** One for each Python process. Not re-entrant: one scratch buffer serves all requests. */
export class RequestEncoder {
  readonly #scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  readonly #fields = new FieldsEncoder();
  readonly #lines = new Map<string, Buffer>();
  readonly #peers = new WeakMap<Peer, Buffer>();
  readonly #scriptName: string;

  /** `scriptName`: SCRIPT_NAME of the process's environment, as Gunicorn, without a slash at its end; empty for none. */
  constructor(scriptName: string) {
    this.#scriptName = scriptName;
  }

  /**
   * Throws OutsideScriptName.
   * @param traceparent as TracedAs has it
   */
  encode(
    head: RequestHead,
    peer: Peer,
    body: RequestBody,
    traceparent: string | null = null,
  ): EncodedRequest {
    const { path, query } = head;
    const said = head.forwarded?.scriptName ?? null;
    const scriptName = said === null ? null : withoutEndingSlashes(said);
    const line = this.#line(head);
    const origin = peer.serverPort === 0 ? unixOrigin(head, peer) : this.#peer(peer);
    const fields = this.#fields.encode(head.fields);
    const tail = bodyTail(body);
    const need =
      FIXED_BYTES +
      line.length +
      origin.length +
      fields.length +
      spaceFor(path) +
      spaceFor(query) +
      spaceFor(head.target) +
      (scriptName === null ? 0 : spaceFor(scriptName)) +
      (traceparent === null ? 0 : spaceFor(traceparent)) +
      tail.length;
    const into = need <= SCRATCH_BYTES ? this.#scratch : Buffer.allocUnsafe(need);

    let at = openDict(into, HEADER_BYTES);
    at = copy(into, at, line);
    at = copy(into, at, origin);
    at = copy(into, at, fields);
    // Of two entries with one key the last one counts, so that what is known of the fields can be copied as it is.
    if (traceparent !== null) at = writeString(into, copy(into, at, TRACEPARENT), traceparent);
    at = writeString(
      into,
      copy(into, at, PATH_INFO),
      pathInfo(path, scriptName ?? this.#scriptName),
    );
    at = writeString(into, copy(into, at, QUERY_STRING), query);
    at = writeString(into, copy(into, at, RAW_URI), head.target);
    if (scriptName !== null) {
      at = writeString(into, copy(into, at, SCRIPT_NAME), scriptName);
    }
    const length = contentLength(body, head.fields);
    if (length !== null) {
      at = writeString(into, copy(into, at, CONTENT_LENGTH), length);
    }
    at = closeDict(into, at);
    const environBytes = at - HEADER_BYTES;
    at = copy(into, at, tail);
    const rest = body.kind === 'bytes' && tail.length === 0 ? body.bytes : null;
    const payload = at - HEADER_BYTES + (rest === null ? 0 : rest.length);
    const kind = body.kind === 'file' ? ToThread.REQUEST_FILE : ToThread.REQUEST;
    writeHeader(into, payload, kind, environBytes);
    return { bytes: into, length: at, rest };
  }

  /** REQUEST_METHOD and SERVER_PROTOCOL. Clients choose methods, so only a bounded number is remembered. */
  #line(head: RequestHead): Buffer {
    const name = head.minorVersion === 0 ? `${head.method} 0` : head.method;
    let block = this.#lines.get(name);
    if (block === undefined) {
      const protocol = head.minorVersion === 0 ? 'HTTP/1.0' : 'HTTP/1.1';
      block = encodePairs([
        ['REQUEST_METHOD', head.method],
        ['SERVER_PROTOCOL', protocol],
      ]);
      if (this.#lines.size < 64) {
        this.#lines.set(name, block);
      }
    }
    return block;
  }

  #peer(peer: Peer): Buffer {
    let block = this.#peers.get(peer);
    if (block === undefined) {
      block = encodePairs(peerPairs(peer));
      this.#peers.set(peer, block);
    }
    return block;
  }
}

const SLASH = 0x2f;

/** A slash at its end belongs to PATH_INFO, which begins with one (PEP 3333). */
export function withoutEndingSlashes(scriptName: string): string {
  let end = scriptName.length;
  while (end > 0 && scriptName.charCodeAt(end - 1) === SLASH) end -= 1;
  return scriptName.slice(0, end);
}

/**
 * Empty, or from a slash on: `/shopping` is not below `/shop`.
 * @throws OutsideScriptName
 */
function pathInfo(path: string, scriptName: string): string {
  if (scriptName === '') {
    return percentDecoded(path);
  }
  const { length } = scriptName;
  const isBelow = path.length === length || path.charCodeAt(length) === SLASH;
  if (!isBelow || !path.startsWith(scriptName)) {
    throw new OutsideScriptName(
      `Request path ${JSON.stringify(path)} is not below SCRIPT_NAME ${JSON.stringify(scriptName)}.`,
    );
  }
  return percentDecoded(path.slice(length));
}

/** Writes a frame's header at the start of `into`. */
export function writeHeader(into: Buffer, payload: number, kind: number, aux: number): void {
  into[0] = payload;
  into[1] = payload >>> 8;
  into[2] = payload >>> 16;
  into[3] = payload >>> 24;
  into[4] = kind;
  into[5] = aux;
  into[6] = aux >>> 8;
  into[7] = aux >>> 16;
}

/** A unix socket has neither port, and Gunicorn leaves REMOTE_PORT out there. SERVER_PORT must be given (PEP 3333). */
function peerPairs(peer: Peer): [string, string][] {
  const pairs: [string, string][] = [
    ['REMOTE_ADDR', peer.address],
    ['SERVER_NAME', peer.serverName],
    ['SERVER_PORT', serverPort(peer)],
    ['wsgi.url_scheme', peer.scheme],
  ];
  if (peer.port !== 0) {
    pairs.push(['REMOTE_PORT', String(peer.port)]);
  }
  if (peer.certificate !== undefined) pairs.push(...certificatePairs(peer.certificate));
  if (peer.introduction !== undefined) pairs.push(...introductionPairs(peer.introduction));
  return pairs;
}

/** Gunicorn's keys for what a PROXY header said. */
function introductionPairs({ protocol, server }: Introduction): [string, string][] {
  const pairs: [string, string][] = [['PROXY_PROTOCOL', protocol]];
  if (server !== null) {
    pairs.push(['PROXY_ADDR', server.address], ['PROXY_PORT', String(server.port)]);
  }
  return pairs;
}

/** A unix socket has no name that a client could use: SERVER_NAME is what the client asked for, as Gunicorn has it. */
function unixOrigin(head: RequestHead, peer: Peer): Buffer {
  const name = (head.host ?? '').replace(/:\d*$/, '');
  return encodePairs(peerPairs(name === '' ? peer : { ...peer, serverName: name }));
}

function serverPort(peer: Peer): string {
  if (peer.serverPort !== 0) {
    return String(peer.serverPort);
  }
  return peer.scheme === 'https' ? '443' : '80';
}

function bodyTail(body: RequestBody): Buffer {
  if (body.kind === 'bytes' && body.bytes.length <= INLINE_MAX) {
    return body.bytes;
  }
  return body.kind === 'file' ? Buffer.from(body.path) : NOTHING;
}

const NOTHING = Buffer.alloc(0);

/**
 * The length of the complete body, also of one that came chunked (RFC 9112, 7.1.3: decoding the coding gives a
 * Content-Length). Without a body only what the client said: "0" or nothing.
 */
function contentLength(body: RequestBody, fields: readonly string[]): string | null {
  if (body.kind === 'bytes') {
    return String(body.bytes.length);
  }
  if (body.kind === 'file') {
    return String(body.length);
  }
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index];
    if (name?.length === 14 && name.toLowerCase() === 'content-length') {
      return '0';
    }
  }
  return null;
}

function encodePairs(pairs: readonly (readonly [string, string])[]): Buffer {
  const space = pairs.reduce((sum, [key, value]) => sum + spaceFor(key) + spaceFor(value), 0);
  const into = Buffer.alloc(space);
  let at = 0;
  for (const [key, value] of pairs) {
    at = writeString(into, copy(into, at, encodeKey(key)), value);
  }
  return Buffer.from(into.subarray(0, at));
}

function copy(into: Buffer, at: number, bytes: Buffer): number {
  into.set(bytes, at);
  return at + bytes.length;
}
