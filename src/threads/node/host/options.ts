// What a Node.js thread needs to be told before it starts.

import type { MessagePort, ResourceLimits } from 'node:worker_threads';
import type { Log } from '../../../observe/log.ts';
import type { OutputStream } from '../../../observe/whole-lines.ts';
import type { LOG_LEVELS } from '../../../wire/log-levels.ts';
import type { GuestHooks, ProgramTerms } from '../../../wire/node-thread.ts';

/** A loop that stands still for this long when a request is past its time is stuck, unless told otherwise. */
export const STUCK_MS = 1000;
/** So long do requests have from the last look at which a debugger was there. */
export const DEBUG_MS = 5000;

export interface Debugging {
  /** Somebody debugs: then a thread that stands still is not stuck, and its requests have time. */
  readonly isEntered: boolean;
  /** The inspector of the thread of this name listens there. */
  leadTo(thread: string, url: string): void;
}

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
  /** No thread: it runs on the loop of whoever starts it, and ends with its process. */
  readonly onOwnLoop?: boolean;
  /** It can be debugged; without it it cannot. */
  readonly debugging?: Debugging | null;
  /** Takes what it prints, in whole lines. */
  readonly print?: (stream: OutputStream, lines: string) => void;
  /** Takes what it prints, as it is; without either Node.js writes it where the process prints. */
  readonly pass?: (stream: OutputStream, bytes: Buffer) => void;
  readonly log: Pick<Log, (typeof LOG_LEVELS)[number]>;
  /** Limits of the thread's own heap (not of its Buffers), as worker_threads has them. */
  readonly resourceLimits?: ResourceLimits;
  /** Server hooks that run in the thread; without it there are none. */
  readonly hooks?: GuestHooks | null;
  /** The token of the drill's paths; without it there are none. */
  readonly probe?: string | null;
  /** Where it is to say from which files the application was loaded; without it it says nothing. */
  readonly sources?: MessagePort | null;
  /** Changes the folder of the process, which a thread has asked for; must not throw. Without it nothing happens. */
  readonly enterFolder?: (folder: string) => void;
  /** What is made of a program that listens itself; without it, it listens nowhere in particular. */
  readonly program?: ProgramTerms;
  /** Seconds since its start to which a request may be extended. Default: none. */
  readonly timeoutLimit?: number;
  /** A loop that has not turned for so many milliseconds when a request is interrupted is stuck. Default 1000. */
  readonly stuckAfterMs?: number;
}
