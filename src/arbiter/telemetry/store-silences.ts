// What became of a limit store that does not answer, for metrics: whether it does now, how often it fell silent, and how many tokens
// were handed out without it. Outlives reloads, so that no count goes back.

export class StoreSilences {
  /** Of generations whose store is silent now. */
  readonly #silent = new Set<object>();
  #times = 0;
  #tokens = 0;

  get isSilent(): boolean {
    return this.#silent.size > 0;
  }

  get times(): number {
    return this.#times;
  }

  /** Of one request each; what a worker leases ahead and does not use is among them. */
  get tokens(): number {
    return this.#tokens;
  }

  /** `store`: any object that stands for it. */
  fellSilent(store: object): void {
    this.#times += 1;
    this.#silent.add(store);
  }

  /** It answers again, or nobody asks it any more. */
  over(store: object): void {
    this.#silent.delete(store);
  }

  grantedWithout(count: number): void {
    this.#tokens += count;
  }
}
