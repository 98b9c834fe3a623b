// Brings requests to threads: at once when one has room, through the queue when none has, and not at all when the queue
// is full or does not drain. Knows neither sockets nor framing, nor whether a thread is Python's or Node.js's.

import type { AppThread, Failure, Finding, Job, ThreadEvents } from '../threads/app-thread.ts';
import type { Overdue, OverdueReport } from './overdue.ts';
import { Pool } from './pool.ts';
import { JobQueue, type QueueTerms, shedSome } from './queue.ts';

const QUEUE_FULL: Failure = {
  status: 503,
  code: 'queue-full',
  detail: 'too many requests wait for a thread',
};

const QUEUE_SHED: Failure = {
  status: 503,
  code: 'queue-shed',
  detail: 'more requests come than threads can run, and this one had waited too long',
};

export interface DispatcherEvents {
  /** The time of a request is up, and its thread is asked now. */
  timeIsUp?(): void;
  /** A request was overdue, and its thread was asked where it is. */
  overdue(report: OverdueReport): void;
  /** A thread is gone; the worker starts another in its place. */
  threadDied(thread: AppThread, failure: Failure): void;
}

export class Dispatcher implements ThreadEvents {
  readonly #pool: Pool;
  readonly #queue: JobQueue;
  readonly #events: DispatcherEvents;
  #given = 0;

  /** Of requests that were overdue. */
  readonly #findings = new Set<Promise<void>>();

  /** `atOnce`: how many threads can run at once, because there are cores for them. */
  constructor(options: { queue: QueueTerms; events: DispatcherEvents; atOnce?: number }) {
    this.#pool = new Pool(options.atOnce ?? 1);
    this.#queue = new JobQueue(options.queue);
    this.#events = options.events;
  }

  get queued(): number {
    return this.#queue.length;
  }

  overloaded(job: Job): boolean {
    return this.#queue.overloaded(job);
  }

  get drainMs(): number {
    return this.#queue.drainMs;
  }

  /** How many requests threads have been given, each counted once. */
  get given(): number {
    return this.#given;
  }

  get threads(): readonly AppThread[] {
    return this.#pool.threads;
  }

  /** Those that have a request. */
  get busyThreads(): number {
    let busy = 0;
    for (const { load } of this.#pool.threads) if (load > 0) busy += 1;
    return busy;
  }

  /** A thread that takes requests from now on. */
  addThread(thread: AppThread): void {
    this.#pool.add(thread);
    this.roomMade(thread);
  }

  /** It is given nothing from now on; what it has may finish. */
  removeThread(thread: AppThread): void {
    this.#pool.remove(thread);
  }

  // What the connection asks (Requests).

  submit(job: Job): void {
    // Whoever waits already comes first; when anybody waits, no thread has room.
    const thread = this.#queue.length === 0 ? this.#pool.next() : null;
    if (thread !== null) {
      this.#give(thread, job);
      return;
    }
    const outcast = this.#queue.add(job);
    if (outcast !== null) refuse(outcast, QUEUE_FULL);
    this.#shed();
  }

  /** To be called on every tick, as what waits may have waited too long. */
  tick(): void {
    this.#shed();
  }

  withdraw(job: Job, unlessStarted = false): boolean {
    if (this.#queue.remove(job)) return true;
    const thread = job.thread;
    if (thread === null) return false;
    if (thread.takeBack(job)) {
      job.thread = null;
      return true;
    }
    if (!unlessStarted) thread.clientGone(job);
    return false;
  }

  overdue(job: Job, overdue: Overdue): void {
    const thread = job.thread;
    if (thread === null) return;
    this.#events.timeIsUp?.();
    const told = thread
      .interrupt(job)
      .catch((error: unknown): Finding => ({ case: 'unknown', stack: String(error) }))
      .then((found) => {
        this.#findings.delete(told);
        this.#events.overdue({ ...overdue, ...found, job, thread: thread.name });
      });
    this.#findings.add(told);
  }

  /** Resolves when all that was asked of threads by now is told: clients of overdue requests were answered before. */
  async foundOut(): Promise<void> {
    await Promise.all(this.#findings);
  }

  resume(job: Job): void {
    job.thread?.resume(job);
  }

  /** A thread whose loop does not turn has not started these: somebody else may. */
  giveBack(job: Job): void {
    const thread = job.thread;
    if (thread === null || !thread.takeBack(job)) return;
    job.thread = null;
    this.#putBack(job);
    this.#serveQueue();
  }

  #putBack(job: Job): void {
    this.#given -= 1;
    this.#queue.putBack(job);
  }

  /** Of those that wait for a thread `isRefused` are given to none. */
  refuseQueued(isRefused: (job: Job) => boolean, failure: Failure): void {
    for (const job of this.#queue.jobs().filter(isRefused)) {
      this.#queue.remove(job);
      refuse(job, failure);
    }
  }

  // What threads tell (ThreadEvents).

  roomMade(_thread: AppThread): void {
    if (this.#queue.length > 0) this.#serveQueue();
  }

  /** A thread ended before it began these: somebody else will. */
  handedBack(_thread: AppThread, jobs: readonly Job[]): void {
    for (const job of jobs) {
      job.thread = null;
      job.handedBack();
      this.#putBack(job);
    }
    this.#serveQueue();
  }

  died(thread: AppThread, failure: Failure): void {
    this.#pool.remove(thread);
    this.#events.threadDied(thread, failure);
  }

  #shed(): void {
    // First all are out of the queue: an answer may bring the next request of its client at once.
    for (const job of shedSome(this.#queue)) refuse(job, QUEUE_SHED);
  }

  #serveQueue(): void {
    this.#shed();
    while (this.#queue.length > 0) {
      const thread = this.#pool.next();
      if (thread === null) return;
      const job = this.#queue.take();
      if (job !== null) this.#give(thread, job);
    }
  }

  #give(thread: AppThread, job: Job): void {
    this.#given += 1;
    job.thread = thread;
    thread.take(job);
  }
}

/** It never ran, and never will. */
function refuse(job: Job, failure: Failure): void {
  job.failed(failure);
  job.jobOver();
}
