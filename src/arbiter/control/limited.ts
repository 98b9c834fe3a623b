// Whom the limits of all workers refuse: what each worker has told added up by client and limit, with the setting that wants it so and
// where that was set. Pure.

import { limitsOf } from '../../limits/limit.ts';
import type { Sources } from '../../settings/resolve.ts';
import type { Settings } from '../../settings/settings.ts';
import { labelOf } from '../../settings/source.ts';
import type { Answer, LimitedLook } from '../../wire/control.ts';
import type { Limited, LimitedClient } from './answers.ts';

type Told = Extract<Answer, { about: 'limits' }>;

export function limitedClients(
  answers: readonly { readonly answer: Told }[],
  settings: Settings,
  sources: Sources | null,
): Pick<Limited, 'clients' | 'unlisted'> {
  const merged = new Map<string, LimitedLook>();
  let unlisted = 0;
  for (const { answer } of answers) {
    unlisted += answer.refused;
    for (const one of answer.clients) {
      unlisted -= one.refused;
      const name = JSON.stringify([one.reason, one.limit, one.by, one.key, one.dry]);
      const known = merged.get(name);
      merged.set(name, known === undefined ? one : both(known, one));
    }
  }
  const rules = rulesOf(settings, sources);
  const clients = [...merged.values()]
    .sort((a, b) => b.lately - a.lately || a.lastMs - b.lastMs)
    .map((one) => ({ ...one, ...(rules(one) ?? { rule: null, set: null }) }));
  return { clients, unlisted };
}

function both(one: LimitedLook, other: LimitedLook): LimitedLook {
  // Workers count together: who was refused last knows best when there is something again.
  const latest = one.lastMs <= other.lastMs ? one : other;
  return {
    ...latest,
    refused: one.refused + other.refused,
    lately: one.lately + other.lately,
    sinceMs: Math.max(one.sinceMs, other.sinceMs),
  };
}

type Rule = Pick<LimitedClient, 'rule' | 'set'>;

function rulesOf(settings: Settings, sources: Sources | null): (of: LimitedLook) => Rule | null {
  const setBy = (...names: (keyof Sources)[]): string | null =>
    sources === null ? null : names.map((name) => labelOf(sources[name])).join(', ');
  const rates = new Map(limitsOf(settings).map(({ name, place }) => [name, place]));
  const { allow, deny, limits, limit_rate, limit_connections } = settings;
  return ({ reason, limit }) => {
    if (reason === 'denied') {
      const lists = [
        ...(deny.length > 0 ? ['deny' as const] : []),
        ...(allow.length > 0 ? ['allow' as const] : []),
      ];
      return lists.length === 0 ? null : { rule: lists.join(' or '), set: setBy(...lists) };
    }
    if (reason !== 'rate') {
      if (limit_connections === 0) return null;
      return { rule: `limit_connections ${limit_connections}`, set: setBy('limit_connections') };
    }
    const place = rates.get(limit);
    if (place === undefined) return null;
    const own = limits[place];
    if (own === undefined) return { rule: `limit_rate ${limit_rate}`, set: setBy('limit_rate') };
    const about = [...own.methods, own.path].join(' ');
    return { rule: `${own.rate} for ${about}`, set: setBy('limits') };
  };
}
