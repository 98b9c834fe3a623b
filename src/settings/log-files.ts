// Whether the log files that the settings name can be there at all, asked before anything starts: whoever opens them later,
// the arbiter or a worker, does not know which setting named them, nor where it stands.

import { accessSync, constants } from 'node:fs';
import { dirname } from 'node:path';
import type { Resolved } from './resolve.ts';
import { quote, SettingError } from './setting-error.ts';
import { placeOf } from './source.ts';
import { whatIsAt } from './what-is-there.ts';

/** @throws SettingError; without a source, because Gunicorn exits with 1 here, wherever the name came from */
export function checkLogFiles({ settings, sources }: Resolved): void {
  // Somebody else opens them then.
  const asOther = settings.user !== null || settings.group !== null;
  for (const name of ['errorlog', 'accesslog'] as const) {
    const path = settings[name];
    const why = path === null || path === '-' ? null : whyNotThere(path, asOther);
    if (why === null) continue;
    throw new SettingError({
      code: 'bad-value',
      setting: name,
      value: path,
      source: null,
      rule: 'a file that can be written',
      problem: `${name} must be a file that can be written: ${quote(path)} ${placeOf(sources[name])} is not: ${why}.`,
      suggestion: '',
    });
  }
}

function whyNotThere(path: string, asOther: boolean): string | null {
  const folder = dirname(path);
  const found = whatIsAt(path);
  if (found?.isDirectory()) return 'it is a folder';
  if (found === null && !whatIsAt(folder)?.isDirectory()) return `no folder ${folder} can be found`;
  if (asOther) return null;
  try {
    accessSync(found === null ? folder : path, constants.W_OK);
    return null;
  } catch {
    return 'permission denied';
  }
}
