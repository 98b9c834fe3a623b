// The way of a response that comes in pieces: puts them into the framing that its plan says, and brings them to the client.
// Its head leaves with the first piece, or alone when this turn brings none; no more follows than it has announced.

import { lastChunk, type ResponsePlan } from '../../http1/response.ts';
import { FileRange } from '../../spool/file-range.ts';
import type { ConnectionContext } from '../context.ts';
import { bodyBytesMax, ChunkedSource, COPY_BYTES, chunked, joined, within } from './framing.ts';
import { type Client, Outflow, type OutflowOwner } from './outflow.ts';

const EMPTY = Buffer.alloc(0);

/** The exchange. */
interface FramedOwner extends OutflowOwner {
  /** Of the body, without framing. */
  bodyBytes: number;
}

export class FramedOutflow extends Outflow {
  readonly #owner: FramedOwner;
  readonly #framing: ResponsePlan['framing'];
  /** Head of the response while it waits for the first piece, to leave together with it. */
  #heldHead: string;
  /** Body bytes that the announced Content-Length still allows; infinite when none was. */
  #bytesLeft: number;

  constructor(client: Client, owner: FramedOwner, context: ConnectionContext, plan: ResponsePlan) {
    super(client, owner, context);
    this.#owner = owner;
    this.#framing = plan.framing;
    this.#heldHead = plan.head;
    this.#bytesLeft = bodyBytesMax(plan);
    queueMicrotask(() => this.#flushHead());
  }

  /** It has announced more than was given. */
  get isShort(): boolean {
    return this.#bytesLeft > 0 && this.#framing === 'length';
  }

  /** Of its body. False when no more should be given. */
  piece(bytes: Buffer): boolean {
    if (this.#framing === 'none') return true;
    const allowed = within(this.#bytesLeft, bytes);
    this.#bytesLeft -= allowed.length;
    if (allowed.length === 0) return true;
    this.#owner.bodyBytes += allowed.length;
    return this.#put(this.#framing === 'chunked' ? chunked(allowed) : [allowed]);
  }

  /** Of a regular file, as part of its body. Owns the descriptor. */
  file(fd: number, offset: number, length: number): void {
    const file = new FileRange(fd, offset, Math.min(length, this.#bytesLeft));
    if (this.#framing === 'none') {
      file.release();
      return;
    }
    this.#flushHead();
    this.#owner.bodyBytes += file.buffered;
    this.#bytesLeft -= file.buffered;
    this.append(this.#framing === 'chunked' ? new ChunkedSource(file) : file);
  }

  /** Nothing of it follows but these. */
  end(trailers: string): void {
    this.#put(this.#framing === 'chunked' ? [Buffer.from(lastChunk(trailers), 'latin1')] : []);
  }

  #flushHead(): void {
    if (this.#heldHead !== '') this.#put([]);
  }

  /** Sends parts in order, the held head before them. False when no more should be given. */
  #put(parts: Buffer[]): boolean {
    if (this.#heldHead !== '') {
      const first = parts[0];
      const together = first !== undefined && first.length <= COPY_BYTES;
      const head = joined(this.#heldHead, together ? first : EMPTY);
      this.#heldHead = '';
      if (together) parts[0] = head;
      else parts.unshift(head);
    }
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? this.put(only) : this.putAll(parts);
  }
}
