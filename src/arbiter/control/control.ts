// The control socket over the life of an arbiter: opened when it serves, elsewhere after a reload that says so, under another name
// while the arbiter before it lives. A server without one serves all the same.

import { messageOf } from '../../message-of.ts';
import type { ErrorLog } from '../../observe/log.ts';
import type { Settings } from '../../settings/settings.ts';
import { answer } from './answering.ts';
import type { Operator } from './operator.ts';
import { ENDING, folderOf, namedPlace } from './place.ts';
import { ControlServer } from './server.ts';

type Terms = Pick<
  Settings,
  'control_socket' | 'control_socket_mode' | 'control_socket_disable' | 'pidfile'
>;

export class Control {
  readonly #operator: Operator;
  readonly #log: () => ErrorLog;
  /** Changes come one after another. */
  #turn: Promise<void> = Promise.resolve();
  #server: ControlServer | null = null;
  #wanted: { readonly path: string; readonly mode: string } | null = null;

  constructor(operator: Operator, log: () => ErrorLog) {
    this.#operator = operator;
    this.#log = log;
  }

  /** As these settings have it from now on. `isSecond`: the arbiter that started this one has the name. */
  configure(settings: Terms, isSecond: boolean): void {
    this.#turn = this.#turn.then(() => this.#become(settings, isSecond));
  }

  /** Resolves when nothing of it is left. */
  close(): Promise<void> {
    this.#turn = this.#turn.then(() => this.#end());
    return this.#turn;
  }

  async #end(): Promise<void> {
    await this.#server?.close();
    this.#server = null;
  }

  async #become(settings: Terms, isSecond: boolean): Promise<void> {
    const path = settings.control_socket_disable ? null : placeOf(settings, isSecond);
    const mode = settings.control_socket_mode;
    if (path === null || mode === null) {
      await this.#end();
      return;
    }
    if (this.#wanted?.path === path && this.#wanted.mode === mode && this.#server !== null) return;
    this.#wanted = { path, mode };
    try {
      const before = this.#server;
      this.#server = await ControlServer.open(path, Number.parseInt(mode, 8), (request) =>
        answer(this.#operator, request),
      );
      await before?.close();
      this.#log().debug(`Control socket listening at ${path}`);
    } catch (error) {
      const isAskedFor = namedPlace(settings) !== null;
      this.#log()[isAskedFor ? 'error' : 'debug'](`No control socket: ${messageOf(error)}`);
    }
  }
}

function placeOf(settings: Terms, isSecond: boolean): string | null {
  const named = namedPlace(settings);
  if (named !== null) return isSecond ? `${named}.2` : named;
  const folder = folderOf(process.env, process.getuid?.() ?? -1);
  return folder === null ? null : `${folder}/${process.pid}${ENDING}`;
}
