// A connection that the application has taken over (WebSocket, CONNECT, any other protocol): its bytes pass as they are, what
// the client does not read holds the application back. A WebSocket is told by the worker that drains: a close frame of ours
// between two of the application's, so that its client comes back to the next worker.

import type { ConnectionContext } from '../context.ts';
import type { Exchange } from './exchange.ts';
import type { ExchangeOwner } from './exchange-owner.ts';
import { Outflow, type OutflowOwner } from './outflow.ts';
import { RawReply } from './raw-reply.ts';
import { closeFrame } from './server-frames.ts';

/** RFC 6455, 7.4.1: "going away". */
const GOING_AWAY = 1001;
/** For a message in several frames to end, so that our close frame cuts none; then for the client to close. */
export const PARTING_MS = 5000;

export class Upgraded implements OutflowOwner {
  /** It has no place in a thread that others could have instead. */
  readonly thread = null;
  readonly outflow: Outflow;
  readonly #exchange: Exchange;
  readonly #connection: ExchangeOwner;
  readonly #context: ConnectionContext;
  readonly #reply: RawReply;
  /** The application has sent its end, or has hung up. */
  #ended = false;
  /** It has hung up, or has seen the client's end as well. */
  #over = false;
  /** The worker drains and wants it gone; then the client was told. */
  #parting: 'no' | 'wanted' | 'told' = 'no';

  constructor(exchange: Exchange, connection: ExchangeOwner, context: ConnectionContext) {
    this.#exchange = exchange;
    this.#connection = connection;
    this.#context = context;
    this.#reply = new RawReply(exchange.head);
    this.outflow = new Outflow(connection, this, context, 'memory alone');
  }

  // What the application sends.

  /** False when no more should be given. */
  piece(bytes: Buffer): boolean {
    this.#connection.deadlines.upgradedProgressed();
    // Nothing may follow our close frame.
    if (this.#parting === 'told') return true;
    this.#reply.feed(bytes);
    this.#exchange.status = this.#reply.status;
    this.#exchange.bodyBytes = this.#reply.bodyBytes;
    const room = this.outflow.put(bytes);
    if (this.#parting === 'wanted') this.#tellIfMay(false);
    return room;
  }

  end(): void {
    this.#ended = true;
    this.#goOn();
  }

  /** The thread is done with it. */
  over(): void {
    this.#over = true;
    this.#ended = true;
    this.#goOn();
  }

  /** Once the client has everything: our end, or the end of it all. */
  #goOn(): void {
    const connection = this.#connection;
    if (!this.#ended || !this.outflow.idle || connection.state.reading === 'closed') return;
    if (this.#over) {
      if (this.#reply.status === '') this.#exchange.endedBy('A');
      this.#exchange.detach();
      connection.settle(this.#exchange, false);
    } else if (connection.state.owing === 'upgraded') connection.endSending();
  }

  // What the worker wants.

  /** Its client can be told to go. */
  get mayPart(): boolean {
    return this.#reply.mayBeWebSocket;
  }

  /** To be called when its moment has come, and PARTING_MS later. */
  part(): void {
    if (this.#parting === 'no') {
      if (!this.mayPart) return;
      this.#parting = 'wanted';
      if (!this.#tellIfMay(false)) this.#connection.deadlines.partIn(PARTING_MS);
    } else if (this.#parting === 'told' || !this.#tellIfMay(true)) {
      this.#exchange.endedBy('S');
      this.#connection.abandon(false);
    }
  }

  /** @param evenInMessage only the end of a frame is waited for */
  #tellIfMay(evenInMessage: boolean): boolean {
    const { frames } = this.#reply;
    if (this.#ended || frames === null || frames.closed || !frames.atBoundary) return false;
    if (frames.inMessage && !evenInMessage) return false;
    this.#parting = 'told';
    this.outflow.put(closeFrame(GOING_AWAY));
    this.#connection.deadlines.partIn(PARTING_MS);
    return true;
  }

  // What the outflow tells (OutflowOwner).

  slower(): void {
    const connection = this.#connection;
    if (connection.state.owing === 'upgraded') connection.owe('client slower');
  }

  progressed(): void {
    this.#connection.deadlines.clientProgressed();
  }

  caughtUp(): void {
    const connection = this.#connection;
    if (connection.state.owing === 'passing on') connection.owe('client caught up');
    this.#goOn();
    this.roomMade();
  }

  roomMade(): void {
    this.#context.requests.resume(this.#exchange);
  }

  lost(error: Error): void {
    this.#exchange.lost(error);
  }

  /** Never asked: no thread waits for its client. */
  gaveWay(): void {}
}

/** HTML, 9.2.5: responses that go on for as long as their client listens. */
const EVENT_STREAM = /^content-type:[ \t]*text\/event-stream/im;

/** No end of it is in sight: there are no words for a parting, or it sends events. */
export function staysLong({ takenOver, replyFields }: Exchange, upgraded: boolean): boolean {
  return upgraded ? takenOver?.mayPart !== true : EVENT_STREAM.test(replyFields);
}
