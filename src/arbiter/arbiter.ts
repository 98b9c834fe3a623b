// The arbiter: the process that owns listening sockets, signals, pid file and workers. It puts together what the other
// files of this folder do and ends with an exit code. It never accepts a connection and knows neither HTTP nor the
// application.

import { relative } from 'node:path';
import { later, monotonicMs, wallClock } from '../clock.ts';
import { messageOf } from '../message-of.ts';
import type { ErrorLog } from '../observe/log.ts';
import { serverCode } from '../observe/server-codes.ts';
import type { HookFile } from '../settings/hooks.ts';
import type { Sources } from '../settings/resolve.ts';
import type { Settings } from '../settings/settings.ts';
import type { HookServer } from '../wire/hooks.ts';
import { Alarm } from './alarm.ts';
import { Control } from './control/control.ts';
import { Operator, type Steered } from './control/operator.ts';
import { Fleet } from './fleet/fleet.ts';
import { FleetChanges } from './fleet/fleet-changes.ts';
import type { Hooks } from './hooks/hooks.ts';
import { pictureOf } from './hooks/make-hooks.ts';
import { giveLogFiles } from './owner.ts';
import { Reload, type Reread } from './reload/reload.ts';
import { SourceWatch } from './reload/source-watch.ts';
import { titleOf } from './service/identity.ts';
import { Lineage, type LineageOwner } from './service/lineage.ts';
import type { Origin } from './service/origin.ts';
import { assertFree, PidFile } from './service/pid-file.ts';
import { Supervisor } from './service/supervisor.ts';
import { hasTerminal } from './service/terminal.ts';
import type { Deeds } from './signals.ts';
import { listeningAt, type Stage, type StageOptions, type StageParts } from './stage/stage.ts';
import type { Starting } from './starting.ts';
import { Status } from './status/status.ts';
import { EventWatch } from './telemetry/event-watch.ts';
import { EventList } from './telemetry/events.ts';
import { ArbiterMetrics } from './telemetry/metrics.ts';
import type { Traffic } from './telemetry/traffic.ts';

export interface ArbiterOptions extends StageOptions {
  /** Reads the settings anew from all their sources; without it SIGHUP takes those that there are. */
  readonly reread?: Reread;
  /** Where each setting was set, for who asks. */
  readonly sources?: Sources;
  /** The file that defines server hooks; without it there are none. */
  readonly hooks?: HookFile | null;
}

export class Arbiter implements Deeds, Steered {
  #stage: Stage;
  #pidFile: PidFile | null;
  readonly #lineage: Lineage;
  readonly #fleet: Fleet;
  readonly #alarm: Alarm;
  readonly #reload: Reload;
  readonly #sources: SourceWatch;
  readonly #metrics = new ArbiterMetrics(() => this.#stage);
  readonly #operator = new Operator(this);
  readonly #control = new Control(this.#operator, () => this.#stage.log);
  readonly #status = new Status(this, this.#operator, () => this.#stage.log);
  /** What an operator would ask about. */
  readonly events = new EventList({ wall: () => wallClock().getTime(), now: monotonicMs, later });
  readonly changes = new FleetChanges(this.events);
  readonly #origin: Origin;
  /** null without systemd, and while the arbiter that started this one speaks for both. */
  #supervisor: Supervisor | null = null;
  readonly #options: ArbiterOptions & StageParts;
  #finished: (exitCode: number) => void | Promise<void> = () => undefined;

