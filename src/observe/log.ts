// The error log: what happened to the server, in Gunicorn's line format or as JSON lines. pino decides levels and writes
// the JSON; the text line is made from the same call, so that both always tell the same.

import { pino } from 'pino';
import { wallClock } from '../clock.ts';
import type { StatsdTarget } from '../settings/statsd.ts';
import type { SyslogTarget } from '../settings/syslog.ts';
import { escapeMessage } from './escape.ts';
import { errorLogTime, SecondStamp } from './local-time.ts';
import type { LogFacts, LogLevel } from './log-facts.ts';
import { serverCode } from './server-codes.ts';
import { Sink } from './sink.ts';
import { Statsd } from './statsd.ts';
import { Syslog } from './syslog.ts';
import type { OutputStream } from './whole-lines.ts';

export interface LogOptions {
  /** Gunicorn setting loglevel: lines below it are not written. */
  readonly level: LogLevel;
  /** Gunicorn setting errorlog: a path, or "-" for standard error. */
  readonly destination: string;
  /** JSON lines instead of text. */
  readonly json: boolean;
  /** Others may have had their hands on the way to the file (log-file.ts). */
  readonly guarded?: boolean;
  /** Every line goes there, too, as text. */
  readonly syslog?: SyslogTarget | null;
  /** Metrics go there: lines of the level warning and above are counted, whether they are written or not. */
  readonly statsd?: StatsdTarget | null;
}

/** A message may have several lines (a traceback). In text only the fact `code` is shown, in JSON all are. */
export interface Log {
  debug(message: string, facts?: LogFacts): void;
  info(message: string, facts?: LogFacts): void;
  warning(message: string, facts?: LogFacts): void;
  error(message: string, facts?: LogFacts): void;
  /** Is on its way to the disk or the terminal when this returns: the process may be about to end. */
  critical(message: string, facts?: LogFacts): void;
  /** Whether a line of this level would be written; spares making an expensive message. */
  writes(level: LogLevel): boolean;
  /** The same log; `facts` are added to every line. */
  child(facts: LogFacts): Log;
  /** Opens the file anew by its name, after a rotation (SIGUSR1). */
  reopen(): void;
  /** Returns when everything is written. Done by itself when the process exits. */
  flush(): void;
  /** Writes what is left and closes the file. */
  close(): void;
}

/** The log of a process, and what came with it. */
export interface ErrorLog extends Log {
  /** Where metrics go; null: nowhere. Ends with the log. */
  readonly statsd: Statsd | null;
  /** What a process has printed: whole lines, each with its line end. As they are; in JSON an object for each. */
  printed(pid: number, stream: OutputStream, lines: string): void;
}

/** In rising order. pino wants numbers; these are its own for the levels it knows. */
const levels: Readonly<Record<LogLevel, number>> = {
  debug: 20,
  info: 30,
  warning: 40,
  error: 50,
  critical: 60,
};

type Logger = pino.Logger<LogLevel, true>;

/**
 * Opens the error log.
 * @throws LogFileError when the file cannot be opened.
 */
