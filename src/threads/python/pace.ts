// How requests are shared out over the threads of one Python process, from how the application behaves. One that only
// computes gains nothing from a second thread (the interpreter's lock lets one run) and loses by it, because the lock's
// hand-over and the threads' wake-ups cost more than a small request does: then one thread, the lane, gets requests ahead
// and need not sleep between them. One that waits (a database, a file) gets all threads, one request each.
//
// Which of both it is shows only while one thread runs alone: threads that fight for the lock all seem to wait. So the
// lane is tried from time to time, when several threads are busy, and left when the application waits in it, takes long,
// or keeps others from running. A trial that fails costs some milliseconds, and the next one comes later. One slow
// request ends nothing: what waits behind it is taken back, and another thread becomes the lane (lookout.ts).

/** What is sent ahead to one thread should take it no longer than this. */
const AHEAD_MS = 2;
/** More than this is never ahead: by then one read and one write serve as many as pays. */
const AHEAD_MAX = 16;
/** By how much one more duration moves what is held for the usual one: only whether it was longer or shorter counts, so
 * that a machine that stands still for a moment says nothing about the application. */
const TOOK_STEP = 1.06;
/** Weight of one more sample (one request in 16 brings one) and the share of waiting ones that ends the lane: the second
 * of two that are close together does. */
const SAMPLE_WEIGHT = 1 / 8;
const WAITING_SHARE = 0.2;
/** The same for requests that keep others from running: four in a row, or one in six over longer. */
const STALL_WEIGHT = 1 / 16;
const STALL_SHARE = 0.2;
/** Between a trial that failed and the next one. Doubles up to the longest, and begins anew once a lane has lasted. */
const TRIAL_GAP_MS = 250;
const TRIAL_GAP_MS_MAX = 8000;
const LASTED_MS = 1000;

export class Pace {
  #lane = false;
  /** When the lane was entered, or may be tried again. */
  #sinceMs = 0;
  #gapMs = TRIAL_GAP_MS;
  /** Moving share of requests in the lane in which the application waited. */
  #waiting = 0;
  /** Moving share of requests in the lane that kept others from running. */
  #stalling = 0;
  /** Moving median of how long a request takes in the lane. */
  #requestMs = 0;
  /** Threads that run a request now. */
  #running = 0;

  /** One thread is to have all requests, so many of them at a time. 1: every thread is to have one. */
  get ahead(): number {
    if (!this.#lane) return 1;
    return Math.max(2, Math.min(AHEAD_MAX, Math.floor(AHEAD_MS / this.#requestMs)));
  }

  /** A thread begins a request. */
  began(): void {
    this.#running += 1;
  }

  /** A request that began is over, after `ms`. */
  took(ms: number, nowMs: number): void {
    this.#running -= 1;
    if (!this.#lane) {
      if (this.#running > 0 && nowMs >= this.#sinceMs) this.#enter(nowMs);
      return;
    }
    // Requests from before the lane still run in other threads and tell nothing about it.
    if (this.#running > 1) return;
    this.#requestMs *= ms > this.#requestMs ? TOOK_STEP : 1 / TOOK_STEP;
    this.#stalling -= this.#stalling * STALL_WEIGHT;
    if (this.#requestMs > AHEAD_MS) this.#leave(nowMs);
  }

  /** A thread is gone with a request that it had begun. */
  lost(): void {
    this.#running -= 1;
  }

  /** One request was looked at. */
  sample(waited: boolean, nowMs: number): void {
    if (!this.#lane || this.#running > 1) return;
    this.#waiting += ((waited ? 1 : 0) - this.#waiting) * SAMPLE_WEIGHT;
    if (this.#waiting > WAITING_SHARE) this.#leave(nowMs);
  }

  /** A request held the lane for so long that others had to be taken back. */
  stalled(nowMs: number): void {
    if (!this.#lane) return;
    this.#stalling += STALL_WEIGHT;
    if (this.#stalling > STALL_SHARE) this.#leave(nowMs);
  }

  #enter(nowMs: number): void {
    this.#lane = true;
    this.#sinceMs = nowMs;
    this.#waiting = 0;
    this.#stalling = 0;
    this.#requestMs = AHEAD_MS / 4;
  }

  #leave(nowMs: number): void {
    this.#lane = false;
    const lasted = nowMs - this.#sinceMs >= LASTED_MS;
    this.#gapMs = lasted ? TRIAL_GAP_MS : Math.min(TRIAL_GAP_MS_MAX, this.#gapMs * 2);
    this.#sinceMs = nowMs + this.#gapMs;
  }
}
