// Brings the bytes of one response to the client as fast as it reads. The direct way is to the kernel; what the kernel
// does not take waits in a spool, and once something waits everything later waits behind it. Knows nothing of HTTP.

import { SpoolBudget } from '../../spool/budget.ts';
import type { ByteSource } from '../../spool/byte-source.ts';
import { recycleReadBuffer } from '../../spool/read-buffers.ts';
import { Spool } from '../../spool/spool.ts';
import type { AppThread } from '../../threads/app-thread.ts';
import type { ConnectionContext } from '../context.ts';
import type { WaitingResponse } from '../stalled.ts';

/** Handed to the kernel in one write: large enough to be cheap, small enough that progress can be seen between two. */
export const WRITE_BYTES = 64 * 1024;
/** Writes of one response in one turn of the loop: 1 MiB, some hundred microseconds. Then others have their turn. */
const WRITES_PER_TURN = 16;

const NO_DISK = new SpoolBudget(0);

/** The connection, as far as bytes go. */
export interface Client {
  /** Bytes of an earlier `send` are still in this process. */
  readonly sending: boolean;
  /** True when the kernel took everything; false: `Outflow.drained` follows. */
  send(bytes: Buffer | string): boolean;
  /** `Outflow.drained` is to be called in a later turn. */
  sendLater(): void;
}

/** Whoever fills it. */
export interface OutflowOwner {
  /** The client does not take the bytes as fast as they come. */
  slower(): void;
  /** The kernel has taken more. */
  progressed(): void;
  /** The thread that fills it; null once it has said everything. */
  readonly thread: AppThread | null;
  /** Everything given so far has left this process. */
  caughtUp(): void;
  /** More can be given after `put` answered false. */
  roomMade(): void;
  /** What waited is lost. */
  lost(error: Error): void;
  /** Its client has read nothing for so long that what waited was dropped, because its room was needed. */
  gaveWay(stalledMs: number): void;
}

/** What it needs to know of its worker. */
export type OutflowContext = Pick<
  ConnectionContext,
  'responseBudget' | 'responseMemoryBytes' | 'responseSpoolBytes' | 'spoolDirectory' | 'stalled'
> & {
  readonly wheel: Pick<ConnectionContext['wheel'], 'nowMs'>;
  readonly surroundings: Pick<ConnectionContext['surroundings'], 'spoolRefused'>;
};

export class Outflow implements WaitingResponse {
  readonly #client: Client;
  readonly #owner: OutflowOwner;
  readonly #context: OutflowContext;
  readonly #budget: SpoolBudget;
  /** What waits, in order: a spool, then perhaps a file. */
  #waiting: ByteSource[] = [];
  #spool: Spool | null = null;
  /** Whoever fills the spool was told to pause. */
  #full = false;
  #released = false;
  /** Bytes are in somebody's hand: taken over and not yet in their place, or read and not yet sent. */
  #busy = false;
  /** There is room again, and whoever fills it has not been told. */
  #roomToTell = false;
  /** The time of the wheel at which the kernel took something last, or something began to wait. */
  #quietSinceMs = 0;

  constructor(
    client: Client,
    owner: OutflowOwner,
    context: OutflowContext,
    room: 'memory and disk' | 'memory alone' = 'memory and disk',
  ) {
    this.#client = client;
    this.#owner = owner;
    this.#context = context;
    this.#budget = room === 'memory alone' ? NO_DISK : context.responseBudget;
  }

  /** Nothing waits in this process. */
  get idle(): boolean {
    return this.#waiting.length === 0 && !this.#client.sending;
  }

  get holdsThread(): boolean {
    const { thread } = this.#owner;
    // One with a place left runs others meanwhile.
    return this.#full && thread !== null && thread.load >= thread.places;
  }

  get spooledBytes(): number {
    return this.#spool?.fileUsed ?? 0;
  }

  get quietSinceMs(): number {
    return this.#quietSinceMs;
  }

  giveWay(): void {
    this.#owner.gaveWay(this.#context.wheel.nowMs - this.#quietSinceMs);
  }

