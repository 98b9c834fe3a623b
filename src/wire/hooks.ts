// What the arbiter and those who run its hooks say to each other, and what a worker is told of its hooks. Python's half
// is python/tunicorn_bridge/arbiter_hooks.py; JSON in both cases. Shapes only.

/** A picture of a worker for hooks. */
export interface HookWorker {
  readonly age: number;
  /** What the application sees as its own pid; null while there is none. */
  readonly pid: number | null;
  /** Of the process of the I/O loop: the one in the log. */
  readonly loop_pid: number;
  readonly booted: boolean;
  /** This is the last that is heard of it. */
  readonly gone: boolean;
}

/** A picture of the arbiter. */
export interface HookServer {
  readonly num_workers: number;
  readonly worker_age: number;
  /** "http://127.0.0.1:8000"; empty before they are bound. */
  readonly listeners: readonly string[];
  readonly workers: readonly HookWorker[];
}

export interface HookStart {
  readonly kind: 'file' | 'module';
  readonly where: string;
  /** Hooks to be called by and by. */
  readonly names: readonly string[];
  /** The pid of the arbiter. */
  readonly pid: number;
  readonly chdir: string;
  /** All settings by name. */
  readonly cfg: object;
}

export interface HookCall {
  readonly id: number;
  readonly hook: string;
  readonly server: HookServer;
  readonly worker: HookWorker | null;
  /** What follows server and worker. */
  readonly args: readonly (number | null)[];
}

export type ToHooks = { readonly start: HookStart } | HookCall;

export interface HookFailure {
  readonly message: string;
  /** A traceback, or empty. */
  readonly detail: string;
}

export type FromHooks =
  | { readonly ready: true }
  /** It cannot begin. */
  | { readonly error: HookFailure }
  | { readonly id: number; readonly error: HookFailure | null }
  | { readonly log: string; readonly text: string };

/** What a worker's application is told of the hooks that run inside it. */
export interface InnerHooks {
  readonly kind: 'file' | 'module' | 'script';
  readonly where: string;
  /** The start directory. */
  readonly folder: string;
  readonly names: readonly string[];
  /** A hook that takes longer is not waited for, seconds. */
  readonly timeout: number;
  /** The arbiter's pid. */
  readonly ppid: number;
  readonly age: number;
  /** How many workers there are to be. */
  readonly num_workers: number;
}

/** Called where a worker is told to leave at once. */
export const LAST_HOOKS: readonly string[] = ['worker_int', 'worker_exit'];
/** They are waited for so long, ms, and for no longer than `hook_timeout`. The arbiter's patience with a worker grows by it. */
export const LAST_HOOKS_MS = 2000;
