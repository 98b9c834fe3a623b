// Who is told of a request that is over: the counts of the worker, statsd, the access log, and OpenTelemetry where it is sampled. What
// they ask of connections meanwhile stands here, too.

import { monotonicMs } from '../../clock.ts';
import type { ConnectionContext } from '../../connection/context.ts';
import type { LoggedExchange } from '../../connection/effects.ts';
import type { AccessLog } from '../../observe/access-log.ts';
import type { ErrorLog } from '../../observe/log.ts';
import type { Settings } from '../../settings/settings.ts';
import type { Tally } from '../../wire/tally.ts';
import { type Elsewhere, RequestTally } from './request-tally.ts';
import { makeSpans, type Spans } from './spans.ts';
import { makeToldOfTimes, makeTracing, openAccessLog } from './telling-by-settings.ts';

export class RequestEnds {
  readonly #log: ErrorLog;
  readonly #accessLog: AccessLog | null;
  readonly #tally = new RequestTally();
  readonly #spans: Spans | null;
  /** What of it connections see to. */
  readonly asked: Pick<ConnectionContext, 'timesPhases' | 'tracing' | 'toldOfTimes'>;

  constructor(settings: Settings, log: ErrorLog) {
    this.#log = log;
    this.#accessLog = openAccessLog(settings, log);
    this.#spans = makeSpans(settings, log);
    const tracing = makeTracing(settings);
    const toldOfTimes = makeToldOfTimes(settings);
    const timesPhases =
      tracing !== null || toldOfTimes !== null || (this.#accessLog?.asksForPhases ?? false);
    this.asked = { timesPhases, tracing, toldOfTimes };
  }

  /** What is counted since the start. */
  counted(elsewhere: Omit<Elsewhere, 'spans'>): Tally {
    return this.#tally.tally(
      this.#spans === null ? elsewhere : { ...elsewhere, spans: this.#spans },
    );
  }

  /** So many threads have had a request for so long. */
  busy(threads: number, ms: number): void {
    this.#tally.busy(threads, ms);
  }

  /** A thread died or was given up. */
  lost(code: string): void {
    this.#tally.lost(code);
  }

  /** To be called on every tick of the worker. */
  tick(nowMs: number): void {
    this.#spans?.tick(nowMs);
  }

  /** Of the logs, those that are this worker's own. */
  reopenLogs(): void {
    this.#accessLog?.reopen();
  }

  /** Resolves when what is on its way to others has been sent, or has had its time. */
  async flush(): Promise<void> {
    await this.#spans?.flush();
  }

  finished(exchange: LoggedExchange): void {
    const durationMs = monotonicMs() - exchange.beganMs + exchange.waitedMs;
    // For how long a connection was open that the application took over says nothing of how fast it answers, nor does how long a
    // client took for a head that is refused.
    const answeredMs = exchange.takenOver === null && exchange.waitedMs === 0 ? durationMs : null;
    const { peer, head, status, replyFields, bodyBytes, endCode, failureCode, phases } = exchange;
    const { queuedMs, trace } = exchange;
    // One that its thread still has when its time is up has held it until now.
    const heldMs = queuedMs === null ? null : (exchange.heldMs ?? durationMs - queuedMs);
    const times = { durationMs: answeredMs, queuedMs, heldMs };
    this.#tally.note({ status, failureCode, bodyBytes, ...times });
    this.#log.statsd?.exchange(status, answeredMs);
    this.#accessLog?.write({
      peer,
      head,
      status,
      replyFields,
      bodyBytes,
      endCode,
      failureCode,
      phases,
      trace,
      durationMs,
    });
    if (trace?.sampled) this.#spans?.add(exchange);
  }
}