  /** Takes bytes over. False when no more should be given until `roomMade`, which may come before this answers. */
  put(bytes: Buffer): boolean {
    if (this.#released) return true;
    return this.#sendDirectly(bytes) || this.putAll([bytes]);
  }

  /** The same of parts that nothing may come between. */
  protected putAll(parts: readonly Buffer[]): boolean {
    if (this.#released) return true;
    const isWithin = this.#busy;
    this.#busy = true;
    for (const part of parts) this.#take(part);
    this.#busy = isWithin;
    // Moving bytes on may make room again before we answer.
    this.#pump();
    return !this.#full;
  }

  /** False when the direct way is not open. */
  #sendDirectly(bytes: Buffer): boolean {
    if (bytes.length > WRITE_BYTES || !this.idle) return false;
    if (!this.#client.send(bytes)) this.#owner.slower();
    return true;
  }

  #take(bytes: Buffer): void {
    if (this.#sendDirectly(bytes)) return;
    const spool = this.#openSpool();
    const room = spool.write(bytes);
    // One that failed within `write` has gone: nobody would ever say that it has room again.
    this.#full = !room && spool === this.#spool;
  }

  /** Appends a file (or another source) behind what waits. */
  append(source: ByteSource): void {
    this.#listen(source);
    this.#waiting.push(source);
    // What is put from now on stands behind it, in a spool of its own.
    this.#spool = null;
    this.#owner.slower();
    this.#pump();
  }

  /** What was handed to the kernel has left this process. */
  drained(): void {
    this.clientReads();
    if (this.#waiting.length > 0) this.#pump();
    else this.#owner.caughtUp();
  }

  /** The client has read something, of what waits here or in the kernel. */
  clientReads(): void {
    this.#quietSinceMs = this.#context.wheel.nowMs;
  }

  release(): void {
    this.#released = true;
    this.#context.stalled.delete(this);
    for (const source of this.#waiting) source.release();
    this.#waiting = [];
    this.#spool = null;
  }

  #openSpool(): Spool {
    if (this.#spool !== null) return this.#spool;
    const spool = new Spool({
      memoryBytes: this.#context.responseMemoryBytes,
      fileBytes: this.#context.responseSpoolBytes,
      budget: this.#budget,
      directory: this.#context.spoolDirectory,
    });
    spool.onRoom = () => {
      this.#full = false;
      this.#roomToTell = true;
      this.#tellRoom();
    };
    spool.onRefused = (error) => this.#context.surroundings.spoolRefused(error);
    this.#listen(spool);
    this.#spool = spool;
    this.#waiting.push(spool);
    this.#quietSinceMs = this.#context.wheel.nowMs;
    this.#context.stalled.add(this);
    this.#owner.slower();
    return spool;
  }

  #listen(source: ByteSource): void {
    source.onReadable = () => {
      this.#pump();
    };
    source.onFailed = (error) => {
      if (!this.#released) this.#owner.lost(error);
    };
  }

  /**
   * Moves waiting bytes to the kernel until it takes no more, none are ready, or the turn's share is used up. What is put
   * meanwhile, by whoever is told of something, is moved by the call under way: after what that has in its hand.
   */
  #pump(): void {
    if (this.#busy || this.#released || this.#client.sending) return;
    this.#busy = true;
    try {
      this.#moveOn();
    } finally {
      this.#busy = false;
    }
    this.#tellRoom();
  }

  /** Whoever hears of room gives more at once: only when nothing is in anybody's hand. */
  #tellRoom(): void {
    if (this.#busy || !this.#roomToTell || this.#released) return;
    this.#roomToTell = false;
    this.#owner.roomMade();
  }

  #moveOn(): void {
    for (let writes = 0; writes < WRITES_PER_TURN; writes++) {
      const source = this.#waiting[0];
      if (source === undefined) return;
      const bytes = source.read(WRITE_BYTES);
      if (bytes === null) {
        if (source.buffered > 0) return;
        this.#next(source);
        // Who heard that all has left may have sent more.
        if (this.#client.sending) return;
        continue;
      }
      const taken = this.#client.send(bytes);
      this.#progressed();
      if (!taken) return;
      recycleReadBuffer(bytes);
    }
    // The last of these rounds may have found everything sent, and the response with it.
    if (this.#waiting.length > 0) this.#client.sendLater();
  }

  #progressed(): void {
    this.clientReads();
    this.#owner.progressed();
  }

  /** The first source is used up: the next one's turn, or the direct way is open again. */
  #next(source: ByteSource): void {
    source.release();
    this.#waiting.shift();
    if (source === this.#spool) {
      this.#spool = null;
      this.#full = false;
      this.#context.stalled.delete(this);
    }
    if (this.#waiting.length === 0) this.#owner.caughtUp();
  }
}

/** For what is advice (early hints): one that its client does not read is none, and never waits in this process. */
export function sendIfRead(client: Client, text: string): void {
  if (!client.sending) client.send(text);
}
