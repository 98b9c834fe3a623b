// One request and its response: hears from a thread what the application answers, has it brought to the client, and tells
// the connection how far that is. The thread is free as soon as it has said everything, however slowly the client reads. Once
// detached (the client has gone, or was answered without the application) it hears nothing more.

import type { Overdue } from '../../dispatch/overdue.ts';
import type { ParsedHead } from '../../http1/head.ts';
import { interimHead, planResponse, type ResponsePlan } from '../../http1/response.ts';
import { FileRange } from '../../spool/file-range.ts';
import type {
  AppThread,
  BodySource,
  Failure,
  Job,
  ReplyHead,
  RequestBody,
} from '../../threads/app-thread.ts';
import type { ConnectionContext } from '../context.ts';
import { enderOf } from '../states/end-codes.ts';
import { grantedUntil, overdueNow } from './application-time.ts';
import type { ExchangeOwner } from './exchange-owner.ts';
import { FramedOutflow } from './framed-outflow.ts';
import { bodyBytesMax, joined, within } from './framing.ts';
import { type Outflow, type OutflowOwner, sendIfRead, WRITE_BYTES } from './outflow.ts';
import { gaveWayAfter, ownAnswer } from './own-answer.ts';
import { Told } from './told.ts';
import { Upgraded } from './upgraded.ts';

const EMPTY = Buffer.alloc(0);

export class Exchange extends Told implements Job, OutflowOwner {
  readonly body: RequestBody;
  thread: AppThread | null = null;

  readonly #context: ConnectionContext;
  /** Gives the request body back. Only when no thread can read it any more: its file is opened by name. */
  #releaseBody: (() => void) | null;
  #connection: ExchangeOwner | null;
  #plan: ResponsePlan | null = null;
  /** Of a response that comes in pieces, and of a connection that was taken over. */
  #outflow: Outflow | null = null;
  /** The same, of such a response alone. */
  #pieces: FramedOutflow | null = null;
  /** Not overdue before this time of the wheel, ms: the application has asked for more. */
  extendedUntilMs = 0;
  /** The application has said everything. */
  #complete = false;
  #keepAlive = false;
  /** The application has taken the connection over. */
  #upgraded: Upgraded | null = null;

  constructor(
    connection: ExchangeOwner,
    context: ConnectionContext,
    head: ParsedHead,
    body: RequestBody,
    releaseBody: (() => void) | null,
  ) {
    super(context, head, connection.peerOf(head), connection.state.moments);
    this.#releaseBody = releaseBody;
    this.#connection = connection;
    this.#context = context;
    this.body = body;
  }

  /** A response head has been made; what follows can only complete or cut it. */
  get headMade(): boolean {
    return this.#plan !== null;
  }

  /** The answer is complete, the server's or the application's; bytes of it may be left for the client. */
  get answered(): boolean {
    return this.#complete || this.#upgraded !== null;
  }

  protected get letter(): string {
    return this.#connection?.state.letter ?? '';
  }

  // What a thread tells (Job).

