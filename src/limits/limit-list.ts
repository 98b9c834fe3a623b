// What the settings limit, as those who count have to know it: the same list in the arbiter and in its workers, which name a limit by
// its place in it.

import type { Settings } from '../settings/settings.ts';
import { limitsOf } from './limit.ts';
import type { PlaceLimit, TokenLimit } from './tokens.ts';

export interface LimitList {
  readonly tokens: readonly TokenLimit[];
  readonly places: readonly PlaceLimit[];
}

export function limitListOf(settings: Settings): LimitList {
  const most = settings.limit_connections;
  return {
    tokens: limitsOf(settings),
    places: most === 0 ? [] : [{ id: 'limit_connections', most }],
  };
}
