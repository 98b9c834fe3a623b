// What the request's client may have: the lists it is looked up in, the rates that the request counts against and by which
// key, and in which turn it waits for a thread.

import { clientOf } from '../limits/client.ts';
import { concerning, fieldValue, type Limit, limitsOf } from '../limits/limit.ts';
import { shownKey } from '../settings/describe/shown.ts';
import { parsePriority } from '../settings/priority.ts';
import type { Resolved } from '../settings/resolve.ts';
import { labelOf } from '../settings/source.ts';
import { Precedence } from '../worker/precedence.ts';
import type { Asked } from './asked.ts';
import type { ClientLists } from './client-lists.ts';
import { type Rule, rulerOf } from './explanation.ts';

export function clientRules(
  resolved: Resolved,
  asked: Asked,
  lists: ClientLists,
  address: string,
): readonly Rule[] {
  const { settings } = resolved;
  const rule = rulerOf(resolved, 'clients');
  const client = clientOf(address, settings.limit_ipv6_prefix);
  const who = client === '' ? 'a client without an address' : client;
  const rules: Rule[] = [];
  if (settings.limit_connections > 0 && address !== '' && !lists.exempts(address)) {
    const words = asked.ofRequests ? `requests of ${who} at once` : `connections of ${who}`;
    rules.push(rule('limit_connections', words));
  }
  if (isUncounted(asked)) return rules;
  if (!lists.exempts(address)) rules.push(...rateRules(resolved, asked, who));
  if (settings.limit_dry_run) rules.push(rule('limit_dry_run', 'none of these refuses it'));
  if (client !== address) {
    rules.push(rule('limit_ipv6_prefix', `${address} is counted as ${client}`));
  }
  if (isCounted(rules) && settings.limit_store !== null) {
    rules.push(rule('limit_store', 'rates are counted there for all hosts'));
  }
  if (asked.answer === null) rules.push(...queueRules(resolved, asked, who));
  return rules;
}

function rateRules(resolved: Resolved, asked: Asked, who: string): readonly Rule[] {
  const limits = concerning(limitsOf(resolved.settings), asked.head);
  if (limits.length > 0) return limits.map((limit) => limitRule(resolved, asked, limit, who));
  return [rulerOf(resolved, 'clients')('limit_rate', 'no rate is limited for this request')];
}

/** Whoever counts is asked about such a request. */
export function isCounted(rules: readonly Rule[]): boolean {
  return rules.some(
    ({ setting, value }) =>
      ['limit_connections', 'limits', 'limit_rate'].includes(setting) && value !== null,
  );
}

/** Of a client or head that is refused nothing is counted, nor of a question about health. */
function isUncounted({ answer }: Asked): boolean {
  return answer !== null && answer.code !== 'body-too-large';
}

function limitRule({ settings, sources }: Resolved, asked: Asked, limit: Limit, who: string): Rule {
  const { requests, perMs, burst } = limit.rate;
  const isOwn = limit.place >= 0;
  const setting = isOwn ? 'limits' : 'limit_rate';
  return {
    part: 'clients',
    setting,
    value: isOwn ? settings.limits[limit.place] : settings.limit_rate,
    set: labelOf(sources[setting]),
    says: `${limit.name}: ${requests} in ${perMs / 1000} s, ${burst} at once, for ${keyWords(asked, limit, who)}; then 429`,
  };
}

function keyWords({ head }: Asked, { key, field }: Limit, who: string): string {
  if (key === 'everybody') return 'all clients together';
  if (key === 'function') return 'whatever the function of the config file answers';
  if (field === '') return who;
  const value = fieldValue(head.fields, field);
  return value === null ? `${who}, for it has no ${field}` : `${field} ${shownKey(value)}`;
}

function queueRules(resolved: Resolved, { head }: Asked, who: string): readonly Rule[] {
  const rule = rulerOf(resolved, 'clients');
  const { queue_discipline: discipline, priorities } = resolved.settings;
  const priority = new Precedence(priorities.map(parsePriority)).priorityOf(head);
  const where =
    priority > 0
      ? `before all with less than ${priority}`
      : `behind all with more than ${priority}`;
  const precedence =
    priorities.length === 0 ? [] : [rule('priorities', `it has ${priority}: it waits ${where}`)];
  const turn = `${who} has one turn in each round of those who wait for a thread`;
  if (discipline !== 'codel') return [...precedence, rule('queue_discipline', turn)];
  return [
    ...precedence,
    rule('queue_discipline', `${turn}; 503 at once under overload`),
    rule('queue_target', 'overload is when all have waited for longer than this'),
    rule('queue_interval', 'for as long as this; then who has waited twice the target is shed'),
  ];
}
