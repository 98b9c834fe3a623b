// Keeps account of what a log, or whatever is sent like one, could not deliver: told once when the trouble begins and
// once when it is over, with the number of what was lost, never for each line.

export class Losses {
  /** Told when the trouble begins. */
  onTrouble: ((message: string) => void) | null = null;
  /** Told when it is over, with the number of what was lost meanwhile; perhaps 0. */
  onRecovered: ((message: string, lost: number) => void) | null = null;

  readonly #what: string;
  readonly #over: (lost: number) => string;
  #lost = 0;
  /** Of those, how many were told of. */
  #told = 0;
  #troubled = false;

  /**
   * @param what begins the sentence of a trouble: "Cannot send to HOST:PORT"
   * @param over makes the sentence that ends it, with the number of what was lost
   */
  constructor(what: string, over = (lost: number) => `${what}: that is over; ${lost} lost`) {
    this.#what = what;
    this.#over = over;
  }

  /** The trouble has begun and is not over. */
  get troubled(): boolean {
    return this.#troubled;
  }

  /** Since the start, as far as is known. */
  get lost(): number {
    return this.#lost;
  }

  lose(cause: string, count = 1): void {
    this.#lost += count;
    this.trouble(cause);
  }

  trouble(cause: string): void {
    if (this.#troubled) return;
    this.#troubled = true;
    this.onTrouble?.(`${this.#what}: ${cause}`);
  }

  recovered(): void {
    if (!this.#troubled) return;
    this.#troubled = false;
    const lost = this.#lost - this.#told;
    this.#told = this.#lost;
    this.onRecovered?.(this.#over(lost), lost);
  }
}
