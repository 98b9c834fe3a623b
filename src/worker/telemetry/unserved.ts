// Requests that were answered 503 because no thread could have them in time, counted by why, once each; and a sentence for the log
// about those that came since the last one. The counts are what a worker reports.

/** Codes of failures (connection/states/failures.ts) that mean it. */
const CODES: ReadonlySet<string> = new Set([
  'queue-full',
  'queue-shed',
  'queue-timeout',
  'client-ended',
]);

export class Unserved {
  readonly #totals = new Map<string, number>();
  /** As it was told last. */
  #told = new Map<string, number>();
  #untold = false;

  /** A request failed with this code. True: it is one of them. */
  note(code: string): boolean {
    if (!CODES.has(code)) return false;
    this.#totals.set(code, (this.#totals.get(code) ?? 0) + 1);
    this.#untold = true;
    return true;
  }

  /** Something came since the last sentence. */
  get untold(): boolean {
    return this.#untold;
  }

  /** Since the start, by the code of their lines. */
  get totals(): { readonly [code: string]: number } {
    return Object.fromEntries(this.#totals);
  }

  sentence(): string {
    const parts: string[] = [];
    for (const [code, total] of this.#totals) {
      const fresh = total - (this.#told.get(code) ?? 0);
      if (fresh > 0) parts.push(`${fresh} ${code}`);
    }
    this.#told = new Map(this.#totals);
    this.#untold = false;
    return `Answered 503 for want of a thread: ${parts.join(', ')}.`;
  }
}