  started(atMs = 0): void {
    this.begun(this.#context, atMs);
    const connection = this.#listening();
    if (connection?.state.owing === 'queued') connection.owe('started');
    if (connection !== null && atMs > 0) this.phases?.startedAt(atMs);
  }

  handedBack(): void {
    this.notBegun();
    const connection = this.#listening();
    if (connection?.state.owing === 'running') connection.owe('handed back');
  }

  interim(status: string, fields: string): void {
    // RFC 9110, 15.2: no 1xx to an HTTP/1.0 client.
    const connection = this.#listening();
    if (connection === null || this.#plan !== null || this.head.minorVersion === 0) return;
    // `100 Continue` is said once, and only to a client that waits for it.
    if (!status.startsWith('100')) sendIfRead(connection, interimHead(status, fields));
    else if (this.body.kind === 'stream') this.body.source.ask();
  }

  whole(reply: ReplyHead, body: Buffer): void {
    this.thread = null;
    this.letGo(this.#context);
    const connection = this.#listening();
    if (connection === null) return;
    const plan = this.#makePlan(connection, reply, body.length);
    if (plan === null) return;
    if (body.length > WRITE_BYTES || connection.sending) {
      this.#begin(connection, plan);
      this.piece(body);
      this.end('');
      return;
    }
    const sent = plan.framing === 'none' ? EMPTY : within(bodyBytesMax(plan), body);
    this.bodyBytes = sent.length;
    const isShort = plan.framing === 'length' && sent.length < plan.length;
    this.#finish(connection, connection.send(joined(plan.head, sent)), isShort);
  }

  replyHead(reply: ReplyHead): void {
    const connection = this.#listening();
    if (connection === null) return;
    const plan = this.#makePlan(connection, reply, null);
    if (plan !== null) this.#begin(connection, plan);
  }

  upgraded(): BodySource | null {
    const connection = this.#listening();
    const isAsked = this.head.upgrade !== null || this.head.method === 'CONNECT';
    if (!isAsked || connection?.state.reading !== 'complete' || this.#plan !== null) return null;
    this.#upgraded = new Upgraded(this, connection, this.#context);
    this.#outflow = this.#upgraded.outflow;
    return connection.takeOver();
  }

  piece(bytes: Buffer): boolean {
    if (this.#upgraded !== null) return this.#upgraded.piece(bytes);
    const connection = this.#listening();
    if (connection === null || this.#pieces === null) return true;
    connection.deadlines.applicationProgressed();
    return this.#pieces.piece(bytes);
  }

  file(fd: number, offset: number, length: number): void {
    if (this.#listening() === null || this.#pieces === null) {
      new FileRange(fd, offset, length).release();
    } else this.#pieces.file(fd, offset, length);
  }

  extend(ms: number): number {
    const connection = this.#listening();
    if (connection === null) return 0;
    const untilMs = grantedUntil(this.#context, this.startedMs, ms);
    if (untilMs > this.extendedUntilMs) {
      this.extendedUntilMs = untilMs;
      connection.deadlines.extend(untilMs);
    }
    return Math.max(0, untilMs - this.#context.wheel.nowMs);
  }

  end(trailers: string): void {
    this.thread = null;
    this.letGo(this.#context);
    this.#upgraded?.end();
    const connection = this.#listening();
    const pieces = this.#pieces;
    if (connection === null || pieces === null) return;
    pieces.end(trailers);
    // What it waited in may be lost by now, and the exchange detached.
    this.#finish(connection, this.#pieces?.idle ?? true, pieces.isShort);
  }

  failed(failure: Failure): void {
    this.thread = null;
    this.letGo(this.#context);
    if (this.#listening() === null) return;
    this.#tellFailed(failure);
    if (this.answered || this.#plan !== null) this.#cut();
    // Its client is to hear nothing, as from a program on node:http that destroys its response.
    else if (failure.code === 'app-hung-up') this.#connection?.abandon(false);
    else this.answerError(failure.status);
  }

  jobOver(): void {
    this.thread = null;
    this.#releaseBody?.();
    this.#releaseBody = null;
    if (this.#connection !== null) this.#upgraded?.over();
  }

  // What the connection tells.

  /** Its time is up. */
  overdue(setting: Overdue['setting']): Overdue {
    return overdueNow(this.#context, setting, this);
  }

  /** What it is now that the application has taken the connection over; null while it is a request like others. */
  get takenOver(): Upgraded | null {
    return this.#upgraded;
  }

  /** The server answers in the application's place. Only before a head was made. */
  answerError(status: number, mayKeepAlive = true): void {
    const connection = this.#listening();
    if (connection === null) return;
    const keepAlive = mayKeepAlive && this.head.keepAlive && connection.mayKeepAlive();
    const answer = ownAnswer(
      this.#context,
      status,
      this.head,
      keepAlive,
      this.withTimes(connection.asking.verdict),
    );
    this.status = answer.status;
    this.bodyBytes = answer.bodyBytes;
    this.#finish(connection, connection.send(answer.text), false, keepAlive);
  }

  /** Everything handed to the kernel so far has left this process. */
  drained(): void {
    if (this.#outflow !== null) this.#outflow.drained();
    else this.caughtUp();
  }

  /** The client has read something of what the kernel holds for it. */
  clientReads(): void {
    this.#outflow?.clientReads();
  }

  /** Nobody listens any more: everything is given back and what the thread still says is dropped. */
  detach(): void {
    this.#connection = null;
    this.#outflow?.release();
    this.#outflow = null;
    this.#pieces = null;
  }

  // What the outflow tells (OutflowOwner).

  slower(): void {
    const connection = this.#connection;
    if (connection?.state.owing === 'streaming') connection.owe('client slower');
  }

  progressed(): void {
    this.#connection?.deadlines.clientProgressed();
  }

  caughtUp(): void {
    const connection = this.#connection;
    if (connection === null) return;
    if (this.#complete) this.#settle(connection);
    else if (connection.state.owing === 'writing') {
      connection.owe('client caught up');
      this.roomMade();
    }
  }

  roomMade(): void {
    this.#context.requests.resume(this);
  }

  lost(error: Error): void {
    this.#tellFailed({ status: 500, code: 'spool-failed', detail: error.message });
    this.#cut();
  }

  gaveWay(stalledMs: number): void {
    this.#tellFailed(gaveWayAfter(stalledMs));
    this.#connection?.abandon(true);
  }

  // Inside.

  /** The connection, while what a thread says can still become part of the response. */
  #listening(): ExchangeOwner | null {
    return this.#complete ? null : this.#connection;
  }

  #tellFailed(failure: Failure): void {
    this.endedBy(enderOf(failure.code), failure.code);
    this.#context.surroundings.failed(this, failure);
  }

  #makePlan(
    connection: ExchangeOwner,
    reply: ReplyHead,
    length: number | null,
  ): ResponsePlan | null {
    const plan = planResponse(this.head, reply, {
      keepAlive: connection.mayKeepAlive(),
      date: this.#context.date(),
      server: this.#context.server,
      fields: this.withTimes(connection.asking.verdict).fields,
      bodyLength: length,
    });
    if (plan.error !== null) {
      this.failed({ status: 500, code: 'bad-response', detail: plan.error });
      return null;
    }
    this.#plan = plan;
    this.status = reply.status;
    this.replyFields = reply.fields;
    this.#keepAlive = plan.keepAlive;
    return plan;
  }

  /** The response comes in pieces. */
  #begin(connection: ExchangeOwner, plan: ResponsePlan): void {
    this.#pieces = new FramedOutflow(connection, this, this.#context, plan);
    this.#outflow = this.#pieces;
    connection.owe('head out');
  }

  /** `isShort`: it has announced more than was given. */
  #finish(
    connection: ExchangeOwner,
    everythingLeft: boolean,
    isShort: boolean,
    keepAlive = this.#keepAlive,
  ): void {
    this.#complete = true;
    this.#keepAlive = keepAlive;
    // Only the end of the connection tells the client.
    if (isShort) {
      this.#keepAlive = false;
      this.endedBy('A');
    }
    connection.owe('answered');
    if (everythingLeft) this.#settle(connection);
  }

  #settle(connection: ExchangeOwner): void {
    this.detach();
    connection.settle(this, this.#keepAlive);
  }

  /** The response cannot be completed. Where its end would look like a whole one, only a reset tells the client. */
  #cut(): void {
    this.#connection?.abandon(this.#plan === null || this.#plan.framing === 'close');
  }
}
