// The one table of everything that bounds a wait, for docs/states.md. Each folder tells the rows of what it bounds; here
// they are put into words with the defaults of their settings.

import { CATALOGUE, type SettingName } from '../catalogue.ts';
import { defaultInWords } from './words.ts';

export interface DeadlineRow {
  /** What waits: a connection's state by the name that people see, or a part of the server. */
  readonly who: string;
  readonly waitsFor: string;
  /** The setting that bounds it, or the length that stands in the code: "2 s". */
  readonly bound: SettingName | { readonly fixed: string };
  /** What a client sees when it passes. */
  readonly seen: string;
}

export function deadlinesTable(rows: readonly DeadlineRow[]): string {
  const lines = rows.map(({ who, waitsFor, bound, seen }) => {
    const setting = typeof bound === 'string' ? `\`${bound}\`` : '';
    const length = typeof bound === 'string' ? lengthOf(bound) : bound.fixed;
    return `| ${who} | ${waitsFor} | ${setting} | ${length} | ${seen} |`;
  });
  return [
    '| who | waits for | setting | default | when it passes, the client sees |',
    '| --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}

/** "2 s", for a constant of the code. */
export function fixedMs(ms: number): { readonly fixed: string } {
  return { fixed: `${Number((ms / 1000).toFixed(3))} s` };
}

function lengthOf(name: SettingName): string {
  const setting = CATALOGUE[name];
  const unit = setting.kind === 'bytes' ? (setting.unit ?? 'bytes') : 's';
  return `${defaultInWords(setting)} ${unit}`;
}
