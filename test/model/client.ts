// The client of a simulated connection, and its socket: what it was sent, how much the kernel still takes, how it was
// closed. Asserts what no edge may be asked for.

import assert from 'node:assert/strict';
import type { Effects } from '../../src/connection/effects.ts';
import { PROMPT_END_MS } from '../../src/connection/states/states.ts';

/** The socket of one client: what it was sent, how much the kernel would still take, how it was closed. */
export class SimClient implements Effects {
  received = '';
  /** Bytes that the kernel still takes before it makes us wait. */
  kernelRoom = Number.POSITIVE_INFINITY;
  waitingBytes = 0;
  paused = false;
  finished = false;
  closing: 'no' | 'close' | 'reset' = 'no';
  gone = false;
  wantsTurn = false;
  wantsLook = false;
  /** It has come while our loop stood still, and was not read yet. */
  unread = '';
  /** It has sent its end. */
  ended = false;
  /** Time of the wheel at which it sent last, or could send again. */
  heardMs: number;
  readonly #wheelMs: () => number;
  /** TLS: our answer to its hello is on its way. */
  greeted = false;
  /** Bytes of its PROXY header that it has sent. */
  introducedBytes = 0;
  /** TLS: what is written leaves in a later turn, however much the kernel takes. */
  readonly leavesLater: boolean;
  /** What the kernel says it holds for the client; null where it tells nothing. */
  kernelHolds: number | null = null;
  asked: ((held: number | null) => void)[] = [];
  /** Everything this client has sent. */
  sent = '';

  constructor(wheelMs: () => number, leavesLater = false) {
    this.#wheelMs = wheelMs;
    this.heardMs = wheelMs();
    this.leavesLater = leavesLater;
  }

  /** It is sending these bytes. */
  sends(text: string): void {
    this.sent += text;
    if (text !== '') this.heardMs = this.#wheelMs();
  }

  /** An end now is one of a client that has given up waiting. */
  get isLate(): boolean {
    return this.#wheelMs() - this.heardMs > PROMPT_END_MS;
  }

  write(bytes: Buffer | string): boolean {
    assert.equal(this.closing, 'no', 'nothing is written after close');
    assert.ok(!this.finished, 'nothing is written after our end');
    this.received += typeof bytes === 'string' ? bytes : bytes.toString('latin1');
    const length = bytes.length;
    if (!this.leavesLater && this.waitingBytes === 0 && length <= this.kernelRoom) {
      this.kernelRoom -= length;
      return true;
    }
    this.waitingBytes += length;
    return false;
  }

  /** The kernel takes what waits, if it can. True when it has just left. */
  flush(): boolean {
    if (this.waitingBytes === 0 || this.waitingBytes > this.kernelRoom) return false;
    this.kernelRoom -= this.waitingBytes;
    this.waitingBytes = 0;
    return true;
  }

  later(): void {
    this.wantsTurn = true;
  }

  look(): void {
    this.wantsLook = true;
  }

  pauseReading(): void {
    this.paused = true;
  }

  resumeReading(): void {
    this.paused = false;
    this.heardMs = this.#wheelMs();
  }

  askKernel(tell: (held: number | null) => void): void {
    this.asked.push(tell);
  }

  finish(): void {
    assert.equal(this.unread, '', 'what has come before our end is answered');
    this.finished = true;
  }

  close(): void {
    assert.equal(this.closing, 'no', 'closed once');
    assert.equal(this.unread, '', 'a close that leaves bytes unread is a RST');
    assert.equal(this.waitingBytes, 0, 'closing never waits for a client that may not read');
    this.closing = 'close';
  }

  reset(): void {
    assert.equal(this.closing, 'no', 'closed once');
    this.closing = 'reset';
  }

  /** Requests that it has at least begun to send: each begins with GET or POST, or with the first letter of it. */
  get requests(): number {
    return this.sent.match(/G(?=E|$)|P(?=O|$)/g)?.length ?? 0;
  }

  /** Responses (not interim ones) that have begun. */
  get responses(): number {
    return this.received.match(/HTTP\/1\.1 [2-5]\d\d/g)?.length ?? 0;
  }
}
