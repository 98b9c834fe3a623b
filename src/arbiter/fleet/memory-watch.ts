// Which worker has grown beyond max_worker_memory and should give way, by what its heartbeats tell. One at a time, so that
// a leak that all share does not double the memory of all at once; and never one that was as large when it had just
// loaded the application, whose successor would be no smaller.

import type { Log } from '../../observe/log.ts';
import { mebibytes } from './fleet-words.ts';
import type { Generation } from './generation.ts';
import type { WorkerHandle } from './worker-handle.ts';

export class MemoryWatch {
  readonly #replacing = new Set<WorkerHandle>();
  /** The bounds that were found to be less than what a worker needs; told once each. */
  readonly #tooLow = new WeakSet<Generation>();

  /** Why this one should be replaced now, a clause for the log; null when it need not, or when it is not its turn. */
  reason(
    worker: WorkerHandle,
    generation: Generation,
    memoryBytes: number,
    log: Log,
  ): string | null {
    const { memoryBytesMax } = generation;
    if (memoryBytesMax === 0 || memoryBytes <= memoryBytesMax) return null;
    if (worker.memoryAtReady >= memoryBytesMax) {
      this.#tellTooLow(worker, generation, log);
      return null;
    }
    if (this.#replacing.size > 0) return null;
    return `it has grown to ${mebibytes(memoryBytes)} (max_worker_memory ${mebibytes(memoryBytesMax)})`;
  }

  /** It is being replaced: until it is `gone`, the others wait for their turn. */
  begun(worker: WorkerHandle): void {
    this.#replacing.add(worker);
  }

  gone(worker: WorkerHandle): void {
    this.#replacing.delete(worker);
  }

  /** Nobody is being replaced any more, because a reload replaces all. */
  forget(): void {
    this.#replacing.clear();
  }

  #tellTooLow(worker: WorkerHandle, generation: Generation, log: Log): void {
    if (this.#tooLow.has(generation)) return;
    this.#tooLow.add(generation);
    log.warning(
      `Worker (pid: ${worker.pid}) had ${mebibytes(worker.memoryAtReady)} when it had just loaded the application, which is more than max_worker_memory (${mebibytes(generation.memoryBytesMax)}): it is not replaced for that. Set a higher bound.`,
    );
  }
}
