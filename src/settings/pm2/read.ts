// Reads PM2's file (ecosystem.config.js): one app of it as settings of ours, by the table of keys.ts. What has no effect is
// named once for the whole file, what somebody may count on with a sentence, and what cannot be served is one error.

import { availableParallelism } from 'node:os';
import type { SettingName } from '../catalogue.ts';
import type { Given } from '../check.ts';
import { type Fields, isObject, sourceOf, type Taken, wrongFile } from '../config-values.ts';
import { lineOfKey } from '../key-line.ts';
import { nearest } from '../nearest.ts';
import { quote, SettingError } from '../setting-error.ts';
import { labelOf, placeOf, type Source } from '../source.ts';
import { Pm2App } from './app.ts';
import { composed } from './compose.ts';
import { PM2_KEYS, PM2_NAMES, type Pm2Key, type Pm2KeyName, pm2KeyNamed } from './keys.ts';
import { Pm2Misfit, type Pm2Value, pm2Value } from './values.ts';

/** What the user says beside the file. */
export interface Pm2Choice {
  /** Which of several apps; null: the only one. */
  readonly app: string | null;
  /** Whose `env_NAME` is added; null: nobody's. */
  readonly env: string | null;
  readonly cores?: number;
}

/** Whether what a config file exports is PM2's, by its form. */
export function isPm2File(exported: unknown): boolean {
  if (Array.isArray(exported)) return exported.length > 0 && exported.every(isApp);
  if (!isObject(exported)) return false;
  return 'apps' in exported || 'pm2' in exported || isApp(exported);
}

/** @throws SettingError */
export function takePm2(exported: unknown, file: string, text: string, choice: Pm2Choice): Taken {
  const warnings: string[] = [];
  const fields = chosenApp(exported, file, choice, warnings);
  const app = new Pm2App(file, text);
  const moot: string[] = [];
  for (const [written, value] of Object.entries(fields)) {
    if (value === undefined || value === null) continue;
    const source = sourceOf(file, lineOfKey(text, written));
    const key = pm2KeyNamed(written);
    if (key === null) warnings.push(unknown(written, source));
    else if (key === 'env_*') takeEnv(app, written, value, choice, source);
    else take(app, key, written, value, { choice, source, moot, warnings });
  }
  if (moot.length > 0) {
    const which = moot.length === 1 ? `${moot[0]} has` : `${moot.join(', ')} have`;
    warnings.push(`${file}: ${which} no effect, and nobody should miss it (docs/from-pm2.md).`);
  }
  const { given, remarks } = composed(app);
  return { given: inOrder(given), hooks: [], warnings: [...warnings, ...remarks] };
}

interface Circumstances {
  readonly choice: Pm2Choice;
  readonly source: Source;
  readonly moot: string[];
  readonly warnings: string[];
}

function take(
  app: Pm2App,
  key: Exclude<Pm2KeyName, 'env_*'>,
  written: string,
  value: unknown,
  { choice, source, moot, warnings }: Circumstances,
): void {
  const { form, fate, here, quiet = [] }: Pm2Key = PM2_KEYS[key];
  if (quiet.some((one) => isQuiet(one, value))) return;
  if (fate === 'moot') moot.push(written);
  else if (fate === 'instead')
    warnings.push(`${labelOf(source)}: ${written} has no effect. ${here}`);
  else if (fate === 'refused') {
    const problem = `${labelOf(source)}: ${written} ${quote(value)} is not there.`;
    throw wrongFile(written, source, problem, here);
  } else app.set(key, written, valued(form, written, value, choice, source));
}

function takeEnv(
  app: Pm2App,
  written: string,
  value: unknown,
  choice: Pm2Choice,
  source: Source,
): void {
  if (written !== `env_${choice.env}`) return;
  app.set('env_*', written, valued('variables', written, value, choice, source));
}

function valued(
  form: Pm2Key['form'],
  written: string,
  value: unknown,
  { cores = availableParallelism() }: Pm2Choice,
  source: Source,
): Pm2Value {
  try {
    return pm2Value(form, value, cores);
  } catch (error) {
    if (!(error instanceof Pm2Misfit)) throw error;
    const { rule } = error;
    const problem = `${written} must be ${rule}: ${quote(value)} ${placeOf(source)} is not.`;
    throw new SettingError({
      code: 'bad-value',
      setting: written,
      value: null,
      source,
      rule,
      problem,
      suggestion: '',
    });
  }
}

/** One app is one server. */
function chosenApp(
  exported: unknown,
  file: string,
  { app: wanted }: Pm2Choice,
  warnings: string[],
): Fields {
  const outer = isObject(exported) ? exported : {};
  const apps = [outer['apps'] ?? outer['pm2'] ?? exported].flat();
  const others = Object.keys(outer).filter((key) => key === 'deploy' || key === 'static');
  if (!apps.includes(exported) && others.length > 0) {
    warnings.push(`${file}: ${others.join(' and ')} of PM2 is not read: it starts no app.`);
  }
  const fields = apps.filter(isObject);
  const names = fields.map((app, index) => nameOf(app, index));
  const source: Source = { kind: 'file', file };
  if (fields.length === 0) {
    const right = 'For example: apps: [{ script: "server.js" }]';
    throw wrongFile('apps', source, `${file} has no app.`, right);
  }
  const choose = 'Choose one with --ecosystem-app NAME; each is a server of its own.';
  const listed = `${file} has ${fields.length === 1 ? 'the app' : 'the apps'} ${names.join(', ')}`;
  if (wanted === null) {
    if (fields.length > 1) throw wrongFile('apps', source, `${listed}.`, choose);
    return fields[0] ?? {};
  }
  const found = fields[names.indexOf(wanted)];
  if (found === undefined)
    throw wrongFile('apps', source, `${listed}, and no ${quote(wanted)}.`, choose);
  return found;
}

/** As PM2 names it: by its script, if it has no name. */
function nameOf(app: Fields, index: number): string {
  const { name, script } = app;
  if (typeof name === 'string' || typeof name === 'number') return String(name);
  if (typeof script !== 'string') return String(index);
  return script.replace(/^.*[/\\]/, '').replace(/\.[^.]*$/, '');
}

function unknown(written: string, source: Source): string {
  const near = nearest(written, PM2_NAMES);
  const guess = near === null ? '' : ` Did you mean ${near}?`;
  return `${labelOf(source)}: nobody knows ${written}, neither PM2 nor Tunicorn.${guess}`;
}

/** `script` and its other names are no settings of ours. */
function isApp(value: unknown): boolean {
  return isObject(value) && ['script', ...PM2_KEYS.script.aliases].some((key) => key in value);
}

/** A setting is given once; what was composed last counts. */
function inOrder(given: readonly Given[]): readonly Given[] {
  return [...new Map<SettingName, Given>(given.map((one) => [one.name, one])).values()];
}

function isQuiet(quiet: unknown, value: unknown): boolean {
  return quiet instanceof RegExp ? quiet.test(String(value)) : quiet === value;
}
