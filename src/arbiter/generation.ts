// What the workers of one reading of the settings have in common. A reload makes a new one; workers of the one before
// keep theirs until they have left, so that nobody is handed a socket or a setting that it did not begin with.

import type { ToWorker } from '../wire/arbiter-worker.ts';
import type { ListenHandle } from './listeners.ts';
import type { ProcessListener, WorkerProcess } from './worker-handle.ts';
import type { WorkerLimits } from './worker-states.ts';

export interface Generation {
  readonly limits: WorkerLimits;
  /** max_worker_memory in bytes; 0: no bound. */
  readonly memoryBytesMax: number;
  launch(listener: ProcessListener): WorkerProcess;
  startMessage(age: number): ToWorker;
  /** null once that listener is closed. */
  listenHandle(index: number): ListenHandle | null;
}
