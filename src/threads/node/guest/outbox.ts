// What the thread has to say, gathered into one message per turn of its loop. Once a request was seen to block the loop,
// finished responses leave before the next request begins, so that a quick one does not wait for its slow neighbours.

import type { MessagePort } from 'node:worker_threads';
import { monotonicMs } from '../../../clock.ts';
import { LOG_LEVELS } from '../../../wire/log-levels.ts';
import { bytesToItem, INLINE_BYTES, type Item, ToHost } from '../../../wire/node-thread.ts';

/**
 * A request whose synchronous part takes longer than this is one that others should not wait behind. Collecting garbage, or
 * a thread that had to give way to another, takes some of them by itself.
 */
const SLOW_MS = 10;
/** What is finished waits for so long, and for one request, so that others can travel with it. */
const GATHER_MS = 1;
/** Of the operation `piece`: itself, the ticket, the bytes. */
const PIECE_ITEMS = 3;
/** As many are remembered; an application with more has its other answers leave one by one. */
const QUICK_PARTS = 1000;
/** So many requests after a slow one are each answered by a message of their own. Chosen, not tuned. */
const WATCHFUL_REQUESTS = 256;

export class Outbox {
  readonly #port: MessagePort;
  #batch: Item[] = [];
  #transfers: ArrayBuffer[] = [];
  #scheduled = false;
  #watchful = 0;
  /** First parts of paths whose requests never took long: what is finished may wait behind these, and behind nothing else. */
  readonly #quick = new Set<string>();
  #begun = '';
  /** Since when something is finished that has not left; 0: nothing is. */
  #gatheringSinceMs = 0;
  /** When the request that began last did, monotonic ms. */
  begunAtMs = 0;
  readonly #flush = (): void => this.flush();

  constructor(port: MessagePort) {
    this.#port = port;
  }

  /** The batch to push an operation on; the caller pushes opcode and items before it returns. */
  open(): Item[] {
    if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(this.#flush);
    }
    return this.#batch;
  }

  /** What has not left yet; another one once it has. */
  get batch(): Item[] {
    return this.#batch;
  }

  /** Where the piece stands that was pushed last; of no use once something else was. */
  #pieceAt = -1;

  piece(ticket: number, item: string | ArrayBuffer): void {
    const batch = this.open();
    this.#pieceAt = batch.length;
    batch.push(ToHost.piece, ticket, item);
  }

  /** The same for bytes that need not arrive as they were written: small ones in turn are one piece, and one write of the loop. */
  joinedPiece(ticket: number, item: string | ArrayBuffer): void {
    const batch = this.#batch;
    const at = this.#pieceAt;
    // Of this batch, and the last in it: a flush begins another one.
    const isLast = batch.length === at + PIECE_ITEMS && batch[at] === ToHost.piece;
    const last = isLast && batch[at + 1] === ticket ? batch[at + 2] : null;
    const areTexts = typeof last === 'string' && typeof item === 'string';
    if (areTexts && last.length + item.length <= INLINE_BYTES) batch[at + 2] = last + item;
    else this.piece(ticket, item);
  }

  /** A line for the error log. */
  log(level: (typeof LOG_LEVELS)[number], text: string): void {
    this.open().push(ToHost.log, LOG_LEVELS.indexOf(level), text);
  }

  bytes(bytes: Uint8Array): string | ArrayBuffer {
    return bytesToItem(bytes, this.#transfers);
  }

  flush(): void {
    this.#scheduled = false;
    this.#gatheringSinceMs = 0;
    if (this.#batch.length === 0) return;
    const batch = this.#batch;
    const transfers = this.#transfers;
    this.#batch = [];
    if (transfers.length > 0) this.#transfers = [];
    this.#port.postMessage(batch, transfers);
  }

  /**
   * Called before a request is begun. Where the application computes for long, what is finished must leave before the
   * next request blocks the loop; where it does not, sending each response alone would cost more than the response.
   */
  beforeRequest(target: string): void {
    this.begunAtMs = monotonicMs();
    this.#begun = firstPart(target);
    if (this.#batch.length === 0) return;
    const mayWait = this.#watchful === 0 && this.#quick.has(this.#begun);
    if (!mayWait || this.begunAtMs - this.#gatheringSinceMs > GATHER_MS) this.flush();
  }

  /** Called when the synchronous part of a request is over; answers what time it is. */
  afterRequest(): number {
    const now = monotonicMs();
    if (now - this.begunAtMs > SLOW_MS) {
      this.#watchful = WATCHFUL_REQUESTS;
      this.#quick.delete(this.#begun);
      this.flush();
    } else {
      if (this.#watchful > 0) this.#watchful -= 1;
      if (this.#quick.size < QUICK_PARTS) this.#quick.add(this.#begun);
    }
    if (this.#gatheringSinceMs === 0 && this.#batch.length > 0) this.#gatheringSinceMs = now;
    return now;
  }
}

/** "/search" of "/search/by-name?q": one kind of request, as applications lay out their paths. */
function firstPart(target: string): string {
  const slash = target.indexOf('/', 1);
  const query = target.indexOf('?');
  const end = query !== -1 && (slash === -1 || query < slash) ? query : slash;
  return end === -1 ? target : target.slice(0, end);
}
