// How long each thing that the request waits for may take: the rows of the table of all deadlines that can concern it.

import { connectionDeadlines } from '../connection/states/describe-deadlines.ts';
import type { Resolved } from '../settings/resolve.ts';
import type { Settings } from '../settings/settings.ts';
import type { Asked } from './asked.ts';
import { isCounted } from './clients.ts';
import { type Rule, rulerOf } from './explanation.ts';

/** @param ofClient what was found out of its client */
export function deadlineRules(
  resolved: Resolved,
  asked: Asked,
  ofClient: readonly Rule[],
): readonly Rule[] {
  const rule = rulerOf(resolved, 'deadlines');
  // It is reset before it can wait for anything.
  if (asked.answer?.status === null) return [];
  return connectionDeadlines().flatMap(({ who, waitsFor, bound, seen }) => {
    if (typeof bound !== 'string' || !concerns(who, resolved.settings, asked)) return [];
    if (who === 'asking' && !isCounted(ofClient)) return [];
    return [rule(bound, `${who}: ${waitsFor}; then ${seen}`)];
  });
}

/** Whether such a request can be in a state of that name. */
function concerns(who: string, settings: Settings, { head, answer }: Asked): boolean {
  switch (who) {
    case 'proxy':
      return settings.proxy_protocol !== 'off';
    case 'handshake':
      return settings.certfile !== null;
    case 'body':
      return head.hasBody && answer === null;
    case 'queued':
    case 'running':
      return answer === null;
    case 'upgraded':
      return head.upgrade !== null && answer === null;
    case 'keep-alive':
      return head.keepAlive && settings.keepalive > 0;
    default:
      return true;
  }
}
