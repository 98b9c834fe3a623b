// A connection from accept to close: bytes and times go in, calls on Effects come out. Hands requests on as exchanges and
// decides after each what becomes of the connection. It asks no clock and touches no socket, so that the property tests
// drive the very code that serves.

import type { ParsedHead } from '../http1/head.ts';
import { interimHead } from '../http1/response.ts';
import { STRANGER, type Standing } from '../proxy/standing.ts';
import type { BodySource, Failure, Peer, RequestBody } from '../threads/app-thread.ts';
import { Exchange } from './answering/exchange.ts';
import type { ExchangeOwner } from './answering/exchange-owner.ts';
import { answerProbe, answerRefusal, answerStop } from './answering/own-answer.ts';
import { staysLong } from './answering/upgraded.ts';
import { Asking, type AskingOwner } from './asking.ts';
import { Beginning } from './beginning.ts';
import { ClientEnd } from './client-end.ts';
import type { ConnectionContext } from './context.ts';
import type { Effects } from './effects.ts';
import { Entrance } from './entrance.ts';
import { Origin } from './origin.ts';
import { PairDeadlines } from './pair-deadlines.ts';
import { Parting } from './parting.ts';
import { cutOverdue, endForOperator, oweOverdue, readOverdue } from './passed-deadlines.ts';
import { Incoming } from './reading/incoming.ts';
import type { IncomingOwner } from './reading/incoming-owner.ts';
import { refuseRequest } from './refused-request.ts';
import { Moments } from './states/moments.ts';
import type { FirstReading, OwingEvent, ReadingEvent } from './states/states.ts';
import { ConnectionState } from './states/transition.ts';

export class Connection implements ExchangeOwner, IncomingOwner, AskingOwner {
  readonly state: ConnectionState;
  /** Monotonic ms of the accept. */
  readonly openedMs: number;
  /** Bytes of an earlier `send` are still in this process. */
  sending = false;
  readonly deadlines: PairDeadlines;
  /** What comes before the first request. */
  readonly beginning: Beginning;
  /** What limits say of its requests. */
  readonly asking: Asking;

  readonly #context: ConnectionContext;
  readonly #effects: Effects;
  readonly #origin: Origin;
  readonly #incoming: Incoming;
  readonly #clientEnd: ClientEnd;
  readonly #parting: Parting;
  /** Bytes of `send` that the kernel has not taken. */
  #unsentBytes = 0;
  #exchange: Exchange | null = null;
  /** Of the request that is being read, ms of the wheel. */
  #firstByteMs = 0;
  #released = false;

