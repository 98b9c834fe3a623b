// One Python thread as the pool sees it, and the socket pair that leads to it. Turns a job into a frame and frames into
// calls on the job. Which frame may follow which stands in one table; whatever breaks it never becomes a response.

import { Buffer } from 'node:buffer';
import { close, open } from 'node:fs';
import type { Socket } from 'node:net';
import { FromThread, HEADER_BYTES, ToThread } from '../../wire/python-frame.ts';
import type { AppThread, Failure, Job, ThreadState } from '../app-thread.ts';
import {
  type EncodedRequest,
  OutsideScriptName,
  type RequestEncoder,
  writeHeader,
} from './environ.ts';
import { FrameReader, type FrameSink } from './frame-reader.ts';
import { parseFileOffer, type ReplyHeadReader, THREAD_FRAME_BOUNDS } from './reply.ts';
import { type Phase, phaseAfter } from './reply-phases.ts';
import { WireSocket } from './wire-socket.ts';

/** What a thread asks of its process. */
export interface ThreadOwner {
  roomMade(thread: PythonThread): void;
  /** Its wire is closed or broken: it serves nothing more. The owner decides what that means, then calls `bury`. */
  wireLost(thread: PythonThread, failure: Failure | null): void;
  tellGone(index: number, request: number): void;
  interrupt(thread: PythonThread, request: number): Promise<string>;
}

const FREE_ANSWER = Buffer.alloc(HEADER_BYTES);

export class PythonThread implements AppThread, FrameSink {
  readonly name: string;
  /** 1, 2, 3 ... within its process; its Python name is "tunicorn-thread-<index>". */
  readonly index: number;
  state: ThreadState = 'booting';
  readonly #owner: ThreadOwner;
  readonly #encoder: RequestEncoder;
  readonly #heads: ReplyHeadReader;
  readonly #reader = new FrameReader(THREAD_FRAME_BOUNDS, FromThread.PIECE, this);
  readonly #wire: WireSocket;
  readonly #pid: () => number;
  /** Whom to tell; null when nobody listens any more (the client has gone, or the request was answered for us). */
  #job: Job | null = null;
  /** The request that the Python thread has, also when nobody listens: it must hear `jobOver`. */
  #running: Job | null = null;
  #phase: Phase = 'idle';
  /** Counts requests as the other side does: control messages name a request by it. */
  #request = 0;
  #interrupted = 0;
  #paused = false;
  #whenIdle: (() => void)[] = [];

