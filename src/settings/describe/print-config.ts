// What --print-config prints: every setting, its value and where it came from, in the order of the book.

import { SETTING_NAMES } from '../catalogue.ts';
import { parseLimitStore } from '../limit-store.ts';
import type { Resolved } from '../resolve.ts';
import { labelOf } from '../source.ts';

/** Values that are longer than this do not push the sources of all others aside. */
const MAX_ALIGNED = 32;

export function printedConfig({
  settings,
  sources,
}: Pick<Resolved, 'settings' | 'sources'>): string {
  const nameWidth = Math.max(...SETTING_NAMES.map((name) => name.length));
  const texts = SETTING_NAMES.map((name) =>
    name === 'limit_store' ? storeOf(settings[name]) : printed(settings[name]),
  );
  const aligned = texts.map((text) => text.length).filter((length) => length <= MAX_ALIGNED);
  const valueWidth = Math.max(0, ...aligned);
  const lines = SETTING_NAMES.map((name, index) => {
    const value = (texts[index] ?? '').padEnd(valueWidth);
    return `${name.padEnd(nameWidth)} = ${value}  # ${labelOf(sources[name])}\n`;
  });
  return lines.join('');
}

/** Its password is nothing for a terminal or a ticket. */
function storeOf(text: string | null): string {
  return printed(text === null ? null : (parseLimitStore(text)?.label ?? text));
}

/** As it could stand in a config file. */
function printed(value: unknown): string {
  return JSON.stringify(value);
}
