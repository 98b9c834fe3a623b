// Says what a lack of file descriptors means while it lasts, and what would be right; and has a worker replaced whose
// application, in the same process, keeps so many of them that hardly anybody can be served.

import type { Log } from '../../observe/log.ts';
import { Seldom } from '../../observe/seldom.ts';
import type { Descriptors } from './descriptors.ts';

/** An application that has kept its files for this long will not give them back. */
const KEPT_MS = 10_000;
/** Fewer connections than this share of what there was room for: it is not they that took the descriptors. */
const FEW = 4;

export interface DescriptorWatchOptions {
  readonly descriptors: Descriptors;
  readonly log: Log;
  /** worker_connections */
  readonly connections: number;
  /** Null where the application is a process of its own. */
  readonly replaceMe: ((reason: string) => void) | null;
}

export class DescriptorWatch {
  readonly #options: DescriptorWatchOptions;
  readonly #lack = new Seldom();
  /** Since when hardly anybody could be served; 0 while that is not so. */
  #keptSinceMs = 0;

  constructor(options: DescriptorWatchOptions) {
    this.#options = options;
  }

  /** Nobody is served yet. */
  begin(nowMs: number): void {
    const { descriptors, connections, log } = this.#options;
    descriptors.begin(nowMs);
    if (descriptors.capacity >= connections) return;
    log.warning(
      `A worker may have ${descriptors.limit} files open (ulimit -n): accepting will pause at about ${descriptors.capacity} connections, before worker_connections (${connections}). ${descriptors.needFor(connections)} would be enough.`,
    );
  }

  /** To be called on every tick of a worker that serves, beside `open` connections. */
  tick(nowMs: number, open: number): void {
    const { descriptors, connections, log, replaceMe } = this.#options;
    descriptors.tick(nowMs);
    if (open >= connections || descriptors.roomFor(open)) {
      this.#keptSinceMs = 0;
      return;
    }
    if (this.#lack.claim(nowMs)) {
      log.warning(
        `Accepting pauses at ${open} connections: ${descriptors.used} of ${descriptors.limit} files are open (ulimit -n).`,
      );
    }
    if (replaceMe === null || open > descriptors.capacity / FEW) this.#keptSinceMs = 0;
    else if (this.#keptSinceMs === 0) this.#keptSinceMs = nowMs;
    else if (nowMs - this.#keptSinceMs >= KEPT_MS) {
      this.#keptSinceMs = nowMs;
      replaceMe(
        `${descriptors.used} of ${descriptors.limit} files are open, most of them by the application`,
      );
    }
  }
}
