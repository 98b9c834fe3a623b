// What is said while a Python process boots: what it is to start, that it is ready, or why it is not.

import type {
  BootRefusal,
  PythonLoading,
  PythonReady,
  PythonStart,
} from '../../wire/python-frame.ts';
import { BootError } from '../boot-error.ts';
import type { PythonOptions } from './spawn.ts';

const SERVER_SOFTWARE = 'tunicorn/0.1.0';

export function bootErrorFrom(payload: string): BootError {
  const refusal = parseObject(payload) as Partial<BootRefusal> | null;
  const { message = payload, files = [] } = refusal ?? {};
  return new BootError(refusal?.exitCode === 4 ? 4 : 3, message, files);
}

/** The payload of the first frame. */
export function startMessage(options: PythonOptions, scriptName: string): Buffer {
  const { app, chdir, pythonpath, probe = null, sources = false, threads, multiprocess } = options;
  const start: PythonStart = {
    app,
    chdir,
    title: options.title ?? null,
    pythonpath,
    probe,
    hooks: options.hooks ?? null,
    loglevel: options.loglevel ?? 'info',
    sources,
    threads,
    timeoutLimit: options.timeoutLimit ?? 0,
    captured: options.captured ?? false,
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

/** The paths of FILES_ARE. */
export function parseFiles(payload: string): string[] {
  const files = parseObject(payload);
  return Array.isArray(files) ? files.filter((path) => typeof path === 'string') : [];
}

/** Null when it is none. */
export function parseReady(payload: string): PythonReady | null {
  const ready = parseObject(payload) as Partial<PythonReady> | null;
  return typeof ready?.python === 'string' ? { python: ready.python } : null;
}

function parseObject(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}
