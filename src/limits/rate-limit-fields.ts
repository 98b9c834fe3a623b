// What responses tell of limits: Retry-After, and the fields RateLimit and RateLimit-Policy of draft-ietf-httpapi-ratelimit-headers
// (structured fields: a list of policies by their names). Text from numbers; pure.

import type { LimitRate } from '../settings/limit-rate.ts';
import type { Answer } from './tokens.ts';

/** A limit that a request has met, and what it said. */
export interface Met {
  readonly name: string;
  readonly rate: LimitRate;
  readonly answer: Pick<Answer, 'remaining' | 'resetMs'>;
}

/** Both field lines; empty when it met none. A name has no quotes (limit-rules.ts). */
export function rateLimitFields(met: readonly Met[]): string {
  if (met.length === 0) return '';
  const policies = met.map(policyOf).join(', ');
  const now = met.map(({ name, answer }) => {
    return `"${name}";r=${answer.remaining};t=${seconds(answer.resetMs)}`;
  });
  return `RateLimit-Policy: ${policies}\r\nRateLimit: ${now.join(', ')}\r\n`;
}

/** The burst is what may come at once, and the window is how long that takes to come back: the rate follows from both. */
function policyOf({ name, rate }: Met): string {
  return `"${name}";q=${rate.burst};w=${seconds((rate.burst * rate.perMs) / rate.requests)}`;
}

/** Whole seconds after which it is surely so. */
function seconds(ms: number): number {
  return Math.ceil(ms / 1000);
}

/** Of Retry-After: never now, because then it would have been granted. */
export function retryAfterSeconds(retryMs: number): number {
  return Math.max(1, seconds(retryMs));
}
