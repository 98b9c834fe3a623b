// Finds and reads the config file. TypeScript goes through jiti, so that it needs no build step on any Node.js that we
// support; JavaScript is imported, JSON parsed, Python evaluated by Python. What it sets is taken apart in config-values.ts
// and judged in check.ts.

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { extname, join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { configTypesPath } from '../package-folder.ts';
import type { Given } from './check.ts';
import { type Taken, takeApart, takePythonApart, wrongFile } from './config-values.ts';
import { EVALUATE_MS } from './evaluation.ts';
import type { HookFile } from './hooks.ts';
import type { Pm2Choice } from './pm2/read.ts';
import {
  type Evaluation,
  evaluatePython,
  PythonConfigError,
  type PythonPlace,
} from './python-config.ts';
import { either } from './setting-error.ts';
import { placeOf, type Source } from './source.ts';

/** Names that are looked for in the start directory, in this order. */
export const CONFIG_FILE_NAMES = ['ts', 'mts', 'js', 'mjs', 'cjs', 'json'].map(
  (extension) => `tunicorn.config.${extension}`,
);

/** Looked for last, and only where the application is not known to be a Node.js one. */
const GUNICORN_FILE = 'gunicorn.conf.py';

export interface ConfigFile {
  /** As given or found, for people. */
  readonly name: string;
  readonly given: readonly Given[];
  /** The server hooks that it defines; null: none. */
  readonly hooks: HookFile | null;
  /** Sentences for people. */
  readonly warnings: readonly string[];
}

/** What reading a file may need beside its name: a relative path starts at `directory`, `python` evaluates a Python file. */
export interface Reader extends Evaluation {
  /** What is wanted of a file of PM2. */
  readonly pm2: Pm2Choice;
}

/** The name of the config file of a directory; null when there is none. */
export function findConfigFile(directory: string, mayBePython: boolean): string | null {
  const names = mayBePython ? [...CONFIG_FILE_NAMES, GUNICORN_FILE] : CONFIG_FILE_NAMES;
  return names.find((name) => existsSync(join(directory, name))) ?? null;
}

/**
 * @param written the path as the user wrote it; `file:PATH` and `python:MODULE` are allowed as in Gunicorn
 * @param asked where the path was asked for; null when it was found
 * @throws SettingError
 */
export async function readConfigFile(
  written: string,
  reader: Reader,
  asked: Source | null,
): Promise<ConfigFile> {
  const module = /^python:(.*)$/.exec(written)?.[1];
  if (module !== undefined) return readPython({ kind: 'module', name: module }, written, reader);
  const name = written.replace(/^file:(\/\/)?/, '');
  const path = resolve(reader.directory, name);
  if (!existsSync(path)) {
    const place = asked === null ? '' : `, ${placeOf(asked)},`;
    throw wrongFile(name, asked, `The config file ${name}${place} does not exist.`, '');
  }
  if (/\.pyc?$/.test(name)) return readPython({ kind: 'file', path }, name, reader);
  const exported = await loadConfig(path, name, EVALUATE_MS, reader.signal);
  const text = await readFile(path, 'utf8');
  // Loaded only now: most starts read no file in JavaScript.
  const { isPm2File, takePm2 } = await import('./pm2/read.ts');
  const taken = isPm2File(exported)
    ? takePm2(exported, name, text, reader.pm2)
    : takeApart(exported, name, text);
  return configFile(name, taken, { kind: 'script', where: path }, reader);
}

async function readPython(place: PythonPlace, file: string, reader: Reader): Promise<ConfigFile> {
  try {
    const config = await evaluatePython(place, reader);
    const taken = takePythonApart(config, file);
    return configFile(
      file,
      taken,
      place.kind === 'file'
        ? { kind: 'python file', where: place.path }
        : { kind: 'python module', where: place.name },
      reader,
    );
  } catch (error) {
    if (!(error instanceof PythonConfigError)) throw error;
    const problem = `Failed to read config file ${file}: ${error.message}`;
    throw wrongFile(file, null, endsAsSentence(problem), '', error.detail);
  }
}

function configFile(
  name: string,
  { given, warnings, hooks: defined }: Taken,
  place: Pick<HookFile, 'kind' | 'where'>,
  { directory: folder, python }: Reader,
): ConfigFile {
  const hooks = defined.length === 0 ? null : { name, ...place, folder, python, defined };
  return { name, given, warnings, hooks };
}

function endsAsSentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

type Load = (path: string) => Promise<unknown>;

const LOADERS: { readonly [extension: string]: Load } = {
  '.ts': loadTypeScript,
  '.mts': loadTypeScript,
  '.cts': loadTypeScript,
  '.js': loadJavaScript,
  '.mjs': loadJavaScript,
  '.cjs': loadJavaScript,
  '.json': loadJson,
};

/**
 * What a file in TypeScript, JavaScript or JSON exports by default, as it is now. One that awaits something for longer
 * than `limitMs`, or when `signal` says that nobody wants it, is given up.
 * @throws SettingError
 */
export async function loadConfig(
  path: string,
  name: string,
  limitMs: number = EVALUATE_MS,
  signal?: AbortSignal,
): Promise<unknown> {
  const loader = LOADERS[extname(path)];
  if (loader === undefined) {
    const right = `It must end in ${either([...Object.keys(LOADERS), '.py'])}.`;
    throw wrongFile(name, null, `${name} is no config file by its name.`, right);
  }
  const deadline = new AbortController();
  const ends = signal === undefined ? [deadline.signal] : [deadline.signal, signal];
  try {
    return await Promise.race([loader(path), never(limitMs, AbortSignal.any(ends))]);
  } catch (error) {
    const { message, stack = '' } = error instanceof Error ? error : new Error(String(error));
    const problem = `Failed to read config file ${name}: ${message}`;
    // Where in a JSON file it is wrong stands in the message; the stack is our own.
    throw wrongFile(name, null, problem, '', loader === loadJson ? '' : without(message, stack));
  } finally {
    deadline.abort();
  }
}

/** The calls of a stack, which begins with the message: that was told. */
function without(message: string, stack: string): string {
  const at = message === '' ? -1 : stack.indexOf(message);
  return at === -1 ? stack : stack.slice(at + message.length).replace(/^\n/, '');
}

/** Rejects after so long, or at once when that is not wanted any more. */
async function never(ms: number, signal: AbortSignal): Promise<never> {
  await pause(ms, undefined, { signal });
  const late = new Error(`it was not evaluated within ${ms / 1000} s`);
  // Where it stands in our own code tells nobody anything.
  late.stack = '';
  throw late;
}

async function loadTypeScript(path: string): Promise<unknown> {
  // No cache on disk: its default place is a folder in /tmp that any user of the machine could have filled.
  // No cache in memory: a reload reads the file again. The alias lets a global installation be imported by name.
  // Loaded only now: it brings a compiler along.
  const { createJiti } = await import('jiti');
  const jiti = createJiti(import.meta.url, {
    fsCache: false,
    moduleCache: false,
    alias: { tunicorn: configTypesPath },
  });
  return defaultOf(await jiti.import<unknown>(path));
}

let imports = 0;

async function loadJavaScript(path: string): Promise<unknown> {
  // A reload must see the file as it is then: a new address for an ES module, an empty cache for a CommonJS one.
  imports += 1;
  delete createRequire(import.meta.url).cache[path];
  const url = `${pathToFileURL(path).href}?read=${imports}`;
  return defaultOf(await import(url));
}

async function loadJson(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8');
  return JSON.parse(text.replace(/^\uFEFF/, ''));
}

/** The default export; undefined when there is none. */
function defaultOf(module: unknown): unknown {
  const hasDefault = typeof module === 'object' && module !== null && 'default' in module;
  return hasDefault ? module.default : undefined;
}
