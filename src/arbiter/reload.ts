// SIGHUP: reads the settings anew, prepares what they name beside what serves, and has the fleet change over. Whatever
// fails on the way leaves everything as it was and is one line in the log. A signal that comes meanwhile counts: its
// reload takes the place of the one under way, unless that has happened again and again: then it waits for its end.

import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from '../message-of.ts';
import type { HookFile } from '../settings/hooks.ts';
import type { Sources } from '../settings/resolve.ts';
import type { Settings } from '../settings/settings.ts';
import type { Fleet } from './fleet.ts';
import type { FleetChanges } from './fleet-changes.ts';
import type { Hooking } from './hooks/make-hooks.ts';
import type { Listener } from './listeners.ts';
import { PreloadError } from './preloaded.ts';
import { prepareStage, type Stage, type StageParts } from './stage.ts';
import { returnToFolder } from './surroundings.ts';

/** Reads the settings from all their sources, unless that is `stopped`. Rejects with an Error with a sentence for people. */
export type Reread = (stopped: AbortSignal) => Promise<{
  readonly settings: Settings;
  readonly sources: Sources | null;
  readonly hooks: HookFile | null;
  readonly warnings: readonly string[];
}>;

export interface ReloadParts {
  readonly fleet: Fleet;
  readonly options: StageParts;
  /** Is told how it goes. */
  readonly changes: FleetChanges;
  readonly reread: Reread;
  /** The one that serves. */
  stage(): Stage;
  /** The arbiter as hooks see it. */
  picture: Hooking['picture'];
  /** This one serves now. */
  adopted(next: Stage): void;
  /** Everything stays as it is; these files are known to have been loaded. */
  failed(files: readonly string[]): void;
  /** One that had to wait for the end of another may begin: asks for `begin`. */
  resume(): void;
  /** Nobody here listens on this one any more. */
  release(listener: Listener): void;
}

/** What a stop does not end by itself, such as a name that is looked up, holds up the end for no longer. */
const LEAVE_MS = 1_000;
/** After so many in a row that had no time to end, one is let end: with changes every few seconds none would. */
const CUT_SHORT_MAX = 3;

export class Reload {
  readonly #parts: ReloadParts;
  readonly #stop = new AbortController();
  #current: Promise<void> = Promise.resolve();
  #busy = false;
  /** Another one is asked for. */
  #again = false;
  #cutShort = 0;

  constructor(parts: ReloadParts) {
    this.#parts = parts;
  }

  /** One is being prepared. */
  get isBusy(): boolean {
    return this.#busy;
  }

  /** Resolves when the new workers are being started, when that has failed, or when it has to wait. Never rejects. */
  async begin(): Promise<void> {
    this.#again = true;
    if (this.#busy) return;
    this.#current = this.#all();
    await this.#current;
  }

  /**
   * The server stops: what is being prepared is given up, and there is no other. Resolves when nothing of it is left, or a moment
   * later. Never rejects.
   */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.race([this.#current, pause(LEAVE_MS, undefined, { ref: false })]);
  }

  async #all(): Promise<void> {
    this.#busy = true;
    while (this.#again && this.#parts.fleet.phase === 'running' && !this.#mustWait) {
      this.#again = false;
      await this.#once();
    }
    this.#busy = false;
    if (!this.#again || !this.#mustWait) return;
    this.#parts
      .stage()
      .log.info(
        `${this.#cutShort} reloads in a row were begun anew: this one ends before the next.`,
      );
  }

  /** One that waits is not wanted any more. */
  forget(): void {
    this.#again = false;
  }

  get #mustWait(): boolean {
    return this.#parts.fleet.isRenewing && this.#cutShort >= CUT_SHORT_MAX;
  }

  /** It would hold the addresses that the next one wants. */
  #giveUpTheOneUnderWay(): void {
    const { fleet } = this.#parts;
    if (!fleet.isRenewing) return;
    const inARow = this.#cutShort + 1;
    fleet.giveUpRenewal();
    this.#cutShort = inARow;
  }

