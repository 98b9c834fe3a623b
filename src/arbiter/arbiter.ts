// The arbiter: the process that owns listening sockets, signals, pid file and workers. It puts together what the other
// files of this folder do and ends with an exit code. It never accepts a connection and knows neither HTTP nor the
// application.

import { readFileSync } from 'node:fs';
import { monotonicMs } from '../clock.ts';
import type { Log } from '../observe/log.ts';
import type { Settings } from '../settings/settings.ts';
import { Alarm } from './alarm.ts';
import { exitCodes } from './exit-codes.ts';
import { Fleet } from './fleet.ts';
import { type Command, Heir } from './heir.ts';
import { type Inheritance, takeInheritance } from './inheritance.ts';
import { giveLogFiles } from './owner.ts';
import { PidFile } from './pid-file.ts';
import { Reload, type Reread } from './reload.ts';
import { type Deeds, listenToSignals } from './signals.ts';
import {
  labelsOf,
  openLog,
  prepareStage,
  type Stage,
  type StageOptions,
  type StageParts,
} from './stage.ts';
import { enterFolder, messageOf } from './surroundings.ts';
import { hasTerminal } from './terminal.ts';
import { makeTicketSecret } from './ticket-keys.ts';

export interface ArbiterOptions extends StageOptions {
  /** Reads the settings anew from all their sources; without it SIGHUP takes those that there are. */
  readonly reread?: Reread;
}

/** Serves until it is told to stop. Resolves with the exit code; everything it started and opened is gone then. */
export async function runArbiter(
  settings: Settings,
  options: ArbiterOptions = {},
): Promise<number> {
  const inheritance = takeInheritance(process.env);
  const command: Command = { cwd: process.cwd(), env: { ...process.env } };
  const ticketSecret = inheritance?.ticketSecret ?? makeTicketSecret();
  let settled: Settings;
  let log: Log;
  try {
    settled = enterFolder(settings);
    log = openLog(settled);
  } catch (error) {
    // There is no log to say it in.
    process.stderr.write(`\nError: ${messageOf(error)}\n`);
    return exitCodes.badStart;
  }
  // Not flushed here: a flush overtakes lines whose write is under way, and the end of the process waits for both.
  log.info(`Starting tunicorn ${version()}`);
  let pidFile: PidFile | null = null;
  let stage: Stage;
  try {
    pidFile = openPidFile(settled, inheritance);
    stage = await prepareStage(
      settled,
      { ...options, ticketSecret },
      { inherited: inheritance?.sockets ?? new Map() },
      log,
    );
  } catch (error) {
    log.error(messageOf(error));
    pidFile?.remove();
    return exitCodes.badStart;
  }
  for (const warning of stage.warnings) log.warning(warning);
  log.info(`Listening at: ${labelsOf(stage)} (${process.pid})`);
  log.info(`Using worker: ${settings.worker_class}`);
  return new Arbiter(stage, { ...options, ticketSecret }, command, inheritance, pidFile).run();
}

/** While the arbiter that started this one lives, the name without `.2` is its. */
function openPidFile({ pidfile }: Settings, inheritance: Inheritance | null): PidFile | null {
  if (pidfile === null) return null;
  return new PidFile(inheritance === null ? pidfile : `${pidfile}.2`);
}

class Arbiter implements Deeds {
  #stage: Stage;
  /** Whose sockets we serve, while it lives. */
  #parent: number | null;
  #pidFile: PidFile | null;
  readonly #heir: Heir;
  readonly #fleet: Fleet;
  readonly #alarm: Alarm;
  readonly #reload: Reload;
  #finished: (exitCode: number) => void = () => undefined;

