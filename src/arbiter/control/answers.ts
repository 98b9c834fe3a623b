// What the control socket answers. Each member is explained in described-server.ts or described-requests.ts, from where
// the OpenAPI description has it.

import type { WorkerCounts } from '../../wire/arbiter-worker.ts';
import type { LimitedLook } from '../../wire/control.ts';
import type { LiveEvent } from '../../wire/live.ts';
import type { ConnectionLook, RequestLook, ThreadLook } from '../../wire/look.ts';
import type { Counts, HistogramCounts } from '../../wire/tally.ts';
import type { WorkerState } from '../fleet/worker-states.ts';
import type { Quantiles } from '../telemetry/traffic.ts';

export interface Status {
  readonly name: string;
  readonly version: string;
  readonly pid: number;
  readonly uptimeSeconds: number;
  readonly listening: readonly string[];
  readonly phase: string;
  readonly workers: { readonly wanted: number; readonly alive: number; readonly ready: number };
  readonly connections: number;
  readonly queued: number;
  readonly requests: number;
  readonly threads: { readonly all: number; readonly busy: number };
  readonly successor: number | null;
}

export interface OneWorker extends Partial<WorkerCounts> {
  readonly pid: number;
  readonly age: number;
  readonly state: WorkerState;
  readonly servedSeconds: number | null;
  readonly application: number | null;
  readonly answered: number;
}

export interface Workers {
  readonly workers: readonly OneWorker[];
}

export interface Histogram extends HistogramCounts {
  readonly boundsMs: readonly number[];
}

/** Of requests. */
export interface Outcomes {
  readonly answered: Counts;
  readonly unserved: Counts;
  readonly refused: Counts;
}

export interface TrafficNow extends Outcomes {
  readonly durations: Histogram;
  readonly queueWaits: Histogram;
  readonly lately: Outcomes & {
    readonly seconds: number;
    readonly perSecond: number;
    readonly durationMs: Quantiles;
    readonly queueWaitMs: Quantiles;
  };
}

/** Of a worker that is named beside it. */
interface OfWorker {
  readonly worker: number;
}

export type OneThread = ThreadLook & OfWorker & { readonly stack?: string | null };

/** Of all workers that answered; `silent`: pids of the others. */
export interface Threads {
  readonly threads: readonly OneThread[];
  readonly silent: readonly number[];
}

export type OneConnection = ConnectionLook & OfWorker;

export interface Connections {
  readonly open: number;
  readonly states: Counts;
  readonly matching: number;
  readonly connections: readonly OneConnection[];
  readonly silent: readonly number[];
}

export type WaitingRequest = RequestLook & OfWorker & { readonly inMs: number | null };

export interface Queue {
  readonly length: number;
  readonly requests: readonly WaitingRequest[];
  readonly silent: readonly number[];
}

export interface LimitedClient extends LimitedLook {
  /** "5/m for POST /login"; null: it is no limit of the settings that hold now. */
  readonly rule: string | null;
  /** Where that was set: "tunicorn.config.ts:12"; null as `rule`. */
  readonly set: string | null;
}

export interface Limited {
  /** Since the start of the server, by reason and limit. */
  readonly refused: Counts;
  readonly lately: { readonly seconds: number; readonly refused: Counts };
  readonly clients: readonly LimitedClient[];
  /** How many were refused of those that are not in the list: by workers that live, since their start. */
  readonly unlisted: number;
  readonly silent: readonly number[];
}

export interface Events {
  readonly events: readonly LiveEvent[];
}

export interface OneSetting {
  readonly name: string;
  readonly value: unknown;
  readonly source: string | null;
}

export interface SettingsNow {
  readonly settings: readonly OneSetting[];
}

export interface StackNow extends OfWorker {
  readonly thread: string;
  readonly stack: string | null;
}

export interface Interrupted extends OfWorker {
  readonly thread: string;
  readonly requests: number;
}

export interface Scaled {
  readonly workers: number;
}

/** What the server is doing because of it. */
export interface Begun {
  readonly phase: string;
}

export interface Refused {
  readonly error: string;
}
