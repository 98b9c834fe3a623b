// How many bytes of temporary files all spools of one worker may have on disk together. A spool that is refused waits
// here and is woken, oldest first, as soon as another gives something back.

import assert from 'node:assert/strict';

export class SpoolBudget {
  readonly limitBytes: number;
  #used = 0;
  readonly #waiting = new Set<() => void>();

  /** `limitBytes`: the most bytes that may be taken at one time. */
  constructor(limitBytes: number) {
    assert.ok(limitBytes >= 0, 'a spool budget cannot be negative');
    this.limitBytes = limitBytes;
  }

  /** Bytes taken and not given back. */
  get used(): number {
    return this.#used;
  }

  /** Takes all of `bytes` or, answering false, nothing. */
  take(bytes: number): boolean {
    assert.ok(bytes >= 0, 'a spool takes no negative bytes');
    if (this.#used + bytes > this.limitBytes) return false;
    this.#used += bytes;
    return true;
  }

  /** Gives back what was taken, and wakes those who wait. */
  give(bytes: number): void {
    assert.ok(bytes >= 0 && bytes <= this.#used, 'a spool gave back more than was taken');
    this.#used -= bytes;
    if (bytes === 0 || this.#waiting.size === 0) return;
    // Whoever is refused again comes back into the set while we walk, so we walk over a copy: once for each, no more.
    for (const retry of [...this.#waiting]) {
      if (this.#used >= this.limitBytes) return;
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
