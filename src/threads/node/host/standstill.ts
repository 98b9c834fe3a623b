// Notices loops that stand still without a request past its time: the client of the request that holds the loop has gone,
// or the code belongs to no request. No deadline ends that soon, and the thread would serve nobody: what others wait for in
// it (an event stream that is open for hours) is as frozen, and its deadline may be far off.

/**
 * Looks, 50 ms apart, in which it must be seen: after a pause of the whole process the loop has not turned for as long as
 * ours, and turns at once.
 */
const LOOKS_MIN = 20;

/** Whoever waits for what holds the loop shall hear 504 rather than 502: its own deadline comes first by so much, ms. */
const DEADLINE_FIRST_MS = 1000;

/** A thread, as far as is looked at. */
export interface StandingThread {
  /** Its loop stands still. */
  readonly blocked: boolean;
  /** Requests that somebody waits for, begun or not. */
  readonly load: number;
  unstarted(): readonly unknown[];
  lastTurnAgeMs(nowMs: number): number;
  /** See Interruptible; `laterMs` as if that had to be so much longer ago. */
  isStuck(standstillMs: number, laterMs: number): boolean;
}

export class Standstills<T extends StandingThread> {
  #looks = new Map<T, number>();

  /** To be called on every tick. Answers those that have stood for so long that they will hardly turn. */
  look(threads: Iterable<T>, nowMs: number): T[] {
    const stuck: T[] = [];
    const looks = new Map<T, number>();
    for (const thread of threads) {
      if (!thread.blocked) continue;
      const seen = (this.#looks.get(thread) ?? 0) + 1;
      looks.set(thread, seen);
      if (seen < LOOKS_MIN) continue;
      const waitedFor = thread.load > thread.unstarted().length;
      const laterMs = waitedFor ? DEADLINE_FIRST_MS : 0;
      if (thread.isStuck(thread.lastTurnAgeMs(nowMs), laterMs)) stuck.push(thread);
    }
    this.#looks = looks;
    return stuck;
  }
}
