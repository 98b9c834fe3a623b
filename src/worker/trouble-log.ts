// Tells the error log of requests that came to grief: past their time, with a thread that died, or without one. The first of its
// kind in a while is told with the picture of the black box.

import { monotonicMs } from '../clock.ts';
import type { LoggedExchange } from '../connection/effects.ts';
import type { OverdueReport } from '../dispatch/overdue.ts';
import type { Log } from '../observe/log.ts';
import type { Settings } from '../settings/settings.ts';
import type { AppThread, Failure } from '../threads/app-thread.ts';
import { BlackBox, type LogLine, type Picture, withPicture } from './black-box.ts';
import { overdueLine, shedLine } from './overdue-line.ts';

type Limits = Pick<Settings, 'timeout' | 'stream_timeout'>;

export class TroubleLog {
  readonly #log: Log;
  readonly #limits: Limits;
  readonly #blackBox: BlackBox;
  #taken: Picture | null = null;

  /** @param look the worker now */
  constructor(log: Log, limits: Limits, look: () => Picture) {
    this.#log = log;
    this.#limits = limits;
    this.#blackBox = new BlackBox(look, monotonicMs);
  }

  /** The time of a request is up; its thread is asked next, and may be free when `overdue` is called. */
  timeIsUp(): void {
    this.#taken ??= this.#blackBox.take('overdue');
  }

  overdue(report: OverdueReport): void {
    const picture = this.#taken;
    this.#taken = null;
    this.#say('error', withPicture(overdueLine(report, this.#limits[report.setting]), picture));
  }

  died({ name }: AppThread, { code, detail }: Failure): void {
    const line = { message: `${name} is gone: ${detail}`, facts: { code } };
    this.#say('error', withPicture(line, this.#blackBox.take('died')));
  }

  /** No thread was there for it in time. False: that is not worth a line now. */
  shed(exchange: LoggedExchange, failure: Failure): boolean {
    const picture = this.#blackBox.take('shed');
    if (picture !== null) this.#say('warning', withPicture(shedLine(exchange, failure), picture));
    return picture !== null;
  }

  #say(level: 'warning' | 'error', { message, facts }: LogLine): void {
    this.#log[level](message, facts);
  }
}