  constructor(
    stage: Stage,
    options: ArbiterOptions & StageParts,
    origin: Origin,
    pidFile: PidFile | null,
  ) {
    this.#stage = stage;
    this.#options = options;
    this.#origin = origin;
    const { ticketSecret } = options;
    this.#lineage = new Lineage(this.#lineageOwner(), origin, ticketSecret, stage.sockets.all);
    this.#pidFile = pidFile;
    this.#alarm = new Alarm(monotonicMs, (lateMs) => this.#tick(lateMs));
    this.#sources = new SourceWatch({
      now: monotonicMs,
      warn: (message) => this.#stage.log.warning(message),
      changed: (paths) => this.#sourcesChanged(paths),
    });
    this.#fleet = new Fleet(this.#fleetParts());
    this.#reload = new Reload({
      fleet: this.#fleet,
      options,
      changes: this.changes,
      reread: (stopped) => this.#reread(stopped),
      stage: () => this.#stage,
      picture: () => this.picture(),
      adopted: (next) => this.#adopt(next),
      resume: () => this.reload(),
      failed: (files) => {
        this.#sources.loaded(files, wallClock().getTime());
        this.#sources.hope();
      },
      release: (listener) => this.#lineage.release(listener),
    });
    this.traffic.watch(
      new EventWatch({
        events: this.events,
        settings: () => this.settings,
        teller: (worker) => this.workers.find((each) => each === worker) ?? null,
      }),
    );
    if (!this.#lineage.hasParent) this.#supervisor = this.#report();
  }

  get log(): ErrorLog {
    return this.#stage.log;
  }

  /** Does what was asked for while it started. Resolves with the exit code. */
  run(starting: Starting): Promise<number> {
    return new Promise((resolve) => {
      this.#finished = async (exitCode) => {
        this.#alarm.stop();
        this.#sources.close();
        await this.#reload.stop();
        await Promise.all([this.#control.close(), this.#status.close()]);
        this.#stage.preloaded?.end();
        this.#pidFile?.remove();
        await this.#supervisor?.end();
        await this.#lastHook();
        resolve(exitCode);
      };
      this.#sources.configure(this.#stage.settings);
      this.#control.configure(this.#stage.settings, this.#lineage.hasParent);
      this.#status.configure(this.#stage.settings, this.#lineage.hasParent);
      if (!starting.stopped.aborted) this.#fleet.tick();
      starting.passOn(this);
    });
  }

  /** Of the stage that serves. */
  get hooks(): Hooks | null {
    return this.#stage.hooks;
  }

  // What an operator sees (Steered).

  get workers(): Steered['workers'] {
    return this.#fleet.workers;
  }

  get size(): number {
    return this.#fleet.size;
  }

  get phase(): string {
    return this.#fleet.phase;
  }

  get isReloading(): boolean {
    return this.#reload.isBusy || this.#fleet.isRenewing;
  }

  get settings(): Settings {
    return this.#stage.settings;
  }

  get settingSources(): Sources | null {
    return this.#stage.sources;
  }

  get traffic(): Traffic {
    return this.#options.traffic;
  }

  get listening(): readonly string[] {
    return this.#stage.sockets.labels;
  }

  get heir(): number | null {
    return this.#lineage.heir;
  }

  /** For hooks. */
  picture(): HookServer {
    const { workers, size, age } = this.#fleet;
    return {
      num_workers: size,
      worker_age: age,
      listeners: this.#stage.sockets.labels,
      workers: workers.map((worker) => pictureOf(worker, false)),
    };
  }

  async #lastHook(): Promise<void> {
    void this.hooks?.tell('on_exit', null);
    await this.hooks?.finish();
  }

  /** For who gave no way to read the settings anew: as they are. */
  async #reread(stopped: AbortSignal): ReturnType<Reread> {
    const { settings, sources } = this.#stage;
    const asBefore = { settings, sources, hooks: this.#options.hooks ?? null, warnings: [] };
    const next = (await this.#options.reread?.(stopped)) ?? asBefore;
    const { pidfile } = next.settings;
    // All or nothing: once the new workers serve it is too late to find that out.
    if (pidfile !== null && pidfile !== settings.pidfile) assertFree(pidfile);
    return next;
  }

  // What signals ask for (Deeds).

  stop(how: 'gently' | 'at once'): void {
    // Only the last hooks are left: who asks once more does not want to wait for them.
    if (this.#fleet.phase === 'finished') this.hooks?.close();
    void this.#reload.stop();
    this.#fleet.stop(how);
  }

  reload(): void {
    this.#supervisor?.reloading();
    void this.#reload.begin().then(() => this.#tell());
  }

  more(): void {
    if (this.#fleet.resize(1)) this.#resized(-1);
  }

  fewer(): void {
    if (this.#fleet.resize(-1)) this.#resized(1);
    else this.#stage.log.info('Workers stay as they are: the last one is not stopped.');
  }

  /** `back`: so many more there were before. */
  #resized(back: number): void {
    const { size } = this.#fleet;
    this.#stage.log.info(`Workers: ${size}`);
    void this.hooks?.tell('nworkers_changed', null, size, size + back);
  }

  reopenLogs(): void {
    this.#stage.log.reopen();
    giveLogFiles(this.#stage.settings, this.#stage.owner);
    this.#fleet.reopenLogs();
  }

  upgrade(): void {
    this.#lineage.upgrade();
  }

  rest(): void {
    if (!this.#lineage.hasHeir && hasTerminal()) {
      this.#stage.log.debug('SIGWINCH ignored: the window of a terminal sends it, too.');
      return;
    }
    this.#stage.log.info('Stopping all workers. SIGHUP starts them again.');
    const before = this.#fleet.size;
    this.#fleet.rest();
    this.#reload.forget();
    void this.hooks?.tell('nworkers_changed', null, 0, before);
  }

  #lineageOwner(): LineageOwner {
    const stage = (): Stage => this.#stage;
    const isRunning = (): boolean => this.#fleet.phase === 'running';
    return {
      get log() {
        return stage().log;
      },
      get isRunning() {
        return isRunning();
      },
      get listeners() {
        const { addresses, all } = stage().sockets;
        return addresses === null ? null : all;
      },
      get pidPath() {
        return stage().settings.pidfile;
      },
      beforeHeir: async () => this.hooks?.tell('pre_exec', null),
    };
  }

  #fleetParts(): ConstructorParameters<typeof Fleet>[0] {
    const stage = (): Stage => this.#stage;
    return {
      workers: stage().settings.workers,
      generation: stage().generation,
      changes: this.changes,
      get log() {
        return stage().log;
      },
      now: monotonicMs,
      serves: () => this.#stage.log.info(listeningAt(this.#stage)),
      closeListeners: () => {
        this.#stage.sockets.close();
        for (const each of this.#stage.sockets.all) this.#lineage.release(each);
      },
      loadedFiles: (files, sinceMs) => this.#sources.loaded(files, sinceMs),
      waitsForMending: () => {
        this.#sources.hope();
        return this.#stage.settings.reload;
      },
      // Whatever happens to a worker leads here.
      wakeAt: (atMs) => {
        this.#alarm.set(atMs);
        this.#tell();
        this.#metrics.look(this.#fleet.workers.length, monotonicMs());
      },
      finished: (exitCode) => {
        this.#metrics.look(this.#fleet.workers.length, monotonicMs());
        void this.#finished(exitCode);
      },
    };
  }

  #sourcesChanged([first = '', ...others]: readonly string[]): void {
    const more = others.length === 0 ? '' : ` and ${others.length} more`;
    this.#stage.log.info(`Changed: ${relative('', first)}${more}`);
    this.reload();
  }

  /** null without somebody to report to. */
  #report(): Supervisor | null {
    const { supervision } = this.#origin;
    if (supervision === null) return null;
    return new Supervisor(supervision, {
      python: this.#stage.settings.python,
      fleet: this.#fleet,
      isReloading: () => this.isReloading,
      log: () => this.#stage.log,
      now: monotonicMs,
    });
  }

  /** Those who wait for news of this server. */
  #tell(): void {
    if (this.#fleet.workers.some(({ state }) => state === 'ready')) this.#origin.waiting?.ready();
    // The next one goes on when we have left.
    const next = this.#fleet.phase === 'running' ? null : this.#lineage.heir;
    if (next !== null) this.#supervisor?.handOver(next);
    this.#supervisor?.look();
  }

  /** Rings at least once a second. */
  #tick(lateMs: number): void {
    if (this.#lineage.promotes()) this.#promote();
    this.#fleet.tick(lateMs);
  }

  /** The arbiter that started this one has left. */
  #promote(): void {
    const { log, settings } = this.#stage;
    log.info('Master has been promoted.');
    process.title = titleOf(settings, false);
    this.#control.configure(settings, false);
    this.#status.configure(settings, false);
    this.#supervisor = this.#report();
    this.#supervisor?.takeOver();
    this.#tell();
    void this.#lineage.tidy();
    try {
      if (settings.pidfile !== null) this.#pidFile?.rename(settings.pidfile);
    } catch (error) {
      log.error(`Cannot rename the pid file: ${messageOf(error)}.`, serverCode('pid-file'));
    }
  }

  /** From now on this is what we work with. */
  #adopt(next: Stage): void {
    const before = this.#stage.settings.pidfile;
    this.#stage = next;
    process.title = titleOf(next.settings, this.#lineage.hasParent);
    this.#sources.beContent();
    this.#sources.configure(next.settings);
    this.#control.configure(next.settings, this.#lineage.hasParent);
    this.#status.configure(next.settings, this.#lineage.hasParent);
    const { pidfile } = next.settings;
    if (pidfile === before) return;
    try {
      const written = pidfile === null ? null : new PidFile(pidfile);
      this.#pidFile?.remove();
      this.#pidFile = written;
    } catch (error) {
      next.log.error(`${messageOf(error)} The one from before stays.`, serverCode('pid-file'));
    }
  }
}
