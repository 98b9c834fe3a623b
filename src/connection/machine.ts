// A connection from accept to close: bytes and times go in, calls on Effects come out. It reads requests, gathers or
// streams their bodies, hands them on as exchanges, and decides after each what becomes of the connection. It asks no
// clock and touches no socket, so that the property tests drive the very code that serves.

import { type BodyReader, bodyReaderFor } from '../http1/body.ts';
import { errorResponse } from '../http1/error-response.ts';
import type { ProtocolError } from '../http1/errors.ts';
import { HeadReader, type ParsedHead } from '../http1/head.ts';
import { interimHead } from '../http1/response.ts';
import type { Peer, RequestBody } from '../threads/app-thread.ts';
import type { ConnectionContext } from './context.ts';
import { Timed } from './deadlines.ts';
import type { Effects } from './effects.ts';
import { Exchange } from './exchange.ts';
import { DiscardIntake, gather, type Intake, StreamIntake } from './intake.ts';
import type { Client } from './outflow.ts';
import { Rate } from './rate.ts';
import {
  nameOf,
  OWING,
  type OwingEvent,
  READING,
  type ReadingEvent,
  type StateName,
} from './states.ts';
import { ConnectionState } from './transition.ts';

/** Bytes of later requests that are kept while one is answered; above it the client must wait. */
const HELD_BYTES = 16 * 1024;

/** The deadline of one half. Two for each connection: a body may be late while the application is, too. */
class HalfDeadline extends Timed {
  readonly #passed: () => void;

  constructor(passed: () => void) {
    super();
    this.#passed = passed;
  }

  override overdue(): void {
    this.#passed();
  }
}

export class Connection implements Client {
  readonly peer: Peer;
  readonly state = new ConnectionState();
  /** Monotonic ms of the accept. */
  readonly openedMs: number;
  /** Bytes of an earlier `send` are still in this process. */
  sending = false;

  readonly #context: ConnectionContext;
  readonly #effects: Effects;
  readonly #heads: HeadReader;
  readonly #readDeadline = new HalfDeadline(() => this.#readOverdue());
  readonly #oweDeadline = new HalfDeadline(() => this.#oweOverdue());
  readonly #readRate: Rate;
  readonly #writeRate: Rate;
  /** Bytes of `send` that the kernel has not taken. */
  #unsentBytes = 0;
  #exchange: Exchange | null = null;
  #body: BodyReader | null = null;
  #intake: Intake | null = null;
  /** Bytes of later requests, while one is answered. */
  #held: Buffer | null = null;
  #consuming = false;
  #readingPaused = false;
  #clientEnded = false;
  #released = false;

  constructor(context: ConnectionContext, effects: Effects, peer: Peer) {
    this.#context = context;
    this.#effects = effects;
    this.peer = peer;
    this.openedMs = context.now();
    this.#heads = new HeadReader(context.headLimits);
    this.#readRate = new Rate(context.bodyMinBytesPerSecond, context.deadlinesMs.body_timeout);
    this.#writeRate = new Rate(context.writeMinBytesPerSecond, context.deadlinesMs.write_timeout);
    this.#arm(this.#readDeadline, READING.new.deadline);
    context.surroundings.idle(this);
  }

  /** What people see; null when it is closing. */
  get name(): StateName | null {
    const reading = this.state.reading;
    return reading === 'closed' ? null : nameOf(reading, this.state.owing);
  }

  /** Something will end what it waits for. */
  get hasDeadline(): boolean {
    return this.#readDeadline.dueTick > 0 || this.#oweDeadline.dueTick > 0;
  }

  /** The request under way, for logs and the live picture. */
  get exchange(): Exchange | null {
    return this.#exchange;
  }

  // What the edge tells.

