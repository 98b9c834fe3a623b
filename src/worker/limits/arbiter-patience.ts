// How long a request waits for the arbiter's word about limits. The arbiter is on this machine: it is late only where the processors are
// busy, and then every client waits for them. Longer than a store has, of which nobody knows what it does.

import type { Settings } from '../../settings/settings.ts';

/** At least, and beside what a store may take. On two processors with forty that want them its answer took 20 ms now and then, 100 hardly ever. */
export const ARBITER_MS = 100;

export function arbiterPatienceMs({
  limit_store,
  limit_store_timeout,
}: Pick<Settings, 'limit_store' | 'limit_store_timeout'>): number {
  const storeMs = limit_store_timeout * 1000;
  return Math.max(ARBITER_MS, storeMs) + (limit_store === null ? 0 : storeMs);
}
