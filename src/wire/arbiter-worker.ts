// What arbiter and worker say to each other over the IPC channel of child_process.fork. Plain objects; a listening
// handle may travel beside `listener`. Shapes only, no behaviour.

import type { Settings } from '../settings/settings.ts';
import type { AskedAddress } from './addresses.ts';
import type { Answer, Question } from './control.ts';
import type { InnerHooks } from './hooks.ts';
import type { CountLimits, LeaseQuestion, LeaseReply } from './limits.ts';
import type { PreloadAddress } from './preload.ts';
import type { Tally } from './tally.ts';

/**
 * With `capture_output` descriptors 1 and 2 of a worker are pipes to the arbiter; its access log, if it goes to the standard output, goes
 * to this one. Behind 0, 1, 2 and the channel of the messages.
 */
export const STANDARD_OUTPUT_FD = 4;

/** One bound address, as the arbiter sees it. `handle` order is the order of --bind. */
export interface ListenerAddress {
  readonly index: number;
  /** For people: "http://127.0.0.1:8000" or "unix:/run/app.sock". */
  readonly label: string;
  /** SERVER_NAME and SERVER_PORT; for unix sockets the path and 0. */
  readonly host: string;
  readonly port: number;
}

/** What a worker needs for TLS. */
export interface TlsMaterial {
  /** The certificate and the chain to its authority, PEM. */
  readonly cert: string;
  /** Its private key, PEM. */
  readonly key: string;
  /** The authorities of clients, PEM; null: none are given. */
  readonly ca: string | null;
  /** 48 secret bytes, base64: with the same ones every worker resumes the sessions of every other. */
  readonly ticketKeys: string;
}

/** Networks by which clients are judged, each as parseNetwork reads it. */
export interface ClientNetworks {
  /** null: everybody. */
  readonly allow: readonly string[] | null;
  readonly deny: readonly string[];
  readonly exempt: readonly string[];
}

export type ToWorker =
  | {
      readonly kind: 'start';
      readonly settings: Settings;
      /** null: the application says where, when it is loaded (`loaded`). */
      readonly listeners: readonly ListenerAddress[] | null;
      /** 1, 2, 3 ... over the life of the arbiter; for logs. */
      readonly age: number;
      /** 0, 1, 2 ...: which place of the fleet it has; a worker and its successor have the same. */
      readonly place: number;
      /** How many workers there are to be by now; `settings` have how many there were to be at first. */
      readonly workers: number;
      /** The real Python executable (never a shim) for a WSGI application; null for a Node.js one. */
      readonly python: string | null;
      /** Where its Python can be forked from; null: it loads the application itself. */
      readonly preload: PreloadAddress | null;
      /** null: no TLS. */
      readonly tls: TlsMaterial | null;
      readonly networks: ClientNetworks;
      /** --check-config: load the application, say `ready` or `boot-failed`, listen nowhere and exit. */
      readonly check: boolean;
      /** The token of the paths that threads answer themselves, for a drill; null, as always when serving: there are none. */
      readonly probe: string | null;
      /** Server hooks that run inside the application; null: there are none. */
      readonly hooks: InnerHooks | null;
    }
  /** The answer to `loaded`: it is to serve there. */
  | { readonly kind: 'listeners'; readonly listeners: readonly ListenerAddress[] }
  /** The answer to `loaded`: where the application wants to listen nobody can; a sentence for people. */
  | { readonly kind: 'cannot-listen'; readonly message: string }
  /** A duplicate of listening handle `index` travels with this message. */
  | { readonly kind: 'listener'; readonly index: number }
  | LeaseReply
  | CountLimits
  /** So many workers are to be from now on. */
  | { readonly kind: 'workers'; readonly workers: number }
  /** Open all log files anew by their names, after a rotation. */
  | { readonly kind: 'reopen-logs' }
  /** Stop accepting, finish what is under way, exit 0. */
  | { readonly kind: 'drain' }
  /** Exit at once. */
  | { readonly kind: 'quit' }
  /** An operator wants to know, or wants something done; the answer has the same id. */
  | { readonly kind: 'ask'; readonly id: number; readonly question: Question };

