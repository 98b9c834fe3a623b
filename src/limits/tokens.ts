// What a request asks for before it may go on: a token of each rate that concerns it, and a place where only so many may be
// open at once. Who answers (this process, the arbiter for all workers, a store for all hosts) is not known here. Shapes only.

import type { LimitRate } from '../settings/limit-rate.ts';

export interface Answer {
  readonly granted: boolean;
  /** Whole requests left now. */
  readonly remaining: number;
  /** Until the burst is whole again. */
  readonly resetMs: number;
  /** Until one is granted; 0 when granted. */
  readonly retryMs: number;
}

/** Requests for each time. `limit`: its index in the list of limits of this generation. */
export interface Tokens {
  ask(limit: number, key: string): Answer | Promise<Answer>;
}

/** Open at once. */
export interface Places {
  enter(limit: number, key: string): boolean | Promise<boolean>;
  leave(limit: number, key: string): void;
}

/** A limit of requests for each time, as whoever counts has to know it. */
export interface TokenLimit {
  /** The same in every generation, worker and host for what is to be counted together; for people as well. */
  readonly id: string;
  readonly rate: LimitRate;
}

/** A limit of what is open at once. */
export interface PlaceLimit {
  readonly id: string;
  readonly most: number;
}
