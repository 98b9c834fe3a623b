// The metrics of the whole server for Prometheus: what workers have counted, added up over all that there were, and how they are
// now. Names and units after Prometheus's conventions; prom-client writes the text.

import { serverName } from '../../settings/process-name.ts';
import type { Counts, HistogramCounts } from '../../wire/tally.ts';
import { BOUNDS_MS } from '../../wire/tally.ts';
import { type Operator, type Steered, sumOf } from '../control/operator.ts';
import type { StoreSilences } from '../telemetry/store-silences.ts';
import type { Sums } from '../telemetry/tally-sums.ts';
import type { Page } from './server.ts';

type Labels = Readonly<Record<string, string>>;

interface Value {
  readonly value: number;
  readonly labels: Labels;
  /** Of a histogram: with `_bucket`, `_sum` or `_count`. */
  readonly metricName?: string;
}

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly aggregator: 'sum';
  readonly values: readonly Value[];
}

type Asked = Pick<Operator, 'connections' | 'threads'>;

const NO_FILTER = { state: null, client: null, path: null };

/** The page at /metrics. Loads prom-client the first time. */
export async function metricsPage(server: Steered, operator: Asked): Promise<Page> {
  const { AggregatorRegistry } = await import('prom-client');
  const registry = AggregatorRegistry.aggregate([await metricsOf(server, operator)]);
  return { type: registry.contentType, text: await registry.metrics() };
}

async function metricsOf(server: Steered, operator: Asked): Promise<Metric[]> {
  const [connections, threads] = await Promise.all([
    operator.connections(NO_FILTER, 0),
    operator.threads(false),
  ]);
  const threadStates = threads.threads.map(({ state, load }) =>
    state === 'ready' ? (load > 0 ? 'busy' : 'idle') : state,
  );
  return [
    ...traffic(server),
    gauge(
      'tunicorn_connections',
      'Open connections by the state that each is in.',
      by('state', connections.states),
    ),
    gauge(
      'tunicorn_threads',
      'Threads that run the application, by what they are about.',
      by('state', tallied(threadStates)),
    ),
    ...processes(server),
  ];
}

function traffic({ traffic: { sums, storeSilences }, settings }: Steered): Metric[] {
  const application = serverName(settings);
  const { answered } = sums;
  return [
    counter(
      'tunicorn_requests_total',
      'Requests that are over, by class of their status.',
      Object.entries(answered).map(([status, value]) => ({
        value,
        labels: { status, application },
      })),
    ),
    histogram(
      'tunicorn_request_duration_seconds',
      'From a complete request until its response had left.',
      sums.durations,
    ),
    histogram(
      'tunicorn_request_queue_seconds',
      'From a complete request until a thread began it.',
      sums.queueWaits,
    ),
    histogram(
      'tunicorn_request_thread_seconds',
      'For how long a request held its thread.',
      sums.held,
    ),
    ...troubles(sums),
    ...storeMetrics(storeSilences),
    ...amountsOf(sums),
  ];
}

function troubles({ failed, refused, passed, lost, amounts }: Sums): Metric[] {
  return [
    counter(
      'tunicorn_requests_failed_total',
      'Requests that came to grief, by the code of their line in the error log: timed out, shed, refused.',
      by('code', failed),
    ),
    counter(
      'tunicorn_limited_total',
      'What the limits of clients refused, or would have (dry), by reason.',
      by('reason', refused),
    ),
    counter(
      'tunicorn_limits_uncounted_total',
      'Requests that went on although a limit could not count them, because nobody answered in time.',
      alone(amounts.uncounted),
    ),
    counter(
      'tunicorn_deadlines_passed_total',
      'Deadlines of connections and requests that passed, by the setting that has their time.',
      by('setting', passed),
    ),
    counter(
      'tunicorn_threads_lost_total',
      'Threads that died or were given up and replaced, by the code of their line in the error log.',
      by('code', lost),
    ),
  ];
}

function storeMetrics({ isSilent, times, tokens }: StoreSilences): Metric[] {
  return [
    gauge(
      'tunicorn_limit_store_silent',
      'Whether limit_store does not answer (1): this host goes by its share of each limit.',
      alone(isSilent ? 1 : 0),
    ),
    counter(
      'tunicorn_limit_store_silences_total',
      'How often limit_store fell silent.',
      alone(times),
    ),
    counter(
      'tunicorn_limit_store_requests_without_total',
      'Tokens, of one request each, that this host handed out by its share while limit_store did not answer, unused ones included.',
      alone(tokens),
    ),
  ];
}

