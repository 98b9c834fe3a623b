// What the workers of one reading of the settings have in common. A reload makes a new one; workers of the one before
// keep theirs until they have left, so that nobody is handed a socket or a setting that it did not begin with.

import type { AskedAddress } from '../../wire/addresses.ts';
import type { ListenerAddress, ToWorker } from '../../wire/arbiter-worker.ts';
import type { LimitShare } from '../limits/shared-limits.ts';
import type { ListenHandle } from '../sockets/listeners.ts';
import type { Traffic } from '../telemetry/traffic.ts';
import type { ProcessListener, WorkerHandle, WorkerProcess } from './worker-handle.ts';
import type { WorkerLimits } from './worker-states.ts';

/** Hooks that a worker waits for before it loads the application. */
export interface HooksFirst {
  /** How many are called one after another until it may. */
  readonly calls: number;
  /** Never rejects. */
  readonly over: Promise<void>;
}

/** Who is told of the lives of workers; see hooks/make-hooks.ts. */
export interface WorkerLives {
  /** It is about to load the application. null: it may at once. */
  beforeStart(worker: WorkerHandle): HooksFirst | null;
  /** A process that ran the application has ended. `gone`: and with it the worker. */
  applicationEnded(worker: WorkerHandle, pid: number, gone: boolean): void;
}

export interface Generation {
  readonly limits: WorkerLimits;
  /** max_worker_memory in bytes; 0: no bound. */
  readonly memoryBytesMax: number;
  readonly lives: WorkerLives | null;
  /** Counts for its workers what clients may have; null: nothing is limited. */
  readonly share: LimitShare | null;
  /** Adds up what its workers have answered; null: nobody asks. */
  readonly traffic: Traffic | null;
  launch(listener: ProcessListener): WorkerProcess;
  startMessage(age: number, place: number, workers: number): ToWorker;
  /** Where the workers listen that were told of no listeners: as their application asked for. Rejects with a sentence for people. */
  listen(asked: AskedAddress | null): Promise<readonly ListenerAddress[]>;
  /** null once that listener is closed. */
  listenHandle(index: number): ListenHandle | null;
}
