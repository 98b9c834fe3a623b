// What a Python process says while it boots: that it is ready, or why it is not; and the words for how a process ended.

import type { BootRefusal, PythonReady } from '../../wire/python-frame.ts';
import { BootError } from '../boot-error.ts';

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
