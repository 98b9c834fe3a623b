// The error log: what happened to the server, in Gunicorn's line format or as JSON lines. pino decides levels and writes
// the JSON; the text line is made from the same call, so that both always tell the same.

import { pino } from 'pino';
import { wallClock } from '../clock.ts';
import { escapeMessage } from './escape.ts';
import { errorLogTime, SecondStamp } from './local-time.ts';
import { Sink } from './sink.ts';

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
  const sink = new Sink(options.destination, 2);
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
    options.json ? sink : new TextLines(sink),
  );
  // Its own troubles cannot be told in it until they are over.
  sink.onRecovered = (message, lost) => {
    if (lost > 0) logger.warning(`${message}.`);
  };
  return new PinoLog(logger, sink, {});
}

class PinoLog implements Log {
  readonly #logger: Logger;
  readonly #sink: Sink;
  readonly #facts: LogFacts;

  constructor(logger: Logger, sink: Sink, facts: LogFacts) {
    this.#logger = logger;
    this.#sink = sink;
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
    return new PinoLog(this.#logger, this.#sink, { ...this.#facts, ...facts });
  }

  reopen(): void {
    this.#sink.reopen();
  }

  flush(): void {
    this.#sink.flush();
  }

  close(): void {
    this.#sink.close();
  }
}

const names = new Map(Object.entries(levels).map(([name, number]) => [number, name.toUpperCase()]));

const pinoMetadata: unique symbol = Symbol.for('pino.metadata');

/** pino's stream for text: it ignores the JSON line and takes what pino leaves beside it ("pino.metadata"). */
class TextLines {
  readonly [pinoMetadata] = true;
  /** Set by pino before each write. */
  lastLevel = 0;
  lastMsg = '';
  lastObj: { readonly code?: unknown } = {};

  readonly #sink: Sink;
  readonly #stamp = new SecondStamp(errorLogTime);

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  /** `[2026-11-24 21:59:17 +0000] [PID] [LEVEL] message`; a code stands at the end of the first line. */
  write(): void {
    const head = `[${this.#stamp.at(wallClock())}] [${process.pid}] [${names.get(this.lastLevel)}]`;
    const message = escapeMessage(this.lastMsg).trimEnd();
    const { code } = this.lastObj;
    const shown = code === undefined ? message : withCode(message, String(code));
    this.#sink.write(`${head} ${shown}\n`);
  }
}

function withCode(message: string, code: string): string {
  const lineEnd = message.indexOf('\n');
  if (lineEnd === -1) return `${message} (${code})`;
  return `${message.slice(0, lineEnd)} (${code})${message.slice(lineEnd)}`;
}
