// Jobs that wait for a thread, first come, first served. Any of them can leave from the middle (its client has gone,
// its time is up) without the others being walked; one that a thread gave back goes before all that never left.

import type { Job } from '../threads/app-thread.ts';

export class JobQueue {
  /** Given back by a thread: they have waited longest. */
  readonly #returned = new Set<Job>();
  readonly #jobs = new Set<Job>();
  /** Stays where the last `take` was: one that begins anew walks over all that have left. */
  #next = this.#jobs.values();
  readonly #limit: number;

  /** @param limit most jobs that may wait; those given back were counted before and are always taken */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get length(): number {
    return this.#returned.size + this.#jobs.size;
  }

  /** False when it is full: the job was not taken. */
  add(job: Job): boolean {
    if (this.length >= this.#limit) return false;
    this.#jobs.add(job);
    return true;
  }

  putBack(job: Job): void {
    this.#returned.add(job);
  }

  /** The next one, or null. */
  take(): Job | null {
    for (const job of this.#returned) {
      this.#returned.delete(job);
      return job;
    }
    const job = this.#oldest();
    if (job !== null) this.#jobs.delete(job);
    return job;
  }

  /** True when it was waiting here. */
  remove(job: Job): boolean {
    return this.#jobs.delete(job) || this.#returned.delete(job);
  }

  #oldest(): Job | null {
    if (this.#jobs.size === 0) return null;
    let next = this.#next.next();
    if (next.done === true) {
      // It had come to the end of the set before these were added.
      this.#next = this.#jobs.values();
      next = this.#next.next();
    }
    return next.done === true ? null : next.value;
  }
}
