// What an arbiter says that it is: its title in ps, and its version in the log.

import { readFileSync } from 'node:fs';
import { processTitle, serverName } from '../settings/process-name.ts';
import type { Settings } from '../settings/settings.ts';

/** Gunicorn's rule: while the one that started it lives, the second of two arbiters is NAME.2. */
export function titleOf(settings: Settings, isSecond: boolean): string {
  const name = serverName(settings);
  return processTitle('arbiter', isSecond ? `${name}.2` : name);
}

/** From package.json. */
export function version(): string {
  // dist/src/arbiter is three folders below the package.
  const file = new URL('../../../package.json', import.meta.url);
  const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'));
  return typeof parsed === 'object' && parsed !== null && 'version' in parsed
    ? String(parsed.version)
    : 'of unknown version';
}
