// What the limits of clients say about a request, before its body is read and before it waits for a thread. Shapes only: the
// connection asks by them, and who answers is put together by the worker.

import type { Peer, RequestHead } from '../threads/app-thread.ts';

/** Why a request goes no further. */
export interface Refusal {
  readonly status: 403 | 429;
  /** Of the access log and docs/errors.md. */
  readonly code: 'client-denied' | 'rate-limited' | 'too-many-requests-at-once';
  /** Null for none. */
  readonly retryAfterSeconds: number | null;
}

export interface Verdict {
  /** Null: it goes on. */
  readonly refusal: Refusal | null;
  /** Field lines of the response, whoever gives it; empty for none. */
  readonly fields: string;
  /** The client that has one place less until it is `over`; null when it takes none. */
  readonly place: string | null;
}

/** What limits say of a connection that has come. */
export interface Entry {
  /** Nothing is to be said to it. */
  readonly refused: boolean;
  /** The client that has one place less until the connection is closed; null when it takes none. */
  readonly place: string | null;
}

export interface Admission {
  /** Trusted proxies name clients with each request: their own connections are nobody's. */
  readonly readsForwarded: boolean;
  /** May a connection of this address stay? Answered later as `ask` is. */
  enter(address: string): Entry | PromiseLike<Entry>;
  /** A connection with this place is closed. */
  leave(place: string): void;
  /**
   * May this request go on? Answered later where more than this process counts; bounded by limit_store_timeout.
   * @param known its client was judged when the connection came
   */
  ask(head: RequestHead, peer: Peer, known: boolean): Verdict | PromiseLike<Verdict>;
  /** A request that was let in, or whose verdict nobody waits for any more, is over: once for each verdict. */
  over(verdict: Verdict): void;
  /** It went on without a verdict, because none came in time. */
  late(): void;
}

export const ENTERED: Entry = { refused: false, place: null };
export const ADMITTED: Verdict = { refusal: null, fields: '', place: null };
