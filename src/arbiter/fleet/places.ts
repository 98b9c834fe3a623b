// The places of a fleet, one for each worker that there should be, and those who have lost theirs because there should be
// fewer: they finish what they have. Who has to leave a place, and what then, the fleet decides.

import type { Generation } from './generation.ts';
import { Place } from './place.ts';
import type { WorkerHandle } from './worker-handle.ts';

export class Places {
  #all: Place[] = [];
  readonly #leavers = new Set<WorkerHandle>();

  get all(): readonly Place[] {
    return this.#all;
  }

  /** All that live, successors and those that leave as well. */
  get workers(): readonly WorkerHandle[] {
    return [...this.#all.flatMap(({ tenants }) => tenants), ...this.#leavers];
  }

  /** When something has to be done for one of them; Infinity when nothing will, unless somebody says something. */
  get dueAtMs(): number {
    return Math.min(...[...this.#all, ...this.#leavers].map(({ dueAtMs }) => dueAtMs));
  }

  /** The one where this worker serves, or is to serve. */
  of(worker: WorkerHandle): Place | undefined {
    return this.#all.find((each) => each.worker === worker);
  }

  /** 0, 1, 2 ...: which place it serves in, or is to; its successor will have the same. */
  numberOf(worker: WorkerHandle): number {
    return Math.max(
      0,
      this.#all.findIndex(({ tenants }) => tenants.includes(worker)),
    );
  }

  /** It has lost its place. */
  isLeaver(worker: WorkerHandle): boolean {
    return this.#leavers.has(worker);
  }

  /** It is dead. A place of its own hears that by `movesOut`. */
  forget(worker: WorkerHandle): void {
    this.#leavers.delete(worker);
  }

  growTo(size: number, nowMs: number): void {
    while (this.#all.length < size) this.#all.push(new Place(nowMs));
  }

  /** @param current the generation whose workers stay the longest */
  shrinkTo(size: number, current: Generation): void {
    while (this.#all.length > size) {
      const place = this.#all.reduce((least, each) =>
        rank(each, current) < rank(least, current) ? each : least,
      );
      this.#all = this.#all.filter((each) => each !== place);
      for (const worker of place.tenants) {
        this.#leavers.add(worker);
        worker.drain();
      }
    }
  }
}

/** The least goes first: who does not serve, who is of another generation, who is oldest. */
function rank({ worker }: Place, current: Generation): number {
  if (worker === null) return -2;
  const isCurrent = worker.generation === current;
  return (worker.state === 'ready' && isCurrent ? 1e9 : 0) + (isCurrent ? worker.age : -1);
}
