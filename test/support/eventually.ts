// Waiting in tests: for a condition that can only be looked at again and again, and for an event that may never come.
// Both have a hard end, so that a test fails with what it waited for instead of hanging the run.

import { setTimeout as sleep } from 'node:timers/promises';

/** Generous, because a busy machine may take half a minute for a start; a passing test never waits for it. */
const deadlineMs = 60_000;
const pollMs = 15;
/** Who waits long looks seldom: looks through /proc take the processor that is waited for. */
const mostPollMs = 50;
const pollShare = 0.05;

/**
 * Looks until `check` neither throws nor answers false, null or undefined, and gives back its answer. Rejects after
 * `withinMs` with the last error, or with `what`.
 */
export async function eventually<T>(
  check: () => T | Promise<T>,
  what = 'the condition did not come true',
  withinMs = deadlineMs,
): Promise<NonNullable<T>> {
  const beganMs = performance.now();
  const endMs = beganMs + withinMs;
  for (;;) {
    let last: unknown;
    try {
      const answer = await check();
      if (answer !== false && answer !== null && answer !== undefined) return answer;
    } catch (error) {
      last = error;
    }
    const nowMs = performance.now();
    if (nowMs >= endMs) throw last ?? new Error(`${what} (within ${withinMs} ms)`);
    await sleep(Math.min(mostPollMs, Math.max(pollMs, (nowMs - beganMs) * pollShare)));
  }
}

/** The promise's own outcome, or a rejection that says `what` was waited for. */
export async function soon<T>(
  promise: Promise<T>,
  what: string,
  withinMs = deadlineMs,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} (within ${withinMs} ms)`)), withinMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
