// Finds and reads the config file. TypeScript goes through jiti, so that it needs no build step on any Node.js that we
// support; JavaScript is imported, JSON parsed. What it exports is taken apart here and judged in check.ts.

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { extname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { CATALOGUE, SETTING_NAMES, settingNamed } from './catalogue.ts';
import type { Given } from './check.ts';
import { missingSetting } from './gunicorn-only.ts';
import { nearest } from './nearest.ts';
import { either, quote, SettingError } from './setting-error.ts';
import type { Source } from './source.ts';

/** Names that are looked for in the start directory, in this order. */
export const CONFIG_FILE_NAMES = ['ts', 'mts', 'js', 'mjs', 'cjs', 'json'].map(
  (extension) => `tunicorn.config.${extension}`,
);

const INSTEAD_OF_PYTHON =
  'Write the settings as `export default { workers: 4 }` in tunicorn.config.ts, or as flags.';

export interface ConfigFile {
  /** As given or found, for people. */
  readonly name: string;
  readonly given: readonly Given[];
}

/** The name of the config file of a directory; null when there is none. */
export function findConfigFile(directory: string): string | null {
  return CONFIG_FILE_NAMES.find((name) => existsSync(join(directory, name))) ?? null;
}

/** A sentence when Gunicorn would have read its config file there, and nobody said which to read. */
export function overlookedFile(directory: string): string | null {
  if (!existsSync(join(directory, 'gunicorn.conf.py'))) return null;
  return `gunicorn.conf.py is not read: Tunicorn does not read Python config files yet. ${INSTEAD_OF_PYTHON}`;
}

/**
 * @param written the path as the user wrote it, `file:` allowed as in Gunicorn
 * @param directory what a relative path starts at
 * @param asked where the path was asked for; null when it was found
 * @throws SettingError
 */
export async function readConfigFile(
  written: string,
  directory: string,
  asked: Source | null,
): Promise<ConfigFile> {
  const name = written.replace(/^file:(\/\/)?/, '');
  if (/^python:/.test(name) || /\.pyc?$/.test(name)) {
    const problem = `${name} is a Python config file: Tunicorn does not read these yet.`;
    throw fileError(name, asked, problem, INSTEAD_OF_PYTHON);
  }
  const path = resolve(directory, name);
  if (!existsSync(path)) {
    throw fileError(name, asked, `The config file ${name} does not exist.`, '');
  }
  return { name, given: takeApart(await load(path, name), name) };
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
    const right = `It must end in ${either(Object.keys(LOADERS))}.`;
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

function takeApart(exported: unknown, file: string): readonly Given[] {
  if (!isObject(exported)) {
    const found = exported === undefined ? 'nothing' : quote(exported);
    const problem = `${file} must export its settings as an object by default, and exports ${found}.`;
    throw fileError(file, null, problem, 'For example: export default { workers: 4 }');
  }
  const source: Source = { kind: 'file', file };
  const given: Given[] = [];
  for (const [key, value] of Object.entries(exported)) {
    // Editors find the schema by it; `undefined` is how JavaScript says "not given".
    if (key === '$schema' || value === undefined) continue;
    const name = settingNamed(key);
    if (name === null || CATALOGUE[name].inFile === false)
      throw unknownSetting(key, value, source, file);
    if (given.some((earlier) => earlier.name === name)) {
      throw fileError(key, source, `${file} sets ${name} twice, once as ${key}.`, '');
    }
    given.push({ name, value, source });
  }
  return given;
}

function unknownSetting(key: string, value: unknown, source: Source, file: string): SettingError {
  const missing = missingSetting(key);
  const known = SETTING_NAMES.filter((name) => CATALOGUE[name].inFile !== false);
  const aliases = known.flatMap((name) => CATALOGUE[name].aliases ?? []);
  const near = nearest(key, [...known, ...aliases]);
  return new SettingError({
    code: missing === null ? 'unknown-setting' : 'not-yet',
    setting: key,
    value,
    source,
    rule: '',
    problem:
      missing === null
        ? `Unknown setting ${quote(key)} in ${file}.`
        : `${file}: ${missing.problem}`,
    suggestion: missing?.instead ?? (near === null ? '' : `Did you mean ${near}?`),
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
