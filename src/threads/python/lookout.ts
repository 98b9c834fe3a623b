// Looks, every few milliseconds while requests are sent ahead, whether one that runs holds up those behind it. Then they
// are taken back, and another thread becomes the one that gets requests ahead.

import { monotonicMs } from '../../clock.ts';
import type { PythonThread } from './channel.ts';
import type { Pace } from './pace.ts';

/** A request that runs for longer than this keeps nobody waiting behind it in the same thread, unless told otherwise. */
const STALL_MS = 3;

/** The Python process, as far as is looked at. */
interface LookedAt {
  readonly pace: Pace;
  readonly threads: readonly PythonThread[];
  lane: PythonThread | null;
}

export class Lookout {
  readonly #process: LookedAt;
  readonly #stallMs: number;
  #timer: NodeJS.Timeout | null = null;

  constructor(process: LookedAt, stallMs = STALL_MS) {
    this.#process = process;
    this.#stallMs = stallMs;
  }

  /** Something was sent ahead. */
  watch(): void {
    this.#timer ??= setTimeout(() => this.#look(), this.#stallMs);
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #look(): void {
    this.#timer = null;
    const nowMs = monotonicMs();
    let waiting = false;
    for (const thread of this.#process.threads) {
      const heldMs = thread.holdsOthersMs(nowMs);
      if (heldMs >= 0) waiting = true;
      if (heldMs <= this.#stallMs) continue;
      this.#process.pace.stalled(nowMs);
      if (this.#process.lane === thread) this.#process.lane = null;
      void thread.takeBackAhead();
    }
    if (waiting) this.watch();
  }
}
