// For how long the application has had one request, and for how much longer it may: it can ask for more time, up to a bound
// that counts from when it began. Numbers in, numbers out: the exchange keeps them.

import type { Overdue } from '../../dispatch/overdue.ts';
import type { ConnectionContext } from '../context.ts';

/** Until when it may take, ms of the wheel, if it asks for so much from now on. `startedMs` of the wheel; 0: it has not begun. */
export function grantedUntil(
  { wheel, timeoutLimitMs }: ConnectionContext,
  startedMs: number,
  moreMs: number,
): number {
  return Math.min(wheel.nowMs + moreMs, (startedMs || wheel.nowMs) + timeoutLimitMs);
}

/** What the log tells when its time is up. */
export function overdueNow(
  { wheel, now }: ConnectionContext,
  setting: Overdue['setting'],
  {
    beganMs,
    startedMs,
    extendedUntilMs,
  }: Record<'beganMs' | 'startedMs' | 'extendedUntilMs', number>,
): Overdue {
  return {
    setting,
    byOperator: false,
    ageMs: now() - beganMs,
    ranMs: wheel.nowMs - startedMs,
    extendedMs: Math.max(0, extendedUntilMs - startedMs),
  };
}
