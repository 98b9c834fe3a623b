// Notices loops that stand still although nobody waits for what they run: the client of the request has gone, or the code
// belongs to no request. No deadline of a request ends that, and it would keep the thread for ever.

/**
 * Looks, 50 ms apart, in which it must be seen: after a pause of the whole process the loop has not turned for as long as
 * ours, and turns at once.
 */
const LOOKS_MIN = 20;

/** A thread, as far as is looked at. */
export interface StandingThread {
  /** Its loop stands still. */
  readonly blocked: boolean;
  /** Requests that somebody waits for, begun or not. */
  readonly load: number;
  unstarted(): readonly unknown[];
  lastTurnAgeMs(nowMs: number): number;
  isStuck(standstillMs: number): boolean;
}

export class Standstills<T extends StandingThread> {
  #looks = new Map<T, number>();

  /** To be called on every tick. Answers those that have stood for so long that they will hardly turn. */
  look(threads: Iterable<T>, nowMs: number): T[] {
    const stuck: T[] = [];
    const looks = new Map<T, number>();
    for (const thread of threads) {
      // One that has begun and is waited for has a deadline, and that looks after it.
      if (!thread.blocked || thread.load > thread.unstarted().length) continue;
      const seen = (this.#looks.get(thread) ?? 0) + 1;
      looks.set(thread, seen);
      if (seen >= LOOKS_MIN && thread.isStuck(thread.lastTurnAgeMs(nowMs))) stuck.push(thread);
    }
    this.#looks = looks;
    return stuck;
  }
}