  constructor(
    stage: Stage,
    options: ArbiterOptions & StageParts,
    command: Command,
    inheritance: Inheritance | null,
    pidFile: PidFile | null,
  ) {
    this.#stage = stage;
    this.#parent = inheritance?.parent ?? null;
    this.#pidFile = pidFile;
    this.#heir = new Heir(command, options.ticketSecret);
    this.#alarm = new Alarm(monotonicMs, (lateMs) => this.#tick(lateMs));
    this.#fleet = new Fleet(this.#fleetParts());
    this.#reload = new Reload({
      fleet: this.#fleet,
      options,
      reread: options.reread ?? (async () => ({ settings: this.#stage.settings, warnings: [] })),
      stage: () => this.#stage,
      adopted: (next) => this.#adopt(next),
      release: (listener) => (this.#isShared ? listener.leave() : listener.close()),
    });
  }

  /** Resolves with the exit code. */
  run(): Promise<number> {
    return new Promise((resolve) => {
      const deafen = listenToSignals(() => this.#stage.log, monotonicMs, this);
      this.#finished = (exitCode) => {
        deafen();
        this.#alarm.stop();
        this.#pidFile?.remove();
        resolve(exitCode);
      };
      this.#fleet.tick();
    });
  }

  // What signals ask for (Deeds).

  stop(how: 'gently' | 'at once'): void {
    this.#fleet.stop(how);
  }

  reload(): void {
    void this.#reload.begin();
  }

  more(): void {
    if (this.#fleet.resize(1)) this.#stage.log.info(`Workers: ${this.#fleet.size}`);
  }

  fewer(): void {
    if (this.#fleet.resize(-1)) this.#stage.log.info(`Workers: ${this.#fleet.size}`);
    else this.#stage.log.info('Workers stay as they are: the last one is not stopped.');
  }

  reopenLogs(): void {
    this.#stage.log.reopen();
    giveLogFiles(this.#stage.settings, this.#stage.owner);
    this.#fleet.reopenLogs();
  }

  upgrade(): void {
    const { log, listeners } = this.#stage;
    if (this.#fleet.phase !== 'running') return;
    if (this.#heir.lives) log.warning('USR2 signal ignored. Child exists.');
    else if (this.#parent !== null) log.warning('USR2 signal ignored. Parent exists.');
    else this.#heir.start(listeners, () => this.#stage.log);
  }

  rest(): void {
    if (!this.#heir.lives && hasTerminal()) {
      this.#stage.log.debug('SIGWINCH ignored: the window of a terminal sends it, too.');
      return;
    }
    this.#stage.log.info('Stopping all workers. SIGHUP starts them again.');
    this.#fleet.rest();
  }

  #fleetParts(): ConstructorParameters<typeof Fleet>[0] {
    const stage = (): Stage => this.#stage;
    return {
      workers: stage().settings.workers,
      generation: stage().generation,
      get log() {
        return stage().log;
      },
      now: monotonicMs,
      closeListeners: () => {
        for (const each of this.#stage.listeners) this.#isShared ? each.leave() : each.close();
      },
      wakeAt: (atMs) => this.#alarm.set(atMs),
      finished: (exitCode) => this.#finished(exitCode),
    };
  }

  /** Another arbiter serves on the same sockets. */
  get #isShared(): boolean {
    return this.#heir.lives || this.#parent !== null;
  }

  /** Rings at least once a second. */
  #tick(lateMs: number): void {
    if (this.#parent !== null && process.ppid !== this.#parent) this.#promote();
    this.#fleet.tick(lateMs);
  }

  /** The arbiter that started this one has left. */
  #promote(): void {
    const { log, settings } = this.#stage;
    this.#parent = null;
    log.info('Master has been promoted.');
    try {
      if (settings.pidfile !== null) this.#pidFile?.rename(settings.pidfile);
    } catch (error) {
      log.error(`Cannot rename the pid file: ${messageOf(error)}.`);
    }
  }

  /** From now on this is what we work with. */
  #adopt(next: Stage): void {
    const before = this.#stage.settings.pidfile;
    this.#stage = next;
    const { pidfile } = next.settings;
    if (pidfile === before) return;
    try {
      const written = pidfile === null ? null : new PidFile(pidfile);
      this.#pidFile?.remove();
      this.#pidFile = written;
    } catch (error) {
      next.log.error(`${messageOf(error)} The one from before stays.`);
    }
  }
}

function version(): string {
  // dist/src/arbiter is three folders below the package.
  const file = new URL('../../../package.json', import.meta.url);
  const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'));
  return typeof parsed === 'object' && parsed !== null && 'version' in parsed
    ? String(parsed.version)
    : 'of unknown version';
}