  /** Bytes from the client; valid only during the call. */
  bytes(chunk: Buffer): void {
    if (this.#held !== null) this.#hold(chunk);
    else this.#consume(chunk);
  }

  /** The client sent its end (FIN). */
  ended(): void {
    if (this.state.reading === 'closed' || this.#clientEnded) return;
    this.#clientEnded = true;
    if (READING[this.state.reading].whenClientEnds === 'close') {
      this.#end('close');
      return;
    }
    const owing = this.state.owing;
    if (OWING[owing].whenClientEnds === 'close' || owing === 'streaming') this.#end('close');
    else if (owing === 'running' && this.#context.halfClosedGraceMs > 0)
      this.#context.wheel.set(this.#readDeadline, this.#context.halfClosedGraceMs);
  }

  /** What `send` could not hand to the kernel has left this process, or `sendLater` was asked for. */
  drained(): void {
    const bytes = this.#unsentBytes;
    this.#unsentBytes = 0;
    this.sending = false;
    if (this.state.reading === 'closed' || this.state.owing === 'nothing') return;
    if (
      this.#writeRate.tooSlow(bytes, this.#context.wheel.nowMs) &&
      this.state.owing === 'writing'
    ) {
      this.#oweOverdue();
      return;
    }
    this.clientProgressed();
    if (this.#exchange !== null) this.#exchange.drained();
    else if (this.state.owing === 'writing') this.#refusalLeft();
  }

  /** The socket is gone, by whatever cause. Called once, last. */
  closed(): void {
    if (this.state.reading !== 'closed') this.#forget();
    if (this.#released) return;
    this.#released = true;
    this.#context.surroundings.released(this);
  }

  // What the worker asks.

  /** Closes at once when no request is under way (drain; room for others). False when one is. */
  giveWay(): boolean {
    const reading = this.state.reading;
    if (reading !== 'new' && reading !== 'keep-alive') return false;
    this.#end('close');
    return true;
  }

  // What the exchange asks.

  send(bytes: Buffer | string): boolean {
    if (!this.#effects.write(bytes)) {
      this.sending = true;
      this.#unsentBytes += bytes.length;
    }
    return !this.sending;
  }

  sendLater(): void {
    this.sending = true;
    this.#effects.later();
  }

  owe(event: OwingEvent): void {
    const before = this.state.owing;
    this.state.owe(event);
    const owing = this.state.owing;
    if (owing === 'writing' && before !== 'writing')
      this.#writeRate.begin(this.#context.wheel.nowMs);
    this.#arm(this.#oweDeadline, OWING[owing].deadline);
  }

  /** The client has read something of what waits. */
  clientProgressed(): void {
    if (this.state.owing !== 'writing') return;
    this.#arm(this.#oweDeadline, OWING.writing.deadline);
  }

  /** The response of this exchange has left completely. */
  settle(exchange: Exchange, keepAlive: boolean): void {
    this.owe('settled');
    this.#exchange = null;
    this.#context.surroundings.finished(exchange);
    const reading = this.state.reading;
    if (!keepAlive || this.#clientEnded) this.#close(this.#clientEnded);
    else if (reading === 'body') this.#discardBody();
    else this.#next();
  }

  /** The response cannot be completed. */
  abandon(reset: boolean): void {
    this.#end(reset ? 'reset' : 'close');
  }

  // Reading.

  /** Each round takes bytes or leaves a state that takes none, so the rounds are bounded by the bytes. */
  #consume(chunk: Buffer): void {
    this.#consuming = true;
    let at = 0;
    while (at < chunk.length) {
      const reading = this.state.reading;
      if (reading === 'head') at = this.#readHead(chunk, at);
      else if (reading === 'new' || reading === 'keep-alive') this.#beginHead('first byte');
      else if (reading === 'body') at = this.#readBody(chunk, at);
      else {
        if (reading === 'complete') this.#hold(at === 0 ? chunk : chunk.subarray(at));
        break;
      }
    }
    this.#consuming = false;
  }

  #beginHead(event: 'first byte' | 'answered, next at hand'): void {
    if (event === 'first byte') this.#context.surroundings.busy(this);
    this.#read(event);
  }

  #readHead(chunk: Buffer, from: number): number {
    const at = this.#heads.read(chunk, from);
    const { head, error } = this.#heads;
    if (error !== null) {
      this.#refuse(error);
      return chunk.length;
    }
    if (head !== null) {
      this.#heads.reset();
      this.#begin(head, at < chunk.length);
    }
    return at;
  }

  /** A head is complete. `more`: bytes behind it are at hand. */
  #begin(head: ParsedHead, more: boolean): void {
    if (!head.hasBody) {
      this.#read('head without body');
      this.#submit(head, { kind: 'none' }, null);
      return;
    }
    const limit = this.#context.bodyBytesMax;
    if (limit > 0 && head.contentLength > limit) {
      this.#refuseWith(413, 'body-too-large', bodyTooLarge(head.contentLength, limit), head);
      return;
    }
    this.#body = bodyReaderFor(head, this.#context.headLimits);
    this.#read('head with body');
    this.#readRate.begin(this.#context.wheel.nowMs);
    if (head.expectContinue && !more) this.send(interimHead('100 Continue', ''));
    if (this.#context.bufferRequests) this.#gather(head);
    else this.#stream(head);
  }

  #gather(head: ParsedHead): void {
    const intake = gather(head.contentLength, this.#context, {
      complete: (body) => this.#submit(head, body, () => intake.release()),
      room: () => this.#resumeReading(),
      lost: (error) => this.#refuseWith(507, 'spool-failed', error.message, head),
    });
    this.#intake = intake;
  }

  #stream(head: ParsedHead): void {
    const intake = new StreamIntake(() => this.#resumeReading());
    this.#intake = intake;
    this.#submit(head, { kind: 'stream', source: intake }, () => intake.release());
  }

  #readBody(chunk: Buffer, from: number): number {
    const body = this.#body;
    if (body === null) throw new Error('the body state has a reader');
    const at = body.read(chunk, from, (piece) => {
      if (this.#intake !== null && !this.#intake.add(piece)) this.#pauseReading();
    });
    if (this.state.reading !== 'body') return chunk.length;
    if (body.error !== null) {
      this.#refuse(body.error);
      return chunk.length;
    }
    const limit = this.#context.bodyBytesMax;
    if (limit > 0 && body.received > limit) {
      this.#refuseWith(413, 'body-too-large', bodyTooLarge(body.received, limit));
      return chunk.length;
    }
    if (body.done) this.#bodyComplete();
    else this.#bodyProgressed(at - from);
    return at;
  }

  #bodyProgressed(bytes: number): void {
    if (this.#intake instanceof DiscardIntake && this.#intake.tooMuch) this.#close(false);
    else if (this.#readRate.tooSlow(bytes, this.#context.wheel.nowMs)) this.#readOverdue();
    else this.#arm(this.#readDeadline, READING.body.deadline);
  }

  #bodyComplete(): void {
    const intake = this.#intake;
    this.#body = null;
    this.#intake = null;
    this.#read('body complete');
    if (intake instanceof DiscardIntake) this.#next();
    else intake?.end();
  }

  /** The answer came before the body was read: what is left is dropped, to keep the connection. */
  #discardBody(): void {
    this.#intake = new DiscardIntake();
    this.#resumeReading();
  }

