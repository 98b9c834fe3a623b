// Why a Python process did not get as far as serving: the error that the worker passes on with Gunicorn's exit codes,
// and the words for how a process ended.

import type { BootRefusal, PythonReady } from '../../wire/python-frame.ts';

/** The application could not be loaded. `message` is for people and includes the traceback where there is one. */
export class BootError extends Error {
  /** Gunicorn's: 3 the worker failed to boot, 4 the application was not found in its module. */
  readonly exitCode: 3 | 4;

  constructor(exitCode: 3 | 4, message: string) {
    super(message);
    this.name = 'BootError';
    this.exitCode = exitCode;
  }
}

export function bootErrorFrom(payload: string): BootError {
  const refusal = parseObject(payload) as Partial<BootRefusal> | null;
  return new BootError(refusal?.exitCode === 4 ? 4 : 3, refusal?.message ?? payload);
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
