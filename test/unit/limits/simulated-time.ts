// A clock that tests turn by hand, with what is to happen later.

export class SimulatedTime {
  nowMs = 1000;
  readonly #later: { atMs: number; order: number; deed: () => void }[] = [];
  #order = 0;

  readonly now = (): number => this.nowMs;

  readonly later = (ms: number, deed: () => void): void => {
    this.#order += 1;
    this.#later.push({ atMs: this.nowMs + ms, order: this.#order, deed });
  };

  /** Goes on to `untilMs`; promises that are kept on the way have their say. */
  async goTo(untilMs: number): Promise<void> {
    for (;;) {
      this.#later.sort((a, b) => a.atMs - b.atMs || a.order - b.order);
      const next = this.#later[0];
      if (next === undefined || next.atMs > untilMs) break;
      this.#later.shift();
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.deed();
      await Promise.resolve();
    }
    this.nowMs = untilMs;
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  }
}
