// One request in the thread and the way back for its response: head, pieces within a window, end. Both kinds of
// application (listener and fetch) speak to the host through this and through nothing else.

import type { AsyncResource } from 'node:async_hooks';
import {
  BODY_AHEAD,
  BODY_WINDOW,
  GUEST_HIGH_WATER,
  type Item,
  PIECE_BYTES,
  RESPONSE_WINDOW,
  splitFields,
  splitPeer,
  ToHost,
  type WirePeer,
} from '../../../wire/node-thread.ts';
import { checkSeconds, Extension } from './extension.ts';
import { Inlet } from './inlet.ts';
import type { Outbox } from './outbox.ts';

const HUNG_UP = {
  code: 'app-hung-up',
  detail: 'The application destroyed the socket of its request.',
};

type Phase = 'waiting' | 'running' | 'streaming' | 'ending' | 'over';

export interface RequestFacts {
  readonly ticket: number;
  readonly method: string;
  readonly target: string;
  readonly minorVersion: number;
  /** What the client wants of its connection. */
  readonly keepAlive: boolean;
  readonly expects: 'nothing' | 'continue' | 'other';
  /** As joinFields made it. */
  readonly fields: string;
  /** As joinPeer made it. */
  readonly peer: string;
}

/** The application's side of an exchange: hears what the client does. */
export interface ExchangeSide {
  /** Called once: the client has gone, or the request was given up; `overdue`: because its time is up. */
  gone(overdue: boolean): void;
  /** All that was written has left the thread; more may be written. */
  drained(): void;
}

export class Exchange {
  readonly facts: RequestFacts;
  /** Null when the request has no body. Set by the channel before the request begins. */
  inlet: Inlet | null = null;
  /** The client offers to go over to another protocol. Set by the channel. */
  upgradable = false;
  phase: Phase = 'waiting';
  /** The client has gone, or the request was given up: whatever is said from now on is dropped. */
  gone = false;
  /** Set by whoever runs the application for this request. */
  side: ExchangeSide | null = null;
  /** When the application began it, monotonic ms. Set by the channel. */
  beganMs = 0;
  /** In which it runs; null before it does. Set by the channel. */
  context: AsyncResource | null = null;
  /** Of the response: its head as the application made it, and the body that was written. */
  bytesWritten = 0;
  readonly #outbox: Outbox;
  readonly #timeoutLimit: number;
  readonly #over: (exchange: Exchange) => void;
  #fields: string[] | null = null;
  #peer: WirePeer | null = null;
  #window = RESPONSE_WINDOW;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #trailers = '';
  #extension: Extension | null = null;
  #onFinished: (() => void) | null = null;
  /** What the client sends once the connection was taken over. */
  #raw: Inlet | null = null;
  /** Where the whole response stands as long as it has not left the thread. */
  #unsent: { readonly batch: Item[]; readonly fieldsAt: number } | null = null;

  /** `timeoutLimit`: seconds since its start to which it may be extended. */
  constructor(
    facts: RequestFacts,
    outbox: Outbox,
    timeoutLimit: number,
    over: (exchange: Exchange) => void,
  ) {
    this.facts = facts;
    this.#outbox = outbox;
    this.#timeoutLimit = timeoutLimit;
    this.#over = over;
  }

  get fields(): string[] {
    this.#fields ??= splitFields(this.facts.fields);
    return this.#fields;
  }

  get peer(): WirePeer {
    this.#peer ??= splitPeer(this.facts.peer);
    return this.#peer;
  }

  /** What comes from the client now. */
  get arriving(): Inlet | null {
    return this.#raw ?? this.inlet;
  }

  /** Bytes written that have not left the thread. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Of the request: its head, and what was taken of the body. */
  get bytesRead(): number {
    const { method, target, fields } = this.facts;
    return method.length + target.length + fields.length + (this.arriving?.taken ?? 0);
  }

