// What a Node.js thread needs to be told before it starts.

import { resolve } from 'node:path';
import type { MessagePort, ResourceLimits } from 'node:worker_threads';
import type { Log } from '../../../observe/log.ts';
import type { GuestBoot, GuestHooks, LOG_LEVELS } from '../../../wire/node-thread.ts';

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
  readonly log: Pick<Log, (typeof LOG_LEVELS)[number]>;
  /** Limits of the thread's own heap (not of its Buffers), as worker_threads has them. */
  readonly resourceLimits?: ResourceLimits;
  /** Server hooks that run in the thread; without it there are none. */
  readonly hooks?: GuestHooks | null;
  /** The token of the drill's paths; without it there are none. */
  readonly probe?: string | null;
  /** Where it is to say from which files the application was loaded; without it it says nothing. */
  readonly sources?: MessagePort | null;
  /** Seconds since its start to which a request may be extended. Default: none. */
  readonly timeoutLimit?: number;
  /** A loop that has not turned for so many milliseconds when a request is interrupted is stuck. Default 1000. */
  readonly stuckAfterMs?: number;
}

/** What the thread itself is told. `shared`: the cells of its requests. */
export function bootOf(
  options: NodeThreadOptions,
  port: MessagePort,
  shared: SharedArrayBuffer,
): GuestBoot {
  const { app, chdir, concurrency, hooks = null, probe = null, sources = null } = options;
  return {
    port,
    shared,
    slots: concurrency,
    appPath: resolve(chdir, app.path),
    exportName: app.exportName,
    timeoutLimit: options.timeoutLimit ?? 0,
    probe,
    sources,
    hooks,
  };
}
