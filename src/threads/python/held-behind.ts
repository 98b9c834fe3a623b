// An interpreter was ended because its lock was held. Requests that never began there, or waited for it in the queue, run in the next one; those that are like
// the one that held it would do the same to that one, one after another, and nobody else would be served meanwhile. Path and
// method are all that is known of them.

import { withoutQuery } from '../../observe/request-words.ts';
import type { Failure, Job } from '../app-thread.ts';

/** A thread, as far as is looked at. */
export interface EndedThread {
  /** What it ran, given the number of the last request that it has begun, and since when (monotonic ms). */
  ran(begun: number): { readonly job: Job; readonly sinceMs: number } | null;
}

/**
 * The one that is taken to have held the lock: the last to begin, for nothing begins any more once it is held, and most take it soon
 * after they begin. One that takes it late, when another has begun meanwhile, is mistaken for that. Null when nobody knows.
 */
export function holderOf<T extends EndedThread>(
  threads: readonly T[],
  begunOf: (thread: T) => number | null,
): Job | null {
  let last: { readonly job: Job; readonly sinceMs: number } | null = null;
  for (const thread of threads) {
    const begun = begunOf(thread);
    const ran = begun === null ? null : thread.ran(begun);
    if (ran !== null && ran.sinceMs > (last?.sinceMs ?? Number.NEGATIVE_INFINITY)) last = ran;
  }
  return last?.job ?? null;
}

export function isLike(holder: Job, { head }: Job): boolean {
  const { method, target } = holder.head;
  return head.method === method && withoutQuery(head.target) === withoutQuery(target);
}

/** Refuses those that are like the holder; answers the others, which may run elsewhere. */
export function othersThan(holder: Job | null, jobs: readonly Job[]): readonly Job[] {
  if (holder === null) return jobs;
  return jobs.filter((job) => {
    if (!isLike(holder, job)) return true;
    job.failed(HELD_BEHIND);
    job.jobOver();
    return false;
  });
}

export const HELD_BEHIND: Failure = {
  status: 502,
  code: 'held-behind',
  detail: 'Another request of this path held the lock of the interpreter until it was ended.',
};
