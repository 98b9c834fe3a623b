// How a setting's values are put into words; shared by the help text, the settings page and the editor schema.

import type { ChoiceSetting, Setting } from '../declaration.ts';

/** "16 MiB" where that is shorter than the number of bytes. */
export function sizeInWords(bytes: number): string {
  const units: readonly [number, string][] = [
    [1024 ** 3, 'GiB'],
    [1024 ** 2, 'MiB'],
    [1024, 'KiB'],
  ];
  const unit = units.find(([size]) => bytes >= size && bytes % size === 0);
  return unit === undefined ? String(bytes) : `${bytes / unit[0]} ${unit[1]}`;
}

/** The default for people; empty when there is nothing to say. */
export function defaultInWords(setting: Setting): string {
  switch (setting.kind) {
    case 'switch':
      return '';
    case 'list':
      return setting.default.join(', ');
    case 'map':
      return JSON.stringify(setting.default);
    case 'rules':
      return '';
    case 'text':
    case 'choice':
      return setting.default ?? '';
    default:
      if (setting.default === 0 && setting.zero !== undefined) return `0, ${setting.zero}`;
      return setting.kind === 'bytes' ? sizeInWords(setting.default) : String(setting.default);
  }
}

/** A resolved value with its unit, for people: "10 s", "16 MiB", "0, off". */
export function valueInWords(setting: Setting, value: unknown): string {
  if (typeof value !== 'number') return JSON.stringify(value);
  if (setting.kind === 'seconds' && value !== 0) return `${value} s`;
  if ('zero' in setting && value === 0 && setting.zero !== undefined) return `0, ${setting.zero}`;
  if (setting.kind === 'count') return `${value} ${setting.unit}`;
  if (setting.kind !== 'bytes') return String(value);
  const size = sizeInWords(value);
  const unit = setting.unit ?? 'bytes';
  return unit === 'bytes' && size !== String(value) ? size : `${size} ${unit}`;
}

/** What a value may be, with its bounds and unit. */
export function valuesInWords(setting: Setting): string {
  switch (setting.kind) {
    case 'count':
      return `whole number of ${setting.unit}, ${rangeOf(setting)}`;
    case 'seconds':
      return `seconds, ${rangeOf(setting)}`;
    case 'bytes':
      return `${setting.unit ?? 'bytes'}, ${rangeOf(setting)}`;
    case 'switch':
      return 'true or false';
    case 'choice':
      return setting.choices.map((choice) => choiceInWords(setting, choice)).join(', ');
    case 'list':
      return setting.separator === undefined
        ? 'list of texts, or one text'
        : 'texts, comma-separated or as a list';
    case 'map':
      return 'names of fields, each with a text';
    case 'rules':
      return 'list of objects';
    case 'text':
      return TEXT_FORMS[setting.form];
  }
}

/** "`none` (or `0`, `cert_none`)" */
function choiceInWords({ synonyms = {} }: ChoiceSetting, choice: string): string {
  const others = Object.keys(synonyms).filter((word) => synonyms[word] === choice);
  const shown = others.map((word) => `\`${word}\``).join(', ');
  return others.length === 0 ? `\`${choice}\`` : `\`${choice}\` (or ${shown})`;
}

const TEXT_FORMS = {
  any: 'text',
  'not empty': 'text',
  directory: 'path of an existing directory',
  directories: 'paths of directories, comma-separated',
  file: 'path of a file',
  'log file': 'path of a file, or `-`',
  'syslog address': 'udp://HOST:PORT, tcp://HOST:PORT or unix://PATH',
  'statsd address': 'HOST:PORT or unix://PATH',
  'inspect address': 'HOST:PORT, HOST or PORT',
  'status address': 'HOST:PORT or PORT',
  'limit store': 'redis://HOST:PORT/DATABASE, also rediss, valkey, valkeys, or unix://PATH',
  'PEM file': 'path of a PEM file',
  'cipher list': 'OpenSSL list of ciphers',
  user: 'name or number of a user',
  group: 'name or number of a group',
  rate: 'requests for each time: `100/s`, `5/m:10`',
  mask: 'number from 0 to 0o777, octal with a leading 0',
  'otlp endpoint': 'http://HOST:PORT or https://HOST',
  share: 'number from 0 to 1, or a percentage',
  'url path': 'path of a URL, from its first `/` on',
} as const;

function rangeOf(setting: { min: number; max: number; zero?: string }): string {
  const zero = setting.min === 0 && setting.zero !== undefined ? ` (0: ${setting.zero})` : '';
  // Above this a bound is only what a number can hold.
  const bounded = setting.max < Number.MAX_SAFE_INTEGER;
  return bounded ? `${setting.min} to ${setting.max}${zero}` : `${setting.min} or more${zero}`;
}
