// How requests are shared out over the threads of one Python process, from how the application behaves. One that only
// computes gains nothing from a second thread (the interpreter's lock lets one run) and loses by it, because the lock
// and the threads' wake-ups cost more than a small request does: then one thread gets requests ahead, and need not sleep
// between them. One that waits (a database, a file) gets all threads, one request each.

/** Weight of a new sample: a change of behaviour shows after some eight samples, of which one request in 16 brings one. */
const SAMPLE_WEIGHT = 1 / 8;
/** Above this share of waiting requests the application is one that waits. */
const WAITING_SHARE = 0.1;
/** Weight of one more duration; a longer one counts at once, because sending ahead of it makes others wait. */
const SLOWER_WEIGHT = 1 / 4;
const FASTER_WEIGHT = 1 / 32;
/** What is sent ahead to one thread should take it no longer than this. */
const AHEAD_MS = 1;
/** More than this is never ahead: by then one read and one write serve as many as pays. */
const AHEAD_MAX = 16;

export class Pace {
  /** Moving share of requests in which the application waited. All, until samples tell otherwise. */
  #waiting = 1;
  /** Moving duration of one request in one thread. */
  #requestMs = AHEAD_MS;

  /** One request was looked at. */
  sample(waited: boolean): void {
    this.#waiting += ((waited ? 1 : 0) - this.#waiting) * SAMPLE_WEIGHT;
  }

  took(ms: number): void {
    const difference = ms - this.#requestMs;
    this.#requestMs += difference * (difference > 0 ? SLOWER_WEIGHT : FASTER_WEIGHT);
  }

  /** A request held its thread for so long that others had to be taken back: back to one request a thread. */
  stalled(): void {
    this.#waiting = 1;
  }

  /** One thread is to have all requests, so many of them at a time. 1: every thread is to have one. */
  get ahead(): number {
    if (this.#waiting > WAITING_SHARE) return 1;
    return Math.max(1, Math.min(AHEAD_MAX, Math.floor(AHEAD_MS / this.#requestMs)));
  }
}
