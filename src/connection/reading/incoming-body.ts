// The body of the request that is being read: its bytes go where they belong (gathered, streamed or dropped), the client is asked
// for them when somebody will have them, and what is too large, too slow or broken is told. Of an upgraded connection it is
// all that comes.

import { type BodyReader, bodyReaderFor } from '../../http1/body.ts';
import type { ParsedHead } from '../../http1/head.ts';
import type { ConnectionContext } from '../context.ts';
import { Rate } from '../rate.ts';
import type { IncomingOwner } from './incoming-owner.ts';
import { beyondBodyLimit, DiscardIntake, gather, type Intake, StreamIntake } from './intake.ts';

/** The bytes as they come. */
interface Flow {
  /** More of them stand behind what is read in this call. */
  more: boolean;
  /** The client is made to wait. */
  readonly paused: boolean;
  pause(): void;
  resume(): void;
}

export class IncomingBody {
  readonly #context: ConnectionContext;
  readonly #owner: IncomingOwner;
  readonly #flow: Flow;
  readonly #rate: Rate;
  #reader: BodyReader | null = null;
  #intake: Intake | null = null;
  /** The request has been answered before its body was read. */
  #answered = false;
  /** The client waits for `100 Continue` before it sends the body, and has not been told. */
  #continueDue = false;
  /** Hands on a request of which more is being read in this very call. */
  #due: (() => void) | null = null;

  constructor(context: ConnectionContext, owner: IncomingOwner, flow: Flow) {
    this.#context = context;
    this.#owner = owner;
    this.#flow = flow;
    this.#rate = new Rate(context.bodyMinBytesPerSecond, context.deadlinesMs.body_timeout);
  }

  /** The client waits to be told to send it. Who answers now cannot know whether it will still come. */
  get continueDue(): boolean {
    return this.#continueDue;
  }

  /** The request was answered, and the rest of it still has to come before the next one. */
  get draining(): boolean {
    return this.#answered;
  }

  /** The limits let it be read, or have the server answer by itself. */
  begin(head: ParsedHead): void {
    this.#reader = bodyReaderFor(head, this.#context.headLimits);
    this.#owner.read('head with body');
    if (this.#tooLarge(head.contentLength)) return;
    this.#rate.begin(this.#context.wheel.nowMs);
    this.#continueDue = head.expectContinue && !this.#flow.more;
    if (this.#owner.asking.answersItself(head)) this.#drop(head);
    else if (this.#context.bufferRequests) this.#gather(head);
    else this.#stream(head);
  }

  /** The answer came before it was read. An application that reads it goes on; else the rest is dropped. */
  drain(): void {
    this.#answered = true;
    this.#owner.deadlines.bodyProgressed();
  }

  /** All that comes from here on is the application's. */
  takeOver(): StreamIntake {
    const intake = new StreamIntake(
      () => this.#flow.resume(),
      () => {},
    );
    this.#intake = intake;
    return intake;
  }

  /** Of an upgraded connection. */
  passOn(bytes: Buffer): void {
    this.#owner.deadlines.upgradedProgressed();
    if (this.#intake !== null && !this.#intake.add(bytes)) this.#flow.pause();
  }

  /** Of an upgraded connection: nothing more will come. */
  end(): void {
    this.#intake?.end([]);
  }

  /** It will never be complete; whoever reads it learns that now. */
  fail(): void {
    this.#intake?.fail();
  }

  /** Gives everything back. What an exchange has is the exchange's to release. */
  release(): void {
    this.#reader = null;
    this.#due = null;
    this.#answered = false;
    // Gathering: no exchange knows of it yet. Streaming: its exchange releases it, and twice does no harm.
    if (!(this.#intake instanceof StreamIntake)) this.#intake?.release();
    this.#intake = null;
  }

  /** The client may send again, after so long. */
  resumed(pausedMs: number): void {
    if (this.#owner.state.reading !== 'body') return;
    this.#rate.forgive(pausedMs);
    this.#owner.deadlines.bodyProgressed();
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
      room: () => this.#flow.resume(),
      lost: ({ status, code, detail }) => this.#owner.refuse(status, code, detail),
    });
    this.#intake = intake;
  }

  #stream(head: ParsedHead): void {
    const intake = new StreamIntake(
      () => this.#flow.resume(),
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
    if (!this.#flow.more) this.handOn();
  }

  /** Hands on the request whose body streams, if it was not refused meanwhile. */
  handOn(): void {
    const due = this.#due;
    if (due === null) return;
    this.#due = null;
    const { reading } = this.#owner.state;
    if (reading === 'body' || reading === 'complete') due();
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
    this.#flow.resume();
  }

  /** Bytes of it; answers how far they were. */
  read(chunk: Buffer, from: number): number {
    const reader = this.#reader;
    if (reader === null) throw new Error('the body state has a reader');
    // It did not wait, or not for ever (RFC 9110, 10.1.1): nothing needs to be said any more.
    this.#continueDue = false;
    const at = reader.read(chunk, from, (piece) => {
      if (this.#intake !== null && !this.#intake.add(piece)) this.#pause();
    });
    this.#flow.more = at < chunk.length;
    // The spool of the body may have been lost meanwhile.
    if (this.#owner.state.reading !== 'body') return at;
    const { error } = reader;
    // First what came first: a body that breaks behind the limit has passed the limit before.
    if (this.#tooLarge(reader.received)) return at;
    if (error !== null) this.#owner.refuse(error.status, error.code, error.message);
    else if (reader.done) this.#complete();
    else this.#progressed(at - from);
    return at;
  }

  /** limit_request_body, or more than worker_spool leaves for a body that is gathered. */
  #tooLarge(bytes: number): boolean {
    const detail = beyondBodyLimit(bytes, this.#context);
    if (detail === null) return false;
    this.#owner.refuse(413, 'body-too-large', detail);
    return true;
  }

  #progressed(bytes: number): void {
    const tooMuch = this.#intake instanceof DiscardIntake && this.#intake.tooMuch;
    if (tooMuch && this.#answered) this.#owner.tooMuchDropped();
    else if (this.#rate.tooSlow(bytes, this.#context.wheel.nowMs)) this.#owner.tooSlow();
    else if (!this.#flow.paused) this.#owner.deadlines.bodyProgressed();
  }

  #complete(): void {
    const intake = this.#intake;
    const answered = this.#answered;
    const trailers = this.#reader?.trailers ?? [];
    this.#reader = null;
    this.#answered = false;
    // A gathered body stays ours until a request is made of it: who leaves before takes it along.
    const passedOn = intake instanceof StreamIntake || intake instanceof DiscardIntake;
    if (passedOn) this.#intake = null;
    this.#owner.read('body complete');
    intake?.end(trailers);
    this.handOn();
    if (answered) this.#owner.bodyDrained();
    // Its end is still on the way to the disk: that has no deadline but the body's.
    else if (this.#intake !== null && this.#intake === intake)
      this.#owner.deadlines.bodyProgressed();
  }

  #pause(): void {
    this.#flow.pause();
    // A body that is gathered waits for our own disk, which has no deadline but the body's.
    if (this.#intake instanceof StreamIntake) this.#owner.deadlines.bodyWaits();
  }
}
