// Starts a worker process and turns Node.js's events about it into the two calls of ProcessListener. Here are the
// rough edges of child_process: a process that never started, a channel that closed while we were writing, an exit
// that is told before the last message was read.

import { type ChildProcess, type ForkOptions, fork, type StdioOptions } from 'node:child_process';
import { existsSync } from 'node:fs';
import { endOf } from '../../child-end.ts';
import { messageOf } from '../../message-of.ts';
import { killSession, killTree } from '../../process-tree.ts';
import type { ToArbiter } from '../../wire/arbiter-worker.ts';
import { exitCodes } from '../exit-codes.ts';
import { type Owner, startAs } from '../owner.ts';
import type { Outputs } from './outputs.ts';
import type { ProcessListener, WorkerProcess } from './worker-handle.ts';

export interface LaunchOptions {
  /** The module to run: worker/main, or a stand-in in tests. */
  readonly workerUrl: URL;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** null: the rights of this process. */
  readonly owner: Owner | null;
  /** Reads what it prints; null: it prints where we do. */
  readonly outputs: Outputs | null;
}

/** Makes a function that starts one worker for each call. */
export function launcher(options: LaunchOptions): (listener: ProcessListener) => WorkerProcess {
  return (listener) => {
    try {
      const child = start(options);
      options.outputs?.readAll(child);
      return watch(child, options.cwd, listener);
    } catch (error) {
      // Out of memory or arguments too long: spawn throws for these and reports the others as an event.
      setImmediate(() => neverStarted(error, options.cwd, listener));
      return noProcess;
    }
  };
}

const INHERITED: StdioOptions = ['inherit', 'inherit', 'inherit', 'ipc'];
/** The fifth, STANDARD_OUTPUT_FD there, is our standard output. */
const CAPTURED: StdioOptions = ['inherit', 'pipe', 'pipe', 'ipc', 1];

function start(options: LaunchOptions): ChildProcess {
  return fork(options.workerUrl, [], {
    cwd: options.cwd,
    env: options.env,
    stdio: options.outputs === null ? INHERITED : CAPTURED,
    // Flags of the arbiter's own node (--inspect, a test runner's) are not meant for the workers.
    ...withRightsOf(options.owner),
  });
}

/** /proc shows the files of the worker to its own user, where its Python reads spooled bodies, because it never had other rights. */
function withRightsOf(owner: Owner | null): ForkOptions {
  const { program, before, ids } = startAs(owner, process.execPath);
  return { ...ids, execPath: program, execArgv: [...before] };
}

function watch(child: ChildProcess, folder: string, listener: ProcessListener): WorkerProcess {
  // Not before the last message is read: it may be `boot-failed`.
  void endOf(child, 'channel').then(({ code, signal, error }) => {
    if (error === null) listener.exit(code, signal);
    else neverStarted(error, folder, listener);
  });
  const { pid } = child;
  if (pid === undefined) return noProcess;
  child.on('message', (message) => {
    if (isToArbiter(message)) listener.message(message);
  });
  return {
    pid,
    say: (message, handle) => {
      // The callback takes the error of a channel that has closed; without one it would be thrown at us as an event.
      if (child.connected) child.send(message, handle, () => undefined);
    },
    // Nobody else would end what the worker has started. A pid that was reaped may be somebody else's by now.
    kill: (beside) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      // First: they end with the worker, and nobody would know any more what they had started.
      for (const each of beside) killTree(each);
      killTree(pid);
    },
    ended: (beside) => {
      for (const each of beside) killSession(each);
    },
  };
}

const noProcess: WorkerProcess = {
  pid: 0,
  say: () => undefined,
  kill: () => undefined,
  ended: () => undefined,
};

/** Told as a worker that could not boot: it is logged, backed off and tried again in the same way. */
function neverStarted(error: unknown, folder: string, listener: ProcessListener): void {
  // The system says the same of a missing folder and of a missing program, and Node.js names the program.
  const why = messageOf(error);
  const cause = existsSync(folder) ? why : `its folder ${folder} is not there any more`;
  const message = `A worker process could not be started: ${cause}.`;
  listener.message({ kind: 'boot-failed', exitCode: exitCodes.workerBoot, message });
  listener.exit(null, null);
}

function isToArbiter(message: unknown): message is ToArbiter {
  return typeof message === 'object' && message !== null && 'kind' in message;
}
