// How many bytes of temporary files spools may have on disk together: those of one worker, and within that of one kind.
// A spool that is refused waits here and is woken, oldest first, as soon as another gives something back.

import assert from 'node:assert/strict';

export class SpoolBudget {
  readonly limitBytes: number;
  readonly #within: SpoolBudget | null;
  #used = 0;
  /** One for all that share a total: whatever any of them gives back may be what another waits for. */
  readonly #waiting: Set<() => void>;

  /**
   * @param limitBytes the most bytes that may be taken at one time
   * @param within a total that these bytes count in as well
   */
  constructor(limitBytes: number, within: SpoolBudget | null = null) {
    assert.ok(limitBytes >= 0, 'a spool budget cannot be negative');
    this.limitBytes = limitBytes;
    this.#within = within;
    this.#waiting = within === null ? new Set() : within.#waiting;
  }

  /** Bytes taken and not given back. */
  get used(): number {
    return this.#used;
  }

  /** Bytes that could be taken now. */
  get room(): number {
    const own = this.limitBytes - this.#used;
    return this.#within === null ? own : Math.min(own, this.#within.room);
  }

  /** Takes all of `bytes` or, answering false, nothing. */
  take(bytes: number): boolean {
    assert.ok(bytes >= 0, 'a spool takes no negative bytes');
    if (bytes > this.room) return false;
    for (let each: SpoolBudget | null = this; each !== null; each = each.#within)
      each.#used += bytes;
    return true;
  }

  /** Gives back what was taken, and wakes those who wait. */
  give(bytes: number): void {
    assert.ok(bytes >= 0 && bytes <= this.#used, 'a spool gave back more than was taken');
    let total: SpoolBudget = this;
    total.#used -= bytes;
    for (; total.#within !== null; total.#used -= bytes) total = total.#within;
    if (bytes === 0 || this.#waiting.size === 0) return;
    // Whoever is refused again comes back into the set while we walk, so we walk over a copy: once for each, no more.
    for (const retry of [...this.#waiting]) {
      if (total.room <= 0) return;
      if (this.#waiting.delete(retry)) retry();
    }
  }

  /** Calls `retry` once when bytes were given back. Asking twice is asking once. */
  wait(retry: () => void): void {
    this.#waiting.add(retry);
  }

  /** Takes back `wait`. */
  forget(retry: () => void): void {
    this.#waiting.delete(retry);
  }
}
