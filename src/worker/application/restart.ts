// How long to wait before what died is started again: at once the first time, then longer and longer while it keeps
// dying soon after its start; how often in vain before the worker itself is to be replaced; and how long it may take to
// load the application (the first time the arbiter watches).

import { monotonicMs } from '../../clock.ts';

const FIRST_MS = 100;
/** As the arbiter's for workers (arbiter/fleet/backoff.ts). */
export const LONGEST_MS = 5_000;
/** Whoever lived this long died of something else than its start. */
const HEALTHY_MS = 10_000;

/** So many starts in vain in a row, and a new worker is asked for: the trouble may be this process's own (descriptors,
 * memory, an address space in pieces). */
export const STARTS_IN_VAIN = 3;

export class RestartDelay {
  #nextMs = 0;
  #startedMs = monotonicMs();

  /** It is being started now. */
  started(): void {
    this.#startedMs = monotonicMs();
  }

  /** It died: milliseconds to wait before it is started again. */
  afterDeath(): number {
    if (monotonicMs() - this.#startedMs >= HEALTHY_MS) this.#nextMs = 0;
    const delay = this.#nextMs;
    this.#nextMs = Math.min(LONGEST_MS, Math.max(FIRST_MS, delay * 2));
    return delay;
  }
}

/** The share of boot_timeout after which whoever still loads is asked where it is: by then there is time to tell. */
const SLOW_SHARE = 0.8;

/**
 * `started`, or a rejection that says so after `seconds` (boot_timeout); `giveUp` is called then. `where` is asked a while
 * before that, and `tell` is told what it answered; it answers an empty text when it does not know.
 */
export async function within<T>(
  seconds: number,
  started: Promise<T>,
  giveUp: () => void,
  where: () => Promise<string>,
  tell: (line: string) => void,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const slowMs = Math.round(seconds * SLOW_SHARE * 1000);
  const slow = setTimeout(() => {
    const line = `Still loading the application after ${slowMs / 1000} s (boot_timeout ${seconds} s)`;
    void where().then((stack) => tell(stack === '' ? `${line}.` : `${line}:\n${stack}`));
  }, slowMs);
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`It was not loaded within ${seconds} s (boot_timeout).`));
      giveUp();
    }, seconds * 1000);
  });
  return Promise.race([started, late]).finally(() => {
    clearTimeout(timer);
    clearTimeout(slow);
  });
}
