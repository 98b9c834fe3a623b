// What is known about a request whose time is up, for the log: by then its client has been answered, and its thread was
// asked where it is. Shapes only.

import type { Finding, Job } from '../threads/app-thread.ts';

/** What the connection knows at the moment the time is up. */
export interface Overdue {
  /** The setting whose time it was: before the response began (504), or inside it (the connection was reset). */
  readonly setting: 'timeout' | 'stream_timeout';
  /** No time was up: an operator wanted its end, as if `setting` had passed. */
  readonly byOperator: boolean;
  /** Since the request was handed on, waiting for a thread included, ms. */
  readonly ageMs: number;
  /** Since the application began it, ms; as exact as the wheel is. */
  readonly ranMs: number;
  /** To how much since it began its time was extended, as the application asked; 0 when it did not. */
  readonly extendedMs: number;
}

export interface OverdueReport extends Overdue, Finding {
  readonly job: Job;
  /** Name of the thread that had it. */
  readonly thread: string;
}
