// What an arbiter says that it is: its title in ps.

import { processTitle, serverName } from '../../settings/process-name.ts';
import type { Settings } from '../../settings/settings.ts';

/** Gunicorn's rule: while the one that started it lives, the second of two arbiters is NAME.2. */
export function titleOf(settings: Settings, isSecond: boolean): string {
  const name = serverName(settings);
  return processTitle('arbiter', isSecond ? `${name}.2` : name);
}
