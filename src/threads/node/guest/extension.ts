// More time for one request: what the application calls, and what the loop is told of it. The loop holds the deadline and
// its bound; here the bound is only reckoned once more, so that the caller has its answer at once. It is told at once, too:
// whoever asks may be about to hold this thread's own loop.

import { monotonicMs } from '../../../clock.ts';
import { ToHost } from '../../../wire/node-thread.ts';
import type { Outbox } from './outbox.ts';

/** What is asked for is told with so much on top, and then not again until that is used up. */
const SLACK_MS = 250;

export class Extension {
  readonly #outbox: Outbox;
  readonly #ticket: number;
  readonly #endMs: number;
  #toldUntilMs = 0;

  /** `beganMs`: when the application began the request; `limitSeconds`: its bound from there. */
  constructor(outbox: Outbox, ticket: number, beganMs: number, limitSeconds: number) {
    this.#outbox = outbox;
    this.#ticket = ticket;
    this.#endMs = beganMs + limitSeconds * 1000;
  }

  /** Answers the seconds that are granted from now on; 0 when the limit is reached. */
  ask(seconds: number): number {
    const nowMs = monotonicMs();
    const granted = Math.min(seconds, (this.#endMs - nowMs) / 1000);
    if (granted <= 0) return 0;
    const untilMs = nowMs + granted * 1000;
    if (untilMs > this.#toldUntilMs) {
      this.#toldUntilMs = untilMs + SLACK_MS;
      this.#outbox.open().push(ToHost.extend, this.#ticket, this.#toldUntilMs - nowMs);
      this.#outbox.flush();
    }
    return granted;
  }
}

/** @throws TypeError for what is no number, RangeError for a number that is no length of time */
export function checkSeconds(seconds: unknown): asserts seconds is number {
  if (typeof seconds !== 'number') {
    throw new TypeError(`extendTimeout() takes seconds as a number, not ${typeof seconds}`);
  }
  if (!(seconds >= 0 && seconds < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`extendTimeout() takes seconds from 0 on, not ${seconds}`);
  }
}
