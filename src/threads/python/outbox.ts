// What goes to one Python thread: the first request of a turn at once, those after it together in one write at the
// turn's end. A thread that works sees one read for many of them, and the loop makes one system call.

import { Buffer } from 'node:buffer';
import type { EncodedRequest } from './environ.ts';
import type { WireSocket } from './wire-socket.ts';

/** Requests gathered in one turn; more than this is written in between. */
const GATHER_BYTES = 32_768;

export class Outbox {
  readonly #wire: WireSocket;
  #gathered: Buffer | null = null;
  #length = 0;
  #scheduled = false;

  constructor(wire: WireSocket) {
    this.#wire = wire;
  }

  /** `atOnce`: the thread has nothing to do until this comes. */
  send(frame: EncodedRequest, atOnce: boolean): void {
    const gather = !atOnce && frame.rest === null && frame.length <= GATHER_BYTES;
    if (!gather) {
      this.#flush();
      this.#wire.write(frame.bytes, frame.length);
      if (frame.rest !== null) this.#wire.write(frame.rest, frame.rest.length);
      return;
    }
    if (this.#length + frame.length > GATHER_BYTES) this.#flush();
    this.#gathered ??= Buffer.allocUnsafeSlow(GATHER_BYTES);
    frame.bytes.copy(this.#gathered, this.#length, 0, frame.length);
    this.#length += frame.length;
    if (this.#scheduled) return;
    this.#scheduled = true;
    // After the turn's reads: whatever they brought for this thread is here by then.
    setImmediate(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#length === 0 || this.#gathered === null) return;
    const length = this.#length;
    this.#length = 0;
    this.#wire.write(this.#gathered, length);
  }
}