  #hold(chunk: Buffer): void {
    if (this.state.reading === 'closed' || this.state.reading === 'lingering') return;
    this.#held = this.#held === null ? Buffer.from(chunk) : Buffer.concat([this.#held, chunk]);
    if (this.#held.length >= HELD_BYTES) this.#pauseReading();
  }

  // Answering.

  #submit(head: ParsedHead, body: RequestBody, releaseBody: (() => void) | null): void {
    const exchange = new Exchange(this, this.#context, head, body, releaseBody);
    this.#exchange = exchange;
    this.owe('submitted');
    this.#context.requests.submit(exchange);
  }

  /** One request is done with, the connection stays. */
  #next(): void {
    const held = this.#held;
    this.#resumeReading();
    if (held === null) {
      this.#read('answered, keep');
      this.#context.surroundings.idle(this);
      return;
    }
    this.#held = null;
    this.#beginHead('answered, next at hand');
    if (!this.#consuming) this.#consume(held);
  }

  /** The connection is not kept. A client that may still be sending must not meet a RST before it has read. */
  #close(clientEnded: boolean): void {
    const quiet = this.state.reading === 'complete' && this.#held === null;
    if (clientEnded || quiet) {
      this.#end('close');
      return;
    }
    if (this.state.reading !== 'lingering') this.#readNoMore();
    else this.#arm(this.#readDeadline, READING.lingering.deadline);
    this.#effects.finish();
  }

  /** What the client still sends is read and dropped from here on. */
  #readNoMore(): void {
    this.#read('answered, linger');
    this.#held = null;
    this.#intake?.fail();
    this.#intake?.release();
    this.#intake = null;
    this.#body = null;
    this.#resumeReading();
  }

  /** A fault of the client: answered by the server, and the connection closes after it. */
  #refuse(error: ProtocolError): void {
    this.#refuseWith(error.status, error.code, error.message);
  }

  #refuseWith(status: number, code: string, detail: string, head: ParsedHead | null = null): void {
    if (this.state.reading === 'closed') return;
    if (this.#intake instanceof DiscardIntake) {
      // The request has had its response: there is nothing to say, only to close.
      this.#close(this.#clientEnded);
      return;
    }
    this.#context.surroundings.refused(this, status, code, detail);
    const exchange = this.#exchange;
    if (exchange === null) this.#answerRefusal(status, head);
    else this.#refuseExchange(exchange, status);
  }

  /** The body of a request that streams broke while a thread has it. */
  #refuseExchange(exchange: Exchange, status: number): void {
    if (exchange.headMade) {
      this.#end('reset');
      return;
    }
    this.#intake?.fail();
    if (this.#context.requests.withdraw(exchange)) exchange.jobOver();
    exchange.answerError(status, false);
    if (this.state.reading === 'body') this.#readNoMore();
  }

  #answerRefusal(status: number, head: ParsedHead | null): void {
    const answer = errorResponse(status, {
      ...(head === null ? {} : { method: head.method, minorVersion: head.minorVersion }),
      keepAlive: false,
      date: this.#context.date(),
      server: this.#context.server,
    });
    this.owe('answered');
    this.#readNoMore();
    if (this.send(answer.text)) this.#refusalLeft();
  }

  #refusalLeft(): void {
    this.owe('settled');
    this.#close(this.#clientEnded);
  }

  // Deadlines.

  #readOverdue(): void {
    const reading = this.state.reading;
    if (reading === 'closed') return;
    const ending = READING[reading].whenOverdue;
    if (ending === 408) this.#refuseWith(408, 'too-slow', `no complete ${reading} in time`);
    else if (ending === 'reset') this.#end('reset');
    // In `complete` only the grace of a client that has sent its end can pass.
    else if (ending === 'close' || this.state.owing === 'running') this.#end('close');
  }

  #oweOverdue(): void {
    const exchange = this.#exchange;
    const ending = OWING[this.state.owing].whenOverdue;
    if (exchange === null || ending === 'reset') this.#cutOverdue(exchange);
    else if (ending === 503) this.#queueOverdue(exchange);
    else if (ending === 504) {
      exchange.answerError(504);
      this.#context.requests.overdue(exchange);
    }
  }

  #queueOverdue(exchange: Exchange): void {
    // It may have been started without our having heard: then it runs, and its time counts from now.
    if (!this.#context.requests.withdraw(exchange, true)) {
      exchange.started();
      return;
    }
    exchange.jobOver();
    exchange.failed({ status: 503, code: 'queue-timeout', detail: 'no thread was free in time' });
  }

  #cutOverdue(exchange: Exchange | null): void {
    const applicationIsLate = this.state.owing === 'streaming';
    if (exchange !== null && applicationIsLate) this.#context.requests.overdue(exchange);
    this.#end('reset');
  }

  // Inside.

  #read(event: ReadingEvent): void {
    this.state.read(event);
    const reading = this.state.reading;
    if (reading !== 'closed') this.#arm(this.#readDeadline, READING[reading].deadline);
  }

  #arm(deadline: HalfDeadline, setting: (typeof READING.new)['deadline']): void {
    const afterMs = setting === 'other half' ? 0 : this.#context.deadlinesMs[setting];
    if (afterMs > 0) this.#context.wheel.set(deadline, afterMs);
    else this.#context.wheel.clear(deadline);
  }

  #pauseReading(): void {
    if (this.#readingPaused) return;
    this.#readingPaused = true;
    this.#effects.pauseReading();
  }

  #resumeReading(): void {
    if (!this.#readingPaused) return;
    this.#readingPaused = false;
    this.#effects.resumeReading();
  }

  #end(how: 'close' | 'reset'): void {
    if (this.state.reading === 'closed') return;
    this.#forget();
    if (how === 'close') this.#effects.close();
    else this.#effects.reset();
  }

  /** Gives everything back that the connection holds, but its place in the count: that goes with the socket. */
  #forget(): void {
    this.state.read('close');
    this.#context.wheel.remove(this.#readDeadline);
    this.#context.wheel.remove(this.#oweDeadline);
    this.#context.surroundings.busy(this);
    this.#held = null;
    const intake = this.#intake;
    this.#intake = null;
    const exchange = this.#exchange;
    this.#exchange = null;
    intake?.fail();
    if (exchange === null) {
      intake?.release();
      return;
    }
    exchange.detach();
    if (this.#context.requests.withdraw(exchange)) exchange.jobOver();
    this.#context.surroundings.finished(exchange);
  }
}

function bodyTooLarge(bytes: number, limit: number): string {
  return `the body has ${bytes} bytes or more, limit_request_body is ${limit}`;
}
