// What values of a Python config file mean that only Python programs write: None and empty text, as `os.getenv` answers them,
// whole numbers as `int(text, 0)` reads them, and numbers beyond a bound of ours that Gunicorn takes. Everything else is passed
// on as it is, to be judged in check.ts.

import { CATALOGUE, type SettingName } from './catalogue.ts';
import {
  type BytesSetting,
  type CountSetting,
  isNumberForm,
  type SecondsSetting,
  type Setting,
} from './declaration.ts';

/** `warning`: a sentence without its place, or null. */
export type Meant =
  | { readonly kind: 'value'; readonly value: unknown; readonly warning: string | null }
  /** As if it did not stand there: what is weaker counts, which may be the default. */
  | { readonly kind: 'not given' };

/** Gunicorn takes any number for these, or cuts it down itself. More workers or threads than the bound stay a mistake. */
const BOUNDED: ReadonlySet<SettingName> = new Set<SettingName>([
  'timeout',
  'graceful_timeout',
  'keepalive',
  'backlog',
  'worker_connections',
  'max_requests',
  'max_requests_jitter',
  'limit_request_line',
  'limit_request_fields',
  'limit_request_field_size',
]);

const NOT_GIVEN: Meant = { kind: 'not given' };

/** What `value`, as the file sets it, means for the setting. Never throws. */
export function meantInPython(name: SettingName, value: unknown): Meant {
  const setting = CATALOGUE[name];
  if (value === null) return ofNone(setting);
  if (value === '' && isUnsetByEmpty(name, setting)) return NOT_GIVEN;
  if (value === '' && setting.kind === 'list' && setting.form !== 'address') return as([]);
  if (setting.kind === 'count' || setting.kind === 'seconds' || setting.kind === 'bytes') {
    return bounded(name, setting, asInteger(value));
  }
  return as(value);
}

function as(value: unknown, warning: string | null = null): Meant {
  return { kind: 'value', value, warning };
}

/** A list of nobody to believe is empty then, as in Gunicorn, and not what the environment says. */
function ofNone(setting: Setting): Meant {
  switch (setting.kind) {
    case 'list':
      return setting.form === 'address' ? NOT_GIVEN : as([]);
    case 'text':
    case 'choice':
    case 'switch':
      return NOT_GIVEN;
    // Gunicorn refuses it, too.
    case 'count':
    case 'seconds':
    case 'bytes':
    case 'map':
    case 'rules':
      return as(null);
  }
}

/** Where Gunicorn refuses empty text a mistake costs more: workers that stay root, metrics that nobody gets. */
function isUnsetByEmpty(name: SettingName, setting: Setting): boolean {
  return setting.kind === 'text' && !isNumberForm(setting.form) && name !== 'statsd_host';
}

/** `int(value, 0)`: 0x2, 0o17, 0b11, 1_000; True is 1. */
function asInteger(value: unknown): unknown {
  if (typeof value === 'boolean') return Number(value);
  if (typeof value !== 'string') return value;
  const text = value.trim().toLowerCase();
  const isInteger = /^(0x[\da-f]+|0o[0-7]+|0b[01]+|\d+)(_[\da-f]+)*$/.test(text);
  const number = isInteger ? Number(text.replaceAll('_', '')) : Number.NaN;
  return Number.isNaN(number) ? value : number;
}

function bounded(
  name: SettingName,
  setting: CountSetting | SecondsSetting | BytesSetting,
  value: unknown,
): Meant {
  const isLowest = name === 'backlog' && value === 0;
  const isOver = typeof value === 'number' && value > setting.max && BOUNDED.has(name);
  if (!isLowest && !isOver) return as(value);
  const bound = isLowest ? setting.min : setting.max;
  const why = isLowest ? 'the least' : 'the most';
  return as(bound, `${name} is ${bound}, ${why} there is, and not ${String(value)}.`);
}
