// The reading half at work: takes bytes apart into heads and bodies, brings bodies where they belong (gathered, streamed
// or dropped), and keeps what the client sends ahead of time until its turn. Never answers: that is its owner's.

import { type BodyReader, bodyReaderFor } from '../http1/body.ts';
import { HeadReader, type ParsedHead } from '../http1/head.ts';
import type { HeadLimits } from '../http1/limits.ts';
import type { BodySource } from '../threads/app-thread.ts';
import { Ahead } from './ahead.ts';
import type { ConnectionContext } from './context.ts';
import type { Effects } from './effects.ts';
import type { IncomingOwner } from './incoming-owner.ts';
import { beyondBodyLimit, DiscardIntake, gather, type Intake, StreamIntake } from './intake.ts';
import { Rate } from './rate.ts';
import { PROMPT_END_MS } from './states.ts';

/** Bytes of later requests that are kept while one is answered; above it the client must wait. */
const HELD_BYTES = 16 * 1024;

export class Incoming {
  readonly #context: ConnectionContext;
  readonly #effects: Effects;
  readonly #owner: IncomingOwner;
  readonly #heads: HeadReader;
  readonly #rate: Rate;
  /** Of the request whose body is being read, and of the last one that had a body. */
  #head: ParsedHead | null = null;
  #body: BodyReader | null = null;
  #intake: Intake | null = null;
  /** Bytes of later requests, while one is answered. */
  readonly #ahead = new Ahead();
  #paused = false;
  /** The time of the wheel at which the client was made to wait. */
  #pausedMs = 0;
  /** The time of the wheel at which the client was heard last, or could have been heard again. */
  #heardMs: number;
  /** More bytes stand behind the request that is being handed on. */
  #more = false;
  /** The request has been answered before its body was read. */
  #answered = false;
  /** The client waits for `100 Continue` before it sends the body, and has not been told. */
  #continueDue = false;
  /** Hands on a request of which more is being read in this very call. */
  #due: (() => void) | null = null;

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
    this.#rate = new Rate(context.bodyMinBytesPerSecond, context.deadlinesMs.body_timeout);
  }

  /** What is known of the head of the request that is being read. */
  get head(): ParsedHead {
    const inHead = this.#owner.state.reading === 'head';
    return this.#head === null || inHead ? this.#heads.known : this.#head;
  }

  /** Bytes of later requests are at hand. */
  get holding(): boolean {
    return this.#ahead.length > 0 || this.#more;
  }

  /** The client was heard a moment ago: what comes now belongs to it. */
  get justHeard(): boolean {
    return this.#context.wheel.nowMs - this.#heardMs <= PROMPT_END_MS;
  }

  /** The client waits to be told to send its body. Who answers now cannot know whether it will still come. */
  get continueDue(): boolean {
    return this.#continueDue;
  }

  /** The request was answered, and the rest of its body still has to come before the next one. */
  get draining(): boolean {
    return this.#answered;
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
    this.#answered = true;
    this.#owner.deadlines.bodyProgressed();
  }

  /** What the client has sent behind the request, and all that comes from here on, is the application's. */
  takeOver(): BodySource {
    const intake = new StreamIntake(
      () => this.resume(),
      () => {},
    );
    this.#intake = intake;
    const hasRoom = this.#ahead.length === 0 || intake.add(this.#ahead.take());
    this.#ahead.clear();
    if (hasRoom) this.resume();
    return intake;
  }

  /** Of an upgraded connection: nothing more will come. */
  end(): void {
    this.#intake?.end([]);
  }

  /** The body will never be complete; whoever reads it learns that now. */
  fail(): void {
    this.#intake?.fail();
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
    this.#more = false;
    this.#body = null;
    this.#due = null;
    this.#answered = false;
    // Gathering: no exchange knows of it yet. Streaming: its exchange releases it, and twice does no harm.
    if (!(this.#intake instanceof StreamIntake)) this.#intake?.release();
    this.#intake = null;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#heardMs = this.#context.wheel.nowMs;
    this.#effects.resumeReading();
    if (this.#owner.state.reading !== 'body') return;
    this.#rate.forgive(this.#context.wheel.nowMs - this.#pausedMs);
    this.#owner.deadlines.bodyProgressed();
  }

  /** Each round takes bytes or leaves a state that takes none, so the rounds are bounded by the bytes. */
  #consume(chunk: Buffer, isAhead: boolean): void {
    let at = 0;
    while (at < chunk.length) {
      const reading = this.#owner.state.reading;
      if (reading === 'head') at = this.#readHead(chunk, at);
      else if (reading === 'new' || reading === 'keep-alive') this.#owner.read('first byte');
      else if (reading === 'body') at = this.#readBody(chunk, at);
      else if (reading === 'upgraded') at = this.#passOn(chunk, at);
      else if (reading === 'proxy') at = this.#readProxyHeader(chunk, at);
      else {
        if (reading === 'complete' || reading === 'asking') this.#holdRest(chunk, at, isAhead);
        break;
      }
    }
    this.#more = false;
    this.#handOn();
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
    this.#more = at < chunk.length;
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
    this.#more = this.#ahead.length > 0;
    this.#goOn(head);
    if (this.#more) this.#consumeAhead();
  }

  /** Its body is read, or it is handed on. */
  #goOn(head: ParsedHead): void {
    if (!head.hasBody) {
      this.#owner.read('head without body');
      this.#owner.request(head, { kind: 'none' }, null);
      return;
    }
    this.#head = head;
    this.#body = bodyReaderFor(head, this.#context.headLimits);
    this.#owner.read('head with body');
    if (this.#tooLarge(head.contentLength)) return;
    this.#rate.begin(this.#context.wheel.nowMs);
    this.#continueDue = head.expectContinue && !this.#more;
    if (this.#owner.asking.answersItself(head)) this.#drop(head);
    else if (this.#context.bufferRequests) this.#gather(head);
    else this.#stream(head);
  }

  /** Nobody reads this body: the server answers by itself. */
  #drop(head: ParsedHead): void {
    this.#intake = new DiscardIntake();
    this.#owner.request(head, { kind: 'none' }, null);
  }

  #gather(head: ParsedHead): void {
    this.#askForBody();
    const intake = gather(head.contentLength, this.#context, {
      complete: (body) => {
        this.#intake = null;
        this.#owner.request(head, body, () => intake.release());
      },
      room: () => this.resume(),
      lost: ({ status, code, detail }) => this.#owner.refuse(status, code, detail),
    });
    this.#intake = intake;
  }

  #stream(head: ParsedHead): void {
    const intake = new StreamIntake(
      () => this.resume(),
      () => this.#askForBody(),
    );
    this.#intake = intake;
    this.#due = () => {
      this.#owner.request(head, { kind: 'stream', source: intake }, () => this.#letGo(intake));
      // Until the application asks, it is not the client's time.
      if (this.#continueDue && this.#owner.state.reading === 'body')
        this.#owner.deadlines.bodyWaits();
    };
    // What came with the head goes with the request: a small body costs its thread no question then.
    if (!this.#more) this.#handOn();
  }

  /** Hands on the request whose body streams, if it was not refused meanwhile. */
  #handOn(): void {
    const due = this.#due;
    this.#due = null;
    const { reading } = this.#owner.state;
    if (reading === 'body' || reading === 'complete') due?.();
  }

  /** The body is about to be read: a client that waits to be told is told, and its time begins. */
  #askForBody(): void {
    // The thread may ask when the answer has gone out and the connection is being closed.
    if (!this.#continueDue || this.#owner.state.reading !== 'body') return;
    this.#continueDue = false;
    this.#rate.begin(this.#context.wheel.nowMs);
    this.#owner.continueExpected();
    this.#owner.deadlines.bodyProgressed();
  }

  /** No thread reads this body any more: what still comes of it is dropped, to keep the connection. */
  #letGo(intake: StreamIntake): void {
    intake.release();
    if (this.#intake !== intake) return;
    this.#intake = new DiscardIntake();
    this.resume();
  }

  #readBody(chunk: Buffer, from: number): number {
    const body = this.#body;
    if (body === null) throw new Error('the body state has a reader');
    // It did not wait, or not for ever (RFC 9110, 10.1.1): nothing needs to be said any more.
    this.#continueDue = false;
    const at = body.read(chunk, from, (piece) => {
      if (this.#intake !== null && !this.#intake.add(piece)) this.#pauseBody();
    });
    this.#more = at < chunk.length;
    // The spool of the body may have been lost meanwhile.
    if (this.#owner.state.reading !== 'body') return at;
    const { error } = body;
    // First what came first: a body that breaks behind the limit has passed the limit before.
    if (this.#tooLarge(body.received)) return at;
    if (error !== null) this.#owner.refuse(error.status, error.code, error.message);
    else if (body.done) this.#bodyComplete();
    else this.#bodyProgressed(at - from);
    return at;
  }

  #passOn(chunk: Buffer, from: number): number {
    this.#owner.deadlines.upgradedProgressed();
    const piece = from === 0 ? chunk : chunk.subarray(from);
    if (this.#intake !== null && !this.#intake.add(piece)) this.#pause();
    return chunk.length;
  }

  /** limit_request_body, or more than worker_spool leaves for a body that is gathered. */
  #tooLarge(bytes: number): boolean {
    const detail = beyondBodyLimit(bytes, this.#context);
    if (detail === null) return false;
    this.#owner.refuse(413, 'body-too-large', detail);
    return true;
  }

  #bodyProgressed(bytes: number): void {
    const tooMuch = this.#intake instanceof DiscardIntake && this.#intake.tooMuch;
    if (tooMuch && this.#answered) this.#owner.tooMuchDropped();
    else if (this.#rate.tooSlow(bytes, this.#context.wheel.nowMs)) this.#owner.tooSlow();
    else if (!this.#paused) this.#owner.deadlines.bodyProgressed();
  }

  #bodyComplete(): void {
    const intake = this.#intake;
    const answered = this.#answered;
    const trailers = this.#body?.trailers ?? [];
    this.#body = null;
    this.#answered = false;
    // A gathered body stays ours until a request is made of it: who leaves before takes it along.
    const passedOn = intake instanceof StreamIntake || intake instanceof DiscardIntake;
    if (passedOn) this.#intake = null;
    this.#owner.read('body complete');
    intake?.end(trailers);
    this.#handOn();
    if (answered) this.#owner.bodyDrained();
    // Its end is still on the way to the disk: that has no deadline but the body's.
    else if (this.#intake !== null && this.#intake === intake)
      this.#owner.deadlines.bodyProgressed();
  }

  #hold(chunk: Buffer): void {
    const reading = this.#owner.state.reading;
    if (reading === 'closed' || reading === 'lingering') return;
    this.#ahead.add(chunk);
    if (this.#ahead.length >= HELD_BYTES) this.#pause();
  }

  /** What is behind `at` is not this request's. Bytes that were held before are held where they are. */
  #holdRest(chunk: Buffer, at: number, isAhead: boolean): void {
    if (!isAhead) this.#hold(at === 0 ? chunk : chunk.subarray(at));
    else {
      this.#ahead.putBack(chunk.length - at);
      if (this.#ahead.length >= HELD_BYTES) this.#pause();
    }
  }

  #pauseBody(): void {
    this.#pause();
    // A body that is gathered waits for our own disk, which has no deadline but the body's.
    if (this.#intake instanceof StreamIntake) this.#owner.deadlines.bodyWaits();
  }

  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#pausedMs = this.#context.wheel.nowMs;
    this.#effects.pauseReading();
  }
}