  /**
   * More time for this request. Answers the seconds that are granted from now on: 0 when it is over, or its limit is
   * reached. @throws TypeError or RangeError for what is no length of time
   */
  extendTimeout(seconds: number): number {
    checkSeconds(seconds);
    if (this.phase === 'waiting' || this.phase === 'over' || this.gone) return 0;
    this.#extension ??= new Extension(
      this.#outbox,
      this.facts.ticket,
      this.beganMs,
      this.#timeoutLimit,
    );
    return this.#extension.ask(seconds);
  }

  interim(status: string, fields: string): void {
    if (this.phase !== 'running' || this.gone) return;
    this.#outbox.open().push(ToHost.interim, this.facts.ticket, status, fields);
  }

  /** The whole response at once. `body` is bytes, or text with one character per byte of at most INLINE_BYTES. */
  whole(
    status: string,
    fields: string,
    sendDate: boolean,
    body: Uint8Array | string,
    finished: (() => void) | null,
  ): void {
    if (this.phase !== 'running' || this.gone) return;
    if (body.length > RESPONSE_WINDOW) {
      this.head(status, fields, sendDate);
      this.write(body);
      this.end('', finished);
      return;
    }
    const batch = this.#outbox.open();
    this.bytesWritten += status.length + fields.length + body.length;
    this.#unsent = { batch, fieldsAt: batch.length + 3 };
    const item = typeof body === 'string' ? body : this.#outbox.bytes(body);
    batch.push(ToHost.whole, this.facts.ticket, status, fields, sendDate ? 1 : 0, item);
    this.#finish();
    finished?.();
  }

  head(status: string, fields: string, sendDate: boolean): void {
    if (this.phase !== 'running') return;
    this.phase = 'streaming';
    this.bytesWritten += status.length + fields.length;
    if (this.gone) return;
    this.#outbox.open().push(ToHost.head, this.facts.ticket, status, fields, sendDate ? 1 : 0);
  }

  /** False: stop writing until the side is told `drained`. A string holds one character per byte. */
  write(body: Uint8Array | string): boolean {
    if (this.phase !== 'streaming' || this.gone) return true;
    if (body.length === 0) return true;
    this.bytesWritten += body.length;
    const isText = typeof body === 'string';
    if (isText && this.#queuedBytes === 0 && this.#window > 0) {
      this.#window -= body.length;
      this.#send(body);
      return true;
    }
    this.#queue.push(isText ? Buffer.from(body, 'latin1') : body);
    this.#queuedBytes += body.length;
    this.#pump();
    return this.#queuedBytes < GUEST_HIGH_WATER;
  }

  /** The body is complete; `finished` is called once all of it has left the thread. */
  end(trailers: string, finished: (() => void) | null): void {
    if (this.phase !== 'streaming') {
      if (this.phase === 'over') finished?.();
      return;
    }
    this.phase = 'ending';
    this.#trailers = trailers;
    this.#onFinished = finished;
    if (this.#queuedBytes === 0 || this.gone) this.#endNow();
  }

  /**
   * Takes the connection over: what is written from here on are raw bytes, and `end` is our end alone. Answers what the client
   * sends; null when it is too late.
   */
  upgrade(): Inlet | null {
    if (this.phase !== 'running' || !this.upgradable) return this.#raw;
    this.phase = 'streaming';
    this.#raw = this.streamingInlet(BODY_WINDOW, BODY_WINDOW / 4);
    if (!this.gone) this.#outbox.open().push(ToHost.upgraded, this.facts.ticket);
    return this.#raw;
  }

  /** Of a connection that was, or could be, taken over: what has left us still reaches the client, then it closes. */
  hangUp(): void {
    const raw = this.upgrade();
    this.#drop();
    if (this.phase === 'streaming' || this.phase === 'ending') this.#endNow();
    raw?.discard();
  }

  /** The application failed: 500 when nothing was sent, a cut otherwise. */
  fail(status: 500 | 502, code: string, detail: string): void {
    if (this.phase === 'over') {
      if (code === 'app-raised' && !this.gone) this.#tellLate(detail);
      return;
    }
    if (!this.gone) {
      this.#outbox.open().push(ToHost.failed, this.facts.ticket, status, code, detail);
    }
    this.#drop();
    this.#finish();
  }

  /**
   * The application hangs up. What it has answered whole still arrives, and the connection closes behind it; a client that was
   * answered nothing is told nothing, and one that was answered in part is cut off.
   */
  cut(): void {
    if (this.phase !== 'over') {
      this.fail(502, HUNG_UP.code, HUNG_UP.detail);
    } else if (this.#unsent?.batch === this.#outbox.batch) {
      const { batch, fieldsAt } = this.#unsent;
      batch[fieldsAt] = `${batch[fieldsAt]}Connection: close\r\n`;
      this.#unsent = null;
    }
  }

  /** Its response is complete, so that no request's line in the log can tell of it. */
  #tellLate(detail: string): void {
    const { method, target } = this.facts;
    const request = `${method} ${target.split('?', 1)[0]}`;
    const text = `Error after the response to ${request} was complete.\n${detail}`;
    this.#outbox.log('error', text);
  }

  credit(bytes: number): void {
    this.#window += bytes;
    if (this.#queuedBytes === 0) return;
    this.#pump();
    if (this.#queuedBytes > 0) return;
    if (this.phase === 'ending') this.#endNow();
    else this.side?.drained();
  }

  /** The client has gone, or nobody waits for the response any more. */
  abandon(overdue = false): void {
    if (this.gone) return;
    this.gone = true;
    this.#drop();
    this.#over(this);
    if (this.phase !== 'waiting' && this.phase !== 'over') {
      this.inlet?.fail();
      this.side?.gone(overdue);
    }
    this.arriving?.discard();
    this.phase = 'over';
  }

  /** Nothing more comes of the body: where the answer was complete before, so is everything. */
  bodyOver(): void {
    if (this.phase === 'over') this.#over(this);
  }

  /** An inlet for bytes that the host sends as they arrive. As of Inlet; the host has sent some of a body ahead. */
  streamingInlet(opening = BODY_WINDOW - BODY_AHEAD, batch = 0): Inlet {
    const ticket = this.facts.ticket;
    return new Inlet(
      {
        grant: (bytes) => {
          if (!this.gone) this.#outbox.open().push(ToHost.bodyCredit, ticket, bytes);
        },
        discard: () => {
          if (!this.gone) this.#outbox.open().push(ToHost.bodyDiscard, ticket);
          if (this.phase === 'over') this.#over(this);
        },
      },
      opening,
      batch,
    );
  }

  #pump(): void {
    while (this.#window > 0) {
      const first = this.#queue[0];
      if (first === undefined) return;
      const piece = first.length > PIECE_BYTES ? first.subarray(0, PIECE_BYTES) : first;
      if (piece === first) this.#queue.shift();
      else this.#queue[0] = first.subarray(PIECE_BYTES);
      this.#queuedBytes -= piece.length;
      this.#window -= piece.length;
      this.#send(this.#outbox.bytes(piece));
    }
  }

  #send(item: string | ArrayBuffer): void {
    if (this.#raw === null) this.#outbox.piece(this.facts.ticket, item);
    else this.#outbox.joinedPiece(this.facts.ticket, item);
  }

  #endNow(): void {
    if (!this.gone) this.#outbox.open().push(ToHost.end, this.facts.ticket, this.#trailers);
    const finished = this.#onFinished;
    this.#onFinished = null;
    this.#finish();
    finished?.();
  }

  #drop(): void {
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#onFinished = null;
  }

  #finish(): void {
    this.phase = 'over';
    // A body that still arrives and is being read keeps the exchange known to the channel until it is complete.
    const { arriving } = this;
    if (arriving === null || arriving.ended || arriving.failed) this.#over(this);
  }
}

/** Runs the application for one claimed request. Must not throw. */
export type Begin = (exchange: Exchange) => void;
