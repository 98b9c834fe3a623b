// The requests that one Python thread has, in the order it answers them: the first runs, those behind it were sent ahead
// and have not begun. Each has the number by which both sides count.

import type { Job } from '../app-thread.ts';

export interface Flight {
  readonly number: number;
  readonly job: Job;
  /** Whom to tell; null when nobody listens any more (the client has gone, or the request was answered for us). */
  listener: Job | null;
  /** The application has asked for time until then, monotonic ms; 0 when it has not. */
  extendedUntilMs: number;
}

export class Flights {
  readonly #flights: Flight[] = [];
  #last = 0;

  get length(): number {
    return this.#flights.length;
  }

  /** Number of the request sent last. */
  get last(): number {
    return this.#last;
  }

  /** What the thread runs now. */
  get first(): Flight | null {
    return this.#flights[0] ?? null;
  }

  /** Whom the one that runs now is for; null when there is none or nobody listens. */
  get listener(): Job | null {
    return this.#flights[0]?.listener ?? null;
  }

  /** What runs although nobody listens. */
  get unheard(): Flight | null {
    const { first } = this;
    return first === null || first.listener !== null ? null : first;
  }

  /** The same, for what is told last: from here on nobody listens. */
  takeListener(): Job | null {
    const listener = this.listener;
    const flight = this.first;
    if (flight !== null) flight.listener = null;
    return listener;
  }

  add(job: Job): Flight {
    this.#last += 1;
    const flight = { number: this.#last, job, listener: job, extendedUntilMs: 0 };
    this.#flights.push(flight);
    return flight;
  }

  /** The one of this number, while it is here. */
  numbered(number: number): Flight | null {
    return this.#flights.find((flight) => flight.number === number) ?? null;
  }

  of(job: Job): Flight | null {
    for (const flight of this.#flights) if (flight.listener === job) return flight;
    return null;
  }

  /** The first one is over. */
  shift(): Flight | null {
    return this.#flights.shift() ?? null;
  }

  /** Takes out those whose number is above `begun`, in order. */
  takeBack(begun: number): Flight[] {
    const from = this.#flights.findIndex((flight) => flight.number > begun);
    return from < 0 ? [] : this.#flights.splice(from);
  }
}
