// The only place that writes the state of a connection. Looks the way up in the tables of states.ts and asserts that
// there is one: an event that a state does not know, or a pair of halves that may not be, is a fault of ours and must
// not be carried on with.

import { stateLetter } from './end-codes.ts';
import type { Moments } from './moments.ts';
import { nameOf, type StateName } from './state-names.ts';
import {
  type FirstReading,
  OWING,
  type Owing,
  type OwingEvent,
  PAIRS,
  READING,
  type Reading,
  type ReadingEvent,
} from './states.ts';

/** The two halves of a connection. Starts owing nothing. */
export class ConnectionState {
  #reading: Reading;
  #owing: Owing = 'nothing';
  /** Is told of every transition; null when nobody asks for times. */
  readonly moments: Moments | null;

  constructor(first: FirstReading = 'new', moments: Moments | null = null) {
    this.#reading = first;
    this.moments = moments;
  }

  get reading(): Reading {
    return this.#reading;
  }

  get owing(): Owing {
    return this.#owing;
  }

  /** What people see; null when it is closing. */
  get name(): StateName | null {
    return this.#reading === 'closed' ? null : nameOf(this.#reading, this.#owing);
  }

  /** What a request that ends now waited for, in its end code. */
  get letter(): string {
    return this.#reading === 'closed' ? '' : stateLetter(this.#reading, this.#owing);
  }

  /** @throws StateFault when the table has no such way */
  read(event: ReadingEvent): void {
    const from = this.#reading;
    const to = from === 'closed' ? undefined : READING[from].on[event];
    if (to === undefined) throw new StateFault(`reading half: "${event}" in "${from}"`);
    this.#reading = to;
    this.moments?.read(event);
    this.#checkPair();
  }

  /** @throws StateFault when the table has no such way */
  owe(event: OwingEvent): void {
    const to = OWING[this.#owing].on[event];
    if (to === undefined) throw new StateFault(`owing half: "${event}" in "${this.#owing}"`);
    this.#owing = to;
    this.moments?.owe(event);
    this.#checkPair();
  }

  #checkPair(): void {
    if (this.#reading === 'closed' || PAIRS[this.#reading].includes(this.#owing)) return;
    throw new StateFault(`the pair "${this.#reading}", "${this.#owing}" may not be`);
  }
}

/** A way through the states that the tables do not have. */
export class StateFault extends Error {
  override name = 'StateFault';
}
