// The reading half at work: takes bytes apart into heads and bodies, passes bodies on to incoming-body.ts, and keeps what the
// client sends ahead of time until its turn. Never answers: that is its owner's.

import { HeadReader, type ParsedHead } from '../../http1/head.ts';
import type { HeadLimits } from '../../http1/limits.ts';
import type { BodySource } from '../../threads/app-thread.ts';
import type { ConnectionContext } from '../context.ts';
import type { Effects } from '../effects.ts';
import { PROMPT_END_MS } from '../states/states.ts';
import { Ahead } from './ahead.ts';
import { IncomingBody } from './incoming-body.ts';
import type { IncomingOwner } from './incoming-owner.ts';

/** Bytes of later requests that are kept while one is answered; above it the client must wait. */
const HELD_BYTES = 16 * 1024;

export class Incoming {
  readonly #context: ConnectionContext;
  readonly #effects: Effects;
  readonly #owner: IncomingOwner;
  readonly #heads: HeadReader;
  readonly #body: IncomingBody;
  /** Of the request whose body is being read, and of the last one that had a body. */
  #head: ParsedHead | null = null;
  /** Bytes of later requests, while one is answered. */
  readonly #ahead = new Ahead();
  /** The client is made to wait. */
  paused = false;
  /** The time of the wheel at which the client was made to wait. */
  #pausedMs = 0;
  /** The time of the wheel at which the client was heard last, or could have been heard again. */
  #heardMs: number;
  /** More bytes stand behind the request that is being handed on. */
  more = false;

  constructor(
    context: ConnectionContext,
    effects: Effects,
    owner: IncomingOwner,
    headLimits: HeadLimits,
  ) {
    this.#context = context;
    this.#effects = effects;
    this.#owner = owner;
    this.#heardMs = context.wheel.nowMs;
    this.#heads = new HeadReader(headLimits);
    this.#body = new IncomingBody(context, owner, this);
  }

  /** What is known of the head of the request that is being read. */
  get head(): ParsedHead {
    const inHead = this.#owner.state.reading === 'head';
    return this.#head === null || inHead ? this.#heads.known : this.#head;
  }

  /** Bytes of later requests are at hand. */
  get holding(): boolean {
    return this.#ahead.length > 0 || this.more;
  }

  /** The client was heard a moment ago: what comes now belongs to it. */
  get justHeard(): boolean {
    return this.#context.wheel.nowMs - this.#heardMs <= PROMPT_END_MS;
  }

  /** The client waits to be told to send its body. Who answers now cannot know whether it will still come. */
  get continueDue(): boolean {
    return this.#body.continueDue;
  }

  /** The request was answered, and the rest of its body still has to come before the next one. */
  get draining(): boolean {
    return this.#body.draining;
  }

