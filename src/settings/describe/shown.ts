// A setting's value as people may see it, on a terminal or in a ticket: without what only the server has to know.

import type { SettingName } from '../catalogue.ts';
import { parseLimitStore } from '../limit-store.ts';
import type { Settings } from '../settings.ts';

const HIDDEN = '***';

export function shownValue<N extends SettingName>(name: N, settings: Settings): unknown {
  const { limit_store: store, status_token: token } = settings;
  if (name === 'limit_store')
    return store === null ? null : (parseLimitStore(store)?.label ?? store);
  if (name === 'status_token') return token === null ? null : HIDDEN;
  return settings[name];
}
