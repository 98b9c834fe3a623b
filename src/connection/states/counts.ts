// What all connections of a worker have had in common since its start, for its metrics: bytes in both directions, and deadlines that
// have passed. The edge and the deadlines add to it; nothing here decides.

import type { DeadlineSetting, OtherHalf } from './states.ts';

export class ConnectionCounts {
  /** Bytes that clients have sent, as they were read: heads, bodies, upgraded connections. With TLS as they are within it. */
  received = 0;
  /** The same of what was given to the kernel for them, or waits to be. */
  sent = 0;
  readonly #passed = new Map<DeadlineSetting, number>();

  /** A wait for which this setting has the time was over before what it was for had come. */
  passed(setting: DeadlineSetting | OtherHalf): void {
    if (setting !== 'other half') this.#passed.set(setting, (this.#passed.get(setting) ?? 0) + 1);
  }

  /** How often, by the setting. */
  get passedDeadlines(): { readonly [setting: string]: number } {
    return Object.fromEntries(this.#passed);
  }
}
