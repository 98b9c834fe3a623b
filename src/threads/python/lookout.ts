// Looks, every few milliseconds while requests are sent ahead, whether one that runs holds up those behind it. Then they
// are taken back and every thread gets one at a time again, until the application proves quick once more.

import { monotonicMs } from '../../clock.ts';
import type { PythonThread } from './channel.ts';
import type { Pace } from './pace.ts';

/** A request that runs for longer than this keeps nobody waiting behind it in the same thread. */
const STALL_MS = 3;

export class Lookout {
  readonly #pace: Pace;
  readonly #threads: () => readonly PythonThread[];
  #timer: NodeJS.Timeout | null = null;

  constructor(pace: Pace, threads: () => readonly PythonThread[]) {
    this.#pace = pace;
    this.#threads = threads;
  }

  /** Something was sent ahead. */
  watch(): void {
    this.#timer ??= setTimeout(() => this.#look(), STALL_MS);
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #look(): void {
    this.#timer = null;
    const nowMs = monotonicMs();
    let waiting = false;
    for (const thread of this.#threads()) {
      const heldMs = thread.holdsOthersMs(nowMs);
      if (heldMs >= 0) waiting = true;
      if (heldMs <= STALL_MS) continue;
      this.#pace.stalled();
      void thread.takeBackAhead();
    }
    if (waiting) this.watch();
  }
}
