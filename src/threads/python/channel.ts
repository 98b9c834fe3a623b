// One Python thread as the pool sees it, and the socket pair that leads to it. Turns a job into a frame and frames into
// calls on the job. Which frame may follow which stands in one table; whatever breaks it never becomes a response.

import type { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { monotonicMs } from '../../clock.ts';
import { FromThread } from '../../wire/python-frame.ts';
import type { AppThread, Failure, Finding, Job, ThreadState } from '../app-thread.ts';
import { finding } from '../finding.ts';
import { encodeJob } from './encode-job.ts';
import type { RequestEncoder } from './environ.ts';
import { type Flight, Flights } from './flights.ts';
import { FrameReader, type FrameSink } from './frame-reader.ts';
import { Outbox } from './outbox.ts';
import type { Pace } from './pace.ts';
import { Replies, type RepliesOwner } from './replies.ts';
import { type ReplyHeadReader, THREAD_FRAME_BOUNDS } from './reply.ts';
import { type Phase, phaseAfter } from './reply-phases.ts';
import type { ThreadOwner } from './thread-owner.ts';
import { WireSocket } from './wire-socket.ts';

export class PythonThread implements AppThread, FrameSink, RepliesOwner {
  readonly name: string;
  /** 1, 2, 3 ... within its process; its Python name is "tunicorn-thread-<index>". */
  readonly index: number;
  readonly places = 1;
  state: ThreadState = 'booting';
  readonly #owner: ThreadOwner<PythonThread>;
  readonly #encoder: RequestEncoder;
  readonly #reader = new FrameReader(THREAD_FRAME_BOUNDS, FromThread.PIECE, this);
  readonly #wire: WireSocket;
  readonly #outbox: Outbox;
  readonly #pid: () => number;
  readonly #flights = new Flights();
  readonly #replies: Replies;
  #phase: Phase = 'idle';
  /** Number of the last request known to have begun, and when it did (monotonic ms). */
  #begun = 0;
  #begunMs = 0;
  #interrupted = 0;
  #paused = false;
  #takingBack = false;
  /** The other end has closed, and everything it sent before was read. */
  #ended = false;
  #whenIdle: (() => void)[] = [];

  constructor(
    index: number,
    name: string,
    socket: Socket,
    encoder: RequestEncoder,
    heads: ReplyHeadReader,
    pid: () => number,
    owner: ThreadOwner<PythonThread>,
  ) {
    this.index = index;
    this.name = name;
    this.#encoder = encoder;
    this.#replies = new Replies(this, this.#flights, heads);
    this.#pid = pid;
    this.#owner = owner;
    this.#wire = new WireSocket(socket, {
      onBytes: (bytes, length) => this.#reader.read(bytes, length),
      onClosed: () => {
        this.#ended = true;
        this.#owner.wireLost(this, null);
      },
    });
    this.#outbox = new Outbox(this.#wire);
  }

  /** See RepliesOwner. */
  get pace(): Pace {
    return this.#owner.pace;
  }

  /** See RepliesOwner. */
  get pid(): number {
    return this.#pid();
  }

  get room(): number {
    if (this.state !== 'ready' || this.#takingBack || this.#owner.lame) return 0;
    const { pace, lane } = this.#owner;
    const { length } = this.#flights;
    // Others than the lane begin nothing; a thread that was the lane and is slow is no lane any more.
    if (pace.ahead > 1 && lane !== this && (lane !== null || length > 0)) return 0;
    return Math.max(0, pace.ahead - length);
  }

  /** Also those that nobody listens to any more. */
  get load(): number {
    return this.#flights.length;
  }

  take(job: Job): void {
    const frame = encodeJob(this.#encoder, job);
    if ('code' in frame) {
      this.#refuse(job, frame);
      return;
    }
    const idle = this.#flights.length === 0;
    this.#flights.add(job);
    if (idle) this.#beginFirst();
    else this.#owner.sentAhead();
    this.#owner.lane = this;
    this.#outbox.send(frame, idle);
  }

  /** Never at once: what was sent ahead is taken back by asking the thread. */
  takeBack(_job: Job): boolean {
    return false;
  }

  clientGone(job: Job): void {
    const flight = this.#flights.of(job);
    if (flight === null) return;
    flight.listener = null;
    if (flight === this.#flights.first) {
      this.#unpause();
      this.#owner.tellGone(this.index, flight.number);
    } else {
      // It has most likely not begun: then it never will.
      void this.takeBackAhead();
    }
  }

  resume(job: Job): void {
    if (this.#flights.listener === job) this.#unpause();
  }

  interrupt(job: Job): Promise<Finding> {
    const flight = this.#flights.first;
    if (flight === null || flight.job !== job) return Promise.resolve(finding('ended'));
    flight.listener = null;
    this.#unpause();
    this.#interrupted = flight.number;
    return this.#owner.interrupt(this, flight.number);
  }

  /** The application asks for more time for this request, ms. */
  extend(number: number, ms: number): void {
    const flight = this.#flights.numbered(number);
    const grantedMs = flight?.listener?.extend(ms) ?? 0;
    if (flight !== null && grantedMs > 0) flight.extendedUntilMs = monotonicMs() + grantedMs;
  }

  /** See HeardThread. */
  get unheard(): Flight | null {
    return this.#flights.unheard;
  }

  /** See EndedThread. */
  ran(begun: number): { readonly job: Job; readonly sinceMs: number } | null {
    const { first } = this.#flights;
    const last = this.#flights.numbered(begun);
    // A response that is complete waits for nothing but its end.
    const isOver = last === first && this.#phase === 'closing';
    return last === null || isOver ? null : { job: last.job, sinceMs: this.#begunMs };
  }

  /** Monotonic ms; in the past or 0 when nobody waits for more time. */
  get extendedUntilMs(): number {
    return this.#flights.listener === null ? 0 : (this.#flights.first?.extendedUntilMs ?? 0);
  }

  /** For how long others have waited behind the present request, at most; -1 when none does. */
  holdsOthersMs(nowMs: number): number {
    if (this.#flights.length < 2) return -1;
    return this.#takingBack ? 0 : nowMs - this.#begunMs;
  }

  /**
   * Takes back what was sent ahead and has not begun; somebody else runs it. Until the thread has answered, nothing is
   * known to have begun but what it sends frames of.
   */
  async takeBackAhead(): Promise<void> {
    if (this.#takingBack || this.#flights.length < 2 || this.state !== 'ready') return;
    this.#takingBack = true;
    const begun = await this.#owner.withdraw(this, this.#begun, this.#flights.last);
    this.#takingBack = false;
    if (begun === null || this.state !== 'ready') return;
    this.#handBack(this.#flights.takeBack(begun));
    this.#beginNext();
    this.#owner.roomMade(this);
  }

  /** Resolves when the thread has no request, or was buried. */
  whenIdle(): Promise<void> {
    if (this.load === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  /** The application is loaded. */
  becomeReady(): void {
    this.state = 'ready';
  }

  /**
   * Ends it for the loop: closes the wire, tells the jobs it may have. The Python thread ends when it notices. `begun`: number
   * of the last request that it has begun and ever will; null when nobody knows.
   */
  bury(state: 'stuck' | 'dead', failure: Failure, begun: number | null = null): void {
    this.state = state;
    this.#reader.stop();
    this.#wire.destroy();
    if (this.#owner.lane === this) this.#owner.lane = null;
    // Everything it sent was read, and it answers in order: what is behind an unanswered request has not begun.
    const last = begun ?? (this.#ended ? this.#begunAtMost() : null);
    if (last !== null) this.#handBack(this.#flights.takeBack(last));
    for (let flight = this.#flights.shift(); flight !== null; flight = this.#flights.shift()) {
      if (flight.number <= this.#begun) this.#owner.pace.lost();
      else flight.listener?.started();
      flight.listener?.failed(failure);
      flight.job.jobOver();
    }
    for (const resolve of this.#whenIdle.splice(0)) resolve();
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
    const listener = this.#flights.listener;
    if (listener !== null && !listener.piece(bytes)) {
      this.#paused = true;
      this.#wire.pause();
    }
  }

  onFrame(kind: number, aux: number, bytes: Buffer, start: number, end: number): void {
    if (kind === FromThread.INTERRUPTED) {
      this.#onInterrupted(aux);
      return;
    }
    if (!this.#enter(kind)) return;
    this.#replies.say(kind, aux, bytes, start, end);
    if (this.#phase === 'idle') this.#over();
  }

  /** Goes on to the phase that a frame of this kind leads to. False: it must not come now, and the wire is broken. */
  #enter(kind: number): boolean {
    // The thread had its next request at hand when this one was closed, and left END out.
    if (this.#phase === 'closing' && kind !== FromThread.END && this.#flights.length > 1) {
      this.#phase = 'idle';
      this.#over();
    }
    // A frame of a request shows that it has begun, whatever we know of taking it back.
    this.#beginFirst();
    const next = phaseAfter(this.#phase, kind);
    const endless =
      kind === FromThread.END && this.#phase === 'head' && this.#flights.listener !== null;
    if (next === undefined || endless) {
      this.onBroken(`frame of kind ${kind} while ${this.#phase}`);
      return false;
    }
    this.#phase = next;
    return true;
  }

  /** See RepliesOwner. */
  answerFile(taken: boolean, phase: Phase): void {
    this.#phase = phase;
    this.#owner.tellFile(this.index, this.#flights.first?.number ?? 0, taken);
  }

  /** One that names an earlier request landed just behind its end and came late: it means nothing any more. */
  #onInterrupted(aux: number): void {
    if (this.#interrupted === 0) {
      this.onBroken('an interruption nobody asked for');
      return;
    }
    const number = this.#flights.first?.number ?? 0;
    if (this.#interrupted === number && aux === (number & 0xffffff)) {
      this.#phase = 'idle';
      this.#over();
    }
  }

  /** The present request is over for the thread: the one behind it has begun. */
  #over(): void {
    this.#unpause();
    const nowMs = monotonicMs();
    const flight = this.#flights.shift();
    if (flight !== null) this.#owner.pace.took(nowMs - this.#begunMs, nowMs);
    this.#beginNext();
    flight?.job.jobOver();
    if (this.state !== 'ready') return;
    if (this.load === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
    this.#owner.roomMade(this);
  }

  /** The thread goes on with what was sent ahead, unless that is being taken back. */
  #beginNext(): void {
    if (!this.#takingBack) this.#beginFirst();
  }

  #beginFirst(): void {
    const flight = this.#flights.first;
    if (flight === null || flight.number <= this.#begun) return;
    this.#phase = 'head';
    this.#begun = flight.number;
    this.#begunMs = monotonicMs();
    this.#owner.pace.began();
    flight.listener?.started();
  }

  /** Number of the last request that may have begun. After a complete response the thread may be one further. */
  #begunAtMost(): number {
    return (this.#flights.first?.number ?? 0) + (this.#phase === 'closing' ? 1 : 0);
  }

  #handBack(flights: readonly Flight[]): void {
    const jobs: Job[] = [];
    for (const flight of flights) {
      if (flight.number <= this.#begun) this.#owner.pace.lost();
      if (flight.listener === null) flight.job.jobOver();
      else jobs.push(flight.job);
    }
    if (jobs.length > 0) this.#owner.handedBack(this, jobs);
  }

  #unpause(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#wire.resume();
  }

  /** Answers a request that never reaches the Python thread. */
  #refuse(job: Job, failure: Failure): void {
    job.started();
    job.failed(failure);
    job.jobOver();
    this.#owner.roomMade(this);
  }
}