export function createLog(options: LogOptions): ErrorLog {
  const sink = new Sink(options.destination, 2, options.guarded);
  const syslog = options.syslog ? new Syslog(options.syslog, 'error') : null;
  const logger = pino<LogLevel, true>(
    {
      level: options.level,
      customLevels: levels,
      useOnlyCustomLevels: true,
      base: { pid: process.pid },
      messageKey: 'message',
      timestamp: () => `,"time":"${wallClock().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    new Lines(sink, options.json, syslog),
  );
  // Its own troubles cannot be told in it until they are over.
  sink.losses.onRecovered = (message, lost) => {
    if (lost > 0) logger.warning(`${message}.`);
  };
  if (syslog !== null) {
    syslog.losses.onTrouble = (message) =>
      logger.error(serverCode('log-lost'), `${message}. Requests go on.`);
    syslog.losses.onRecovered = (message) => logger.warning(`${message}.`);
  }
  const statsd = options.statsd ? new Statsd(options.statsd) : null;
  if (statsd !== null) {
    statsd.losses.onTrouble = (message) =>
      logger.warning(serverCode('metrics-lost'), `${message}. Requests go on.`);
    statsd.losses.onRecovered = (message) => logger.warning(`${message}.`);
  }
  return new PinoLog(logger, { sink, syslog, statsd, json: options.json }, {});
}

/** Where lines end up. */
interface Outlets {
  readonly sink: Sink;
  readonly syslog: Syslog | null;
  readonly statsd: Statsd | null;
  readonly json: boolean;
}

class PinoLog implements ErrorLog {
  readonly #logger: Logger;
  readonly #outlets: Outlets;
  readonly #facts: LogFacts;

  constructor(logger: Logger, outlets: Outlets, facts: LogFacts) {
    this.#logger = logger;
    this.#outlets = outlets;
    this.#facts = facts;
  }

  get statsd(): Statsd | null {
    return this.#outlets.statsd;
  }

  debug(message: string, facts?: LogFacts): void {
    this.#tell('debug', message, facts);
  }

  info(message: string, facts?: LogFacts): void {
    this.#tell('info', message, facts);
  }

  warning(message: string, facts?: LogFacts): void {
    this.#tell('warning', message, facts);
  }

  error(message: string, facts?: LogFacts): void {
    this.#tell('error', message, facts);
  }

  critical(message: string, facts?: LogFacts): void {
    this.#tell('critical', message, facts);
    this.#outlets.sink.flush();
  }

  #tell(level: LogLevel, message: string, own?: LogFacts): void {
    const facts = { ...this.#facts, ...own };
    this.statsd?.logged(level, facts);
    // As in Gunicorn, where a line that only brings a metric is none.
    if (message !== '') this.#logger[level](facts, message);
  }

  printed(pid: number, stream: OutputStream, lines: string): void {
    const { sink, json } = this.#outlets;
    sink.write(json ? linesAsJson(pid, stream, lines) : lines);
  }

  writes(level: LogLevel): boolean {
    return this.#logger.isLevelEnabled(level);
  }

  child(facts: LogFacts): Log {
    return new PinoLog(this.#logger, this.#outlets, { ...this.#facts, ...facts });
  }

  reopen(): void {
    this.#outlets.sink.reopen();
  }

  flush(): void {
    this.#outlets.sink.flush();
  }

  close(): void {
    this.#outlets.sink.close();
    this.#outlets.syslog?.close();
    this.statsd?.close();
  }
}

function linesAsJson(pid: number, stream: OutputStream, lines: string): string {
  const time = wallClock().toISOString();
  const objects = lines
    .split('\n')
    .slice(0, -1)
    .map((message) => JSON.stringify({ level: 'info', time, pid, stream, message }));
  return `${objects.join('\n')}\n`;
}

const names = new Map(Object.entries(levels).map(([name, number]) => [number, name as LogLevel]));

const pinoMetadata: unique symbol = Symbol.for('pino.metadata');

/** pino's stream: takes the JSON line, or for text what pino leaves beside it ("pino.metadata"). */
class Lines {
  readonly [pinoMetadata] = true;
  /** Set by pino before each write. */
  lastLevel = 0;
  lastMsg = '';
  lastObj: { readonly code?: unknown } = {};

  readonly #sink: Sink;
  readonly #json: boolean;
  readonly #syslog: Syslog | null;
  readonly #stamp = new SecondStamp(errorLogTime);

  constructor(sink: Sink, json: boolean, syslog: Syslog | null) {
    this.#sink = sink;
    this.#json = json;
    this.#syslog = syslog;
  }

  write(line: string): void {
    if (this.#json) this.#sink.write(line);
    if (this.#json && this.#syslog === null) return;
    const message = escapeMessage(this.lastMsg).trimEnd();
    const { code } = this.lastObj;
    const shown = code === undefined ? message : withCode(message, String(code));
    const level = names.get(this.lastLevel) ?? 'error';
    if (!this.#json) this.#sink.write(`${this.#head(level)} ${shown}\n`);
    this.#syslog?.write(level, shown);
  }

  /** `[2026-11-24 21:59:17 +0000] [PID] [LEVEL] message`; a code stands at the end of the first line. */
  #head(level: LogLevel): string {
    return `[${this.#stamp.at(wallClock())}] [${process.pid}] [${level.toUpperCase()}]`;
  }
}

function withCode(message: string, code: string): string {
  const lineEnd = message.indexOf('\n');
  if (lineEnd === -1) return `${message} (${code})`;
  return `${message.slice(0, lineEnd)} (${code})${message.slice(lineEnd)}`;
}
