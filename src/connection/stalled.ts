// Responses that wait for their clients, and which of them gives way when that keeps others from being served: memory
// and temporary files are full, so threads wait for clients, and a request waits for a thread. Whoever has read nothing
// for the longest time goes first; a client that reads, however slowly, keeps its response.

import type { SpoolBudget } from '../spool/budget.ts';

/** A client that has read nothing for this long has stalled. Below it a pause is the network's, or our own. */
const STALLED_MS = 1000;

/** Less room than this is none: what one write of a spool takes. */
const LEAST_ROOM_BYTES = 256 * 1024;

/** The part of a response that has left its thread and not reached its client. */
export interface WaitingResponse {
  /** Its thread waits until the client reads. */
  readonly holdsThread: boolean;
  /** Bytes of it in temporary files. */
  readonly spooledBytes: number;
  /** The time of the wheel at which its client read something last. */
  readonly quietSinceMs: number;
  /** Ends it with a reset; it leaves the set. */
  giveWay(): void;
}

export class StalledResponses {
  readonly #budget: SpoolBudget;
  readonly #waiting = new Set<WaitingResponse>();
  #gaveWay = 0;

  constructor(budget: SpoolBudget) {
    this.#budget = budget;
  }

  /** Responses that wait for their clients. */
  get size(): number {
    return this.#waiting.size;
  }

  add(response: WaitingResponse): void {
    this.#waiting.add(response);
  }

  delete(response: WaitingResponse): void {
    this.#waiting.delete(response);
  }

  /** How many gave way since this was asked last. */
  takeGaveWay(): number {
    const count = this.#gaveWay;
    this.#gaveWay = 0;
    return count;
  }

  /**
   * A request waits for a thread and none is free: as many responses give way as threads wait for clients, those that
   * have stalled longest. None, when the threads are busy with something else. `nowMs`: the time of the wheel.
   */
  makeRoom(nowMs: number): void {
    const holders = [...this.#waiting].filter(({ holdsThread }) => holdsThread);
    if (holders.length === 0) return;
    // Where there is room for all together, a thread waits because of its own response, and no other one would help it.
    const full = this.#budget.room < LEAST_ROOM_BYTES;
    const candidates = full
      ? [...this.#waiting].filter((each) => each.holdsThread || each.spooledBytes > 0)
      : holders;
    const stalled = candidates
      .filter(({ quietSinceMs }) => nowMs - quietSinceMs >= STALLED_MS)
      .sort((a, b) => a.quietSinceMs - b.quietSinceMs);
    for (const response of stalled.slice(0, holders.length)) {
      this.#gaveWay += 1;
      response.giveWay();
    }
  }
}
