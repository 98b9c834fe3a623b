// What --print-config prints: every setting, its value and where it came from, in the order of the book.

import { SETTING_NAMES } from '../catalogue.ts';
import type { Resolved } from '../resolve.ts';
import type { Settings } from '../settings.ts';
import { labelOf } from '../source.ts';
import { shownValue } from './shown.ts';

/** Values that are longer than this do not push the sources of all others aside. */
const MAX_ALIGNED = 32;

export function printedConfig({
  settings,
  sources,
}: Pick<Resolved, 'settings' | 'sources'>): string {
  const nameWidth = Math.max(...SETTING_NAMES.map((name) => name.length));
  const texts = SETTING_NAMES.map((name) => printed(shownValue(name, settings)));
  const aligned = texts.map((text) => text.length).filter((length) => length <= MAX_ALIGNED);
  const valueWidth = Math.max(0, ...aligned);
  const lines = SETTING_NAMES.map((name, index) => {
    const value = (texts[index] ?? '').padEnd(valueWidth);
    return `${name.padEnd(nameWidth)} = ${value}  # ${labelOf(sources[name])}\n`;
  });
  return lines.join('');
}

/** What Gunicorn logs at its start at level debug. A log is read by more people than a terminal: values of variables are hidden. */
export function currentConfiguration(settings: Settings): string {
  const lines = [...SETTING_NAMES].sort().map((name) => {
    const value = shownValue(name, settings);
    const shown = name === 'raw_env' ? settings.raw_env.map(withoutValue) : value;
    return `  ${name}: ${printed(shown)}`;
  });
  return ['Current configuration:', ...lines].join('\n');
}

function withoutValue(variable: string): string {
  return variable.replace(/=.*/s, '=***');
}

/** As it could stand in a config file. */
function printed(value: unknown): string {
  return JSON.stringify(value);
}
