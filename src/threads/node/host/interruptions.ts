// Requests of one Node.js thread that are past their time: each was aborted by a message, and is watched until the
// thread's loop turns (then it is over), or has stood still for so long that the thread is given up. Its place in the
// thread stays taken until then; what was found is told as soon as it is known.

import type { Finding } from '../../app-thread.ts';
import { finding } from '../../finding.ts';

/** How often we look whether the loop turned. */
const LOOK_MS = 50;
/** A loop that turns answers within one look; after so many without a turn it is asked from outside where it stands. */
const LOOKS_MIN = 3;

/** The thread, as far as its overdue requests are concerned. */
export interface Interruptible {
  /** For how long its loop has stood still, ms. */
  standstillMs(): number;
  /** Whether it has stood still for too long and nobody has asked for more time. */
  isStuck(standstillMs: number): boolean;
  /** The stack it is in now; null when it does not answer. */
  stack(): Promise<string | null>;
  /** Gives the thread up, whoever asks first; resolves to what was found. */
  endStuck(standstillMs: number): Promise<Finding>;
}

interface Watched {
  looks: number;
  readonly tell: (found: Finding) => void;
  readonly over: () => void;
}

export class Interruptions {
  readonly #thread: Interruptible;
  readonly #watched = new Map<number, Watched>();
  #timer: NodeJS.Timeout | null = null;

  constructor(thread: Interruptible) {
    this.#thread = thread;
  }

  /** Resolves to what was found; `over` is called once the thread is done with the request, or is given up. */
  watch(ticket: number, over: () => void): Promise<Finding> {
    return new Promise((tell) => {
      this.#watched.set(ticket, { looks: 0, tell, over });
      this.#timer ??= setInterval(() => this.#look(), LOOK_MS);
    });
  }

  /** The loop turned and the request was aborted. */
  aborted(ticket: number): void {
    const watched = this.#watched.get(ticket);
    if (watched === undefined) return;
    this.#watched.delete(ticket);
    this.#stopIfNone();
    // Means nothing where something was told before.
    watched.tell(finding('asynchronous'));
    watched.over();
  }

  /** The thread is gone. */
  endAll(found: Finding): void {
    const all = [...this.#watched.values()];
    this.#watched.clear();
    this.#stopIfNone();
    for (const { tell, over } of all) {
      tell(found);
      over();
    }
  }

  #look(): void {
    const waiting: Watched[] = [];
    for (const watched of this.#watched.values()) {
      watched.looks += 1;
      if (watched.looks >= LOOKS_MIN) waiting.push(watched);
    }
    if (waiting.length === 0) return;
    const standstillMs = this.#thread.standstillMs();
    if (this.#thread.isStuck(standstillMs)) {
      this.#stop();
      void this.#thread.endStuck(standstillMs).then((found) => this.endAll(found));
      return;
    }
    const untold = waiting.filter(({ looks }) => looks === LOOKS_MIN);
    if (untold.length > 0) void this.#tellWhere(untold);
  }

  /** Another request holds the loop, and may go on. */
  async #tellWhere(waiting: readonly Watched[]): Promise<void> {
    const found = finding('loop-busy', (await this.#thread.stack()) ?? '');
    for (const { tell } of waiting) tell(found);
  }

  #stopIfNone(): void {
    if (this.#watched.size === 0) this.#stop();
  }

  #stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }
}
