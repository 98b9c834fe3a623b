// Finds the application that was named on the command line and says what kind it is: a (req, res) listener or an object
// with fetch. What cannot be loaded ends with exit code 3 and the stack, what is no application with 4 and a sentence.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { Server } from 'node:http';
import { createRequire, Module } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Script } from 'node:vm';
import type { JitiOptions } from 'jiti';
import type { AskedAddress } from '../../../wire/addresses.ts';

export type Listener = (request: object, response: object) => unknown;
/** The context stands twice: first as what Hono and others call `env`, then as `ctx`, the third argument of Cloudflare's form. */
export type Fetch = (request: Request, context: object, again: object) => unknown;

export type App =
  /** `isExport`: the listener itself is exported, and not what it is made from. */
  | { readonly kind: 'listener'; readonly listener: Listener; readonly isExport: boolean }
  | { readonly kind: 'server'; readonly server: Server }
  /** `asked`: where it wants to listen, by `port` and `hostname` beside `fetch`, as Bun and Deno have it. */
  | { readonly kind: 'fetch'; readonly fetch: Fetch; readonly asked: AskedAddress | null };

/** Exit codes are Gunicorn's: 3 the worker failed to boot, 4 the application could not be found in what was loaded. */
export class LoadError extends Error {
  readonly exitCode: 3 | 4;

  constructor(exitCode: 3 | 4, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

const TYPESCRIPT = new Set(['.ts', '.mts', '.cts']);

/**
 * Loads a file, or a folder with package.json, as Node.js would with it on its command line, and takes the named or default
 * export as the application. Answers an error where no name was given and there is none: it may be a program that listens.
 * @throws LoadError
 */
export async function loadApp(path: string, exportName: string | null): Promise<App | LoadError> {
  const file = entryFile(path);
  let loaded: unknown;
  let exported: unknown;
  try {
    loaded = await loadMain(file);
    exported = await pick(loaded, exportName);
  } catch (error) {
    if (error instanceof LoadError) throw error;
    throw new LoadError(3, `Cannot load ${file}.\n${placeOf(error, file)}${stackOf(error)}`);
  }
  const app = classify(exported);
  if (app !== null) return app;
  const none = new LoadError(4, noApplication(exported, loaded, file, exportName));
  if (exportName !== null) throw none;
  return none;
}

/** An error's stack, or whatever was thrown, as text; never throws, whatever that makes of its properties. */
export function stackOf(error: unknown): string {
  try {
    if (!(error instanceof Error)) return `Thrown: ${String(error)}`;
    const text = error.stack ?? String(error);
    return text.includes(error.message) ? text : `${String(error)}\n${text}`;
  } catch {
    return 'Thrown: something that cannot be shown';
  }
}

/** Node.js names neither file nor line of a syntax error in an ES module; `node --check` does, for the file itself. */
function placeOf(error: unknown, file: string): string {
  if (!(error instanceof SyntaxError) || /^(?!\s+at ).*:\d+$/m.test(stackOf(error))) return '';
  const { stderr } = spawnSync(process.execPath, ['--check', file], { encoding: 'utf8' });
  const place = /^[^\n]*:\d+\n.*?(?=\n\n|\nSyntaxError)/s.exec(stderr)?.[0];
  return place === undefined ? 'It is in a module that this file imports.\n' : `${place}\n`;
}

function entryFile(path: string): string {
  if (!existsSync(path)) {
    throw new LoadError(3, `Cannot load ${path}: there is no such file or folder.`);
  }
  if (!statSync(path).isDirectory()) return path;
  const manifest = join(path, 'package.json');
  if (!existsSync(manifest)) {
    throw new LoadError(3, `Cannot load ${path}: the folder has no package.json. Name a file.`);
  }
  const entries = manifestEntries(manifest);
  for (const entry of entries) {
    const file = resolved(join(path, entry), manifest);
    if (file !== null) return file;
  }
  const named = `${entries[0]}, named by its package.json,`;
  throw new LoadError(3, `Cannot load ${path}: ${named} is missing.`);
}

/** As Node.js takes a name without its extension, or a folder; null when nothing is there. */
function resolved(path: string, manifest: string): string | null {
  try {
    return createRequire(manifest).resolve(path);
  } catch {
    return null;
  }
}

/** What is tried in turn: many have a `main` that npm has written and nobody has made, and say it in `scripts` alone. */
function manifestEntries(manifest: string): readonly [string, ...string[]] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(manifest, 'utf8'));
  } catch (error) {
    throw new LoadError(3, `Cannot read ${manifest}: ${String(error)}`);
  }
  const { exports, main, scripts } = (parsed ?? {}) as {
    readonly exports?: unknown;
    readonly main?: unknown;
    readonly scripts?: { readonly start?: unknown };
  };
  const { start } = scripts ?? {};
  const named = [
    exportsEntry(exports),
    typeof main === 'string' ? main : null,
    typeof start === 'string' ? STARTS_NODE.exec(start)?.[1] : null,
  ].filter((each) => typeof each === 'string');
  const [first = 'index.js', ...others] = named;
  return [first, ...others, 'index.js', 'server.js'];
}

/** "node server.js", as `npm start` has it; that is server.js, too, where nothing is said (npm-scripts, "npm start"). */
const STARTS_NODE = /^(?:\w+=\S* )*node (?:-\S+ )*([^-\s]\S*)/;

