// One who watches: server-sent events down one response. Who does not read costs no more than the bytes that wait already: frames
// are left out meanwhile, then the past is sent anew instead of them, and who does not read for long is cut off.

import type { ServerResponse } from 'node:http';

/** So much may wait for one viewer, beyond what the kernel holds. */
const WAITING_BYTES_MAX = 256 * 1024;
/** Who has not read for so long is not there. */
const CUT_AFTER_MS = 10_000;

export class Viewer {
  readonly #response: ServerResponse;
  /** Since when frames are left out, monotonic ms; null: none is. */
  #behindSinceMs: number | null = null;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  /** Frames were left out, and what was sent has been read now. */
  get hasCaughtUp(): boolean {
    return this.#behindSinceMs !== null && this.#response.writableLength === 0;
  }

  /** A whole message. */
  send(message: string, nowMs: number): void {
    if (this.#response.writableLength > WAITING_BYTES_MAX) {
      this.#behindSinceMs ??= nowMs;
    }
    if (this.#behindSinceMs === null) this.#response.write(message);
    else if (nowMs - this.#behindSinceMs >= CUT_AFTER_MS) this.end();
  }

  /** What was left out is told by this one. */
  resume(message: string): void {
    this.#behindSinceMs = null;
    this.#response.write(message);
  }

  end(): void {
    this.#response.destroy();
  }
}
