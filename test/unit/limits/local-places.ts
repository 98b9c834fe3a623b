// Places that are counted here, for tests of who asks for them: how much of each client is open at once.

import type { PlaceLimit, Places } from '../../../src/limits/tokens.ts';

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

  #takenOf(limit: number): Map<string, number> {
    const taken = this.#taken[limit];
    if (taken === undefined) throw new Error(`there is no limit ${limit}`);
    return taken;
  }
}
