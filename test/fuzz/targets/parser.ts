// The parser alone: however the bytes are cut it hears the same, and where llhttp accepts the same bytes, both see the
// same requests with the same bodies. Two readings of one stream are what request smuggling is made of.

import assert from 'node:assert/strict';
import { bodyReaderFor } from '../../../src/http1/body.ts';
import { HeadReader } from '../../../src/http1/head.ts';
import type { HeadLimits } from '../../../src/http1/limits.ts';
import { type LlhttpReading, requestsByLlhttp } from '../../support/llhttp.ts';
import { DEFAULT_LIMITS, heard } from '../../unit/http1/feed.ts';
import { goldenCases } from '../../unit/http1/golden-cases.ts';
import { WORDS } from '../grammar.ts';
import { waysToCut } from '../pieces.ts';
import type { Target } from '../target.ts';

const LIMITS: readonly HeadLimits[] = [
  DEFAULT_LIMITS,
  DEFAULT_LIMITS,
  { line: 30, fields: 3, fieldSize: 24 },
  { line: 0, fields: 0, fieldSize: 0, total: 200 },
];

/**
 * What llhttp refuses and we do not, and in which inputs that is as it should be: for reasons that have nothing to do
 * with where a request ends. Everything else that only we accept is a finding.
 */
const NARROWER: Readonly<Record<string, RegExp>> = {
  // It knows a list of methods, we any token.
  HPE_INVALID_METHOD: /./,
  // It knows 1.0 and 1.1, we any 1.x (RFC 9110, 2.5); PRI is a method like any other to us, HTTP/2's beginning to it.
  HPE_INVALID_VERSION: /HTTP\/1\.[2-9]|PRI /,
  // Bytes above 0x7e in the path, as Gunicorn takes them.
  HPE_INVALID_URL: / \S*[\x80-\xff]\S* /,
  // Blanks before the semicolon of a chunk extension (RFC 9112, 7.1.1).
  HPE_INVALID_CHUNK_SIZE: /[0-9a-f][ \t]+;/i,
  // A tab behind the number (RFC 9110, 5.6.3).
  HPE_INVALID_CONTENT_LENGTH: /\d[ ]*\t\s*\r\n/,
  // A tab behind the coding, likewise.
  HPE_INVALID_TRANSFER_ENCODING: /chunked *\t[ \t]*\r\n/i,
  // It takes Proxy-Connection for Connection.
  HPE_CLOSED_CONNECTION: /proxy-connection:/i,
};

interface Message {
  readonly method: string;
  readonly target: string;
  readonly fields: readonly string[];
  readonly body: string;
  readonly complete: boolean;
  readonly keepAlive: boolean;
}

export const parserTarget: Target = {
  name: 'parser',
  holds: 'every way of cutting is heard alike, and llhttp sees the same requests',
  words: WORDS,
  seeds: goldenCases()
    .map((golden) => golden.bytes)
    .filter((bytes) => bytes.length < 2000),

  run(input) {
    const limits = LIMITS[input.length % LIMITS.length] ?? DEFAULT_LIMITS;
    const [whole = [], ...others] = waysToCut(input).map((pieces) => heard(pieces, limits));
    for (const other of others) assert.deepEqual(other, whole, 'another cut, another outcome');
    compare(input.toString('latin1'), requestsByUs(input), requestsByLlhttp(input));
    return whole.map(kindOf).slice(0, 12).join(' ');
  },
};

/** An event without what differs from input to input. */
function kindOf(event: string): string {
  if (/^(error|wants|end)/.test(event)) return event;
  if (event.startsWith('body ')) return 'body';
  if (event.startsWith('trailer ')) return 'trailer';
  const head = /^\S+ .* (HTTP\/1\.[01] .*)$/.exec(event)?.[1];
  return head === undefined ? '' : head.replace(/=.*/, '');
}

function requestsByUs(bytes: Buffer): { messages: Message[]; error: string | null } {
  const messages: Message[] = [];
  const heads = new HeadReader(DEFAULT_LIMITS);
  for (let at = 0; at < bytes.length; ) {
    at = heads.read(bytes, at);
    const { head, error } = heads;
    if (error !== null) return { messages, error: error.code };
    if (head === null) break;
    heads.reset();
    const reader = bodyReaderFor(head, DEFAULT_LIMITS);
    let body = '';
    at = reader.read(bytes, at, (piece) => {
      body += piece.toString('latin1');
    });
    const { method, target, fields, keepAlive } = head;
    messages.push({ method, target, fields, body, keepAlive, complete: reader.done });
    if (reader.error !== null) return { messages, error: reader.error.code };
    if (!reader.done || !keepAlive) break;
  }
  return { messages, error: null };
}

/** Wherever both have a whole request, it is the same one; and what we take for whole, llhttp does not refuse. */
function compare(
  input: string,
  ours: ReturnType<typeof requestsByUs>,
  theirs: LlhttpReading,
): void {
  for (const [n, message] of ours.messages.entries()) {
    // What we refuse in the middle of a body nobody takes for a request.
    if (ours.error !== null && !message.complete) return;
    const other = theirs.messages[n];
    if (other === undefined || (!other.complete && theirs.error !== null)) {
      if (theirs.upgraded) return;
      const why = theirs.error ?? 'wants more';
      const explained = NARROWER[why]?.test(input) === true || !message.complete;
      assert.ok(explained, `we accept request ${n + 1}, llhttp: ${why}`);
      return;
    }
    assert.equal(message.method, other.method, 'llhttp sees another method');
    assert.equal(message.target, other.target, 'llhttp sees another target');
    // Behind an upgrade it keeps what it finds wrong to itself.
    if (theirs.upgraded && !other.complete) return;
    // It reads what follows CONNECT as a tunnel, whatever framing the fields give.
    if (message.method === 'CONNECT') return;
    assert.equal(message.body, other.body.toString('latin1'), 'llhttp sees another body');
    assert.equal(message.complete, other.complete, 'llhttp sees another end');
    if (theirs.upgraded && n === theirs.messages.length - 1) return;
  }
}
