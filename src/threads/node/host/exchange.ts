// One request that a Node.js thread has, seen from the I/O loop: its job, the pieces that wait while the connection is
// full, and the request body that is fed to the thread as far as the application asks for it.

import { monotonicMs } from '../../../clock.ts';
import { BODY_AHEAD, PIECE_BYTES, RESPONSE_WINDOW } from '../../../wire/node-thread.ts';
import type { BodySource, Failure, Job, ReplyHead } from '../../app-thread.ts';
import { WireBroken } from './wire-broken.ts';

/** What an exchange says to the thread. */
export interface ExchangeWire {
  body(ticket: number, bytes: Buffer): void;
  bodyEnd(ticket: number, trailers: readonly string[]): void;
  bodyFailed(ticket: number): void;
  credit(ticket: number, bytes: number): void;
  /** When the thread began it, monotonic ms. */
  begunMs(ticket: number): number;
  /** The job is answered: its place in the thread is free. */
  answered(exchange: HostExchange): void;
  /** The same; but it goes on, as a connection that the application has taken over. */
  upgraded(exchange: HostExchange): void;
  /** Job answered and body fed or given up: the thread is done with it. May be said twice. */
  over(exchange: HostExchange): void;
}

/** Response bytes taken in before the thread is told, so that not every piece costs a message. */
const CREDIT_BATCH = RESPONSE_WINDOW / 4;

/** What was taken from the body of a job that was then taken back: the next thread must begin with it. */
const takenAhead = new WeakMap<Job, Buffer>();

export class HostExchange {
  readonly job: Job;
  readonly ticket: number;
  readonly givenAtMs = monotonicMs();
  started = false;
  answered = false;
  /** It had not begun when the roster looked last. */
  seenWaiting = false;
  /** The application has asked for time until then, monotonic ms; 0 when it has not. */
  extendedUntilMs = 0;
  readonly #wire: ExchangeWire;
  #source: BodySource | null;
  #ahead: Buffer | null = null;
  #bodyCredit = 0;
  #bodyOver: boolean;
  #paused = false;
  #hasHead = false;
  readonly #held: (Buffer | string)[] = [];
  #creditDue = 0;

