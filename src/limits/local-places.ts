// Places that are counted in this process: how much of each client is open at once. Keeps nothing of a client that has nothing open,
// so its size is bounded by what is open.

import type { PlaceLimit, Places } from './tokens.ts';

export class LocalPlaces implements Places {
  readonly #limits: readonly PlaceLimit[];
  readonly #taken: readonly Map<string, number>[];

  constructor(limits: readonly PlaceLimit[]) {
    this.#limits = limits;
    this.#taken = limits.map(() => new Map());
  }

  enter(limit: number, key: string): boolean {
    const taken = this.#takenOf(limit);
    const count = taken.get(key) ?? 0;
    if (count >= (this.#limits[limit]?.most ?? 0)) return false;
    taken.set(key, count + 1);
    return true;
  }

  leave(limit: number, key: string): void {
    const taken = this.#takenOf(limit);
    const count = taken.get(key) ?? 0;
    if (count === 0) throw new Error('a place was given back twice');
    if (count === 1) taken.delete(key);
    else taken.set(key, count - 1);
  }

  /** What is open now. */
  open(): (readonly [limit: number, key: string, count: number])[] {
    return this.#taken.flatMap((taken, limit) =>
      [...taken].map(([key, count]) => [limit, key, count] as const),
    );
  }

  #takenOf(limit: number): Map<string, number> {
    const taken = this.#taken[limit];
    if (taken === undefined) throw new Error(`there is no limit ${limit}`);
    return taken;
  }
}
