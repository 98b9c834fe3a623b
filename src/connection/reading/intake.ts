// Where the bytes of a request body go: gathered whole before a thread sees the request, streamed to a thread that is
// already running it, or dropped when the answer did not need them.

import type { SpoolError } from '../../spool/errors.ts';
import { PieceQueue } from '../../spool/pieces.ts';
import { Spool } from '../../spool/spool.ts';
import type { BodySource, RequestBody } from '../../threads/app-thread.ts';
import type { ConnectionContext } from '../context.ts';

/** A body that streams: bytes that wait for their thread before the client is made to wait. */
const STREAM_BYTES = 128 * 1024;
/** Unread body that is read and dropped to keep the connection; for more, closing is cheaper for both. */
const DISCARD_BYTES = 1024 * 1024;

export interface Intake {
  /** Takes a piece, which is only valid during the call. False when the client must wait until `onRoom`. */
  add(piece: Buffer): boolean;
  /** The body is complete. `trailers`: what followed it, for who streams it. */
  end(trailers: readonly string[]): void;
  /** The body will never be complete. */
  fail(): void;
  /** Gives memory and file back: no thread will read it any more. May be called twice. */
  release(): void;
}

export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
}

/** What a gathered body leads to. */
export interface GatherEvents {
  complete(body: RequestBody): void;
  room(): void;
  lost(refusal: Refusal): void;
}

/** A small body of known length: one buffer, filled as it comes. */
class ExactIntake implements Intake {
  readonly #bytes: Buffer;
  readonly #events: GatherEvents;
  #filled = 0;

  constructor(length: number, events: GatherEvents) {
    this.#bytes = Buffer.allocUnsafe(length);
    this.#events = events;
  }

  add(piece: Buffer): boolean {
    this.#bytes.set(piece, this.#filled);
    this.#filled += piece.length;
    return true;
  }

  end(): void {
    this.#events.complete({ kind: 'bytes', bytes: this.#bytes });
  }

  fail(): void {}
  release(): void {}
}

/** A body of unknown or large length: memory to a bound, then a private file. */
class SpoolIntake implements Intake {
  readonly #spool: Spool;
  readonly #events: GatherEvents;

  constructor(context: ConnectionContext, events: GatherEvents) {
    this.#spool = new Spool({
      memoryBytes: context.requestMemoryBytes,
      // What is never larger than all there may be at once is refused for good, the rest for now.
      fileBytes: Math.max(1, context.requestBudget.limitBytes),
      budget: context.requestBudget,
      directory: context.spoolDirectory,
      whenFull: 'fail',
    });
    this.#events = events;
    this.#spool.onRoom = () => events.room();
    this.#spool.onFailed = (error) => events.lost(answerOfLost(error));
  }

  add(piece: Buffer): boolean {
    return this.#spool.write(Buffer.from(piece));
  }

  end(): void {
    this.#spool.end();
    this.#spool.complete((body) => this.#events.complete(body));
  }

  fail(): void {
    this.#spool.release();
  }

  release(): void {
    this.#spool.release();
  }
}

/** A body that a running request reads. */
export class StreamIntake implements Intake, BodySource {
  /** Gathers small pieces: a client that sends chunks of a byte fills it with bytes, not with bookkeeping. */
  readonly #pieces = new PieceQueue();
  #complete = false;
  #failed = false;
  readonly #room: () => void;
  readonly #asked: () => void;
  onChange: (() => void) | null = null;
  trailers: readonly string[] = [];

  /**
   * @param room called when the client may send again after `add` answered false
   * @param asked called when the application reads
   */
  constructor(room: () => void, asked: () => void) {
    this.#room = room;
    this.#asked = asked;
  }

  add(piece: Buffer): boolean {
    this.#pieces.push(Buffer.from(piece));
    this.onChange?.();
    return this.#pieces.bytes < STREAM_BYTES;
  }

  end(trailers: readonly string[]): void {
    this.#complete = true;
    this.trailers = trailers;
    this.onChange?.();
  }

  fail(): void {
    if (this.#complete) return;
    this.#failed = true;
    this.#pieces.clear();
    this.onChange?.();
  }

  release(): void {
    this.#pieces.clear();
    this.onChange = null;
  }

  ask(): void {
    this.#asked();
  }

  take(maxBytes: number): Buffer | null {
    const wasFull = this.#pieces.bytes >= STREAM_BYTES;
    const taken = this.#pieces.take(maxBytes);
    if (wasFull && this.#pieces.bytes < STREAM_BYTES) this.#room();
    return taken;
  }

  get ended(): boolean {
    return this.#complete && this.#pieces.bytes === 0;
  }

  get failed(): boolean {
    return this.#failed;
  }
}

/** The rest of a body that nobody wants. */
export class DiscardIntake implements Intake {
  #bytes = 0;

  add(piece: Buffer): boolean {
    this.#bytes += piece.length;
    return true;
  }

  /** So much was dropped that the connection is not worth keeping. */
  get tooMuch(): boolean {
    return this.#bytes > DISCARD_BYTES;
  }

  end(): void {}
  fail(): void {}
  release(): void {}
}

export type BodyLimits = Pick<
  ConnectionContext,
  'bodyBytesMax' | 'bufferRequests' | 'requestMemoryBytes'
> & { readonly requestBudget: { readonly limitBytes: number } };

/** Why a body of so many bytes, or more, is answered 413; null: it is not. */
export function beyondBodyLimit(bytes: number, limits: BodyLimits): string | null {
  const { bodyBytesMax, bufferRequests, requestMemoryBytes, requestBudget } = limits;
  if (bodyBytesMax > 0 && bytes > bodyBytesMax) {
    return `the body has ${bytes} bytes or more, limit_request_body is ${bodyBytesMax}`;
  }
  const room = Math.max(requestMemoryBytes, requestBudget.limitBytes);
  if (!bufferRequests || bytes <= room) return null;
  return `the body has ${bytes} bytes or more, and worker_spool leaves ${room} for all request bodies`;
}

/** What a gathered body is answered whose bytes the disk, or our bounds for it, do not take. */
function answerOfLost({ code, message }: SpoolError): Refusal {
  switch (code) {
    case 'spool-over-limit':
      return { status: 413, code: 'body-too-large', detail: message };
    case 'spool-over-budget':
      // Others have what there is, and will give it back.
      return { status: 503, code: 'spool-taken', detail: message };
    default:
      return { status: 507, code: 'spool-failed', detail: message };
  }
}

/** The intake of a body that a thread sees only whole. `contentLength` in bytes, -1 when unknown. */
export function gather(
  contentLength: number,
  context: ConnectionContext,
  events: GatherEvents,
): Intake {
  const small = contentLength >= 0 && contentLength <= context.requestMemoryBytes;
  return small ? new ExactIntake(contentLength, events) : new SpoolIntake(context, events);
}
