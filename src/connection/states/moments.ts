// When the phases of one request ended, for the access log, traces and Server-Timing: told by the transitions of the states, and
// only where one of them asks for it. One for each connection: a request's line is written before the next one begins.

import type { PhaseTimes } from '../../observe/access-record.ts';
import type { OwingEvent, ReadingEvent } from './states.ts';

/** When it came to what, monotonic milliseconds; NaN: it did not. */
export interface Instants {
  readonly firstByte: number;
  readonly head: number;
  readonly body: number;
  readonly submitted: number;
  readonly started: number;
  /** The response begins to leave: its head with what of the body there is then. */
  readonly responding: number;
  readonly answered: number;
  readonly ended: number;
}

/** Not reached. */
const NEVER = Number.NaN;

/** Of two moments the one that came, the first if both did. */
function either(first: number, second: number): number {
  return Number.isNaN(first) ? second : first;
}

export class Moments implements PhaseTimes, Instants {
  readonly #now: () => number;
  firstByte = NEVER;
  head = NEVER;
  body = NEVER;
  #hasBody = false;
  submitted = NEVER;
  started = NEVER;
  responding = NEVER;
  answered = NEVER;
  ended = NEVER;

  /** @param now monotonic milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** The reading half has moved. */
  read(event: ReadingEvent): void {
    switch (event) {
      case 'first byte':
      case 'answered, next at hand':
        this.#begin();
        return;
      case 'head with body':
        this.head = this.#now();
        this.#hasBody = true;
        return;
      case 'head without body':
        this.head = this.#now();
        this.body = this.head;
        return;
      case 'body complete':
        this.body = this.#now();
        return;
      case 'close':
        this.ended = either(this.ended, this.#now());
    }
  }

  /** The owing half has moved. */
  owe(event: OwingEvent): void {
    switch (event) {
      case 'submitted':
        this.submitted = this.#now();
        // The end of a body that was gathered may still have been on its way to the disk.
        if (this.#hasBody && !Number.isNaN(this.body)) this.body = this.submitted;
        return;
      case 'started':
        this.started = this.#now();
        return;
      case 'handed back':
        this.started = NEVER;
        return;
      case 'head out':
        this.responding = this.#now();
        return;
      case 'answered':
      case 'upgraded':
        this.answered = either(this.answered, this.#now());
        this.responding = either(this.responding, this.answered);
        return;
      case 'settled':
        this.ended = this.#now();
    }
  }

  /** The application had begun it at this moment already, which is heard of only now. */
  startedAt(ms: number): void {
    if (ms >= this.submitted && ms < this.started) this.started = ms;
  }

  /** It had begun when it ended, which is heard of only now; 0: nobody knows when. */
  begunAt(ms: number): void {
    this.started = either(Math.max(ms, this.submitted), this.ended);
  }

  get headMs(): number | null {
    return this.#phase(this.firstByte, this.head);
  }

  get bodyMs(): number | null {
    return this.#phase(this.head, this.body);
  }

  get queueMs(): number | null {
    return this.#phase(this.submitted, this.started);
  }

  get applicationMs(): number | null {
    return this.#phase(this.started, this.answered);
  }

  get writeMs(): number | null {
    return this.#phase(this.answered, this.ended);
  }

  /** One that did not come to its end lasted until the request was answered, or over. */
  #phase(from: number, to: number): number | null {
    if (Number.isNaN(from)) return null;
    return either(either(to, this.answered), this.ended) - from;
  }

  #begin(): void {
    this.firstByte = this.#now();
    this.head = NEVER;
    this.body = NEVER;
    this.#hasBody = false;
    this.submitted = NEVER;
    this.started = NEVER;
    this.responding = NEVER;
    this.answered = NEVER;
    this.ended = NEVER;
  }
}
