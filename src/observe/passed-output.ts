// What an application prints, on its way to a standard stream of this process: passed on byte for byte, while somebody
// reads. What a reader that has stopped leaves waiting is bounded, and what comes beyond is dropped and told of, as with
// the lines of a log.

import type { Writable } from 'node:stream';
import { Losses } from './losses.ts';

/** As much as a log may have waiting (sink.ts). */
const WAITING_BYTES = 16 * 1024 * 1024;

export class PassedOutput {
  /** Counts pieces: what was written at once. */
  readonly losses: Losses;
  readonly #target: Writable;

  /** @param name "the standard output" */
  constructor(target: Writable, name: string) {
    this.#target = target;
    this.losses = new Losses(`Cannot pass on what the application prints to ${name}`);
    // Without somebody who listens the end of a reader would be the end of this process.
    target.on('error', (error) => this.losses.trouble(error.message));
    target.on('drain', () => this.losses.recovered());
  }

  pass(bytes: Buffer): void {
    if (this.#target.writableLength + bytes.length > WAITING_BYTES)
      this.losses.lose('nobody reads');
    else this.#target.write(bytes);
  }
}
