// Whom the limits of this worker refuse, as an operator is told: what clients send as a key (of an API, of a tenant) is not shown.

import { keyInWords, type RefusedClient } from '../../limits/refused-clients.ts';
import type { Answer, LimitedLook } from '../../wire/control.ts';
import type { WorkerLimits } from './client-limits.ts';

type Limited = Omit<Extract<Answer, { about: 'limits' }>, 'about'>;

export function limitedBy(
  limits: Pick<WorkerLimits, 'limits' | 'refusals'> | null,
  nowMs: number,
): Limited {
  if (limits === null) return { refused: 0, clients: [] };
  const { clients, totals } = limits.refusals;
  const keys = new Map(limits.limits.map(({ name, key }) => [name, key]));
  return {
    refused: Object.values(totals).reduce((sum, count) => sum + count, 0),
    clients: clients.list(nowMs).map((one) => look(one, keys.get(one.limit) ?? 'address', nowMs)),
  };
}

function look(
  { reason, limit, client, key, dry, retryMs, refused, lately, firstMs, lastMs }: RefusedClient,
  by: string,
  nowMs: number,
): LimitedLook {
  return {
    reason,
    limit,
    // A request without the header counts by its address.
    by: key === client ? 'address' : by,
    key: keyInWords(key),
    client,
    dry,
    refused,
    lately,
    sinceMs: Math.round(nowMs - firstMs),
    lastMs: Math.round(nowMs - lastMs),
    retryMs: Math.max(0, Math.round(retryMs - (nowMs - lastMs))),
  };
}
