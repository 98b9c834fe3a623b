// A config file in Python, gunicorn.conf.py above all: Python evaluates it in a process of its own and hands over what it
// sets, with the lines. What those values mean is judged where all config files are; here they are only fetched.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

/** A config file may ask a service for its values; one that hangs must not hang the start for ever. */
export const EVALUATE_MS = 60_000;

export type PythonPlace =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'module'; readonly name: string };

/** A name that the file sets. `line`: where it is set last, when the text shows it. */
export interface PythonValue {
  readonly name: string;
  readonly line: number | null;
  /** As JSON says it; absent when it is `odd`. */
  readonly value?: unknown;
  /** The Python type, when JSON cannot say the value. */
  readonly odd?: string;
}

/** A function of the file: a server hook, or a helper of its own. */
export interface PythonFunction {
  readonly name: string;
  readonly line: number | null;
  /** How many positional arguments it takes; null: any number. */
  readonly arity: number | null;
}

export interface PythonConfig {
  readonly values: readonly PythonValue[];
  readonly functions: readonly PythonFunction[];
}

/** The file could not be evaluated; `detail` is its traceback, or empty. */
export class PythonConfigError extends Error {
  override readonly name = 'PythonConfigError';
  readonly detail: string;

  constructor(message: string, detail = '') {
    super(message);
    this.detail = detail;
  }
}

/**
 * Evaluates it with this Python in the start directory.
 * @throws PythonConfigError
 */
export async function evaluatePython(
  place: PythonPlace,
  python: string,
  cwd: string,
  env: { readonly [name: string]: string | undefined },
): Promise<PythonConfig> {
  const where = place.kind === 'file' ? place.path : place.name;
  const child = spawn(python, [scriptPath(), place.kind, where], {
    cwd,
    env,
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
  });
  // Not the option of spawn, whose timer outlives a start that fails.
  const timer = setTimeout(() => child.kill('SIGKILL'), EVALUATE_MS);
  const answer = child.stdio[3] as Readable;
  let text = '';
  answer.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  const { code, signal } = await new Promise<{ code: number | null; signal: string | null }>(
    (resolve, reject) => {
      child.on('error', (error) => reject(new PythonConfigError(whyNoStart(python, error))));
      child.on('close', (code, signal) => resolve({ code, signal }));
    },
  ).finally(() => clearTimeout(timer));
  if (text === '') throw new PythonConfigError(whyNoAnswer(python, code, signal));
  const parsed = JSON.parse(text) as PythonConfig | { error: string; traceback: string };
  if ('error' in parsed) throw new PythonConfigError(parsed.error, parsed.traceback);
  return parsed;
}

function whyNoStart(python: string, error: NodeJS.ErrnoException): string {
  const why = error.code === 'ENOENT' ? 'it was not found' : error.message;
  return `it is a Python file, and ${python} cannot be started: ${why}. Choose another with --python`;
}

function whyNoAnswer(python: string, code: number | null, signal: string | null): string {
  if (signal === 'SIGKILL') {
    return `it was not evaluated within ${EVALUATE_MS / 1000} s, or ${python} was killed`;
  }
  return `${python} ended with ${signal ?? `exit code ${code}`} while it was evaluated`;
}

/** Beside the compiled tree (dist/src/settings), or beside the sources. */
function scriptPath(): string {
  const places = ['../../../', '../../'].map((up) =>
    fileURLToPath(new URL(`${up}python/tunicorn_bridge/read_config.py`, import.meta.url)),
  );
  const found = places.find((path) => existsSync(path));
  if (found === undefined) {
    throw new PythonConfigError(`read_config.py is missing: looked for ${places.join(' and ')}`);
  }
  return found;
}
