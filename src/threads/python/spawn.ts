// Starts the Python process with its socket pairs and hands the near ends over. Knows where the bridge lies and what the
// environment of an application must look like; nothing of frames.

import { type StdioOptions, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { bridgePath } from '../../bridge-path.ts';
import type { PreloadAddress } from '../../wire/preload.ts';
import {
  CONTROL_FD,
  FAULT_FD,
  FIRST_THREAD_FD,
  NOTES_FD,
  type PythonStart,
} from '../../wire/python-frame.ts';
import type { WriteLog } from './notes.ts';
import { OwnChild, type RunningPython } from './running.ts';

/** All threads may hang at once; one thread is not to cost a process for each request that hangs. */
const SPARES_MIN = 4;

/** Socket pairs of threads and of those that may take their places. */
export function threadPairs(threads: number, spares = Math.max(SPARES_MIN, threads)): number {
  return threads + spares;
}

/** Descriptors that this process needs for a moment to start one: both ends of each pair. */
export function descriptorsToStart(threads: number): number {
  return 2 * (threadPairs(threads) + FIRST_THREAD_FD - CONTROL_FD);
}

export interface PythonOptions {
  /** Executable: a path, or a name that is looked for on PATH. */
  readonly python: string;
  /** "package.module:callable", "package.module" or "package.module:factory()". */
  readonly app: string;
  readonly threads: number;
  /** How many threads that are given up can be replaced within this process. Default: as many as threads, 4 at least. */
  readonly spareThreads?: number;
  readonly chdir: string;
  /** As ps shows the process. Default: its command line. */
  readonly title?: string;
  /** Comma-separated folders put before everything else on sys.path; null for none. */
  readonly pythonpath: string | null;
  readonly env: NodeJS.ProcessEnv;
  /** wsgi.multiprocess: whether other processes run the same application. */
  readonly multiprocess: boolean;
  /** Server hooks that run in the process, and the settings for their `cfg`; without it there are none. */
  readonly hooks?: PythonStart['hooks'];
  /** Gunicorn's setting. Default: info. */
  readonly loglevel?: string;
  /** The token of the drill's paths; without it there are none. */
  readonly probe?: string | null;
  /** Whether it is to tell what the application was loaded from (ToControl.FILES, BootError). */
  readonly sources?: boolean;
  /** Seconds since its start to which a request may be extended. Default: none. */
  readonly timeoutLimit?: number;
  /** What it prints goes to a log: a line at a time. */
  readonly captured?: boolean;
  /** SERVER_SOFTWARE. */
  readonly serverSoftware?: string;
  /** What a thread is called in logs. Default: "thread <index>"; must be unique within the worker. */
  readonly threadName?: (index: number) => string;
  /** For tests on a machine that may stand still: how long a request may keep others waiting behind it, ms. */
  readonly stallMs?: number;
  /** The process is there; whoever kills this one has to know it. */
  readonly began?: (pid: number) => void;
  /** The process has ended, however it did. */
  readonly ended?: (pid: number) => void;
  /** Where a process can be had that has loaded the application already; without it one is started. */
  readonly preload?: PreloadAddress | null;
  /** Another bridge, for tests of a broken one. */
  readonly bridge?: string;
  readonly log: WriteLog;
}

/** The near ends of the socket pairs. */
export interface PythonWires {
  readonly control: Socket;
  readonly fault: Socket;
  readonly notes: Socket;
  readonly threads: readonly Socket[];
}

export interface SpawnedPython {
  readonly python: RunningPython;
  /** Null when the process could not be started; `python.ended` tells why. */
  readonly wires: PythonWires | null;
}

/** Socket pairs are made when the process starts, because Node.js can neither send nor receive one later. */
export function spawnPython(options: PythonOptions, sockets: number): SpawnedPython {
  const stdio: StdioOptions = ['ignore', 'inherit', 'inherit'];
  for (let fd = CONTROL_FD; fd < FIRST_THREAD_FD + sockets; fd += 1) {
    stdio.push('pipe');
  }
  const bridge = options.bridge ?? bridgePath('launch.py');
  const args = [bridge, options.app, String(process.pid), String(sockets)];
  const child = spawn(options.python, args, {
    stdio,
    env: options.env,
  });
  const python = new OwnChild(child);
  // Without descriptors there are not even these.
  const near: readonly unknown[] = child.stdio ?? [];
  const socketAt = (fd: number): Socket => {
    const socket = near[fd];
    if (socket instanceof Socket) {
      // Until its reader is there an error must not bring the worker down; the process's exit tells the story.
      return socket.on('error', () => {});
    }
    throw new Error(`the Python process has no socket at descriptor ${fd}`);
  };
  if (child.pid === undefined) {
    for (const [fd, socket] of near.entries()) if (socket instanceof Socket) socketAt(fd).destroy();
    return { python, wires: null };
  }
  const wires = {
    control: socketAt(CONTROL_FD),
    fault: socketAt(FAULT_FD),
    notes: socketAt(NOTES_FD),
    threads: Array.from({ length: sockets }, (_, index) => socketAt(FIRST_THREAD_FD + index)),
  };
  return { python, wires };
}
