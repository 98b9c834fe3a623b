// A setting's value, and the key of a client, as people may see it, on a terminal or in a ticket: without what only the server, or
// its client, has to know.

import { createHash } from 'node:crypto';
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

/** By it whoever has the key finds it (`printf %s KEY | sha256sum`), and nobody the key. */
const FINGERPRINT_LENGTH = 12;

/** What stands for a key that a client sends: a key of an API opens what it opens. */
export function shownKey(key: string): string {
  const fingerprint = createHash('sha256').update(key).digest('hex').slice(0, FINGERPRINT_LENGTH);
  return `sha256:${fingerprint}`;
}
