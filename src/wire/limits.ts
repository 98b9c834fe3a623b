// What workers and arbiter say to each other about what clients may have: a worker leases tokens and places of the arbiter, which
// counts for all of them. Many questions travel in one message. Shapes only.

/** What is counted: requests for each time, or what is open at once. */
export type Counted = 'tokens' | 'places';

/** The index of the limit among those of the generation, whose key, how many. */
export type KeyCount = readonly [limit: number, key: string, count: number];

/** The answer to one question. */
export type LeaseAnswer = readonly [
  granted: number,
  remaining: number,
  resetMs: number,
  retryMs: number,
  validMs: number,
];

/** More is not looked at in one message. */
export const KEY_COUNTS_MAX = 256;

/** To the arbiter. `take` is answered in its order, the others are not. */
export interface LeaseQuestion {
  readonly kind: 'lease';
  readonly of: Counted;
  readonly id: number;
  readonly take: readonly KeyCount[];
  readonly giveBack: readonly KeyCount[];
  /** What went on without being granted. */
  readonly charge: readonly KeyCount[];
  /** Of a worker that counts by itself: in how many milliseconds is forgiven what a key has used. */
  readonly owed: readonly KeyCount[];
}

/** To a worker: whether it counts requests by itself, as the only one of this host. */
export interface CountLimits {
  readonly kind: 'count-limits';
  /** It does, and for so long the arbiter may know of a key what it does not, limit by limit; null: it leases. */
  readonly alone: readonly number[] | null;
}

export interface LeaseReply {
  readonly kind: 'leased';
  readonly of: Counted;
  readonly id: number;
  readonly leases: readonly LeaseAnswer[];
}