  #ended(): void {
    this.#cutShort = 0;
    // Not now: whoever ended it may be about to stop the server.
    setImmediate(() => {
      if (this.#again && this.#parts.fleet.phase === 'running') this.#parts.resume();
    });
  }

  async #once(): Promise<void> {
    const { fleet, options, reread } = this.#parts;
    const now = this.#parts.stage();
    const stopped = this.#stop.signal;
    try {
      const { settings, sources, warnings, hooks: file } = await reread(stopped);
      for (const warning of warnings) now.log.warning(warning);
      this.#giveUpTheOneUnderWay();
      const { sockets: before } = this.#parts.stage();
      const present = { own: before.all, before };
      const hooking = this.#hooking(file, settings);
      const next = await prepareStage(settings, { ...options, sources, stopped }, present, hooking);
      for (const warning of next.warnings) now.log.warning(warning);
      await this.#announce(next);
      if (fleet.phase === 'running') this.#change(next);
      else this.#drop(next);
    } catch (error) {
      returnToFolder(now.settings.chdir, now.log);
      if (stopped.aborted) {
        now.log.info('The reload under way is given up, because the server stops.');
        return;
      }
      const sentence = `Reload refused, everything stays as it is: ${refusal(error)}`;
      now.log.error(sentence);
      this.#parts.changes.reload(sentence);
      this.#parts.failed(error instanceof PreloadError ? error.files : []);
    }
  }

  /** Calls `on_reload`. A stop does not wait for it. */
  async #announce({ hooks }: Stage): Promise<void> {
    const close = (): void => hooks?.close();
    this.#stop.signal.addEventListener('abort', close);
    await hooks?.tell('on_reload', null);
    this.#stop.signal.removeEventListener('abort', close);
  }

  #hooking(file: HookFile | null, { workers }: Settings): Hooking {
    const { fleet, stage, picture } = this.#parts;
    return {
      file,
      picture,
      current: () => stage().hooks,
      beforeBind: (hooks) => hooks.tell('nworkers_changed', null, workers, fleet.size),
    };
  }

  #change(next: Stage): void {
    const sentence = 'Reloading: the old workers serve until all new ones are ready.';
    this.#parts.stage().log.info(sentence);
    this.#parts.changes.reload(sentence);
    this.#parts.fleet.renew(next.generation, next.settings.workers, (outcome) => {
      this.#ended();
      if (outcome === 'failed') {
        this.#drop(next);
        return;
      }
      const before = this.#parts.stage();
      this.#parts.adopted(next);
      next.log.info(`Reloaded. Listening at: ${next.sockets.labels.join(',')} (${process.pid})`);
      this.#parts.changes.reload('Reloaded: the new workers serve, the old ones finish and leave.');
      before.hooks?.retire();
      before.preloaded?.retire();
      before.generation.share?.retire();
      before.log.close();
      this.#releaseAllBut(next.sockets.all, before.sockets.all);
    });
  }

  #drop(next: Stage): void {
    const now = this.#parts.stage();
    returnToFolder(now.settings.chdir, now.log);
    next.hooks?.close();
    next.generation.share?.drop();
    // It would wait for workers that leave with us.
    if (this.#parts.fleet.phase === 'running') next.preloaded?.retire();
    else next.preloaded?.end();
    next.log.close();
    this.#releaseAllBut(now.sockets.all, next.sockets.all);
    this.#parts.failed([]);
  }

  #releaseAllBut(kept: readonly Listener[], listeners: readonly Listener[]): void {
    for (const each of listeners) if (!kept.includes(each)) this.#parts.release(each);
  }
}

/** The traceback of an application that cannot be loaded has what matters at its end: that comes in front as well. */
function refusal(error: unknown): string {
  const message = messageOf(error);
  const last = message.trimEnd().split('\n').at(-1);
  return error instanceof PreloadError && last !== message ? `${last}\n${message}` : message;
}
