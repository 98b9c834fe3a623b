// Which of a worker's threads serve and which are spare: loaded like the others, and given nothing until one of those leaves.
// Whoever becomes ready serves while somebody is missing, and waits otherwise.

export class Reserve<T> {
  readonly #places: number;
  readonly #serving = new Set<T>();
  /** Whoever has waited longest comes first. */
  readonly #spare = new Set<T>();

  /** @param places how many should serve */
  constructor(places: number) {
    this.#places = places;
  }

  /** Fewer serve than should. */
  get isShort(): boolean {
    return this.#serving.size < this.#places;
  }

  /** It is ready. True: it serves from now on; false: it is spare. */
  enter(thread: T): boolean {
    const serves = this.isShort;
    (serves ? this.#serving : this.#spare).add(thread);
    return serves;
  }

  /** It is gone. Answers the spare one that serves from now on in its place; null when there is none, or none is needed. */
  leave(thread: T): T | null {
    this.#spare.delete(thread);
    if (!this.#serving.delete(thread)) return null;
    const [next] = this.#spare;
    if (next === undefined) return null;
    this.#spare.delete(next);
    this.#serving.add(next);
    return next;
  }
}
