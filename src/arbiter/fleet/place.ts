// One place of the fleet and who is in it: the worker that serves, its successor, which boots beside it and takes over
// when it is ready, and whoever was succeeded and finishes what it has. Nobody is started beside one that still leaves, so
// that a fleet needs at most twice the memory of its workers, however often they want to be replaced.

import { Backoff } from './backoff.ts';
import type { Replacement, WorkerHandle } from './worker-handle.ts';

/** What a worker was to its place when it died. */
export type Role = 'worker' | 'successor' | 'leaving';

export class Place {
  /** Remembers how the workers of this place fared. */
  readonly backoff = new Backoff();
  #worker: WorkerHandle | null = null;
  #successor: WorkerHandle | null = null;
  readonly #leaving = new Set<WorkerHandle>();
  /** Why `#worker` is to be succeeded; null while it is not. */
  #replacement: Replacement | null = null;
  /** When the next one is to be started, a worker or a successor; Infinity when none is. */
  #startAtMs: number;

  constructor(startAtMs: number) {
    this.#startAtMs = startAtMs;
  }

  /** Those that are there, the one that serves (or is to serve) first. */
  get tenants(): WorkerHandle[] {
    return [this.#worker, this.#successor, ...this.#leaving].filter((each) => each !== null);
  }

  get worker(): WorkerHandle | null {
    return this.#worker;
  }

  get successor(): WorkerHandle | null {
    return this.#successor;
  }

  get replacement(): Replacement | null {
    return this.#replacement;
  }

  /** When something has to be done here; Infinity when nothing will, unless somebody says something. */
  get dueAtMs(): number {
    const startAtMs = this.#mayStart ? this.#startAtMs : Infinity;
    return Math.min(startAtMs, ...this.tenants.map(({ dueAtMs }) => dueAtMs));
  }

  mustStart(nowMs: number): boolean {
    return this.#mayStart && nowMs >= this.#startAtMs;
  }

  /** A start has its time, whatever it waits for. */
  get willStart(): boolean {
    return this.#startAtMs < Infinity;
  }

  /** It was started for this place. */
  movesIn(worker: WorkerHandle): void {
    this.#startAtMs = Infinity;
    if (this.#worker === null) this.#worker = worker;
    else this.#successor = worker;
  }

  /** The worker shall have a successor, which starts at this time or, while the one before still leaves, after that. */
  succeed(replacement: Replacement, startAtMs: number): void {
    this.#replacement = replacement;
    this.#startAtMs = startAtMs;
  }

  /** Lets the next one start then; what for, the place knows. */
  startAt(ms: number): void {
    this.#startAtMs = ms;
  }

  startNone(): void {
    this.#startAtMs = Infinity;
  }

  /** This one is ready. When it is the successor it is the worker from now on: gives back whom it succeeds, and how. */
  takesOver(ready: WorkerHandle): { from: WorkerHandle; graceful: boolean } | null {
    const [from, replacement] = [this.#worker, this.#replacement];
    if (ready !== this.#successor || from === null || replacement === null) return null;
    this.#worker = ready;
    this.#successor = null;
    this.#leaving.add(from);
    this.#replacement = null;
    return { from, graceful: replacement.graceful };
  }

  /** There shall be no successor after all: gives back the one under way, which leaves now. */
  callOff(): WorkerHandle | null {
    const called = this.#successor;
    if (this.#worker !== null) this.#startAtMs = Infinity;
    this.#replacement = null;
    this.#successor = null;
    if (called !== null) this.#leaving.add(called);
    return called;
  }

  /** It is dead: what it was here; null for a stranger. A successor under way becomes the worker when that dies first. */
  movesOut(worker: WorkerHandle): Role | null {
    if (this.#leaving.delete(worker)) return 'leaving';
    if (worker === this.#successor) {
      this.#successor = null;
      return 'successor';
    }
    if (worker !== this.#worker) return null;
    this.#worker = this.#successor;
    this.#successor = null;
    this.#replacement = null;
    return 'worker';
  }

  get #mayStart(): boolean {
    return this.#worker === null || this.#leaving.size === 0;
  }
}
