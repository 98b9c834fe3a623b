// What an operator asks of a worker and what that answers, between the arbiter, which has the control socket, and its workers.
// Plain data, already fit for JSON; durations in milliseconds as they were when it was asked.

import type { Lane, LiveThread, Mark } from './live.ts';
import type { ConnectionLook, ThreadLook } from './look.ts';

/** Which connections: all that fit every one of these. */
export interface ConnectionFilter {
  /** Name of a state. */
  readonly state: string | null;
  /** The client's address begins so. */
  readonly client: string | null;
  /** The path of its request begins so. */
  readonly path: string | null;
}

export type Question =
  | { readonly about: 'threads' }
  | { readonly about: 'connections'; readonly filter: ConnectionFilter; readonly limit: number }
  /** Where all are, for the page: each by itself only when there are no more than `marks`. */
  | { readonly about: 'lanes'; readonly marks: number }
  | { readonly about: 'limits' }
  | { readonly about: 'stack'; readonly thread: string }
  /** As if its time were up: what it runs is answered, interrupted and logged, and it is replaced where it does not end. */
  | { readonly about: 'interrupt'; readonly thread: string };

/** A client or key that a limit refuses, or would: dry. */
export interface LimitedLook {
  /** denied, connections, requests at once, rate. */
  readonly reason: string;
  /** The name of the limit of a rate; else empty. */
  readonly limit: string;
  /** What is counted: address, everybody, function, or header:NAME. */
  readonly by: string;
  /** Whose count it is: an address or network; of what clients send only a fingerprint. */
  readonly key: string;
  /** Whose request or connection was the last of it. */
  readonly client: string;
  readonly dry: boolean;
  readonly refused: number;
  /** In the last ten seconds. */
  readonly lately: number;
  /** How long ago the first and the last of `refused` were. */
  readonly sinceMs: number;
  readonly lastMs: number;
  /** Until it would be let through; 0: nobody knows, or it would be now. */
  readonly retryMs: number;
}

/** Of one worker. */
export type Answer =
  | { readonly about: 'threads'; readonly threads: readonly ThreadLook[] }
  | {
      readonly about: 'connections';
      readonly open: number;
      /** How many are in each state that one is in. */
      readonly states: { readonly [state: string]: number };
      /** How many fit the filter. */
      readonly matching: number;
      /** Of those the ones that have been open for longest, up to the limit. */
      readonly connections: readonly ConnectionLook[];
    }
  | {
      readonly about: 'lanes';
      readonly lanes: readonly Lane[];
      readonly marks: readonly Mark[] | null;
      readonly threads: readonly Omit<LiveThread, 'worker'>[];
    }
  /** `refused`: everything since its start, also of those who are not listed. */
  | {
      readonly about: 'limits';
      readonly refused: number;
      readonly clients: readonly LimitedLook[];
    }
  /** `stack`: null when it does not pause, because it is idle or in native code. */
  | { readonly about: 'stack'; readonly stack: string | null }
  /** How many requests it ran that were interrupted. */
  | { readonly about: 'interrupt'; readonly requests: number }
  /** It cannot be answered; a sentence for people. */
  | { readonly about: 'nothing'; readonly why: string };