  constructor(job: Job, ticket: number, wire: ExchangeWire) {
    this.job = job;
    this.ticket = ticket;
    this.#wire = wire;
    this.#source = job.body.kind === 'stream' ? job.body.source : null;
    this.#bodyOver = this.#source === null;
    if (this.#source === null) return;
    this.#ahead = this.#takeAhead(this.#source);
    this.#bodyCredit = Math.max(0, BODY_AHEAD - (this.#ahead?.length ?? 0));
  }

  /** What of a streaming body was there at once, which travels with the request; until that has begun also what was sent since. */
  get ahead(): Buffer | null {
    return this.#ahead;
  }

  /** True when the whole of a streaming body is in `ahead`, and no trailers follow. */
  get bodyComplete(): boolean {
    return this.#source?.ended === true && this.#source.trailers.length === 0;
  }

  /** Begins to watch the body; to be called once the request is in the batch. */
  watchBody(): void {
    if (this.#source === null) return;
    if (this.bodyComplete) {
      this.#bodyOver = true;
      return;
    }
    this.#source.onChange = () => this.#feed();
    this.#feed();
  }

  /** Idempotent; everything else about the job comes after it. */
  start(): void {
    if (this.started) return;
    this.started = true;
    this.#ahead = null;
    this.job.started(this.#wire.begunMs(this.ticket));
  }

  /** The job goes back unstarted; what was taken of its body waits for the next thread. */
  withdraw(): void {
    if (this.#ahead !== null) takenAhead.set(this.job, this.#ahead);
    this.leave();
  }

  /** The job hears nothing more and its body is let go; its slot is the caller's to give back. */
  mute(): void {
    this.answered = true;
    this.#held.length = 0;
    this.#detachBody();
  }

  /** As `mute`, and the thread is done with the request. */
  leave(): void {
    this.mute();
    this.#wire.over(this);
  }

  /** Nobody reads the rest of the body. */
  endBody(): void {
    this.#detachBody();
    if (this.answered) this.#wire.over(this);
  }

  grantBody(bytes: number): void {
    if (!this.#bodyOver) this.#source?.ask();
    this.#bodyCredit += bytes;
    this.#feed();
  }

  // What comes once it is answered, by the thread or for it, is dropped.

  whole(head: ReplyHead, body: Buffer): void {
    if (this.answered) return;
    if (this.#hasHead) throw new WireBroken('a second response');
    this.start();
    this.#answer();
    this.job.whole(head, body);
    this.#finish();
  }

  replyHead(head: ReplyHead): void {
    if (this.answered) return;
    if (this.#hasHead) throw new WireBroken('a second response');
    this.#hasHead = true;
    this.start();
    this.job.replyHead(head);
  }

  interim(status: string, fields: string): void {
    if (this.answered) return;
    if (this.#hasHead) throw new WireBroken('an interim response after the response');
    this.start();
    this.job.interim(status, fields);
  }

  upgraded(): void {
    if (this.answered) return;
    if (this.#hasHead || !this.#bodyOver) throw new WireBroken('an upgrade too late');
    this.start();
    const source = this.job.upgraded();
    if (source === null) throw new WireBroken('an upgrade that its client has not asked for');
    this.#hasHead = true;
    this.#source = source;
    this.#bodyOver = false;
    source.onChange = () => this.#feed();
    this.#wire.upgraded(this);
  }

  piece(bytes: Buffer): void {
    if (this.answered) return;
    this.#needHead();
    if (this.#paused) this.#held.push(bytes);
    else this.#pass(bytes);
  }

  end(trailers: string): void {
    if (this.answered) return;
    this.#needHead();
    if (this.#paused) {
      this.#held.push(trailers);
      return;
    }
    this.#answer();
    this.job.end(trailers);
    this.#finish();
  }

  failed(failure: Failure): void {
    if (this.answered) return;
    this.start();
    this.#held.length = 0;
    this.#answer();
    this.job.failed(failure);
    this.#finish();
  }

  extend(ms: number): void {
    if (this.answered) return;
    this.start();
    const grantedMs = this.job.extend(ms);
    if (grantedMs > 0) this.extendedUntilMs = monotonicMs() + grantedMs;
  }

  /** The connection takes pieces again. */
  resume(): void {
    this.#paused = false;
    while (!this.#paused) {
      const next = this.#held.shift();
      if (next === undefined) break;
      if (typeof next === 'string') this.end(next);
      else this.#pass(next);
    }
  }

  #pass(bytes: Buffer): void {
    this.#creditDue += bytes.length;
    this.#paused = !this.job.piece(bytes);
    if (this.#creditDue < CREDIT_BATCH || this.answered) return;
    const due = this.#creditDue;
    this.#creditDue = 0;
    this.#wire.credit(this.ticket, due);
  }

  #needHead(): void {
    if (!this.#hasHead) throw new WireBroken('a body before its response');
  }

  #answer(): void {
    this.answered = true;
    this.#wire.answered(this);
  }

  /** A body that the application still reads keeps the exchange until it is complete. */
  #finish(): void {
    if (this.#bodyOver) this.#wire.over(this);
  }

  #detachBody(): void {
    this.#bodyOver = true;
    if (this.#source !== null) this.#source.onChange = null;
  }

  #takeAhead(source: BodySource): Buffer | null {
    const before = takenAhead.get(this.job);
    if (before !== undefined) {
      takenAhead.delete(this.job);
      return before;
    }
    return source.take(BODY_AHEAD);
  }

  /** Sends as much of the body as the thread asked for, and a little before. Bounded by its credit. */
  #feed(): void {
    const source = this.#source;
    if (source === null || this.#bodyOver) return;
    while (this.#bodyCredit > 0) {
      const bytes = source.take(Math.min(this.#bodyCredit, PIECE_BYTES));
      if (bytes === null) break;
      this.#bodyCredit -= bytes.length;
      this.#wire.body(this.ticket, bytes);
      if (!this.started) this.#ahead = joined(this.#ahead, bytes);
    }
    if (source.ended) this.#wire.bodyEnd(this.ticket, source.trailers);
    else if (source.failed) this.#wire.bodyFailed(this.ticket);
    else return;
    this.endBody();
  }
}

function joined(before: Buffer | null, bytes: Buffer): Buffer {
  return before === null ? bytes : Buffer.concat([before, bytes]);
}
