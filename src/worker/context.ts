// Turns the settings into what connections work with: milliseconds, budgets, clocks. The one place where the settings'
// units end.

import { monotonicMs, wallClock } from '../clock.ts';
import type { ConnectionContext } from '../connection/context.ts';
import { DeadlineWheel } from '../connection/deadlines.ts';
import { StalledResponses } from '../connection/stalled.ts';
import { ConnectionCounts } from '../connection/states/counts.ts';
import { PROMPT_END_MS } from '../connection/states/states.ts';
import type { HeadLimits } from '../http1/limits.ts';
import type { Settings } from '../settings/settings.ts';
import { SpoolBudget } from '../spool/budget.ts';
import { arbiterPatienceMs } from './limits/arbiter-patience.ts';
import { proxiesOf } from './proxies.ts';
import { toleranceOf } from './tolerance.ts';

/** A client of a Node.js application that has sent its end right behind its request gets its answer if that begins within this time, as
 * long as nobody has given up yet; then it is taken for gone, as node:http does at once. WSGI has no way to tell the application, so
 * there it may wait. */
export const HALF_CLOSED_GRACE_MS = PROMPT_END_MS;

/** A client that has begun a request head when the worker drains may finish it within this time, packets that are lost
 * and sent again included; head_timeout would keep the worker for long. */
export const DRAIN_HEAD_MS = 2000;

/** An hour at one breakpoint, and many of them. */
const DEBUGGED_MS = 86_400_000;

/** @param type decides whether bodies are gathered first when `request_buffering` is auto */
export function makeContext(
  settings: Settings,
  type: 'wsgi' | 'node',
  neighbours: Pick<
    ConnectionContext,
    'requests' | 'surroundings' | 'probes' | 'admission' | 'timesPhases' | 'tracing' | 'toldOfTimes'
  >,
): ConnectionContext {
  const spoolBudget = new SpoolBudget(settings.worker_spool);
  const responseBudget = new SpoolBudget(Math.floor(settings.worker_spool / 4), spoolBudget);
  const headLimits = headLimitsOf(settings, type);
  return {
    wheel: new DeadlineWheel(monotonicMs()),
    ...neighbours,
    headLimits,
    proxies: proxiesOf(settings, headLimits),
    deadlinesMs: {
      handshake_timeout: settings.handshake_timeout * 1000,
      first_byte_timeout: settings.first_byte_timeout * 1000,
      head_timeout: settings.head_timeout * 1000,
      // Two answers, one after the other: a function's, the arbiter's.
      limit_store_timeout: settings.limit_store_timeout * 1000 + arbiterPatienceMs(settings),
      body_timeout: settings.body_timeout * 1000,
      keepalive: settings.keepalive * 1000,
      linger_timeout: settings.linger_timeout * 1000,
      queue_timeout: settings.queue_timeout * 1000,
      timeout: settings.timeout * 1000,
      stream_timeout: settings.stream_timeout * 1000,
      write_timeout: settings.write_timeout * 1000,
      upgrade_idle_timeout: settings.upgrade_idle_timeout * 1000,
    },
    // Whoever debugs takes the time that it takes.
    timeoutLimitMs: settings.inspect === null ? settings.timeout_limit * 1000 : DEBUGGED_MS,
    bodyMinBytesPerSecond: settings.body_min_rate,
    writeMinBytesPerSecond: settings.write_min_rate,
    ...bodyLimitsOf(settings, type),
    responseMemoryBytes: settings.response_memory,
    responseSpoolBytes: settings.response_spool,
    spoolDirectory: settings.tmp_dir,
    requestBudget: new SpoolBudget(requestSpoolOf(settings), spoolBudget),
    responseBudget,
    spoolBudget,
    stalled: new StalledResponses(responseBudget),
    counts: new ConnectionCounts(),
    halfClosedGraceMs: type === 'node' ? HALF_CLOSED_GRACE_MS : 0,
    drainHeadMs: DRAIN_HEAD_MS,
    server: 'tunicorn',
    date: dateField(),
    now: monotonicMs,
  };
}

/**
 * The most that request bodies may have of `worker_spool`; responses have the rest. A body has to be there whole before it runs,
 * and there is no way on without its bytes; a response that finds no room holds its thread, or gives way.
 */
export function requestSpoolOf({ worker_spool }: Pick<Settings, 'worker_spool'>): number {
  return Math.floor(worker_spool * 0.75);
}

/** How large a body may be, but for `requestSpoolOf`. */
export function bodyLimitsOf(
  settings: Settings,
  type: 'wsgi' | 'node',
): Pick<ConnectionContext, 'bodyBytesMax' | 'bufferRequests' | 'requestMemoryBytes'> {
  const buffering = settings.request_buffering;
  return {
    bodyBytesMax: settings.limit_request_body,
    bufferRequests: buffering === 'on' || (buffering === 'auto' && type === 'wsgi'),
    requestMemoryBytes: settings.request_memory,
  };
}

export function headLimitsOf(settings: Settings, type: 'wsgi' | 'node'): HeadLimits {
  return {
    line: settings.limit_request_line,
    fields: settings.limit_request_fields,
    fieldSize: settings.limit_request_field_size,
    tolerance: toleranceOf(settings, type),
  };
}

/** The Date field (RFC 9110, 5.6.7), made anew once a second. */
function dateField(): () => string {
  let text = '';
  let untilMs = 0;
  return () => {
    const nowMs = monotonicMs();
    if (nowMs >= untilMs) {
      const now = wallClock();
      text = now.toUTCString();
      untilMs = nowMs + 1000 - now.getMilliseconds();
    }
    return text;
  };
}
