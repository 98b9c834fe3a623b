// SIGHUP: reads the settings anew, prepares what they name beside what serves, and has the fleet change over. Whatever
// fails on the way leaves everything as it was and is one line in the log. Signals that come meanwhile are one more
// reload, which begins when the one under way has come to its end, or seems to come to none.

import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from '../../message-of.ts';
import { serverCode } from '../../observe/server-codes.ts';
import type { HookFile } from '../../settings/hooks.ts';
import type { Sources } from '../../settings/resolve.ts';
import type { Settings } from '../../settings/settings.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { FleetChanges } from '../fleet/fleet-changes.ts';
import type { Hooking } from '../hooks/make-hooks.ts';
import type { Listener } from '../sockets/listeners.ts';
import { PreloadError } from '../stage/preloaded.ts';
import { listeningAt, prepareStage, type Stage, type StageParts } from '../stage/stage.ts';
import { returnToFolder } from '../stage/surroundings.ts';

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
/**
 * What has booted for so long may be waiting for what the next reload mends, and gives way to it: sooner than boot_timeout, and
 * later than most applications load. One that took the place of another gives way to none, or those that load for longer than
 * this would never serve where somebody reloads every few seconds.
 */
const GIVES_WAY_AFTER_MS = 10_000;

export class Reload {
  readonly #parts: ReloadParts;
  readonly #stop = new AbortController();
  #current: Promise<void> = Promise.resolve();
  #busy = false;
  /** Another one is asked for. */
  #again = false;
  /** It has been said that it waits. */
  #waits = false;
  /** Workers of this one boot. */
  #booting: Stage | null = null;
  /** Rings when that one gives way. */
  #patience: NodeJS.Timeout | null = null;
  #givesWay = false;
  /** Of stages that do not serve any more, and never will. */
  readonly #left = new Set<Listener>();

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
      this.forget();
      await this.#once();
    }
    this.#busy = false;
    this.#release();
    if (!this.#again || !this.#mustWait || this.#waits) return;
    this.#waits = true;
    const until = 'when its workers serve or have failed';
    this.#parts.stage().log.info(`A reload is under way: the next one begins ${until}.`);
  }

  /** One that waits is not wanted any more, or begins. */
  forget(): void {
    this.#again = false;
    this.#waits = false;
  }

  get #mustWait(): boolean {
    return this.#booting !== null && !this.#givesWay;
  }

  #resume(): void {
    if (this.#again && this.#parts.fleet.phase === 'running') this.#parts.resume();
  }

  async #once(): Promise<void> {
    const { fleet, options, reread } = this.#parts;
    const now = this.#parts.stage();
    const stopped = this.#stop.signal;
    try {
      const { settings, sources, warnings, hooks: file } = await reread(stopped);
      for (const warning of warnings) now.log.warning(warning);
      const { sockets: before } = this.#parts.stage();
      const present = { own: before.all, beside: this.#booting?.sockets.all ?? [], before };
      const hooking = this.#hooking(file, settings);
      const next = await prepareStage(settings, { ...options, sources, stopped }, present, hooking);
      for (const warning of next.warnings) now.log.warning(warning);
      await this.#announce(next);
      if (fleet.phase === 'running') this.#change(next);
      else this.#drop(next);
    } catch (error) {
      // What boots goes on: it was accepted, and nothing is known against it.
      const stays = this.#booting ?? this.#parts.stage();
      returnToFolder(stays.settings.chdir, now.log);
      if (stopped.aborted) {
        now.log.info('The reload under way is given up, because the server stops.');
        return;
      }
      const what =
        this.#booting === null ? 'everything stays as it is' : 'the one under way goes on';
      const sentence = `Reload refused, ${what}: ${refusal(error)}`;
      now.log.error(sentence, serverCode('reload-refused'));
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
    const { fleet } = this.#parts;
    const takesPlace = this.#booting !== null;
    // Only now: had this one been refused, that one would have gone on.
    fleet.giveUpRenewal();
    const sentence = 'Reloading: the old workers serve until all new ones are ready.';
    this.#parts.stage().log.info(sentence);
    this.#parts.changes.reload(sentence);
    this.#booting = next;
    this.#givesWay = false;
    if (!takesPlace) this.#patience = setTimeout(() => this.#giveWay(), GIVES_WAY_AFTER_MS).unref();
    fleet.renew(next.generation, next.settings.workers, (outcome) => {
      this.#ended();
      if (outcome === 'done') this.#takeOver(next);
      else this.#drop(next);
    });
  }

  #giveWay(): void {
    this.#givesWay = true;
    this.#resume();
  }

  #ended(): void {
    this.#booting = null;
    if (this.#patience !== null) clearTimeout(this.#patience);
    this.#patience = null;
    // Not now: whoever ended it may be about to stop the server.
    setImmediate(() => this.#resume());
  }

  #takeOver(next: Stage): void {
    const before = this.#parts.stage();
    this.#parts.adopted(next);
    next.log.info(`Reloaded. ${listeningAt(next)}`);
    this.#parts.changes.reload('Reloaded: the new workers serve, the old ones finish and leave.');
    before.hooks?.retire();
    before.preloaded?.retire();
    before.generation.share?.retire();
    before.log.close();
    this.#leave(before);
  }

  #drop(next: Stage): void {
    const now = this.#parts.stage();
    // Else we are in the folder of the one that is prepared, or ends up in the right one with it.
    if (!this.#busy || this.#parts.fleet.phase !== 'running') {
      returnToFolder(now.settings.chdir, now.log);
    }
    next.hooks?.close();
    next.generation.share?.drop();
    // It would wait for workers that leave with us.
    if (this.#parts.fleet.phase === 'running') next.preloaded?.retire();
    else next.preloaded?.end();
    next.log.close();
    this.#leave(next);
    this.#parts.failed([]);
  }

  #leave({ sockets }: Stage): void {
    for (const each of sockets.all) this.#left.add(each);
    this.#release();
  }

  /** Not while one is prepared: it may have been given the same listeners. */
  #release(): void {
    if (this.#busy) return;
    const used = [...this.#parts.stage().sockets.all, ...(this.#booting?.sockets.all ?? [])];
    for (const each of this.#left) if (!used.includes(each)) this.#parts.release(each);
    this.#left.clear();
  }
}

/** The traceback of an application that cannot be loaded has what matters at its end: that comes in front as well. */
function refusal(error: unknown): string {
  const message = messageOf(error);
  const last = message.trimEnd().split('\n').at(-1);
  return error instanceof PreloadError && last !== message ? `${last}\n${message}` : message;
}
