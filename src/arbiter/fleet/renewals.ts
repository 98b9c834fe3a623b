// Changes all workers of a fleet for those of another generation, all of them or none: they boot beside the ones that serve
// and take over together when the last of them is ready; one that cannot serve ends it, and they go. So it is here that
// stands how many workers there should be, and of which generation; who comes to a place, and when, the fleet decides.

import type { FleetParts, Outcome, Renewal } from './fleet-parts.ts';
import type { Generation } from './generation.ts';
import type { Place } from './place.ts';
import type { Places } from './places.ts';
import type { Replacement, WorkerHandle } from './worker-handle.ts';

const forReload: Replacement = { reason: 'reload', graceful: true, routine: true, serves: true };

export class Renewals {
  readonly #parts: FleetParts;
  readonly #places: Places;
  /** Of the workers that serve. */
  #generation: Generation;
  /** How many places there should be, but for a renewal under way. */
  #size: number;
  #underWay: Renewal | null = null;

  constructor(parts: FleetParts, places: Places) {
    this.#parts = parts;
    this.#places = places;
    this.#generation = parts.generation;
    this.#size = parts.workers;
    this.#growTo(parts.workers);
  }

  get isUnderWay(): boolean {
    return this.#underWay !== null;
  }

  /** Of the workers that serve. */
  get generation(): Generation {
    return this.#generation;
  }

  /** Of the workers that are started now. */
  get nextGeneration(): Generation {
    return this.#underWay?.generation ?? this.#generation;
  }

  /** How many workers there should be. */
  get size(): number {
    return this.#underWay?.size ?? this.#size;
  }

  /** Some are to stay, should the renewal under way fail. */
  get keepsSome(): boolean {
    return this.#size > 0;
  }

  /** It is one of those that are to take over together. */
  concerns({ generation }: WorkerHandle): boolean {
    return generation === this.#underWay?.generation;
  }

  /** None may be under way. */
  begin(generation: Generation, size: number, settled: (outcome: Outcome) => void): void {
    this.#underWay = { generation, size, settled };
    this.#growTo(size);
    for (const place of this.#places.all) {
      callOff(place);
      // Whatever the one that could not start there waited for may be mended now.
      if (place.worker === null) place.startAt(this.#parts.now());
    }
    this.#succeedAll();
  }

  resize(by: 1 | -1): void {
    this.#size = Math.max(0, this.#size + by);
    if (this.#underWay !== null) this.#underWay.size += by;
    this.#growTo(this.size);
    this.#shrinkTo(Math.max(this.#size, this.size));
    this.#succeedAll();
  }

  /** None is to serve. None may be under way. */
  rest(): void {
    this.#size = 0;
    this.#shrinkTo(0);
  }

  /** To be called whenever the last of them may be ready: then the old ones go. */
  complete(takeOver: (worker: WorkerHandle) => void): void {
    const renewal = this.#underWay;
    if (renewal === null) return;
    const ready = this.#places.workers.filter(
      ({ generation, state }) => generation === renewal.generation && state === 'ready',
    );
    if (ready.length < renewal.size) return;
    this.#underWay = null;
    this.#generation = renewal.generation;
    this.#size = renewal.size;
    for (const worker of ready) takeOver(worker);
    this.#shrinkTo(renewal.size);
    renewal.settled('done');
  }

  /** One under way, if there is one: its workers go, those from before stay. False: there was none. */
  giveUp(): boolean {
    const renewal = this.#underWay;
    if (renewal === null) return false;
    this.#underWay = null;
    for (const place of this.#places.all) {
      callOff(place);
      const { worker } = place;
      // One that came for another that died meanwhile.
      if (worker === null || worker.generation === this.#generation) continue;
      if (worker.state === 'ready') place.succeed(forReload, this.#parts.now());
      else worker.quit();
    }
    this.#growTo(this.#size);
    this.#shrinkTo(this.#size);
    renewal.settled('failed');
    return true;
  }

  /** As many places as the renewal wants have a worker of its generation, or will have. */
  #succeedAll(): void {
    if (this.#underWay === null) return;
    const { generation, size } = this.#underWay;
    for (const place of this.#places.all.slice(0, size)) {
      const { worker } = place;
      if (worker === null || worker.generation === generation || place.replacement !== null)
        continue;
      place.succeed(forReload, this.#parts.now());
    }
  }

  #growTo(size: number): void {
    this.#places.growTo(size, this.#parts.now());
  }

  #shrinkTo(size: number): void {
    this.#places.shrinkTo(size, this.#generation);
  }
}

function callOff(place: Place): void {
  place.callOff()?.drain();
}
