// The access log: a line for each exchange, in Gunicorn's format or as JSON lines. Making a line costs about a
// microsecond (bench/access-log.ts); writing it is the sink's business.

import { wallClock } from '../clock.ts';
import type { SyslogTarget } from '../settings/syslog.ts';
import { asksForPhases, compileAccessFormat, type LineMaker } from './access-format.ts';
import { type AccessRecord, basicUser, type PhaseTimes, requestField } from './access-record.ts';
import { accessLogTime, SecondStamp } from './local-time.ts';
import { Sink } from './sink.ts';
import { Syslog } from './syslog.ts';

export interface AccessLogOptions {
  /** Gunicorn setting accesslog: a path, "-" for standard output, or null: to syslog alone. */
  readonly destination: string | null;
  /** Gunicorn setting access_log_format. JSON does not look at it, syslog always does. */
  readonly format: string;
  /** JSON lines instead of the format. */
  readonly json: boolean;
  /** Every line goes there, too. */
  readonly syslog?: SyslogTarget | null;
  /** The descriptor of the standard output, where that is not 1. */
  readonly standardOutput?: number;
}

export interface AccessLog {
  /** Its lines tell how long the phases of a request took: `AccessRecord.phases` should be there. */
  readonly asksForPhases: boolean;
  /** Logs an exchange that is over; the record is not kept. */
  write(record: AccessRecord): void;
  /** Lines lost since the start because the destination did not take them. */
  readonly dropped: number;
  /** Told when lines begin to be lost, or a file cannot be reopened; meant for the error log. */
  set onTrouble(callback: (message: string) => void);
  /** Told when everything is written again, and how many lines were lost. */
  set onRecovered(callback: (message: string, lost: number) => void);
  /** Opens the file anew by its name, after a rotation (SIGUSR1). */
  reopen(): void;
  /** Returns when everything is written. Done by itself when the process exits. */
  flush(): void;
  /** Writes what is left and closes the file. */
  close(): void;
}

/**
 * Opens the access log.
 * @throws AccessFormatError when the format is wrong, LogFileError when the file cannot be opened.
 */
export function createAccessLog(options: AccessLogOptions): AccessLog {
  const { destination, json, format } = options;
  const line = json && !options.syslog ? null : compileAccessFormat(format);
  const asks = (json && destination !== null) || (line !== null && asksForPhases(format));
  const sink = destination === null ? null : new Sink(destination, options.standardOutput ?? 1);
  const syslog = options.syslog ? new Syslog(options.syslog, 'access') : null;
  return new Lines(sink, syslog, json, line, asks);
}

class Lines implements AccessLog {
  readonly asksForPhases: boolean;
  readonly #sink: Sink | null;
  readonly #syslog: Syslog | null;
  readonly #json: boolean;
  readonly #line: LineMaker | null;
  readonly #stamp = new SecondStamp(accessLogTime);

  constructor(
    sink: Sink | null,
    syslog: Syslog | null,
    json: boolean,
    line: LineMaker | null,
    asks: boolean,
  ) {
    this.asksForPhases = asks;
    this.#sink = sink;
    this.#syslog = syslog;
    this.#json = json;
    this.#line = line;
  }

  write(record: AccessRecord): void {
    const now = wallClock();
    if (this.#json) this.#sink?.write(`${accessJson(record, now)}\n`);
    if (this.#line === null) return;
    const line = this.#line(record, this.#stamp.at(now));
    if (!this.#json) this.#sink?.write(`${line}\n`);
    this.#syslog?.write('info', line);
  }

  get dropped(): number {
    return (this.#sink?.losses.lost ?? 0) + (this.#syslog?.losses.lost ?? 0);
  }

  set onTrouble(callback: (message: string) => void) {
    if (this.#sink !== null) this.#sink.losses.onTrouble = callback;
    if (this.#syslog !== null) this.#syslog.losses.onTrouble = callback;
  }

  set onRecovered(callback: (message: string, lost: number) => void) {
    if (this.#sink !== null) this.#sink.losses.onRecovered = callback;
    if (this.#syslog !== null) this.#syslog.losses.onRecovered = callback;
  }

  reopen(): void {
    this.#sink?.reopen();
  }

  flush(): void {
    this.#sink?.flush();
  }

  close(): void {
    this.#sink?.close();
    this.#syslog?.close();
  }
}

const notPlain = /[^\x20\x21\x23-\x5b\x5d-\x7e]/;

/** JSON.stringify costs more than the rest of the line, and most strings need nothing from it. */
function json(value: string | null): string {
  if (value === null || value === '') return 'null';
  return notPlain.test(value) ? JSON.stringify(value) : `"${value}"`;
}

/** To microseconds. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

function phasesJson(phases: PhaseTimes | null): string {
  if (phases === null) return '';
  const { headMs, bodyMs, queueMs, applicationMs, writeMs } = phases;
  const one = (ms: number | null): string => (ms === null ? 'null' : String(rounded(ms)));
  const before = `,"head_ms":${one(headMs)},"body_ms":${one(bodyMs)},"queue_ms":${one(queueMs)}`;
  return `${before},"application_ms":${one(applicationMs)},"write_ms":${one(writeMs)}`;
}

/** One exchange as JSON, without line end. What is missing is null; strings hold one character for each byte sent. */
export function accessJson(record: AccessRecord, now: Date): string {
  const { head, peer } = record;
  // Variables come first, so that with parsers that keep the last of two names none takes the place of a fact.
  let line = '{';
  for (const [name, value] of Object.entries(record.variables ?? {})) {
    line += `${JSON.stringify(name)}:${json(value)},`;
  }
  line += `"time":"${now.toISOString()}","pid":${process.pid}`;
  line += `,"remote_address":${json(peer.address)},"user":${json(basicUser(head.fields))}`;
  line += `,"method":${json(head.method)},"target":${json(head.target)}`;
  line += `,"protocol":${head.method === '' ? 'null' : `"HTTP/1.${head.minorVersion}"`}`;
  line += `,"status":${Number.parseInt(record.status, 10) || null},"body_bytes":${record.bodyBytes}`;
  line += `,"duration_ms":${rounded(record.durationMs)}${phasesJson(record.phases)}`;
  line += `,"end":"${record.endCode}","code":${json(record.failureCode)}`;
  if (record.trace) {
    line += `,"trace_id":"${record.trace.traceId}","span_id":"${record.trace.spanId}"`;
  }
  line += `,"referer":${json(requestField(head.fields, 'referer'))}`;
  line += `,"user_agent":${json(requestField(head.fields, 'user-agent'))}`;
  return `${line}}`;
}
