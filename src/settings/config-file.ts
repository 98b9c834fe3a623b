// Finds and reads the config file. TypeScript goes through jiti, so that it needs no build step on any Node.js that we
// support; JavaScript is imported, JSON parsed, Python evaluated by Python. What it sets is taken apart here and judged in
// check.ts.

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { extname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { CATALOGUE, SETTING_NAMES, settingNamed } from './catalogue.ts';
import type { Given } from './check.ts';
import { foreignSetting, isHook } from './gunicorn-only.ts';
import { lineOfKey } from './key-line.ts';
import { nearest } from './nearest.ts';
import {
  evaluatePython,
  type PythonConfig,
  PythonConfigError,
  type PythonFunction,
  type PythonPlace,
} from './python-config.ts';
import { either, quote, SettingError } from './setting-error.ts';
import { labelOf, placeOf, type Source } from './source.ts';

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
  /** Gunicorn's server hooks that a Python file defines. */
  readonly hooks: readonly PythonFunction[];
  /** Sentences for people. */
  readonly warnings: readonly string[];
}

/** What reading a file may need beside its name. */
export interface Reader {
  /** What a relative path starts at. */
  readonly directory: string;
  /** Evaluates a Python file. */
  readonly python: string;
  readonly env: { readonly [name: string]: string | undefined };
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
    throw fileError(name, asked, `The config file ${name} does not exist.`, '');
  }
  if (/\.pyc?$/.test(name)) return readPython({ kind: 'file', path }, name, reader);
  return {
    name,
    hooks: [],
    ...takeApart(await load(path, name), name, await readFile(path, 'utf8')),
  };
}