/** What a worker has under way. After the last client has left everything but threads and files is 0. */
export interface WorkerCounts {
  readonly connections: number;
  /** The most that were open at once since the heartbeat before. */
  readonly mostConnections: number;
  /** Requests that wait for a thread. */
  readonly queued: number;
  /** Requests that were answered 503 because no thread could have them in time, since its start, by the code of their lines. */
  readonly unserved: { readonly [code: string]: number };
  /** Connections and requests that limits of clients refused since its start, by reason and limit; `dry`: they only would have been. */
  readonly refused: { readonly [what: string]: number };
  /** Requests that went on although a limit could not count them, or not by their key, because nobody answered in time. */
  readonly uncounted: number;
  /** Requests that threads have, begun or not. */
  readonly requests: number;
  readonly threads: number;
  /** Threads that have a request. */
  readonly busyThreads: number;
  /** Deadlines that stand in the wheel. */
  readonly timers: number;
  /** Bytes of responses in temporary files. */
  readonly spooledBytes: number;
  /** Descriptors of the worker process; -1 where that cannot be counted. */
  readonly openFiles: number;
  /** Resident bytes of the worker and its Python; 0 where that cannot be read. */
  readonly memoryBytes: number;
  /** Of those, its Python's; 0 for a Node.js application. */
  readonly pythonBytes: number;
  /** The longest that its loop was late since the last heartbeat, ms. */
  readonly loopDelayMs: number;
}

/** Of a request or a thread that came to grief. */
export interface Trouble {
  readonly about: 'overdue' | 'interrupted' | 'died' | 'shed';
  /** Of the line in the error log. */
  readonly code: string;
  /** So many of them are told by this one. */
  readonly count: number;
  /** For people; what of a client is in it is escaped. */
  readonly sentence: string;
}

export type ToArbiter =
  /** The process runs and listens to messages; asks for `start`. */
  | { readonly kind: 'hello' }
  /** The application is loaded, and wants to listen there (null: it does not say): asks for `listeners`. */
  | { readonly kind: 'loaded'; readonly asked: AskedAddress | null }
  /** Asks for a duplicate of listening handle `index`. */
  | { readonly kind: 'want-listener'; readonly index: number }
  /** A process of its own that runs the application has been started or has ended; none is told of for Node.js. */
  | { readonly kind: 'application'; readonly pid: number; readonly alive: boolean }
  /** The application is loaded on every thread and the worker accepts. `memoryBytes` as in a heartbeat. */
  | { readonly kind: 'ready'; readonly memoryBytes: number }
  /** The worker cannot serve and is about to exit with `exitCode` (3 worker boot, 4 app load, 1 listen failed). */
  | { readonly kind: 'boot-failed'; readonly exitCode: number; readonly message: string }
  /**
   * With `reload`: the application has loaded these files, which nobody has heard of before; also before `boot-failed`. They can
   * have been loaded since `sinceMs`, wall clock.
   */
  | {
      readonly kind: 'loaded-files';
      readonly files: readonly string[];
      readonly sinceMs: number;
    }
  | LeaseQuestion
  /** The I/O loop turns. Sent every second, also while draining. */
  | { readonly kind: 'heartbeat'; readonly counts: WorkerCounts; readonly tally: Tally }
  /**
   * It should be replaced, the new one first: it goes on serving until its successor is ready. `reason`: a clause for
   * the log. `graceful`: what is under way may then be finished; otherwise it is to go at once. `routine`: the
   * settings want it so, nothing is wrong. `serves`: false when no thread runs the application: whatever it accepts waits
   * for queue_timeout in vain. Said again and again, it means the same.
   */
  | {
      readonly kind: 'replace-me';
      readonly reason: string;
      readonly graceful: boolean;
      readonly routine: boolean;
      readonly serves: boolean;
    }
  | { readonly kind: 'trouble'; readonly trouble: Trouble }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: Answer }
  /** It has nothing left to do and cannot exit, because native code of the application never returns: kill it. */
  | { readonly kind: 'finished' };
