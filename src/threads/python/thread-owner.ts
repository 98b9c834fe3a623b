// What a Python thread's channel (`Thread`) asks of the process it belongs to.

import type { Failure, Finding, Job } from '../app-thread.ts';
import type { Pace } from './pace.ts';

export interface ThreadOwner<Thread> {
  readonly pace: Pace;
  /** The thread that is to have all requests, while the pace says that one is to. */
  lane: Thread | null;
  /** The process is dying, or may be, or does not answer: its threads take nothing for the moment. */
  readonly lame: boolean;
  roomMade(thread: Thread): void;
  /** A request was sent ahead of the one that runs: if that takes long, it is to be taken back. */
  sentAhead(): void;
  /** These were taken back and never began. */
  handedBack(thread: Thread, jobs: readonly Job[]): void;
  /** Its wire is closed or broken: it serves nothing more. The owner decides what that means, then calls `bury`. */
  wireLost(thread: Thread, failure: Failure | null): void;
  tellGone(index: number, request: number): void;
  tellFile(index: number, request: number, taken: boolean): void;
  interrupt(thread: Thread, request: number): Promise<Finding>;
  /** Of the requests after `after` up to `upto`, none begins from now on. Number of the last one that has; null: no answer. */
  withdraw(thread: Thread, after: number, upto: number): Promise<number | null>;
}