  constructor(
    context: ConnectionContext,
    effects: Effects,
    peer: Peer,
    first: FirstReading = 'new',
    standing: Standing = STRANGER,
    entrance: Entrance = new Entrance(context),
  ) {
    this.state = new ConnectionState(first, context.timesPhases ? new Moments(context.now) : null);
    this.#context = context;
    this.#effects = effects;
    this.#origin = new Origin(peer);
    this.openedMs = context.now();
    const { headLimits } = (standing.forwards ? context.proxies : null) ?? context;
    this.#incoming = new Incoming(context, effects, this, headLimits);
    this.asking = new Asking(context, this, entrance);
    this.beginning = new Beginning(context, this, this.#origin, standing);
    this.deadlines = new PairDeadlines(context, effects, this.state, {
      readOverdue: () => readOverdue(this),
      oweOverdue: () => oweOverdue(this, context.requests),
      readsNothing: () => cutOverdue(this, context.requests),
      readsOn: () => this.#exchange?.clientReads(),
    });
    this.#clientEnd = new ClientEnd(this, context);
    this.#parting = new Parting(this, effects, context.surroundings);
    context.surroundings.idle(this);
  }

  get peer(): Peer {
    return this.#origin.peer;
  }

  /** The request under way, for logs and the live picture. */
  get exchange(): Exchange | null {
    return this.#exchange;
  }

  get greeted(): boolean {
    const reading = this.state.reading;
    return (reading === 'handshake' || reading === 'new') && this.#effects.greeted;
  }

  // What the edge tells, beside what comes before the first request.

  /** Bytes from the client; valid only during the call. */
  bytes(chunk: Buffer): void {
    this.#incoming.bytes(chunk);
  }

  /** The client sent its end (FIN). */
  ended(): void {
    this.#clientEnd.come(this.#incoming.justHeard);
  }

  endUpgraded(): void {
    this.read('client ended');
    this.#incoming.end();
  }

  /** What `send` could not hand to the kernel has left this process, or `sendLater` was asked for. */
  drained(): void {
    const bytes = this.#unsentBytes;
    this.#unsentBytes = 0;
    this.sending = false;
    if (this.state.reading === 'closed' || this.state.owing === 'nothing') return;
    this.deadlines.taken(bytes);
    this.deadlines.clientProgressed();
    this.#exchange?.drained();
    // Only now, when the kernel has taken again what it has room for: that much the client has read.
    if (this.deadlines.readsTooSlowly) cutOverdue(this, this.#context.requests);
  }

  /** What `look` was asked for is done. */
  looked(): void {
    this.#parting.looked();
  }

  /** The socket is gone, by whatever cause. Called once, last. */
  closed(): void {
    if (this.state.reading !== 'closed') this.#forget();
    if (this.#released) return;
    this.#released = true;
    this.asking.entrance.leave();
    this.#context.surroundings.released(this);
  }

  // What the worker asks.

  giveWay(): void {
    this.#parting.begin();
  }

  hurry(): void {
    this.deadlines.hurry();
  }

  get upgraded(): boolean {
    return this.state.reading === 'upgraded';
  }

  get staysLong(): boolean {
    return this.#exchange !== null && staysLong(this.#exchange, this.upgraded);
  }

  partIn(ms: number): void {
    this.deadlines.partIn(ms);
  }

  stop(failure: Failure): void {
    answerStop(this, failure);
  }

  interrupt(): void {
    endForOperator(this, this.#context.requests);
  }

  // What the exchange asks.

  peerOf(head: ParsedHead): Peer {
    return this.#origin.of(head);
  }

  send(bytes: Buffer | string): boolean {
    if (this.#effects.write(bytes)) this.deadlines.taken(bytes.length);
    else {
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
    this.deadlines.owing(before);
    if (event === 'started') this.#clientEnd.follow();
  }

  /** After an answer that was given while the client waits to send its body, it may send it or the next request. */
  mayKeepAlive(): boolean {
    return !this.#incoming.continueDue && this.#context.surroundings.mayKeepAlive(this);
  }

  /** The application takes the connection over. Answers what the client sends. */
  takeOver(): BodySource {
    this.owe('upgraded');
    this.read('upgraded');
    const source = this.#incoming.takeOver();
    if (this.#clientEnd.hasCome) this.#clientEnd.follow();
    else if (this.#context.surroundings.draining) this.deadlines.partIn(0);
    return source;
  }

  /** Of an upgraded connection: our end. The client may still send. */
  endSending(): void {
    this.owe('application ended');
    this.#effects.finish();
  }

  /** The response of this exchange has left completely. */
  settle(exchange: Exchange, keepAlive: boolean): void {
    this.owe('settled');
    this.#exchange = null;
    this.asking.over();
    this.#context.surroundings.finished(exchange);
    const { hasCome, waitsOn } = this.#clientEnd;
    const hasMore = !hasCome || (waitsOn && this.#incoming.holding);
    if (!keepAlive || !hasMore || this.state.reading === 'lingering') {
      this.close(!exchange.head.keepAlive);
    } else if (this.state.reading === 'body') this.#incoming.drainBody();
    else this.bodyDrained();
  }

  /** The response cannot be completed. */
  abandon(reset: boolean): void {
    this.#end(reset ? 'reset' : 'close');
  }

  // What the reading half tells (IncomingOwner).

  read(event: ReadingEvent): void {
    if (event === 'first byte') this.#context.surroundings.busy(this);
    this.state.read(event);
    this.#parting.moved();
    this.deadlines.reading();
    if (this.state.reading === 'head') this.#firstByteMs = this.#context.wheel.nowMs;
  }

  /** The limits have spoken. */
  answered(): void {
    this.#incoming.answered();
    this.#clientEnd.follow();
  }

  request(head: ParsedHead, body: RequestBody, releaseBody: (() => void) | null): void {
    const exchange = new Exchange(this, this.#context, head, body, releaseBody);
    this.#exchange = exchange;
    if (this.state.reading === 'complete') this.deadlines.reading();
    this.owe('submitted');
    const { probes, requests } = this.#context;
    const { refusal } = this.asking.verdict;
    if (refusal !== null) answerRefusal(exchange, refusal);
    else if (probes?.asks(head)) answerProbe(exchange, probes.answer(head));
    else requests.submit(exchange);
    // Its end came while the body was on its way to the disk.
    if (this.#exchange === exchange) this.#clientEnd.follow();
  }

  /** Once a head has gone out, no interim one can follow it: the client begins by itself after a while. */
  continueExpected(): void {
    const exchange = this.#exchange;
    if (exchange !== null && (exchange.headMade || exchange.answered)) return;
    this.send(interimHead('100 Continue', ''));
  }

  /** The server answers by itself, and the connection closes after it. */
  refuse(status: number, code: string, detail: string): void {
    refuseRequest(this, this.#incoming, this.#context, { status, code, detail });
  }

  /** The request that is being read, which no thread will see. */
  neverRun(): Exchange {
    const { head } = this.#incoming;
    const exchange = new Exchange(this, this.#context, head, { kind: 'none' }, null);
    exchange.waitedMs = this.#context.wheel.nowMs - this.#firstByteMs;
    this.#exchange = exchange;
    return exchange;
  }

  tooSlow(): void {
    readOverdue(this);
  }

  /** One request is done with, the connection stays. */
  bodyDrained(): void {
    if (this.#incoming.next()) this.#clientEnd.follow();
    else {
      this.read('answered, keep');
      this.#context.surroundings.idle(this);
    }
  }

  tooMuchDropped(): void {
    this.close();
  }

  // Closing.

  /**
   * The connection is not kept. A client that may still be sending must not meet a RST before it has read.
   * `wasLast`: the client said itself that nothing follows.
   */
  close(wasLast = false): void {
    const quiet = wasLast && this.state.reading === 'complete' && !this.#incoming.holding;
    if (this.#clientEnd.hasCome || quiet) {
      this.#end('close');
      return;
    }
    if (this.state.reading === 'lingering') this.deadlines.reading();
    else this.readNoMore();
    this.#effects.finish();
    // Whoever does not close after our end keeps the place of somebody who waits.
    this.#context.surroundings.idle(this);
  }

  /** Our end, though no request was answered. */
  part(): void {
    this.read('parted');
    this.#effects.finish();
    this.#context.surroundings.idle(this);
  }

  /** What the client still sends is read and dropped from here on. */
  readNoMore(): void {
    this.read('answered, linger');
    this.#incoming.stop();
  }

  #end(how: 'close' | 'reset'): void {
    if (this.state.reading === 'closed') return;
    // To an application that has the connection our close looks like an end of its client, and not like a fault.
    if (how === 'close' && this.state.reading === 'upgraded') this.#incoming.end();
    this.#forget();
    // Closing waits until what was written has left, and this client may never read: it has no deadline any more.
    if (how === 'close' && this.#unsentBytes === 0) this.#effects.close();
    else this.#effects.reset();
  }

  /** Gives everything back that the connection holds, but its place in the count: that goes with the socket. */
  #forget(): void {
    const { letter } = this.state;
    this.state.read('close');
    this.deadlines.remove();
    this.#context.surroundings.busy(this);
    const exchange = this.#exchange;
    this.#exchange = null;
    this.#incoming.fail();
    this.#incoming.release();
    this.asking.over();
    if (exchange === null) return;
    exchange.detach();
    if (this.#context.requests.withdraw(exchange)) exchange.jobOver();
    // Whoever else ended it has told so.
    exchange.left(letter);
    this.#context.surroundings.finished(exchange);
  }
}