  constructor(
    index: number,
    name: string,
    socket: Socket,
    encoder: RequestEncoder,
    heads: ReplyHeadReader,
    pid: () => number,
    owner: ThreadOwner,
  ) {
    this.index = index;
    this.name = name;
    this.#encoder = encoder;
    this.#heads = heads;
    this.#pid = pid;
    this.#owner = owner;
    this.#wire = new WireSocket(socket, {
      onBytes: (bytes, length) => this.#reader.read(bytes, length),
      onClosed: () => this.#owner.wireLost(this, null),
    });
  }

  get room(): number {
    return this.state === 'ready' && this.#phase === 'idle' ? 1 : 0;
  }

  /** A request is with the Python thread, also when nobody listens to it any more. */
  get busy(): boolean {
    return this.#phase !== 'idle';
  }

  take(job: Job): void {
    job.started();
    if (job.body.kind === 'stream') {
      const detail =
        'A WSGI application gets its request body complete; this one was still arriving.';
      this.#refuse(job, { status: 500, code: 'body-not-complete', detail });
      return;
    }
    let frame: EncodedRequest;
    try {
      frame = this.#encoder.encode(job.head, job.peer, job.body);
    } catch (error) {
      if (!(error instanceof OutsideScriptName)) {
        throw error;
      }
      const detail = error.message;
      this.#refuse(job, { status: 500, code: 'outside-script-name', detail });
      return;
    }
    this.#job = job;
    this.#running = job;
    this.#phase = 'head';
    this.#request += 1;
    this.#wire.write(frame.bytes, frame.length);
    if (frame.rest !== null) {
      this.#wire.write(frame.rest, frame.rest.length);
    }
  }

  /** Never: a Python thread has one request at a time and begins it at once. */
  takeBack(_job: Job): boolean {
    return false;
  }

  clientGone(job: Job): void {
    if (this.#job === job) {
      this.#forget();
      this.#owner.tellGone(this.index, this.#request);
    }
  }

  resume(job: Job): void {
    if (this.#job === job) {
      this.#unpause();
    }
  }

  interrupt(job: Job): Promise<string> {
    if (this.#job !== job) {
      return Promise.resolve('');
    }
    this.#forget();
    this.#interrupted = this.#request;
    return this.#owner.interrupt(this, this.#request);
  }

  /** Resolves when the thread has no request. Never, if it is buried first. */
  whenIdle(): Promise<void> {
    return this.busy ? new Promise((resolve) => this.#whenIdle.push(resolve)) : Promise.resolve();
  }

  /** The application is loaded. */
  becomeReady(): void {
    this.state = 'ready';
  }

  /** Ends it for the loop: closes the wire, tells the job it may have. The Python thread ends when it notices. */
  bury(state: 'stuck' | 'dead', failure: Failure): void {
    this.state = state;
    this.#reader.stop();
    this.#wire.destroy();
    this.#takeJob()?.failed(failure);
    this.#endRunning();
  }

  onBroken(why: string): void {
    this.#reader.stop();
    const detail = `${this.name} broke its wire: ${why}.`;
    this.#owner.wireLost(this, { status: 502, code: 'wire-broken', detail });
  }

  onStream(kind: number): void {
    this.#enter(kind);
  }

  onPart(bytes: Buffer): void {
    if (this.#job !== null && !this.#job.piece(bytes)) {
      this.#paused = true;
      this.#wire.pause();
    }
  }

  onFrame(kind: number, aux: number, bytes: Buffer, start: number, end: number): void {
    if (kind === FromThread.INTERRUPTED) {
      this.#onInterrupted(aux);
      return;
    }
    if (!this.#enter(kind)) {
      return;
    }
    this.#say(kind, aux, bytes, start, end);
    if (this.#phase === 'idle' && this.state === 'ready') {
      this.#becomeIdle();
    }
  }

  /** Goes on to the phase that a frame of this kind leads to. False: it must not come now, and the wire is broken. */
  #enter(kind: number): boolean {
    const next = phaseAfter(this.#phase, kind);
    const endless = kind === FromThread.END && this.#phase === 'head' && this.#job !== null;
    if (next === undefined || endless) {
      this.onBroken(`frame of kind ${kind} while ${this.#phase}`);
      return false;
    }
    this.#phase = next;
    return true;
  }

  /** Passes a frame on to the job, if there still is one. */
  #say(kind: number, aux: number, bytes: Buffer, start: number, end: number): void {
    switch (kind) {
      case FromThread.WHOLE:
      case FromThread.WHOLE_OPEN:
      case FromThread.HEAD:
        this.#onHead(kind, bytes, start, start + aux, end);
        return;
      case FromThread.INTERIM:
        this.#onInterim(bytes, start, end);
        return;
      case FromThread.FILE:
        this.#onFile(bytes, start, start + aux, end);
        return;
      case FromThread.END:
        this.#takeJob()?.end('');
        return;
      case FromThread.FAILED:
        this.#onFailed(bytes.toString('utf8', start, end));
        return;
    }
  }

  #onHead(kind: number, bytes: Buffer, start: number, bodyStart: number, end: number): void {
    const head = this.#heads.read(bytes, start, bodyStart, end);
    if (head === null) {
      this.onBroken('a response head that is none');
      return;
    }
    if (kind === FromThread.HEAD) {
      this.#job?.replyHead(head);
      if (bodyStart < end) {
        this.onPart(Buffer.from(bytes.subarray(bodyStart, end)));
      }
      return;
    }
    this.#takeJob()?.whole(head, Buffer.from(bytes.subarray(bodyStart, end)));
  }

  #onInterim(bytes: Buffer, start: number, end: number): void {
    const head = this.#heads.read(bytes, start, end, end);
    if (head === null) {
      this.onBroken('an interim head that is none');
      return;
    }
    this.#job?.interim(head.status, head.fields);
  }

  #onFailed(detail: string): void {
    this.#takeJob()?.failed({ status: 500, code: 'app-raised', detail });
  }

  /** Opens the offered file by itself, so that the thread need not wait for the client. */
  #onFile(bytes: Buffer, start: number, rangeStart: number, end: number): void {
    const head = this.#heads.read(bytes, start, rangeStart, end);
    const offer = parseFileOffer(bytes, rangeStart, end, this.#pid());
    if (head === null || offer === null) {
      this.onBroken('a file offer that is none');
      return;
    }
    if (this.#job === null) {
      this.#answerFile(ToThread.FILE_TAKEN, 'closing');
      return;
    }
    open(offer.path, 'r', (error, fd) => {
      if (error !== null) {
        this.#answerFile(ToThread.FILE_REFUSED, 'head');
        return;
      }
      this.#answerFile(ToThread.FILE_TAKEN, 'closing');
      const job = this.#takeJob();
      if (job === null) {
        close(fd);
        return;
      }
      job.replyHead(head);
      job.file(fd, offer.offset, offer.length);
      job.end('');
    });
  }

  #answerFile(kind: number, phase: Phase): void {
    this.#phase = phase;
    writeHeader(FREE_ANSWER, 0, kind, 0);
    this.#wire.write(FREE_ANSWER, HEADER_BYTES);
  }

  /** One that names an earlier request landed just behind its end and came late: it means nothing any more. */
  #onInterrupted(aux: number): void {
    if (this.#interrupted === 0) {
      this.onBroken('an interruption nobody asked for');
      return;
    }
    if (this.#interrupted === this.#request && aux === (this.#request & 0xffffff) && this.busy) {
      this.#phase = 'idle';
      this.#becomeIdle();
    }
  }

  #becomeIdle(): void {
    this.#unpause();
    this.#endRunning();
    const waiting = this.#whenIdle;
    this.#whenIdle = [];
    for (const resolve of waiting) {
      resolve();
    }
    this.#owner.roomMade(this);
  }

  #endRunning(): void {
    const job = this.#running;
    this.#running = null;
    job?.jobOver();
  }

  #takeJob(): Job | null {
    const job = this.#job;
    this.#job = null;
    return job;
  }

  /** Nobody listens any more: what still comes is read and dropped, so the thread never waits for the client. */
  #forget(): void {
    this.#job = null;
    this.#unpause();
  }

  #unpause(): void {
    if (this.#paused) {
      this.#paused = false;
      this.#wire.resume();
    }
  }

  /** Answers a request that never reaches the Python thread. */
  #refuse(job: Job, failure: Failure): void {
    job.failed(failure);
    job.jobOver();
    this.#owner.roomMade(this);
  }
}
