// What server hooks of a tunicorn.config.ts are called with: types for whoever writes one. docs/hooks.md explains them.

import type { Settings } from './settings.ts';

/** Every setting by its name, as it is in force. */
export type HookCfg = Settings;

/** Lines for the server's error log. */
export interface HookLog {
  debug(text: string): void;
  info(text: string): void;
  warning(text: string): void;
  error(text: string): void;
  critical(text: string): void;
}

/** The arbiter, as it was when the hook was called. */
export interface Server {
  readonly pid: number;
  readonly cfg: HookCfg;
  readonly log: HookLog;
  /** How many workers there are to be. */
  readonly num_workers: number;
  /** Of the youngest worker: 1, 2, 3 ... */
  readonly worker_age: number;
  /** "http://127.0.0.1:8000"; empty before they are bound. */
  readonly listeners: readonly string[];
  readonly workers: readonly WorkerOfServer[];
}

/** A worker process, as the arbiter sees it. */
export interface WorkerOfServer {
  readonly age: number;
  /** What the application sees as its own: for WSGI that of the Python process. null before it is there. */
  readonly pid: number | null;
  /** Of the process of the I/O loop: the one in the log. For a Node.js application the same. */
  readonly loop_pid: number;
  /** The arbiter's. */
  readonly ppid: number;
  readonly cfg: HookCfg;
  readonly log: HookLog;
  /** It has loaded the application. */
  readonly booted: boolean;
  readonly alive: boolean;
}

type Returns = void | Promise<void>;

/** Hooks that run in a process beside the arbiter, within `hook_timeout` each. */
export interface ArbiterHooks {
  /** Before any socket is bound. What it throws ends the start. */
  readonly on_starting?: (server: Server) => Returns;
  /** Sockets are bound; before the first worker. */
  readonly when_ready?: (server: Server) => Returns;
  /** SIGHUP: settings were read anew; before the new workers. */
  readonly on_reload?: (server: Server) => Returns;
  /** `before` is null at the start. */
  readonly nworkers_changed?: (server: Server, now: number, before: number | null) => Returns;
  /** The application is loaded when it has returned. */
  readonly pre_fork?: (server: Server, worker: WorkerOfServer) => Returns;
  /** A worker, or a Python process of one, has ended. */
  readonly child_exit?: (server: Server, worker: WorkerOfServer) => Returns;
  /** SIGUSR2: before the new arbiter starts. */
  readonly pre_exec?: (server: Server) => Returns;
  /** The last of all. */
  readonly on_exit?: (server: Server) => Returns;
}

/** A worker of a Node.js application, seen from one of its threads. */
export interface WorkerOfThread extends WorkerOfServer {
  readonly pid: number;
  /** Which thread: 1, 2, 3 ... Each runs the hooks for itself. */
  readonly thread: number;
  /** Requests that the thread has begun; counted where there is pre_request or post_request. */
  readonly nr: number;
}

export interface HookRequest {
  readonly method: string;
  /** As the client wrote it; path and query are its parts. */
  readonly uri: string;
  readonly path: string;
  readonly query: string;
  readonly version: readonly [number, number];
  /** Address and port of the client. */
  readonly peer_addr: readonly [string, number];
  readonly headers: readonly (readonly [name: string, value: string])[];
}

export interface HookResponse {
  /** "200 OK"; null when the application began no response. */
  readonly status: string | null;
  readonly status_code: number | null;
  /** Bytes of the body that the application gave. */
  readonly sent: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** Hooks that run in each thread of a Node.js application. */
export interface WorkerHooks {
  /** Before the application is loaded. What it throws is a worker that cannot boot. */
  readonly post_fork?: (server: Server, worker: WorkerOfThread) => Returns;
  /** The application is loaded. What it throws is a worker that cannot boot. */
  readonly post_worker_init?: (worker: WorkerOfThread) => Returns;
  /** What it throws is answered 500. */
  readonly pre_request?: (worker: WorkerOfThread, req: HookRequest) => Returns;
  /** The response has left the thread, or the request was given up. */
  readonly post_request?: (worker: WorkerOfThread, req: HookRequest, resp: HookResponse) => Returns;
  /** A request was past its time and has been aborted. */
  readonly worker_abort?: (worker: WorkerOfThread) => Returns;
  /** The last of a thread that ends in good order. */
  readonly worker_exit?: (server: Server, worker: WorkerOfThread) => Returns;
}
