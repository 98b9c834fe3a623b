// Whether a thread answers as fast as it is given requests: then it may have one more while others sleep. When it falls
// silent in the middle, it computes, and what it has not begun is wanted elsewhere a moment later.

import { monotonicMs } from '../../../clock.ts';

/** A thread with requests is silent when it has said nothing for so many times its usual pause, within these bounds: on a
 * machine whose cores are all busy every thread pauses now and then, and none of the others would do better. */
const PAUSES = 4;
const SILENT_MS_MIN = 3;
const SILENT_MS_MAX = 25;
/** With so many requests it has been busy all the time: that it got no processor is likelier than that one of them computes. */
const MANY = 8;
/** Of one pause in the usual one, and the longest that counts: one request that computes changes little. */
const WEIGHT = 1 / 8;
const PAUSE_MS_MAX = SILENT_MS_MAX / PAUSES;

export class Pace {
  readonly #requests: { readonly size: number };
  readonly #silent: () => void;
  readonly #now: () => number;
  #heardMs = 0;
  #usualMs = 0;
  #timer: NodeJS.Timeout | null = null;

  /**
   * @param requests those that the thread has
   * @param silent called when it has fallen silent with more than one
   */
  constructor(
    requests: { readonly size: number },
    silent: () => void,
    now: () => number = monotonicMs,
  ) {
    this.#requests = requests;
    this.#silent = silent;
    this.#now = now;
  }

  /** One more than it has is about to be given to it. */
  given(): void {
    if (this.#requests.size === 0) this.#heardMs = this.#now();
    else this.#watch();
  }

  /** It speaks. */
  heard(): void {
    if (this.#requests.size === 0) return;
    const nowMs = this.#now();
    const pauseMs = Math.min(PAUSE_MS_MAX, nowMs - this.#heardMs);
    this.#usualMs += (pauseMs - this.#usualMs) * WEIGHT;
    this.#heardMs = nowMs;
  }

  get lively(): boolean {
    return this.#requests.size === 0 || !this.#isSilent();
  }

  #watch(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      if (this.#requests.size < 2) return;
      if (this.#isSilent()) this.#silent();
      else this.#watch();
    }, SILENT_MS_MIN);
  }

  #isSilent(): boolean {
    const usual = Math.max(SILENT_MS_MIN, PAUSES * this.#usualMs);
    const bound = this.#requests.size < MANY ? usual : SILENT_MS_MAX;
    return this.#now() - this.#heardMs >= bound;
  }
}
