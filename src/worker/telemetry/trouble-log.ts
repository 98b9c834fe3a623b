// Tells the error log of requests that came to grief: past their time, with a thread that died, or without one. The first of its
// kind in a while is told with the picture of the black box.

import { monotonicMs } from '../../clock.ts';
import type { LoggedExchange } from '../../connection/effects.ts';
import type { OverdueReport } from '../../dispatch/overdue.ts';
import type { Log } from '../../observe/log.ts';
import type { Settings } from '../../settings/settings.ts';
import type { AppThread, Failure } from '../../threads/app-thread.ts';
import type { Trouble } from '../../wire/arbiter-worker.ts';
import { BlackBox, type LogLine, type Picture, withPicture } from './black-box.ts';
import { overdueLine, shedLine } from './overdue-line.ts';

/** Hears of each; `sentence` is its line in the log, without the stack and the picture, which are there. */
export type TroubleTold = (about: Trouble['about'], code: string, sentence: string) => void;
type Limits = Pick<Settings, 'timeout' | 'stream_timeout'>;

export class TroubleLog {
  readonly #log: Log;
  readonly #limits: Limits;
  readonly #tell: TroubleTold;
  readonly #blackBox: BlackBox;
  #taken: Picture | null = null;

  /** @param tell is told of each as well; `look`: the worker now */
  constructor(log: Log, limits: Limits, tell: TroubleTold, look: () => Picture) {
    this.#log = log;
    this.#limits = limits;
    this.#tell = tell;
    this.#blackBox = new BlackBox(look, monotonicMs);
  }

  /** The time of a request is up; its thread is asked next, and may be free when `overdue` is called. */
  timeIsUp(): void {
    this.#taken ??= this.#blackBox.take('overdue');
  }

  overdue(report: OverdueReport): void {
    const picture = this.#taken;
    this.#taken = null;
    const about = report.byOperator ? 'interrupted' : 'overdue';
    this.#say(about, overdueLine(report, this.#limits[report.setting]), picture);
  }

  died({ name }: AppThread, { code, detail }: Failure): void {
    const line = { message: `${name} is gone: ${detail}`, facts: { code } };
    this.#say('died', line, this.#blackBox.take('died'));
  }

  /** No thread was there for it in time. False: that is not worth a line now. */
  shed(exchange: LoggedExchange, failure: Failure): boolean {
    const picture = this.#blackBox.take('shed');
    if (picture !== null) this.#say('shed', shedLine(exchange, failure), picture);
    return picture !== null;
  }

  #say(about: Trouble['about'], line: LogLine, picture: Picture | null): void {
    const { message, facts } = withPicture(line, picture);
    this.#log[about === 'shed' ? 'warning' : 'error'](message, facts);
    tellTrouble(this.#tell, about, line);
  }
}

export function tellTrouble(
  tell: TroubleTold,
  about: Trouble['about'],
  { message, facts }: LogLine,
): void {
  tell(about, String(facts['code']), message.split('\n', 1)[0] ?? '');
}
