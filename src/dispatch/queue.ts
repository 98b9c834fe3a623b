// Jobs that wait for a thread, first come, first served, until the one that has waited longest has waited too long: then
// more comes than can be served, whoever is at the front is about to give up, and the newest goes first until the queue
// has drained. So what is served is served in time (adaptive LIFO; Maurer, "Fail at Scale", 2015). Any job can leave from
// the middle without the others being walked; one that a thread gave back counts as the oldest.

import type { Job } from '../threads/app-thread.ts';

/** A queue whose oldest job has waited for this long is overloaded: people notice half a second, programs retry soon
 * after, and a burst that one worker can take is over by then. */
const OVERLOADED_MS = 500;

export class JobQueue {
  /** Given back by a thread, and when; they have waited longest. */
  readonly #returned = new Map<Job, number>();
  /** Those that wait and since when (ms of `now`), oldest first. */
  readonly #jobs = new Map<Job, number>();
  /** Stays where the last look at the oldest was: one that begins anew walks over all that have left. */
  #oldest = this.#jobs.entries();
  /** What the iterator has given out and nobody has taken. */
  #front: readonly [Job, number] | null = null;
  /** In the order they came; those that have left are passed over. */
  #newest: Job[] = [];
  #overloaded = false;
  readonly #limit: number;
  readonly #now: () => number;

  /** @param limit most jobs that may wait; those given back were counted before and are always taken */
  constructor(limit: number, now: () => number) {
    this.#limit = limit;
    this.#now = now;
  }

  get length(): number {
    return this.#returned.size + this.#jobs.size;
  }

  /** The newest goes first. */
  get overloaded(): boolean {
    return this.#overloaded || this.#oldestWaitsTooLong();
  }

  /** False when it is full: the job was not taken. */
  add(job: Job): boolean {
    if (this.length >= this.#limit) return false;
    this.#jobs.set(job, this.#now());
    this.#newest.push(job);
    // Those that left by another way: an array twice as long as the queue is walked once.
    if (this.#newest.length > 64 + 2 * this.#jobs.size) {
      this.#newest = this.#newest.filter((waiting) => this.#jobs.has(waiting));
    }
    return true;
  }

  putBack(job: Job): void {
    this.#returned.set(job, this.#now());
  }

  /** The next one, or null. */
  take(): Job | null {
    const front = this.#lookAtOldest();
    const [returned] = this.#returned;
    this.#overloaded ||= this.#oldestWaitsTooLong();
    // Under overload those are the oldest of all: first, they would be served for clients that are about to leave.
    if (returned !== undefined && (front === null || !this.#overloaded)) {
      this.remove(returned[0]);
      return returned[0];
    }
    if (front === null) return null;
    const job = this.#overloaded ? this.#takeNewest() : front[0];
    this.remove(job);
    return job;
  }

  /** True when it was waiting here. */
  remove(job: Job): boolean {
    const waited = this.#jobs.delete(job) || this.#returned.delete(job);
    if (waited && this.#jobs.size === 0) this.#drained();
    return waited;
  }

  #oldestWaitsTooLong(): boolean {
    const [returned] = this.#returned;
    const oldest = returned ?? this.#lookAtOldest();
    return oldest !== null && this.#now() - oldest[1] > OVERLOADED_MS;
  }

  #drained(): void {
    this.#overloaded = false;
    this.#newest = [];
    this.#front = null;
  }

  #takeNewest(): Job {
    for (;;) {
      const job = this.#newest.pop();
      if (job === undefined) throw new Error('whoever waits stands in both lists');
      if (this.#jobs.has(job)) return job;
    }
  }

  #lookAtOldest(): readonly [Job, number] | null {
    if (this.#jobs.size === 0) return null;
    while (this.#front === null || !this.#jobs.has(this.#front[0])) {
      const next = this.#oldest.next();
      if (next.done === true) this.#oldest = this.#jobs.entries();
      else this.#front = next.value;
    }
    return this.#front;
  }
}
