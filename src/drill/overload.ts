// More requests than can be served, in an open loop: so many come each second whether or not the earlier ones were
// answered, each on a connection of its own, and whoever has no answer after a second leaves, as people do.

import type { Socket } from 'node:net';
import { monotonicMs } from '../clock.ts';
import { AnswerReader } from './answer-reader.ts';
import { type Attack, Counts, type Tally } from './attack.ts';
import { type Measured, Meter } from './meter.ts';
import { connect, readyEvent, requestFor, type Target } from './target.ts';

export const GIVE_UP_MS = 1_000;
/** How often the loop lets new ones in. */
const TURN_MS = 10;

export interface Offered {
  readonly path: string;
  readonly perSecond: number;
  readonly seconds: number;
}

export class Overload implements Attack {
  readonly begun = Promise.resolve();
  readonly over: Promise<void>;
  readonly #target: Target;
  readonly #request: string;
  readonly #perSecond: number;
  readonly #meter = new Meter(0);
  readonly #counts = new Counts();
  readonly #open = new Set<Socket>();
  readonly #beganMs = monotonicMs();
  readonly #timer: NodeJS.Timeout;
  #sent = 0;
  #measured: Measured | null = null;
  #sayOver: () => void = () => {};

  constructor(target: Target, { path, perSecond, seconds }: Offered) {
    this.#target = target;
    this.#request = requestFor(path).replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n');
    this.#perSecond = perSecond;
    this.over = new Promise((resolve) => {
      this.#sayOver = resolve;
    });
    this.#timer = setInterval(() => this.#turn(seconds), TURN_MS);
  }

  /** What came back in time; to be asked after `stop`. */
  get measured(): Measured {
    this.#measured ??= this.#meter.read();
    return this.#measured;
  }

  stop(): Promise<Tally> {
    clearInterval(this.#timer);
    this.#measured ??= this.#meter.read();
    for (const socket of this.#open) socket.destroy();
    return Promise.resolve(this.#counts.tally);
  }

  #turn(seconds: number): void {
    const elapsed = Math.min((monotonicMs() - this.#beganMs) / 1000, seconds);
    for (; this.#sent < elapsed * this.#perSecond; this.#sent++) this.#send();
    if (elapsed < seconds) return;
    clearInterval(this.#timer);
    this.#measured ??= this.#meter.read();
    // The last ones have their second, too.
    setTimeout(() => this.#sayOver(), GIVE_UP_MS);
  }

  #send(): void {
    const askedMs = monotonicMs();
    const socket = connect(this.#target);
    this.#open.add(socket);
    let outcome = 'closed';
    const patience = setTimeout(() => {
      outcome = 'gave up';
      socket.destroy();
    }, GIVE_UP_MS);
    const reader = new AnswerReader(({ status, retryAfter }) => {
      outcome = status === 503 && retryAfter ? '503 with Retry-After' : String(status);
      this.#meter.answered(0, status, monotonicMs() - askedMs);
      socket.destroy();
    });
    socket.on(readyEvent(this.#target), () => socket.write(this.#request));
    socket.on('data', (bytes: Buffer) => reader.push(bytes));
    socket.on('end', () => reader.ended());
    socket.on('error', () => {
      outcome = outcome === 'closed' ? 'reset' : outcome;
    });
    socket.on('close', () => {
      clearTimeout(patience);
      this.#open.delete(socket);
      this.#counts.add(outcome);
    });
  }
}
