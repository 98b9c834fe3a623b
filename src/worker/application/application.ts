// What the worker knows of the application it serves: it can be loaded, its threads go to the dispatcher, and it can be
// stopped. One implementation starts Node.js threads, the other a Python process.

import type { Dispatcher } from '../../dispatch/dispatcher.ts';
import type { ErrorLog } from '../../observe/log.ts';
import type { AppSpec } from '../../settings/app-spec.ts';
import type { Settings } from '../../settings/settings.ts';
import type { AppThread } from '../../threads/app-thread.ts';
import type { AskedAddress, BoundAddress } from '../../wire/addresses.ts';
import type { InnerHooks } from '../../wire/hooks.ts';
import type { PreloadAddress } from '../../wire/preload.ts';
import type { TroubleTold } from '../telemetry/trouble-log.ts';

export interface ApplicationOptions {
  readonly settings: Settings;
  readonly app: AppSpec;
  /** 0, 1, 2 ...: which place of the fleet the worker has. */
  readonly place: number;
  /** How many workers there are; `beOneOf` tells when there are more or fewer. */
  readonly workers: number;
  /** The real Python executable; null for Node.js. */
  readonly python: string | null;
  /** Where Pythons can be forked from; null: they load the application. */
  readonly preload: PreloadAddress | null;
  /** The token of the drill's paths; null: there are none. */
  readonly probe: string | null;
  /** Server hooks that run where the application does; null: there are none. */
  readonly hooks: InnerHooks | null;
  /** Where the server listens; null: that goes by the application, and is told with `listening`. */
  readonly bound: BoundAddress | null;
  readonly dispatcher: Dispatcher;
  readonly log: ErrorLog;
  /**
   * Told from which files the application was loaded, as it loads them, also before `start` rejects; null when nobody wants to
   * know. `sinceMs`: wall clock, from when on they can have been loaded.
   */
  readonly loadedFiles: ((files: readonly string[], sinceMs: number) => void) | null;
  /**
   * Asks for another worker in the place of this one, which goes on until that is ready; `reason`: a clause for the log;
   * `serves`: false when no thread is there for what this one accepts. Said again it means the same.
   */
  replaceMe(reason: string, serves: boolean): void;
  /** A request that nobody waits for any more came to grief. */
  readonly trouble: TroubleTold;
  /** A process of its own that runs the application has been started, or has ended. */
  processChanged(pid: number, alive: boolean): void;
}

export interface Application {
  /**
   * Loads the application on every thread and hands the threads to the dispatcher. Resolves with where a program wanted to
   * listen; null for what does not listen by itself.
   * @throws an error with `exitCode` 3 (it raised) or 4 (there is none) and a message with the traceback
   */
  start(): Promise<AskedAddress | null>;
  /** The server listens there, which was not known before `start`. */
  listening(address: BoundAddress): void;
  /** So many workers there are from now on: whether others run the application, too, is a part of WSGI's environ. */
  beOneOf(workers: number): void;
  /**
   * The server stops, and nobody is left but clients that stay for long: the application may do what it does at its end.
   * Called at most once, before `stop`.
   */
  shutdown(): void;
  /** Processes that run the application beside this one. */
  readonly pids: readonly number[];
  /** Where a thread of it is now, innermost call first or last as its language has it; null when it does not pause. */
  stackOf(thread: AppThread): Promise<string | null>;
  /** Called on every tick of the worker with monotonic milliseconds. */
  tick(nowMs: number): void;
  /**
   * After the last request. Resolves to true when nothing of it runs any more; to false when native code keeps a thread,
   * which only SIGKILL to this process ends.
   */
  stop(): Promise<boolean>;
  /** Before `kill`, where somebody asked for it: the last server hooks. Resolves within LAST_HOOKS_MS (wire/hooks.ts). */
  leave(): Promise<void>;
  /** At once. Resolves as `stop` does, within a second or so. */
  kill(): Promise<boolean>;
}
