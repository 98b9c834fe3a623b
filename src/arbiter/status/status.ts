// The status address over the life of an arbiter: opened when it serves, elsewhere after a reload that says so, and by a new
// arbiter when the one before it has left. A server whose address cannot be had serves all the same, and says so.

import { monotonicMs, wallClock } from '../../clock.ts';
import { messageOf } from '../../message-of.ts';
import type { ErrorLog } from '../../observe/log.ts';
import { parsePortAddress } from '../../settings/inspect.ts';
import type { Settings } from '../../settings/settings.ts';
import type { Operator, Steered } from '../control/operator.ts';
import { Live } from './live.ts';
import { routesOf } from './routes.ts';
import { StatusServer } from './server.ts';

type Terms = Pick<Settings, 'status_bind' | 'status_token'>;

export class Status {
  readonly #steered: Steered;
  readonly #operator: Operator;
  readonly #log: () => ErrorLog;
  /** Changes come one after another. */
  #turn: Promise<void> = Promise.resolve();
  #server: StatusServer | null = null;
  #live: Live | null = null;
  #wanted: Terms = { status_bind: null, status_token: null };

  constructor(steered: Steered, operator: Operator, log: () => ErrorLog) {
    this.#steered = steered;
    this.#operator = operator;
    this.#log = log;
  }

  /** As these settings have it from now on. `isSecond`: the arbiter that started this one has the address, as long as it lives. */
  configure({ status_bind, status_token }: Terms, isSecond: boolean): void {
    const wanted = { status_bind: isSecond ? null : status_bind, status_token };
    this.#turn = this.#turn.then(() => this.#become(wanted));
  }

  /** Resolves when nothing of it is left. */
  close(): Promise<void> {
    this.#turn = this.#turn.then(() => this.#end());
    return this.#turn;
  }

  async #end(): Promise<void> {
    this.#live?.end();
    this.#live = null;
    await this.#server?.close();
    this.#server = null;
  }

  async #become(wanted: Terms): Promise<void> {
    const isSame =
      wanted.status_bind === this.#wanted.status_bind &&
      wanted.status_token === this.#wanted.status_token;
    // One that could not be had is tried again.
    if (isSame && (wanted.status_bind === null || this.#server !== null)) return;
    this.#wanted = wanted;
    await this.#end();
    const address = wanted.status_bind === null ? null : parsePortAddress(wanted.status_bind);
    if (address === null) return;
    const clocks = { now: monotonicMs, wall: () => wallClock().getTime() };
    const live = new Live(this.#steered, this.#operator, clocks);
    try {
      const routes = routesOf({ server: this.#steered, operator: this.#operator, live });
      this.#server = await StatusServer.open(address, wanted.status_token, routes);
      this.#live = live;
      const { label } = this.#server;
      this.#log().info(`Status page at: http://${label}/ (metrics: http://${label}/metrics)`);
    } catch (error) {
      live.end();
      this.#log().error(`No status page at ${wanted.status_bind}: ${messageOf(error)}`);
    }
  }
}
