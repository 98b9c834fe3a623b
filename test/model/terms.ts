// The terms of the small world: how long everything may take, how much there may be of it, and what all connections work with
// beside what happens to them.

import type { ConnectionContext } from '../../src/connection/context.ts';
import { DeadlineWheel } from '../../src/connection/deadlines.ts';
import type { Requests, Surroundings } from '../../src/connection/effects.ts';
import { StalledResponses } from '../../src/connection/stalled.ts';
import { ConnectionCounts } from '../../src/connection/states/counts.ts';
import type { Log } from '../../src/observe/log.ts';
import { Allowed } from '../../src/proxy/allowed.ts';
import { Proxies } from '../../src/proxy/standing.ts';
import { SpoolBudget } from '../../src/spool/budget.ts';
import { Tracing } from '../../src/trace/trace.ts';

/** Nobody reads it. */
export const silent: Log = {
  debug: () => {},
  info: () => {},
  warning: () => {},
  error: () => {},
  critical: () => {},
  writes: () => false,
  child: () => silent,
  reopen: () => {},
  flush: () => {},
  close: () => {},
};

/** Requests that may wait for a thread. */
export const QUEUE_LIMIT = 1;
export const QUEUE_TIMEOUT_MS = 1000;

const DEADLINES_MS = {
  handshake_timeout: 1200,
  first_byte_timeout: 1000,
  head_timeout: 1500,
  limit_store_timeout: 600,
  body_timeout: 2000,
  keepalive: 2000,
  linger_timeout: 500,
  queue_timeout: QUEUE_TIMEOUT_MS,
  timeout: 3000,
  stream_timeout: 3000,
  write_timeout: 2500,
  upgrade_idle_timeout: 2500,
};

const HEAD_LIMITS = { line: 200, fields: 10, fieldSize: 200 };
const EVERYBODY = new Allowed([], true);
const INTRODUCING = new Proxies(HEAD_LIMITS, EVERYBODY, { v1: true, v2: true }, EVERYBODY);

export interface WorldOptions {
  readonly limit: number;
  readonly threads: number;
  readonly capacity: number;
  readonly buffered: boolean;
  /** Where request bodies of more than 100 bytes go; without it they stay in memory. */
  readonly bodyFolder?: string;
  readonly bodyBytesMax?: number;
  /** Connections begin with a handshake, and what is written leaves in a later turn. */
  readonly tls?: boolean;
  /** Connections may begin with a PROXY header, before TLS if there is any. */
  readonly proxied?: boolean;
  /** Clients have limits. */
  readonly limited?: boolean;
  /** Responses that their clients do not read stay in memory up to so many bytes. */
  readonly responseMemoryBytes?: number;
}

/** The world, as far as connections ask it. */
interface Asked extends Requests, Surroundings {
  readonly nowMs: number;
  readonly health: ConnectionContext['probes'];
  readonly admission: ConnectionContext['admission'];
}

export function contextOf(options: WorldOptions, world: Asked): ConnectionContext {
  // There is no disk for responses: beyond their memory the thread must wait.
  const responseBudget = new SpoolBudget(0);
  return {
    wheel: new DeadlineWheel(0),
    requests: world,
    surroundings: world,
    probes: world.health,
    admission: world.admission,
    headLimits: HEAD_LIMITS,
    proxies: options.proxied ? INTRODUCING : null,
    deadlinesMs: DEADLINES_MS,
    timeoutLimitMs: 6000,
    timesPhases: true,
    tracing: new Tracing({ share: 0.5, followsParents: true }),
    toldOfTimes: null,
    bodyMinBytesPerSecond: 10,
    writeMinBytesPerSecond: 10,
    bodyBytesMax: options.bodyBytesMax ?? 500,
    bufferRequests: options.buffered,
    requestMemoryBytes: options.bodyFolder === undefined ? 100_000 : 100,
    responseMemoryBytes: options.responseMemoryBytes ?? 0,
    responseSpoolBytes: 1_000_000,
    spoolDirectory: options.bodyFolder ?? '/nonexistent',
    requestBudget: new SpoolBudget(1_000_000),
    spoolBudget: responseBudget,
    responseBudget,
    stalled: new StalledResponses(responseBudget),
    counts: new ConnectionCounts(),
    halfClosedGraceMs: options.capacity > 1 ? 800 : 0,
    drainHeadMs: 700,
    server: 'model',
    date: () => 'Thu, 01 Jan 1970 00:00:00 GMT',
    now: () => world.nowMs,
  };
}