  /** Bytes from the client; valid only during the call. */
  bytes(chunk: Buffer): void {
    this.#heardMs = this.#context.wheel.nowMs;
    if (this.#ahead.length > 0) this.#hold(chunk);
    else this.#consume(chunk, false);
  }

  /** One request is answered. True: bytes of the next one were at hand and are being read. */
  next(): boolean {
    this.resume();
    if (this.#ahead.length === 0) return false;
    this.#owner.read('answered, next at hand');
    this.#consumeAhead();
    return true;
  }

  #consumeAhead(): void {
    this.#consume(this.#ahead.take(), true);
    if (this.#ahead.length === 0) this.#ahead.clear();
  }

  /** The answer came before the body was read. An application that reads it goes on; else the rest is dropped. */
  drainBody(): void {
    this.#body.drain();
  }

  /** What the client has sent behind the request, and all that comes from here on, is the application's. */
  takeOver(): BodySource {
    const intake = this.#body.takeOver();
    const hasRoom = this.#ahead.length === 0 || intake.add(this.#ahead.take());
    this.#ahead.clear();
    if (hasRoom) this.resume();
    return intake;
  }

  /** Of an upgraded connection: nothing more will come. */
  end(): void {
    this.#body.end();
  }

  /** The body will never be complete; whoever reads it learns that now. */
  fail(): void {
    this.#body.fail();
  }

  /** Nothing that comes counts any more; reading goes on only to see the client's end. */
  stop(): void {
    this.fail();
    this.release();
    this.resume();
  }

  /** Gives everything back. A body that an exchange has is the exchange's to release. */
  release(): void {
    this.#ahead.clear();
    this.more = false;
    this.#body.release();
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.#heardMs = this.#context.wheel.nowMs;
    this.#effects.resumeReading();
    this.#body.resumed(this.#context.wheel.nowMs - this.#pausedMs);
  }

  /** Each round takes bytes or leaves a state that takes none, so the rounds are bounded by the bytes. */
  #consume(chunk: Buffer, isAhead: boolean): void {
    let at = 0;
    while (at < chunk.length) {
      const reading = this.#owner.state.reading;
      if (reading === 'head') at = this.#readHead(chunk, at);
      else if (reading === 'new' || reading === 'keep-alive') this.#owner.read('first byte');
      else if (reading === 'body') at = this.#body.read(chunk, at);
      else if (reading === 'upgraded') at = this.#passOn(chunk, at);
      else if (reading === 'proxy') at = this.#readProxyHeader(chunk, at);
      else {
        if (reading === 'complete' || reading === 'asking') this.#holdRest(chunk, at, isAhead);
        break;
      }
    }
    this.more = false;
    this.#body.handOn();
  }

  /** Bytes that looked like a header until one came that is none begin the first request. */
  #readProxyHeader(chunk: Buffer, from: number): number {
    const { next, held } = this.#owner.beginning.proxyBytes(chunk, from);
    if (held !== null) this.#consume(held, false);
    return next;
  }

  #readHead(chunk: Buffer, from: number): number {
    const at = this.#heads.read(chunk, from);
    const { head, error } = this.#heads;
    this.more = at < chunk.length;
    if (error !== null) this.#owner.refuse(error.status, error.code, error.message);
    else if (head !== null) {
      this.#heads.reset();
      this.#begin(head);
    }
    return at;
  }

  /** A head is complete. */
  #begin(head: ParsedHead): void {
    if (this.#owner.asking.ask(head)) this.#goOn(head);
    else {
      this.#head = head;
      this.#owner.read('limits asked');
    }
  }

  /** The limits have spoken about the request whose head was the last. */
  answered(): void {
    const head = this.#head;
    if (head === null) throw new Error('limits are asked about a head');
    this.resume();
    this.more = this.#ahead.length > 0;
    this.#goOn(head);
    if (this.more) this.#consumeAhead();
  }

  /** Its body is read, or it is handed on. */
  #goOn(head: ParsedHead): void {
    if (!head.hasBody) {
      this.#owner.read('head without body');
      this.#owner.request(head, { kind: 'none' }, null);
      return;
    }
    this.#head = head;
    this.#body.begin(head);
  }

  #passOn(chunk: Buffer, from: number): number {
    this.#body.passOn(from === 0 ? chunk : chunk.subarray(from));
    return chunk.length;
  }

  #hold(chunk: Buffer): void {
    const reading = this.#owner.state.reading;
    if (reading === 'closed' || reading === 'lingering') return;
    this.#ahead.add(chunk);
    if (this.#ahead.length >= HELD_BYTES) this.pause();
  }

  /** What is behind `at` is not this request's. Bytes that were held before are held where they are. */
  #holdRest(chunk: Buffer, at: number, isAhead: boolean): void {
    if (!isAhead) this.#hold(at === 0 ? chunk : chunk.subarray(at));
    else {
      this.#ahead.putBack(chunk.length - at);
      if (this.#ahead.length >= HELD_BYTES) this.pause();
    }
  }

  pause(): void {
    if (this.paused) return;
    this.paused = true;
    this.#pausedMs = this.#context.wheel.nowMs;
    this.#effects.pauseReading();
  }
}
