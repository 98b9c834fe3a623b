// What limits refused: whom, what for, and until when. Shapes only.

/** By `rate`: a limit, whose name stands beside it. */
export type Reason = 'denied' | 'connections' | 'requests at once' | 'rate';

export interface Refused {
  readonly reason: Reason;
  /** Name of the limit of a rate; else empty. */
  readonly limit: string;
  /** Whom it was, for people. */
  readonly client: string;
  /** What was counted, as counters have it. */
  readonly key: string;
  /** It only would have been refused. */
  readonly dry: boolean;
  /** Until it would be let through, as far as that is known. */
  readonly retryMs: number;
}
