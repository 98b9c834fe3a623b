// What runs the application of one Node.js thread, from its start to its end: whether it still runs, and whether it was ended
// in vain. Native code cannot be ended: whoever waits for that waits for a second and no longer.

import { inspectStack } from './inspect-stack.ts';
import type { Guest } from './start-guest.ts';

/** A thread that has not ended so long after `terminate` is in native code and is given up. */
const TERMINATE_MS = 1000;

export class RunningGuest {
  #guest: Guest | null = null;
  #running = false;
  #endedInVain = false;

  began(guest: Guest): void {
    this.#guest = guest;
    this.#running = true;
  }

  ended(): void {
    this.#running = false;
  }

  /** Also when it has ended since. */
  get hasBegun(): boolean {
    return this.#guest !== null;
  }

  get running(): boolean {
    return this.#running;
  }

  /** It was ended in vain and still runs: native code that may never return. It would hold up the process's exit. */
  get endless(): boolean {
    return this.#running && this.#endedInVain;
  }

  /** The stack it is in now, from outside; null when it runs native code or is idle and does not pause. */
  stack(): Promise<string | null> {
    const { threadId = null } = this.#guest ?? {};
    return threadId === null ? Promise.resolve(null) : inspectStack(threadId);
  }

  /** False when it had not ended after a second. */
  async terminate(): Promise<boolean> {
    if (this.#guest === null || !this.#running) return true;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>((settle) => {
      timer = setTimeout(() => settle(false), TERMINATE_MS);
    });
    const ended = this.#guest.terminate().then(() => true);
    const result = await Promise.race([ended, late]);
    clearTimeout(timer);
    if (!result) this.#endedInVain = true;
    return result;
  }
}