/** The entry of `exports` for "." under the conditions node, import, require and default, in the order of the file. */
function exportsEntry(exports: unknown): string | null {
  if (typeof exports === 'string') return exports;
  if (Array.isArray(exports)) return exportsEntry(exports[0]);
  if (typeof exports !== 'object' || exports === null) return null;
  for (const [key, value] of Object.entries(exports)) {
    if (['.', 'node', 'import', 'require', 'module-sync', 'default'].includes(key)) {
      const entry = exportsEntry(value);
      if (entry !== null) return entry;
    }
  }
  return null;
}

/** TypeScript always goes through jiti: enums and the like work, and alike on every Node.js. */
export async function importFile(file: string, options: JitiOptions): Promise<unknown> {
  if (!TYPESCRIPT.has(extname(file))) return import(pathToFileURL(file).href);
  // Loaded only now: it brings a compiler along.
  const { createJiti } = await import('jiti');
  return createJiti(pathToFileURL(file).href, options).import(file);
}

/** The main module: `require.main` of what is CommonJS. */
async function loadMain(file: string): Promise<unknown> {
  if (!isCommonJs(file)) return importFile(file, { interopDefault: false });
  return { default: loadModule(file, null, true) };
}

/** What `node FILE` does with it; node:module has it for all who start programs, but its type does not. */
const loadModule = Reflect.get(Module, '_load') as (
  file: string,
  parent: null,
  isMain: boolean,
) => unknown;

/** As Node.js decides; a file whose package does not say may turn out to be a module. */
function isCommonJs(file: string): boolean {
  const extension = extname(file);
  if (extension === '.cjs') return true;
  if (extension === '.mjs' || TYPESCRIPT.has(extension)) return false;
  const type = packageType(dirname(file));
  return type === 'commonjs' || (type !== 'module' && !isModuleSyntax(file));
}

/** Looked at before it runs, so that it runs once. */
function isModuleSyntax(file: string): boolean {
  const source = readFileSync(file, 'utf8').replace(/^#!.*/, '');
  try {
    new Script(Module.wrap(source), { filename: file });
    return false;
  } catch (error) {
    const words =
      /Cannot use import statement|Unexpected token 'export'|'import\.meta'|await is only valid/;
    return error instanceof SyntaxError && words.test(error.message);
  }
}

/** `type` of the nearest package.json. */
function packageType(folder: string): unknown {
  const manifest = join(folder, 'package.json');
  if (existsSync(manifest))
    return (JSON.parse(readFileSync(manifest, 'utf8')) as { type?: unknown }).type;
  const parent = dirname(folder);
  return parent === folder ? undefined : packageType(parent);
}

/** The export itself: promises awaited, a default inside the default (CommonJS compiled from a module) unwrapped. */
async function pick(loaded: unknown, exportName: string | null): Promise<unknown> {
  if (exportName !== null) return member(loaded, exportName);
  let value = await member(loaded, 'default');
  if (value === undefined && (typeof loaded === 'function' || hasFetch(loaded))) value = loaded;
  for (let depth = 0; depth < 3 && isContainer(value); depth++) value = await value.default;
  return value;
}

async function member(loaded: unknown, name: string): Promise<unknown> {
  const exports = (await loaded) as { readonly [name: string]: unknown };
  if (exports[name] !== undefined) return exports[name];
  const inner = await exports['default'];
  const holder = inner as { readonly [name: string]: unknown } | null | undefined;
  return typeof inner === 'object' || typeof inner === 'function' ? holder?.[name] : undefined;
}

function isContainer(value: unknown): value is { readonly default: unknown } {
  return typeof value === 'object' && value !== null && 'default' in value && !hasFetch(value);
}

function hasFetch(value: unknown): value is { readonly fetch: Fetch } {
  const type = typeof value;
  if ((type !== 'object' && type !== 'function') || value === null) return false;
  return typeof (value as { fetch?: unknown }).fetch === 'function';
}

function classify(value: unknown): App | null {
  if (hasFetch(value)) {
    const fetch: Fetch = (request, context) => value.fetch(request, context, context);
    return { kind: 'fetch', fetch, asked: addressOf(value) };
  }
  if (typeof value === 'function' && !isClass(value)) {
    return { kind: 'listener', listener: value as Listener, isExport: true };
  }
  if (value instanceof Server) return { kind: 'server', server: value };
  const callback = (value as { callback?: unknown } | null | undefined)?.callback;
  if (typeof callback === 'function') {
    return { kind: 'listener', listener: callback.call(value) as Listener, isExport: false };
  }
  return null;
}

function addressOf(value: object): AskedAddress | null {
  const { port, hostname } = value as { readonly port?: unknown; readonly hostname?: unknown };
  const number = port === undefined || port === '' ? Number.NaN : Number(port);
  if (!Number.isInteger(number) || number < 0 || number > 65535) return null;
  return { kind: 'port', host: typeof hostname === 'string' ? hostname : null, port: number };
}

function isClass(value: object): boolean {
  return /^class\b/.test(Function.prototype.toString.call(value));
}

function noApplication(
  value: unknown,
  loaded: unknown,
  file: string,
  exportName: string | null,
): string {
  const wanted = exportName === null ? 'default export' : `export "${exportName}"`;
  const names = Object.keys(Object(loaded)).filter((name) => name !== '__esModule');
  const found =
    value === undefined
      ? `${file} has no ${wanted}; it exports ${names.length > 0 ? names.join(', ') : 'nothing'}.`
      : `The ${wanted} of ${file} is ${describe(value)}.`;
  return `${found} An application is a function (req, res), an object with fetch(request), or a program whose HTTP server listens.`;
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'function') return `the class ${value.name}`;
  if (typeof value !== 'object') return `a ${typeof value}`;
  const keys = Object.keys(value);
  return keys.length > 0 ? `an object with ${keys.join(', ')}` : 'an empty object';
}
