// The error log: what happened to the server, in Gunicorn's line format or as JSON lines. pino decides levels and writes
// the JSON; the text line is made from the same call, so that both always tell the same.

import { pino } from 'pino';
import { wallClock } from '../clock.ts';
import type { SyslogTarget } from '../settings/syslog.ts';
import { escapeMessage } from './escape.ts';
import { errorLogTime, SecondStamp } from './local-time.ts';
import { Sink } from './sink.ts';
import { Syslog } from './syslog.ts';

export type LogLevel = 'debug' | 'info' | 'warning' | 'error' | 'critical';

/** What is known beside the message: code, request, thread ... Flat, so that log stores can index it. */
export type LogFacts = Readonly<Record<string, string | number | boolean | null>>;

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
export function createLog(options: LogOptions): Log {
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
  sink.onRecovered = (message, lost) => {
    if (lost > 0) logger.warning(`${message}.`);
  };
  if (syslog !== null) {
    syslog.losses.onTrouble = (message) => logger.error(`${message}. Requests go on.`);
    syslog.losses.onRecovered = (message) => logger.warning(`${message}.`);
  }
  return new PinoLog(logger, sink, syslog, {});
}

class PinoLog implements Log {
  readonly #logger: Logger;
  readonly #sink: Sink;
  readonly #syslog: Syslog | null;
  readonly #facts: LogFacts;

  constructor(logger: Logger, sink: Sink, syslog: Syslog | null, facts: LogFacts) {
    this.#logger = logger;
    this.#sink = sink;
    this.#syslog = syslog;
    this.#facts = facts;
  }

  debug(message: string, facts?: LogFacts): void {
    this.#logger.debug({ ...this.#facts, ...facts }, message);
  }

  info(message: string, facts?: LogFacts): void {
    this.#logger.info({ ...this.#facts, ...facts }, message);
  }

  warning(message: string, facts?: LogFacts): void {
    this.#logger.warning({ ...this.#facts, ...facts }, message);
  }

  error(message: string, facts?: LogFacts): void {
    this.#logger.error({ ...this.#facts, ...facts }, message);
  }

  critical(message: string, facts?: LogFacts): void {
    this.#logger.critical({ ...this.#facts, ...facts }, message);
    this.#sink.flush();
  }

  writes(level: LogLevel): boolean {
    return this.#logger.isLevelEnabled(level);
  }

  child(facts: LogFacts): Log {
    return new PinoLog(this.#logger, this.#sink, this.#syslog, { ...this.#facts, ...facts });
  }

  reopen(): void {
    this.#sink.reopen();
  }

  flush(): void {
    this.#sink.flush();
  }

  close(): void {
    this.#sink.close();
    this.#syslog?.close();
  }
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
