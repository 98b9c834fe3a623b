// When a queue does not drain any more (controlled delay; Nichols and Jacobson, "Controlling Queue Delay", 2012, as servers
// use it: Maurer, "Fail at Scale", 2015). A burst is no overload: somebody who comes while it is worked off waits briefly
// soon enough. Where everybody waited for longer than the target for a whole interval, more comes than can be served.

export interface CodelTerms {
  /** How long a request may wait, ms. */
  readonly targetMs: number;
  /** For how long everybody must have waited longer, ms. */
  readonly intervalMs: number;
}

/** What has waited for so many times the target is shed under overload. */
const PATIENCE = 2;

export class Codel {
  readonly #terms: CodelTerms;
  #overloaded = false;
  #intervalEndMs = 0;
  /** The shortest that anybody waited in this interval who was served; null: nobody was. */
  #shortestMs: number | null = null;

  constructor(terms: CodelTerms) {
    this.#terms = terms;
  }

  /** More comes than can be served; until nobody waits any more. */
  get overloaded(): boolean {
    return this.#overloaded;
  }

  /** Who has waited for longer gives up under overload, ms. */
  get patienceMs(): number {
    return PATIENCE * this.#terms.targetMs;
  }

  /** Somebody begins to wait, and nobody did. */
  begin(nowMs: number): void {
    this.#overloaded = false;
    this.#nextInterval(nowMs);
  }

  served(waitedMs: number): void {
    this.#shortestMs = Math.min(waitedMs, this.#shortestMs ?? waitedMs);
  }

  /** To be asked while somebody waits. `oldestMs`: how long whoever waits longest does. */
  look(nowMs: number, oldestMs: number): boolean {
    if (nowMs >= this.#intervalEndMs) {
      if ((this.#shortestMs ?? oldestMs) > this.#terms.targetMs) this.#overloaded = true;
      this.#nextInterval(nowMs);
    }
    return this.#overloaded;
  }

  #nextInterval(nowMs: number): void {
    this.#intervalEndMs = nowMs + this.#terms.intervalMs;
    this.#shortestMs = null;
  }
}
