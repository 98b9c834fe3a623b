// Whoever waits for a thread that waits for its client need not wait for write_timeout: the response whose client has stalled longest
// is cut, and the log told once in a while how many were.

import type { ConnectionContext } from '../connection/context.ts';
import type { Log } from '../observe/log.ts';
import { Seldom } from '../observe/seldom.ts';

export class GaveWay {
  readonly #context: Pick<ConnectionContext, 'stalled' | 'wheel'>;
  readonly #log: Log;
  /** Not told yet. */
  #count = 0;
  readonly #told = new Seldom();

  constructor(context: Pick<ConnectionContext, 'stalled' | 'wheel'>, log: Log) {
    this.#context = context;
    this.#log = log;
  }

  /** A request waits for a thread. */
  makeRoom(nowMs: number): void {
    const { stalled, wheel } = this.#context;
    stalled.makeRoom(wheel.nowMs);
    this.#count += stalled.takeGaveWay();
    if (this.#count === 0 || !this.#told.claim(nowMs)) return;
    this.#log.warning(
      `Requests waited for threads, and threads for clients that read nothing: ${this.#count} of their responses were cut.`,
      { code: 'gave-way' },
    );
    this.#count = 0;
  }
}
