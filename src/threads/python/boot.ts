// What is said while a Python process boots: what it is to start, that it is ready, or why it is not; and the words for
// how a process ended.

import type { ChildProcess } from 'node:child_process';
import type {
  BootRefusal,
  PythonLoading,
  PythonReady,
  PythonStart,
} from '../../wire/python-frame.ts';
import { BootError } from '../boot-error.ts';
import type { PythonOptions } from './spawn.ts';

/** What a process sent before its exit is read within this time. */
const LAST_WORDS_MS = 10;

const SERVER_SOFTWARE = 'tunicorn/0.1.0';

export function bootErrorFrom(payload: string): BootError {
  const refusal = parseObject(payload) as Partial<BootRefusal> | null;
  return new BootError(refusal?.exitCode === 4 ? 4 : 3, refusal?.message ?? payload);
}

/** The payload of the first frame. */
export function startMessage(options: PythonOptions, sockets: number, scriptName: string): Buffer {
  const { app, chdir, pythonpath, probe = null, threads, multiprocess } = options;
  const start: PythonStart = {
    app,
    chdir,
    title: options.title ?? null,
    pythonpath,
    probe,
    hooks: options.hooks ?? null,
    threads,
    sockets,
    timeoutLimit: options.timeoutLimit ?? 0,
    environ: {
      SERVER_SOFTWARE: options.serverSoftware ?? SERVER_SOFTWARE,
      SCRIPT_NAME: scriptName,
      'wsgi.multithread': threads > 1,
      'wsgi.multiprocess': multiprocess,
    },
  };
  return Buffer.from(JSON.stringify(start));
}

export function parseLoading(payload: string): PythonLoading {
  const loading = parseObject(payload) as Partial<PythonLoading> | null;
  return { faultSignal: loading?.faultSignal ?? 0, ledger: loading?.ledger ?? -1 };
}

/** Null when it is none. */
export function parseReady(payload: string): PythonReady | null {
  const ready = parseObject(payload) as Partial<PythonReady> | null;
  return typeof ready?.python === 'string' ? { python: ready.python } : null;
}

/** Resolves once the process has ended, or could not be started, to words for it: "was killed by SIGSEGV". */
export function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      if (child.pid === undefined) resolve(error.message);
    });
    child.once('exit', (code, signal) => {
      const how = signal === null ? `ended with exit code ${code}` : `was killed by ${signal}`;
      setTimeout(resolve, LAST_WORDS_MS, how);
    });
  });
}

function parseObject(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}
