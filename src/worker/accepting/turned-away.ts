// Connections that limits turn away when they are accepted. A few are reset at once. When one after the other comes, resetting them
// as fast as that only has their clients come again, in front of everybody who waits to be accepted: then each is kept for a moment
// first, unread, as long as it takes no place from others.

import type { AcceptedHandle } from '../../connection/edge/socket.ts';

/** More than so many in one second are a flood. */
const PER_SECOND = 50;
const SECOND_MS = 1000;
/** A flood of 500 connections is no more than a thousand accepts a second then. */
const KEPT_MS = 500;

interface Kept {
  readonly handle: AcceptedHandle;
  readonly untilMs: number;
}

export interface TurnedAwayParts {
  /** True while less than half of the places is taken; those that are kept take theirs. */
  hasRoom(): boolean;
  /** One that was turned away has gone. */
  released(): void;
}

export class TurnedAway {
  readonly #parts: TurnedAwayParts;
  /** In the order of their ends. */
  readonly #kept = new Set<Kept>();
  #secondMs = 0;
  #inSecond = 0;

  constructor(parts: TurnedAwayParts) {
    this.#parts = parts;
  }

  get kept(): number {
    return this.#kept.size;
  }

  /** Monotonic ms. */
  take(handle: AcceptedHandle, nowMs: number): void {
    if (nowMs - this.#secondMs >= SECOND_MS) {
      this.#secondMs = nowMs;
      this.#inSecond = 0;
    }
    this.#inSecond += 1;
    if (this.#inSecond <= PER_SECOND || !this.#parts.hasRoom()) this.#reset(handle);
    else this.#kept.add({ handle, untilMs: nowMs + KEPT_MS });
  }

  /** To be called on every tick, and whenever there may be no room for them any more. */
  tick(nowMs: number): void {
    for (const one of this.#kept) {
      if (one.untilMs > nowMs && this.#parts.hasRoom()) return;
      this.#kept.delete(one);
      this.#reset(one.handle);
    }
  }

  /** Nobody is accepted any more. */
  end(): void {
    this.tick(Number.POSITIVE_INFINITY);
  }

  #reset(handle: AcceptedHandle): void {
    // A RST leaves nothing behind, here either (TIME-WAIT); a unix socket has none.
    handle.reset?.();
    handle.close();
    this.#parts.released();
  }
}
