// A config file in Python, gunicorn.conf.py above all: Python evaluates it in a process of its own and hands over what it
// sets, with the lines. What those values mean is judged where all config files are; here they are only fetched.

import { spawn } from 'node:child_process';
import { bridgePath } from '../bridge-path.ts';
import { type ChildEnd, endOf, wireOf } from '../child-end.ts';
import { killChildTree } from '../process-tree.ts';
import { EVALUATE_MS } from './evaluation.ts';
import { HOOKS } from './hooks.ts';

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

/** How it is evaluated. */
export interface Evaluation {
  readonly python: string;
  /** The start directory. */
  readonly directory: string;
  readonly env: { readonly [name: string]: string | undefined };
  /** Aborted: nobody wants the answer any more. */
  readonly signal?: AbortSignal | undefined;
}

/** Those that run where the file is evaluated; what others name may be found only where the application is. */
const NAMED_HOOKS = Object.entries(HOOKS)
  .filter(([, { runsIn }]) => runsIn === 'arbiter')
  .map(([name]) => name)
  .join(',');

/**
 * Evaluates it with this Python. After `limitMs`, or when it is not wanted any more, it is ended with the commands that it waits for.
 * @throws PythonConfigError
 */
export async function evaluatePython(
  place: PythonPlace,
  { python, directory, env, signal }: Evaluation,
  limitMs: number = EVALUATE_MS,
): Promise<PythonConfig> {
  const where = place.kind === 'file' ? place.path : place.name;
  const child = spawn(python, [bridgePath('read_config.py'), place.kind, where, NAMED_HOOKS], {
    cwd: directory,
    env,
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
  });
  const answer = wireOf(child);
  const ended = endOf(child, answer);
  let text = '';
  answer?.on('error', () => undefined);
  answer?.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  const end = await unlessGivenUp(ended, limitMs, signal, () => {
    killChildTree(child);
    answer?.destroy();
  });
  if (end.error !== null) throw new PythonConfigError(whyNoStart(python, end.error));
  if (text === '') throw new PythonConfigError(whyNoAnswer(python, end));
  const parsed = parsedAnswer(text);
  if (parsed === null) {
    const why = 'descriptor 3, which is for the answer, holds something else as well';
    throw new PythonConfigError(`${why}: the file must not write there`);
  }
  if ('error' in parsed) throw new PythonConfigError(parsed.error, parsed.traceback);
  return parsed;
}

/** Whatever becomes of the process then, nobody waits for it. */
async function unlessGivenUp(
  ended: Promise<ChildEnd>,
  limitMs: number,
  signal: AbortSignal | undefined,
  giveUp: () => void,
): Promise<ChildEnd> {
  const late = new PythonConfigError(`it was not evaluated within ${limitMs / 1000} s`);
  const unwanted = new PythonConfigError('its values are not wanted any more');
  let timer: NodeJS.Timeout | undefined;
  let abort: () => void = () => undefined;
  const givenUp = new Promise<never>((_, reject) => {
    const because = (error: PythonConfigError): void => {
      giveUp();
      reject(error);
    };
    // Not the option of spawn, whose timer outlives a start that fails.
    timer = setTimeout(because, limitMs, late);
    abort = () => because(unwanted);
    signal?.addEventListener('abort', abort);
    if (signal?.aborted === true) abort();
  });
  try {
    return await Promise.race([ended, givenUp]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

/** null when it is none. */
function parsedAnswer(text: string): PythonConfig | { error: string; traceback: string } | null {
  try {
    return JSON.parse(text) as PythonConfig | { error: string; traceback: string };
  } catch {
    return null;
  }
}

function whyNoStart(python: string, error: NodeJS.ErrnoException): string {
  const why = error.code === 'ENOENT' ? 'it was not found' : error.message;
  return `it is a Python file, and ${python} cannot be started: ${why}. Choose another with --python`;
}

function whyNoAnswer(python: string, { code, signal }: ChildEnd): string {
  return `${python} ended with ${signal ?? `exit code ${code}`} while it was evaluated`;
}
