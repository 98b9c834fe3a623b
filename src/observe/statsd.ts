// Metrics to statsd, with Gunicorn's names. hot-shots writes the protocol and gathers metrics into datagrams; what carries those never
// waits, asks no name server for each of them, and counts what it loses. Datagrams leave four times a second, and requests are
// counted until then: a call of hot-shots costs microseconds.

import { createRequire } from 'node:module';
import { Writable } from 'node:stream';
import type { StatsD } from 'hot-shots';
import type { StatsdTarget } from '../settings/statsd.ts';
import { flushAtEnd, forget } from './last-words.ts';
import type { LogFacts, LogLevel } from './log-facts.ts';
import type { Losses } from './losses.ts';
import { UdpDatagrams } from './udp-datagrams.ts';
import { UnixDatagrams } from './unix-datagram.ts';

/** One datagram with room for the headers of any network on the way. */
const DATAGRAM_BYTES = 1400;
const FLUSH_MS = 250;

interface Carrier {
  readonly losses: Losses;
  send(text: string): void;
  close(): void;
}

/** Kinds of a metric that a line of the log brings along, as in Gunicorn's `extra`. */
type MetricType = 'gauge' | 'counter' | 'histogram' | 'timer';

export class Statsd {
  readonly #carrier: Carrier;
  readonly #client: StatsD;
  /** Of requests that are over and not told yet: all, and those of each status. */
  #requests = 0;
  readonly #statuses = new Map<number, number>();
  #timer: NodeJS.Timeout | null = null;

  constructor({ address, prefix, tags, python }: StatsdTarget) {
    const what = `Cannot send metrics to statsd at ${address.label}`;
    this.#carrier =
      address.kind === 'unix'
        ? new UnixDatagrams(address.path, python)
        : new UdpDatagrams(address.host, address.port, what);
    // Loaded by who wants metrics: it takes every process a twentieth of its start.
    const client: typeof import('hot-shots') = createRequire(import.meta.url)('hot-shots');
    this.#client = new client.StatsD({
      protocol: 'stream',
      stream: streamTo(this.#carrier),
      prefix,
      globalTags: [...tags],
      maxBufferSize: DATAGRAM_BYTES,
      bufferFlushInterval: FLUSH_MS,
      // Only what the settings say: it would read variables of Datadog's otherwise.
      includeDataDogTags: false,
      includeDatadogTelemetry: false,
      datadog: false,
      errorHandler: (error) => this.losses.lose(error.message),
    });
    flushAtEnd(this);
  }

  get losses(): Losses {
    return this.#carrier.losses;
  }

  /** A request is over. `status` as the access log has it, empty when nothing was answered; `durationMs` too, null for what is none. */
  exchange(status: string, durationMs: number | null): void {
    if (durationMs !== null) {
      this.#client.timing('gunicorn.request.duration', Math.round(durationMs * 1000) / 1000);
    }
    this.#requests += 1;
    const code = Number.parseInt(status, 10);
    if (!Number.isNaN(code)) this.#statuses.set(code, (this.#statuses.get(code) ?? 0) + 1);
    this.#timer ??= setTimeout(() => this.#tellCounts(), FLUSH_MS).unref();
  }

  /** A line for the error log, whether or not its level is written: it counts, and may bring a metric of its own. */
  logged(level: LogLevel, facts: LogFacts): void {
    if (level === 'critical' || level === 'error' || level === 'warning') {
      // Where Gunicorn logs a traceback it counts an exception, and no error.
      const kind = level === 'error' && facts['code'] === 'app-raised' ? 'exception' : level;
      this.#client.increment(`gunicorn.log.${kind}`);
    }
    const { metric, value, mtype } = facts;
    if (typeof metric === 'string' && typeof value === 'number') this.#send(mtype, metric, value);
  }

  gauge(name: string, value: number): void {
    this.#client.gauge(name, value);
  }

  histogram(name: string, value: number): void {
    this.#client.histogram(name, value);
  }

  /** Hands over what is held back. */
  flush(): void {
    this.#tellCounts();
    this.#client.flush();
  }

  /** Sends what is left. */
  close(): void {
    if (!forget(this)) return;
    this.flush();
    // Its own end comes later; until then it must find a carrier, and that must not keep the process.
    this.#client.close(() => this.#carrier.close());
  }

  #tellCounts(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#requests > 0) this.#client.increment('gunicorn.requests', this.#requests);
    for (const [code, count] of this.#statuses) {
      this.#client.increment(`gunicorn.request.status.${code}`, count);
    }
    this.#requests = 0;
    this.#statuses.clear();
  }

  #send(type: unknown, name: string, value: number): void {
    switch (type as MetricType) {
      case 'gauge':
        this.#client.gauge(name, value);
        return;
      case 'counter':
        this.#client.increment(name, value);
        return;
      case 'histogram':
        this.#client.histogram(name, value);
        return;
      case 'timer':
        this.#client.timing(name, value);
    }
  }
}

/** hot-shots ends each datagram with a line end, which statsd does not need. */
function streamTo(carrier: Carrier): Writable {
  return new Writable({
    decodeStrings: false,
    write(datagram: unknown, _encoding, done) {
      carrier.send(String(datagram).trimEnd());
      done();
    },
  });
}
