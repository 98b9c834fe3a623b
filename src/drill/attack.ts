// What every way of disturbing a server has in common: it begins, it may come to an end by itself (the server's deadline),
// it can be stopped at any time, and it tells what became of those who took part.

/** What became of attackers: "408", "closed", "reset", "still there" ... and of how many. */
export type Tally = ReadonlyMap<string, number>;

export interface Attack {
  /** Resolves when everybody is in place: connected, and what comes first is sent. Bounded. */
  readonly begun: Promise<void>;
  /** Resolves when the end of everybody is known; for some attacks never. */
  readonly over: Promise<void>;
  /** Ends it, whatever it waits for, and tells what became of everybody. Bounded. */
  stop(): Promise<Tally>;
}

export class Counts {
  readonly #counts = new Map<string, number>();

  add(what: string, amount = 1): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + amount);
  }

  get tally(): Tally {
    return this.#counts;
  }
}

/** How many of all took this end. */
export function count(tally: Tally, ...what: readonly string[]): number {
  return what.reduce((sum, each) => sum + (tally.get(each) ?? 0), 0);
}

export function total(tally: Tally): number {
  return [...tally.values()].reduce((sum, each) => sum + each, 0);
}

/** "198 got 408, 2 closed". */
export function tallyInWords(tally: Tally): string {
  const parts = [...tally].sort(([, a], [, b]) => b - a);
  if (parts.length === 0) return 'nobody came';
  return parts.map(([what, many]) => `${many} ${/^\d/.test(what) ? 'got ' : ''}${what}`).join(', ');
}