function amountsOf({ amounts }: Sums): Metric[] {
  return [
    counter(
      'tunicorn_thread_busy_seconds_total',
      'Time that threads had a request, added up over all threads.',
      alone(amounts.busyMs / 1000),
    ),
    counter(
      'tunicorn_response_body_bytes_total',
      'Bytes of response bodies, without framing.',
      alone(amounts.responseBytes),
    ),
    counter(
      'tunicorn_received_bytes_total',
      'Bytes that clients sent: heads, bodies, upgraded connections, without TLS.',
      alone(amounts.receivedBytes),
    ),
    counter(
      'tunicorn_sent_bytes_total',
      'Bytes that were sent to clients: heads, bodies, upgraded connections, without TLS.',
      alone(amounts.sentBytes),
    ),
    counter(
      'tunicorn_accept_pauses_total',
      'How often a worker stopped accepting, because it was full or could not.',
      alone(amounts.acceptPauses),
    ),
    counter(
      'tunicorn_spans_exported_total',
      'Spans that were sent to otlp_endpoint.',
      alone(amounts.spansExported),
    ),
    counter(
      'tunicorn_spans_dropped_total',
      'Spans of sampled requests that could not be sent in time.',
      alone(amounts.spansDropped),
    ),
  ];
}

function processes({ workers, size, changes }: Steered): Metric[] {
  const memory = workers.flatMap(({ pid, counts }) =>
    counts === null
      ? []
      : [
          {
            value: counts.memoryBytes - counts.pythonBytes,
            labels: { process: 'worker', pid: `${pid}` },
          },
          ...(counts.pythonBytes === 0
            ? []
            : [{ value: counts.pythonBytes, labels: { process: 'python', pid: `${pid}` } }]),
        ],
  );
  const delays = workers.flatMap(({ pid, counts }) =>
    counts === null ? [] : [{ value: counts.loopDelayMs / 1000, labels: { pid: `${pid}` } }],
  );
  const arbiter = {
    value: process.memoryUsage.rss(),
    labels: { process: 'arbiter', pid: `${process.pid}` },
  };
  return [
    gauge('tunicorn_workers_wanted', 'How many workers there should be.', alone(size)),
    gauge(
      'tunicorn_workers',
      'Workers by state.',
      by('state', tallied(workers.map(({ state }) => state))),
    ),
    counter(
      'tunicorn_workers_ended_total',
      'How workers ended: left, were killed, died.',
      by('how', changes.ends),
    ),
    counter(
      'tunicorn_workers_timed_out_total',
      'Workers that were killed, by the deadline that had passed: boot, hook, silence, graceful, quit, death.',
      by('deadline', changes.timedOut),
    ),
    counter(
      'tunicorn_workers_replaced_total',
      'Workers that were to be replaced, reloads not among them: by routine (max_requests), for some trouble.',
      by('cause', changes.causes),
    ),
    gauge(
      'tunicorn_requests_queued',
      'Requests that wait for a thread.',
      alone(sumOf(workers, ({ counts }) => counts?.queued)),
    ),
    gauge(
      'tunicorn_requests_running',
      'Requests that threads have.',
      alone(sumOf(workers, ({ counts }) => counts?.requests)),
    ),
    gauge(
      'tunicorn_spooled_bytes',
      'Bytes of bodies in temporary files.',
      alone(sumOf(workers, ({ counts }) => counts?.spooledBytes)),
    ),
    gauge(
      'tunicorn_event_loop_delay_seconds',
      'The longest that the I/O loop of a worker was late in the last second.',
      delays,
    ),
    gauge(
      'tunicorn_resident_memory_bytes',
      'Resident memory of the arbiter, of each worker, and of its Python (pid: of the worker).',
      [arbiter, ...memory],
    ),
  ];
}

function metric(
  type: Metric['type'],
  name: string,
  help: string,
  values: readonly Value[],
): Metric {
  return { name, help, type, aggregator: 'sum', values };
}

function counter(name: string, help: string, values: readonly Value[]): Metric {
  return metric('counter', name, help, values);
}

function gauge(name: string, help: string, values: readonly Value[]): Metric {
  return metric('gauge', name, help, values);
}

function histogram(name: string, help: string, { counts, sumMs }: HistogramCounts): Metric {
  let below = 0;
  const buckets = counts.map((count, at) => {
    below += count;
    const bound = BOUNDS_MS[at];
    const le = bound === undefined ? '+Inf' : String(bound / 1000);
    return { value: below, labels: { le }, metricName: `${name}_bucket` };
  });
  return metric('histogram', name, help, [
    ...buckets,
    { value: sumMs / 1000, labels: {}, metricName: `${name}_sum` },
    { value: below, labels: {}, metricName: `${name}_count` },
  ]);
}

function by(label: string, counts: Counts): Value[] {
  return Object.entries(counts).map(([name, value]) => ({ value, labels: { [label]: name } }));
}

function alone(value: number): Value[] {
  return [{ value, labels: {} }];
}

function tallied(names: readonly string[]): Counts {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
