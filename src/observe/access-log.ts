// The access log: a line for each exchange, in Gunicorn's format or as JSON lines. Making a line costs about a
// microsecond (bench/access-log.ts); writing it is the sink's business.

import { wallClock } from '../clock.ts';
import { compileAccessFormat } from './access-format.ts';
import { type AccessRecord, basicUser, requestField } from './access-record.ts';
import { accessLogTime, SecondStamp } from './local-time.ts';
import { Sink } from './sink.ts';

export interface AccessLogOptions {
  /** Gunicorn setting accesslog: a path, or "-" for standard output. */
  readonly destination: string;
  /** Gunicorn setting access_log_format. Not looked at for JSON. */
  readonly format: string;
  /** JSON lines instead of the format. */
  readonly json: boolean;
}

export interface AccessLog {
  /** Logs an exchange that is over; the record is not kept. */
  write(record: AccessRecord): void;
  /** Lines lost since the start because the destination did not take them. */
  readonly dropped: number;
  /** Told when lines begin to be lost, or a file cannot be reopened; meant for the error log. */
  onTrouble: ((message: string) => void) | null;
  /** Told when everything is written again, and how many lines were lost. */
  onRecovered: ((message: string, lost: number) => void) | null;
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
  const line = options.json ? null : compileAccessFormat(options.format);
  const sink = new Sink(options.destination, 1);
  const stamp = new SecondStamp(accessLogTime);
  return {
    write:
      line === null
        ? (record) => sink.write(`${accessJson(record, wallClock())}\n`)
        : (record) => sink.write(`${line(record, stamp.at(wallClock()))}\n`),
    get dropped() {
      return sink.dropped;
    },
    get onTrouble() {
      return sink.onTrouble;
    },
    set onTrouble(callback) {
      sink.onTrouble = callback;
    },
    get onRecovered() {
      return sink.onRecovered;
    },
    set onRecovered(callback) {
      sink.onRecovered = callback;
    },
    reopen: () => sink.reopen(),
    flush: () => sink.flush(),
    close: () => sink.close(),
  };
}

const notPlain = /[^\x20\x21\x23-\x5b\x5d-\x7e]/;

/** JSON.stringify costs more than the rest of the line, and most strings need nothing from it. */
function json(value: string | null): string {
  if (value === null || value === '') return 'null';
  return notPlain.test(value) ? JSON.stringify(value) : `"${value}"`;
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
  line += `,"duration_ms":${Math.round(record.durationMs * 1000) / 1000}`;
  line += `,"referer":${json(requestField(head.fields, 'referer'))}`;
  line += `,"user_agent":${json(requestField(head.fields, 'user-agent'))}`;
  return `${line}}`;
}
