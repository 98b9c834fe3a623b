// What the frames of one Python thread say of the response under way, passed on to the job that it is for, if that still
// listens. Which frame may come now the thread has looked up before (reply-phases.ts).

import { Buffer } from 'node:buffer';
import { close, open } from 'node:fs';
import { monotonicMs } from '../../clock.ts';
import { FromThread, HEAD_LENGTH_MASK, SAMPLED, WAITED } from '../../wire/python-frame.ts';
import type { Flights } from './flights.ts';
import type { Pace } from './pace.ts';
import { failureOf, parseFileOffer, type ReplyHeadReader } from './reply.ts';
import type { Phase } from './reply-phases.ts';

/** The thread, as far as its responses are concerned. */
export interface RepliesOwner {
  readonly pace: Pace;
  /** Of its process. */
  readonly pid: number;
  /** A piece of the body. */
  onPart(bytes: Buffer): void;
  /** What came is no frame of ours. */
  onBroken(why: string): void;
  /** The file that it offered is taken, or not; that leads to this phase. */
  answerFile(taken: boolean, phase: Phase): void;
}

export class Replies {
  readonly #owner: RepliesOwner;
  readonly #flights: Flights;
  readonly #heads: ReplyHeadReader;

  constructor(owner: RepliesOwner, flights: Flights, heads: ReplyHeadReader) {
    this.#owner = owner;
    this.#flights = flights;
    this.#heads = heads;
  }

  /** Passes a frame on to the job, if there still is one. */
  say(kind: number, aux: number, bytes: Buffer, start: number, end: number): void {
    switch (kind) {
      case FromThread.WHOLE:
      case FromThread.WHOLE_OPEN:
      case FromThread.HEAD:
        this.#onHead(kind, aux, bytes, start, end);
        return;
      case FromThread.INTERIM:
        this.#onInterim(bytes, start, end);
        return;
      case FromThread.FILE:
        this.#onFile(bytes, start, start + aux, end);
        return;
      case FromThread.END:
        this.#flights.takeListener()?.end('');
        return;
      case FromThread.FAILED:
        this.#flights.takeListener()?.failed(failureOf(aux, bytes.toString('utf8', start, end)));
        return;
    }
  }

  #onHead(kind: number, aux: number, bytes: Buffer, start: number, end: number): void {
    const bodyStart = start + (aux & HEAD_LENGTH_MASK);
    const head = this.#heads.read(bytes, start, bodyStart, end);
    if (head === null) {
      this.#owner.onBroken('a response head that is none');
      return;
    }
    if (kind === FromThread.HEAD) {
      this.#flights.listener?.replyHead(head);
      if (bodyStart < end) this.#owner.onPart(Buffer.from(bytes.subarray(bodyStart, end)));
      return;
    }
    if ((aux & SAMPLED) !== 0) this.#owner.pace.sample((aux & WAITED) !== 0, monotonicMs());
    this.#flights.takeListener()?.whole(head, Buffer.from(bytes.subarray(bodyStart, end)));
  }

  #onInterim(bytes: Buffer, start: number, end: number): void {
    const head = this.#heads.read(bytes, start, end, end);
    if (head === null) {
      this.#owner.onBroken('an interim head that is none');
      return;
    }
    this.#flights.listener?.interim(head.status, head.fields);
  }

  /** Opens the offered file by itself, so that the thread need not wait for the client. */
  #onFile(bytes: Buffer, start: number, rangeStart: number, end: number): void {
    const head = this.#heads.read(bytes, start, rangeStart, end);
    const offer = parseFileOffer(bytes, rangeStart, end, this.#owner.pid);
    if (head === null || offer === null) {
      this.#owner.onBroken('a file offer that is none');
      return;
    }
    const flight = this.#flights.first;
    if (flight === null || flight.listener === null) {
      this.#owner.answerFile(true, 'closing');
      return;
    }
    open(offer.path, 'r', (error, fd) => {
      if (error !== null) {
        this.#owner.answerFile(false, 'head');
        return;
      }
      this.#owner.answerFile(true, 'closing');
      const listener = this.#flights.takeListener();
      if (listener === null) {
        close(fd);
        return;
      }
      listener.replyHead(head);
      listener.file(fd, offer.offset, offer.length);
      listener.end('');
    });
  }
}