async function readPython(place: PythonPlace, file: string, reader: Reader): Promise<ConfigFile> {
  try {
    const config = await evaluatePython(place, reader.python, reader.directory, reader.env);
    return { name: file, ...takePythonApart(config, file) };
  } catch (error) {
    if (!(error instanceof PythonConfigError)) throw error;
    const problem = `Failed to read config file ${file}: ${error.message}`;
    throw fileError(file, null, endsAsSentence(problem), '', error.detail);
  }
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

async function load(path: string, name: string): Promise<unknown> {
  const loader = LOADERS[extname(path)];
  if (loader === undefined) {
    const right = `It must end in ${either([...Object.keys(LOADERS), '.py'])}.`;
    throw fileError(name, null, `${name} is no config file by its name.`, right);
  }
  try {
    return await loader(path);
  } catch (error) {
    const { message, stack = '' } = error instanceof Error ? error : new Error(String(error));
    const problem = `Failed to read config file ${name}: ${message}`;
    // Where in a JSON file it is wrong stands in the message; the stack is our own.
    throw fileError(name, null, problem, '', loader === loadJson ? '' : stack);
  }
}

async function loadTypeScript(path: string): Promise<unknown> {
  // No cache on disk: its default place is a folder in /tmp that any user of the machine could have filled.
  // No cache in memory: a reload reads the file again. The alias lets a global installation be imported by name.
  // Loaded only now: it brings a compiler along.
  const { createJiti } = await import('jiti');
  const jiti = createJiti(import.meta.url, {
    fsCache: false,
    moduleCache: false,
    alias: { tunicorn: fileURLToPath(import.meta.resolve('./define-config.js')) },
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

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `text`: the file as it stands there, for the lines. */
function takeApart(
  exported: unknown,
  file: string,
  text: string,
): Pick<ConfigFile, 'given' | 'warnings'> {
  if (!isObject(exported)) {
    const found = exported === undefined ? 'nothing' : quote(exported);
    const problem = `${file} must export its settings as an object by default, and exports ${found}.`;
    throw fileError(file, null, problem, 'For example: export default { workers: 4 }');
  }
  const given: Given[] = [];
  const warnings: string[] = [];
  for (const [key, value] of Object.entries(exported)) {
    // Editors find the schema by it; `undefined` is how JavaScript says "not given".
    if (key === '$schema' || value === undefined) continue;
    const source = sourceOf(file, lineOfKey(text, key));
    const name = settingNamed(key);
    if (name === null || CATALOGUE[name].inFile === false) {
      warnings.push(...notOurs(key, value, source));
      continue;
    }
    if (given.some((earlier) => earlier.name === name)) {
      throw fileError(key, source, `${file} sets ${name} twice, once as ${key}.`, '');
    }
    given.push({ name, value, source });
  }
  return { given, warnings };
}

function sourceOf(file: string, line: number | null): Source {
  return { kind: 'file', file, ...(line === null ? {} : { line }) };
}

/** A Python file is a program: its other names are its own business, as they are to Gunicorn. */
function takePythonApart(
  { values, functions }: PythonConfig,
  file: string,
): Omit<ConfigFile, 'name'> {
  const given: Given[] = [];
  const warnings: string[] = [];
  for (const { name: key, line, value, odd } of values) {
    const source = sourceOf(file, line);
    const name = settingNamed(key);
    const known = name !== null && CATALOGUE[name].inFile !== false;
    if (!known && foreignSetting(key, value) === null) {
      const near = looksMistyped(key);
      if (near !== null) {
        warnings.push(`${labelOf(source)}: ${key} is no setting. Did you mean ${near}?`);
      }
    } else if (!known) warnings.push(...notOurs(key, odd ?? value, source));
    else if (odd === undefined) given.push({ name, value, source });
    else throw oddValue(key, odd, source);
  }
  for (const { name: key, line } of functions) {
    const source = sourceOf(file, line);
    const name = settingNamed(key);
    if (name !== null) throw oddValue(key, 'function or class', source);
    const foreign = foreignSetting(key, key);
    if (isHook(key) && foreign?.kind === 'refused') {
      warnings.push(`${labelOf(source)}: ${foreign.problem}`);
    } else if (foreign !== null) warnings.push(...notOurs(key, key, source));
  }
  return { given, hooks: functions.filter(({ name }) => isHook(name)), warnings };
}

/** The setting that a name of the file all but is; null for a name of its own. */
function looksMistyped(key: string): string | null {
  if (key.startsWith('_') || key.length < 4) return null;
  const near = nearest(key, SETTING_NAMES);
  return near !== null && Math.abs(near.length - key.length) <= 1 ? near : null;
}

function oddValue(key: string, type: string, source: Source): SettingError {
  return new SettingError({
    code: 'bad-value',
    setting: key,
    value: null,
    source,
    rule: '',
    problem: `${key} is a Python ${type} ${placeOf(source)}, which is no value of a setting.`,
    suggestion: '',
  });
}

/** What is to be said about a name that is no setting of ours; throws where it must not stand there. */
function notOurs(key: string, value: unknown, source: Source): string[] {
  const foreign = foreignSetting(key, value);
  if (foreign?.kind === 'quiet') return [];
  if (foreign?.kind === 'no effect') return [`${labelOf(source)}: ${foreign.warning}`];
  const known = SETTING_NAMES.filter((name) => CATALOGUE[name].inFile !== false);
  const aliases = known.flatMap((name) => CATALOGUE[name].aliases ?? []);
  const near = nearest(key, [...known, ...aliases]);
  throw new SettingError({
    code: foreign === null ? 'unknown-setting' : 'not-yet',
    setting: key,
    value,
    source,
    rule: '',
    problem:
      foreign === null
        ? `Unknown setting ${quote(key)} ${placeOf(source)}.`
        : `${labelOf(source)}: ${foreign.problem}`,
    suggestion: foreign?.instead ?? (near === null ? '' : `Did you mean ${near}?`),
  });
}

function fileError(
  setting: string,
  source: Source | null,
  problem: string,
  suggestion: string,
  detail = '',
): SettingError {
  return new SettingError({
    code: 'config-file',
    setting,
    value: null,
    source,
    rule: '',
    problem,
    suggestion,
    detail,
  });
}
