// What all connections of a worker share: their limits and deadlines in the machine's own units, the wheel, the budgets
// for temporary files, and the neighbours. Made once by the worker from the settings.

import type { HeadLimits } from '../http1/limits.ts';
import type { Admission } from '../limits/verdict.ts';
import type { Proxies } from '../proxy/standing.ts';
import type { SpoolBudget } from '../spool/budget.ts';
import type { Tracing } from '../trace/trace.ts';
import type { DeadlineWheel } from './deadlines.ts';
import type { Probes, Requests, Surroundings } from './effects.ts';
import type { StalledResponses } from './stalled.ts';
import type { ConnectionCounts } from './states/counts.ts';
import type { DeadlineSetting } from './states/states.ts';

export interface ConnectionContext {
  readonly wheel: DeadlineWheel;
  readonly requests: Requests;
  readonly surroundings: Surroundings;
  /** Null: every request is the application's. */
  readonly probes: Probes | null;
  /** The limits of clients; null: there are none. */
  readonly admission: Admission | null;
  readonly headLimits: HeadLimits;
  /** Null: nobody is believed to pass on requests of others. */
  readonly proxies: Proxies | null;
  /** Milliseconds for each setting that a state names; 0 = no deadline, where its setting allows that. */
  readonly deadlinesMs: { readonly [S in DeadlineSetting]: number };
  /** To how much since its start the application may extend a request's time, ms. */
  readonly timeoutLimitMs: number;
  /** A request body must come at this rate at least once body_timeout has passed, bytes per second. */
  readonly bodyMinBytesPerSecond: number;
  /** A response must be read at this rate at least once write_timeout has passed, bytes per second. */
  readonly writeMinBytesPerSecond: number;
  /** Largest request body, bytes; 0 = no limit. */
  readonly bodyBytesMax: number;
  /** Complete bodies before a thread sees the request (WSGI), or streaming ones. */
  readonly bufferRequests: boolean;
  readonly requestMemoryBytes: number;
  readonly responseMemoryBytes: number;
  readonly responseSpoolBytes: number;
  readonly spoolDirectory: string;
  /** What of the total below each kind may take. */
  readonly requestBudget: SpoolBudget;
  readonly responseBudget: SpoolBudget;
  /** All temporary files of the worker. */
  readonly spoolBudget: SpoolBudget;
  readonly stalled: StalledResponses;
  readonly counts: ConnectionCounts;
  /** How long a client that sent its end right behind its request may still wait for the head of its response, ms. 0: for as long as it
   * takes, because the application cannot be told that its client has gone; one that ends later is answered then, too. */
  readonly halfClosedGraceMs: number;
  /** How long a request head that has begun may take when the worker drains, ms. */
  readonly drainHeadMs: number;
  /** Somebody asks how long the phases of a request took. */
  readonly timesPhases: boolean;
  /** Which requests belong to which trace; null: nobody asks. */
  readonly tracing: Pick<Tracing, 'begin'> | null;
  /** Is the client of this address told where the time of its responses went? Null: nobody is. */
  readonly toldOfTimes: ((address: string) => boolean) | null;
  /** Value of the Server field. */
  readonly server: string;
  /** The Date field's present value. */
  date(): string;
  /** Monotonic milliseconds. */
  now(): number;
}
