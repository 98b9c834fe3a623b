// What a config file sets, taken apart: settings by name with the line they stand on, server hooks, and what is neither.
// A value is judged in check.ts; here only whether it may stand there at all.

import { CATALOGUE, SETTING_NAMES, settingNamed } from './catalogue.ts';
import type { Given } from './check.ts';
import { foreignSetting } from './gunicorn-only.ts';
import { type DefinedHook, type HookName, isHookName, whyNoFit, whyNowhere } from './hooks.ts';
import { lineOfKey } from './key-line.ts';
import { nearest } from './nearest.ts';
import type { PythonConfig } from './python-config.ts';
import { meantInPython } from './python-values.ts';
import { quote, SettingError } from './setting-error.ts';
import { labelOf, placeOf, type Source } from './source.ts';

/** What a config file says. */
export interface Taken {
  readonly given: readonly Given[];
  readonly hooks: readonly DefinedHook[];
  /** Sentences for people. */
  readonly warnings: readonly string[];
}

export type Fields = { readonly [key: string]: unknown };

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Of what a file in TypeScript, JavaScript or JSON exports; `text`: the file as it stands there, for the lines.
 * @throws SettingError
 */
export function takeApart(exported: unknown, file: string, text: string): Taken {
  if (!isObject(exported)) throw exportsNothing(exported, file);
  const given: Given[] = [];
  const warnings: string[] = [];
  const hooks: DefinedHook[] = [];
  for (const [key, value] of Object.entries(exported)) {
    // Editors find the schema by it; `undefined` is how JavaScript says "not given".
    if (key === '$schema' || value === undefined) continue;
    const source = sourceOf(file, lineOfKey(text, key));
    const name = settingNamed(key);
    if (isHookName(key)) {
      // In JavaScript a function may take fewer arguments than it is called with.
      if (typeof value === 'function') takeHook(key, null, source, hooks, warnings);
      else if (value !== null) throw noHook(key, quote(value), source);
    } else if (name === null || CATALOGUE[name].inFile === false) {
      warnings.push(...notOurs(key, value, source));
    } else if (given.some((earlier) => earlier.name === name)) {
      throw wrongFile(key, source, `${file} sets ${name} twice, once as ${key}.`, '');
    } else given.push({ name, value, source });
  }
  return { given, hooks, warnings };
}

function exportsNothing(exported: unknown, file: string): SettingError {
  const found = exported === undefined ? 'nothing' : quote(exported);
  const problem = `${file} must export its settings as an object by default, and exports ${found}.`;
  return wrongFile(file, null, problem, 'For example: export default { workers: 4 }');
}

function noHook(key: HookName, found: string, source: Source): SettingError {
  return new SettingError({
    code: 'bad-value',
    setting: key,
    value: null,
    source,
    rule: 'a function',
    problem: `${key} must be a function: ${found} ${placeOf(source)} is not.`,
    suggestion: 'docs/hooks.md says what it is called with.',
  });
}

/** `arity`: how many arguments it takes; null: any number. */
function takeHook(
  name: HookName,
  arity: number | null,
  source: Source,
  hooks: DefinedHook[],
  warnings: string[],
): void {
  const hook: DefinedHook = { name, source };
  const problem = whyNoFit(hook, arity);
  if (problem !== null) {
    const rule = 'a function of the right number of arguments';
    const suggestion = 'docs/hooks.md says what each is called with.';
    throw new SettingError({
      code: 'bad-value',
      setting: name,
      value: null,
      source,
      rule,
      problem,
      suggestion,
    });
  }
  const nowhere = whyNowhere(hook);
  if (nowhere === null) hooks.push(hook);
  else warnings.push(nowhere);
}

export function sourceOf(file: string, line: number | null): Source {
  return { kind: 'file', file, ...(line === null ? {} : { line }) };
}

/**
 * A Python file is a program: its other names are its own business, as they are to Gunicorn.
 * @throws SettingError
 */
export function takePythonApart(config: PythonConfig, file: string): Taken {
  const given: Given[] = [];
  const warnings: string[] = [];
  const hooks: DefinedHook[] = [];
  for (const { name: key, line, value, odd } of config.values) {
    const source = sourceOf(file, line);
    const name = settingNamed(key);
    if (isHookName(key)) {
      // A text says where the function is: "package.module.function".
      if (typeof value === 'string' && odd === undefined) {
        takeHook(key, null, source, hooks, warnings);
      } else if (value !== null) throw noHook(key, odd ?? quote(value), source);
    } else if (name === null || CATALOGUE[name].inFile === false) {
      warnings.push(...notOursInPython(key, odd ?? value, source));
    } else if (odd === undefined) takeMeant({ name, value, source }, given, warnings);
    else throw oddValue(key, odd, source);
  }
  for (const { name: key, line, arity } of config.functions) {
    const source = sourceOf(file, line);
    if (isHookName(key)) takeHook(key, arity, source, hooks, warnings);
    else if (settingNamed(key) !== null) throw oddValue(key, 'function or class', source);
    else if (foreignSetting(key, key) !== null) warnings.push(...notOurs(key, key, source));
  }
  return { given, hooks, warnings };
}

function takeMeant({ name, value, source }: Given, given: Given[], warnings: string[]): void {
  const meant = meantInPython(name, value);
  if (meant.kind === 'not given') return;
  given.push({ name, value: meant.value, source });
  if (meant.warning !== null) warnings.push(`${labelOf(source)}: ${meant.warning}`);
}

function notOursInPython(key: string, value: unknown, source: Source): string[] {
  if (foreignSetting(key, value) !== null || settingNamed(key) !== null) {
    return notOurs(key, value, source);
  }
  const near = looksMistyped(key);
  return near === null ? [] : [`${labelOf(source)}: ${key} is no setting. Did you mean ${near}?`];
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

/** `detail`: what stands below the sentence, such as a traceback. */
export function wrongFile(
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
