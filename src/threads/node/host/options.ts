// What a Node.js thread needs to be told before it starts.

import type { MessagePort, ResourceLimits } from 'node:worker_threads';

export interface NodeThreadOptions {
  /** Unique within the worker for ever: "thread 2". */
  readonly name: string;
  /** Which place of the pool it fills: 1, 2, 3 ... */
  readonly number: number;
  readonly app: { readonly path: string; readonly exportName: string | null };
  /** How many requests it may have at once (thread_concurrency). */
  readonly concurrency: number;
  /** Relative application paths are resolved against it; the process should be there already. */
  readonly chdir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly log: { warning(message: string, facts?: Record<string, unknown>): void };
  /** Limits of the thread's own heap (not of its Buffers), as worker_threads has them. */
  readonly resourceLimits?: ResourceLimits;
  /** The token of the drill's paths; without it there are none. */
  readonly probe?: string | null;
  /** Where it is to say from which files the application was loaded; without it it says nothing. */
  readonly sources?: MessagePort | null;
  /** Seconds since its start to which a request may be extended. Default: none. */
  readonly timeoutLimit?: number;
  /** A loop that has not turned for so many milliseconds when a request is interrupted is stuck. Default 1000. */
  readonly stuckAfterMs?: number;
}
