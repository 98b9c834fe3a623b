// What is said while a Python process boots: what it is to start, that it is ready, or why it is not; and the words for
// how a process ended.

import type { BootRefusal, PythonReady, PythonStart } from '../../wire/python-frame.ts';
import { BootError } from '../boot-error.ts';
import type { PythonOptions } from './spawn.ts';

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
    pythonpath,
    probe,
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

/** Null when it is none. */
export function parseReady(payload: string): PythonReady | null {
  const ready = parseObject(payload) as Partial<PythonReady> | null;
  return typeof ready?.faultSignal === 'number' && typeof ready.python === 'string'
    ? { faultSignal: ready.faultSignal, python: ready.python }
    : null;
}

/** "was killed by SIGSEGV", "ended with exit code 7". */
export function describeExit(code: number | null, signal: string | null): string {
  return signal === null ? `ended with exit code ${code}` : `was killed by ${signal}`;
}

function parseObject(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}
