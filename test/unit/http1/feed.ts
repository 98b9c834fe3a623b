// Plays bytes to the parser as a connection would: head, body, next head. What it hears becomes a list of short lines,
// the same words that the cases in test/http1/*.md use. Every piece lies in one shared buffer that is overwritten after
// each read, as in the server, so that whoever keeps a view of it is found out.

import assert from 'node:assert/strict';
import type { BodyReader } from '../../../src/http1/body.ts';
import { bodyReaderFor } from '../../../src/http1/body.ts';
import { ChunkedReader } from '../../../src/http1/chunked.ts';
import type { ProtocolError } from '../../../src/http1/errors.ts';
import type { HeadLimits, ParsedHead } from '../../../src/http1/head.ts';
import { HeadReader } from '../../../src/http1/head.ts';

/** Gunicorn's defaults. */
export const DEFAULT_LIMITS: HeadLimits = { line: 4094, fields: 100, fieldSize: 8190 };

/** What the parser makes of `pieces`, one after the other. */
export function heard(pieces: readonly Buffer[], limits: HeadLimits = DEFAULT_LIMITS): string[] {
  const listener = new Listener(limits);
  // Not at offset 0, so that nobody mistakes an index for an offset.
  const before = 7;
  const shared = Buffer.alloc(before + Math.max(1, ...pieces.map((piece) => piece.length)));
  for (const piece of pieces) {
    shared.set(piece, before);
    listener.feed(shared.subarray(0, before + piece.length), before);
    shared.fill(0x23);
  }
  listener.finish();
  return listener.events;
}

/** Printable characters as they are, the others escaped as in the Markdown cases. */
export function shown(text: string): string {
  return text.replace(/[^ -~]/g, (character) => {
    const name = { '\t': '\\t', '\r': '\\r', '\n': '\\n' }[character];
    return name ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}

class Listener {
  readonly events: string[] = [];
  private readonly limits: HeadLimits;
  private readonly reader: HeadReader;
  private body: BodyReader | null = null;
  private bodyText = '';
  private failed = false;

  constructor(limits: HeadLimits) {
    this.limits = limits;
    this.reader = new HeadReader(limits);
  }

  feed(bytes: Buffer, from: number): void {
    let at = from;
    while (at < bytes.length && !this.failed) {
      const after = this.body === null ? this.feedHead(bytes, at) : this.feedBody(bytes, at);
      assert.ok(after > at || this.failed, 'every read uses at least a byte');
      assert.ok(after <= bytes.length, 'no read uses more than there is');
      at = after;
    }
  }

  finish(): void {
    if (this.failed) return;
    if (this.body !== null) {
      this.flushBody();
      this.events.push('wants more body');
    } else if (this.reader.started) this.events.push('wants more head');
  }

  private feedHead(bytes: Buffer, at: number): number {
    const after = this.reader.read(bytes, at);
    const { head, error } = this.reader;
    assert.ok(head === null || error === null, 'a head is complete or wrong, not both');
    if (error !== null) this.fail(error);
    if (head === null) return after;
    this.events.push(headLine(head));
    for (let i = 0; i < head.fields.length; i += 2) {
      this.events.push(shown(`${head.fields[i]}: ${head.fields[i + 1]}`));
    }
    this.body = bodyReaderFor(head, this.limits);
    this.reader.reset();
    this.endIfDone();
    return after;
  }

  private feedBody(bytes: Buffer, at: number): number {
    const { body } = this;
    if (body === null) return at;
    const before = this.bodyText.length;
    const receivedBefore = body.received;
    const after = body.read(bytes, at, (piece) => {
      assert.ok(piece.length > 0, 'a piece of a body is never empty');
      this.bodyText += piece.toString('latin1');
    });
    assert.equal(body.received - receivedBefore, this.bodyText.length - before);
    if (body.error !== null) {
      this.flushBody();
      this.fail(body.error);
    }
    this.endIfDone();
    return after;
  }

  private endIfDone(): void {
    const { body } = this;
    if (body === null || !body.done) return;
    this.flushBody();
    const trailers = body instanceof ChunkedReader ? body.trailers : [];
    for (let i = 0; i < trailers.length; i += 2) {
      this.events.push(shown(`trailer ${trailers[i]}: ${trailers[i + 1]}`));
    }
    this.events.push('end');
    this.body = null;
  }

  private flushBody(): void {
    if (this.bodyText !== '') this.events.push(`body ${shown(this.bodyText)}`);
    this.bodyText = '';
  }

  private fail(error: ProtocolError): void {
    assert.match(error.message, /^[ -~]+\.$/, 'a message is one printable sentence');
    assert.ok(error.message.length < 300, 'a message stays short whatever the client sent');
    this.failed = true;
    this.events.push(`error ${error.status} ${error.code}`);
  }
}

/** `GET /a HTTP/1.1 keep` and whatever is unusual about it. */
function headLine(head: ParsedHead): string {
  const words = [head.method, shown(head.target), `HTTP/1.${head.minorVersion}`];
  words.push(head.keepAlive ? 'keep' : 'close');
  if (head.contentLength >= 0) words.push(`length=${head.contentLength}`);
  if (head.chunked) words.push('chunked');
  if (head.expectContinue) words.push('continue');
  if (head.upgrade !== null) words.push(`upgrade=${head.upgrade.replaceAll(' ', '')}`);
  assert.equal(head.hasBody, head.chunked || head.contentLength > 0);
  if (head.target.startsWith('/')) {
    const rest = head.target.includes('?') ? `?${head.query}` : '';
    assert.equal(head.path + rest, head.target, 'path and query make the target');
  } else words.push(`path=${head.path}`, `query=${head.query}`, `host=${head.host}`);
  return words.join(' ');
}
