// What the settings say of requests that wait for a thread: how many may, whose they are, which come first.

import { monotonicMs } from '../clock.ts';
import type { QueueTerms } from '../dispatch/queue.ts';
import { clientOf } from '../limits/client.ts';
import { parsePriority } from '../settings/priority.ts';
import type { Settings } from '../settings/settings.ts';
import { Precedence } from './precedence.ts';

export function queueTermsOf(settings: Settings): QueueTerms {
  const isCodel = settings.queue_discipline === 'codel';
  const precedence = new Precedence(settings.priorities.map(parsePriority));
  return {
    limit: settings.queue_limit,
    now: monotonicMs,
    clientOf: ({ peer }) => clientOf(peer.address, settings.limit_ipv6_prefix),
    precedences: precedence.count,
    ...(precedence.count === 1 ? {} : { precedenceOf: ({ head }) => precedence.of(head) }),
    codel: isCodel
      ? { targetMs: settings.queue_target * 1000, intervalMs: settings.queue_interval * 1000 }
      : null,
  };
}
