// Spans of sampled requests on their way out of the worker's loop: gathered for half a second, handed to a thread that runs
// OpenTelemetry's SDK (trace/span-thread.ts), and counted when they are sent or lost. A request never waits for any of it: as many as
// the thread has not told of are bounded, and those beyond are dropped here before anything is made of them.

import { Worker } from 'node:worker_threads';
import { monotonicMs, wallClock } from '../../clock.ts';
import type { LoggedExchange } from '../../connection/effects.ts';
import { messageOf } from '../../message-of.ts';
import { escapeWords } from '../../observe/escape.ts';
import type { Log } from '../../observe/log.ts';
import { Seldom } from '../../observe/seldom.ts';
import { programAt } from '../../package-folder.ts';
import { tracesUrl } from '../../settings/otlp.ts';
import { serverName } from '../../settings/process-name.ts';
import type { Settings } from '../../settings/settings.ts';
import {
  type FromSpanThread,
  SpanBatchWriter,
  type SpanThreadData,
  type ToSpanThread,
} from '../../wire/spans.ts';
import { spanRecordOf } from './span-records.ts';
import { WallOffset } from './wall-offset.ts';

/** Spans that the thread has and has not told of, at most: some 3 KiB each there. */
const ROOM = 8192;
/** In one message. */
const BATCH = 512;
const GATHER_MS = 500;
/** Between the end of a thread and the start of the next one. */
const REST_MS = 5000;
/** A worker that leaves waits so long for what is on its way. */
export const FLUSH_MS = 2000;

/** The other side, as `node:worker_threads` has it. */
export interface SpanThread {
  postMessage(message: ToSpanThread): void;
  on(event: 'message', listener: (message: FromSpanThread) => void): unknown;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  on(event: 'exit', listener: () => void): unknown;
}

export interface SpansParts {
  /** Where they go, for people. */
  readonly endpoint: string;
  readonly log: Log;
  /** Monotonic milliseconds, and milliseconds since 1970. */
  now(): number;
  wallNow(): number;
  start(): SpanThread;
}

export class Spans {
  readonly #parts: SpansParts;
  readonly #batch = new SpanBatchWriter(BATCH);
  readonly #told = new Seldom();
  readonly #wall = new WallOffset();
  #thread: SpanThread | null = null;
  #startAtMs = 0;
  #sendAtMs = 0;
  /** Given to the thread, and not heard of again. */
  #underWay = 0;
  #exported = 0;
  #dropped = 0;
  #untold = 0;
  #why = '';
  #flushed: (() => void) | null = null;

  constructor(parts: SpansParts) {
    this.#parts = parts;
    this.#start();
  }

  get exported(): number {
    return this.#exported;
  }

  get dropped(): number {
    return this.#dropped;
  }

  /** A sampled request is over. */
  add(exchange: LoggedExchange): void {
    if (this.#underWay + this.#batch.count >= ROOM) {
      this.#drop(1, `${ROOM} wait to be sent`);
      return;
    }
    const nowMs = this.#parts.now();
    const record = spanRecordOf(exchange, nowMs);
    if (record === null) return;
    if (this.#batch.count === 0) this.#sendAtMs = nowMs + GATHER_MS;
    this.#batch.add(record);
    if (this.#batch.full) this.#send();
  }

  /** To be called on every tick of the worker. */
  tick(nowMs: number): void {
    this.#lookAtClocks();
    if (this.#thread === null && nowMs >= this.#startAtMs) this.#start();
    if (this.#batch.count > 0 && nowMs >= this.#sendAtMs) this.#send();
    if (this.#untold > 0 && this.#told.claim(nowMs)) this.#tell();
  }

  /** What there is is sent; resolves when it was, or FLUSH_MS later. */
  async flush(): Promise<void> {
    this.#send();
    const thread = this.#thread;
    if (thread !== null && this.#underWay > 0) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#flushed = resolve;
        timer = setTimeout(resolve, FLUSH_MS);
        thread.postMessage({ flush: true });
      });
      clearTimeout(timer);
    }
    if (this.#underWay > 0) this.#drop(this.#underWay, 'the worker left');
    this.#underWay = 0;
    if (this.#untold > 0) this.#tell();
  }

  #start(): void {
    const thread = this.#parts.start();
    this.#thread = thread;
    thread.on('message', (message) => {
      if (this.#thread === thread) this.#hear(message);
    });
    thread.on('error', (error) => {
      if (this.#thread === thread) this.#gone(messageOf(error));
    });
    thread.on('exit', () => {
      if (this.#thread === thread) this.#gone('the thread that sends them ended');
    });
  }

  #hear(message: FromSpanThread): void {
    if ('failed' in message) this.#gone(message.failed);
    else if ('flushed' in message) this.#flushed?.();
    else if ('sent' in message) {
      const { sent, lost, why } = message;
      this.#underWay = Math.max(0, this.#underWay - sent - lost);
      this.#exported += sent;
      if (lost > 0) this.#drop(lost, why);
    }
  }

  #send(): void {
    const { count } = this.#batch;
    if (count === 0) return;
    this.#lookAtClocks();
    const spans = this.#batch.take(this.#wall.epochMs);
    if (this.#thread === null) {
      this.#drop(count, 'the thread that sends them is not there');
      return;
    }
    this.#underWay += count;
    this.#thread.postMessage({ spans });
  }

  #lookAtClocks(): void {
    const { now, wallNow } = this.#parts;
    this.#wall.look(now(), wallNow(), now());
  }

  #gone(why: string): void {
    this.#thread = null;
    this.#startAtMs = this.#parts.now() + REST_MS;
    this.#drop(this.#underWay, why);
    this.#underWay = 0;
    this.#flushed?.();
  }

  #drop(count: number, why: string): void {
    this.#dropped += count;
    this.#untold += count;
    this.#why = why;
  }

  #tell(): void {
    const what = `Spans for ${this.#parts.endpoint}: ${this.#untold} were dropped, ${this.#dropped} since the start`;
    this.#parts.log.warning(`${what}: ${escapeWords(this.#why)}. Requests go on.`, {
      code: 'spans-dropped',
    });
    this.#untold = 0;
  }
}

/** Null: nobody wants any. */
export function makeSpans(settings: Settings, log: Log): Spans | null {
  const { otlp_endpoint: endpoint } = settings;
  if (endpoint === null) return null;
  const data: SpanThreadData = {
    url: tracesUrl(endpoint).href,
    service: serverName(settings),
    room: ROOM,
    folder: settings.chdir,
  };
  return new Spans({
    endpoint,
    log,
    now: monotonicMs,
    wallNow: () => wallClock().getTime(),
    start: () => {
      const thread = new Worker(programAt('spans'), { name: 'spans', workerData: data });
      // A worker that ends does not wait for it.
      thread.unref();
      return thread;
    },
  });
}
