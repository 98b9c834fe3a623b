// Tells whoever supervises this server (systemd; sd_notify(3)) how it fares: that it is ready, reloads, stops, in a sentence how
// many workers serve, and, for the watchdog, that it is well. Messages come from a child process, because Node.js has no
// such sockets: the unit needs NotifyAccess=all. A supervisor that does not listen costs a line of the log and nothing else.

import { systemMonotonicUs } from '../../clock.ts';
import type { Log } from '../../observe/log.ts';
import { UnixDatagrams } from '../../observe/unix-datagram.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { isWell } from './well.ts';

/** What the environment says of the supervisor. */
export interface Supervision {
  /** A path; `@name` is an abstract socket. */
  readonly socket: string;
  /** The server has to say that it is well more often than this, ms; null: nobody waits for it. */
  readonly watchdogMs: number | null;
}

const VARIABLES = ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID'] as const;

/** sd_notify(3): a path or an abstract name; others (vsock) are virtual machines'. */
function canBeTold(socket: string): boolean {
  return /^[/@]./.test(socket);
}

/** Why a supervisor that wants to listen hears nothing; null when it does, or does not want to. Asked before `takeSupervision`. */
export function unheard({ NOTIFY_SOCKET: socket = '' }: NodeJS.ProcessEnv): string | null {
  if (socket === '' || canBeTold(socket)) return null;
  return `NOTIFY_SOCKET has to be a path from / on or an abstract name (@name): ${JSON.stringify(socket)} in the environment is neither. Nobody is told how this server fares.`;
}

/** null without a supervisor that listens. The variables are gone after that: they are not for our children. */
export function takeSupervision(env: NodeJS.ProcessEnv, pid = process.pid): Supervision | null {
  const [socket = '', microseconds, watched] = VARIABLES.map((name) => env[name]);
  for (const name of VARIABLES) delete env[name];
  if (!canBeTold(socket)) return null;
  // Unset, it means whoever reads it (sd_watchdog_enabled(3)).
  const isMeant = watched === undefined || watched === String(pid);
  const watchdogMs = isMeant ? Number(microseconds) / 1000 : Number.NaN;
  return { socket, watchdogMs: watchdogMs > 0 && watchdogMs < Infinity ? watchdogMs : null };
}

/** The variables for an arbiter that takes our place; its pid is another than ours. */
export function supervisionFor(supervision: Supervision | null): NodeJS.ProcessEnv {
  if (supervision === null) return {};
  const { socket, watchdogMs } = supervision;
  const watchdog = watchdogMs === null ? {} : { WATCHDOG_USEC: String(watchdogMs * 1000) };
  return { NOTIFY_SOCKET: socket, ...watchdog };
}

/** What a server is to its supervisor. */
type Standing = 'starting' | 'ready' | 'reloading' | 'stopping';

const ANNOUNCEMENT: { readonly [S in Standing]: () => string } = {
  starting: () => '',
  ready: () => 'READY=1\n',
  // The time is for Type=notify-reload: it belongs to a reload that was asked for before it.
  reloading: () => `RELOADING=1\nMONOTONIC_USEC=${systemMonotonicUs()}\n`,
  stopping: () => 'STOPPING=1\n',
};

/** Of the time that the watchdog waits: two may be late or lost. */
const PETS = 3;

/** Late by more, this process itself stood still, and has not read what its workers said: that is read first. */
const OWN_PAUSE_MS = 500;
const CATCH_UP_MS = 100;

export interface SupervisorParts {
  /** The interpreter that sends. */
  readonly python: string;
  readonly fleet: Pick<Fleet, 'phase' | 'size' | 'workers'>;
  /** Since a reload was asked for, until it is done or given up. */
  isReloading(): boolean;
  log(): Log;
  now(): number;
}

export class Supervisor {
  readonly #parts: SupervisorParts;
  readonly #datagrams: UnixDatagrams;
  readonly #watchdogMs: number | null;
  #standing: Standing = 'starting';
  #status = '';
  #watchdog: NodeJS.Timeout | null = null;
  #wasWell = true;
  #petDueMs = Infinity;

  constructor({ socket, watchdogMs }: Supervision, parts: SupervisorParts) {
    this.#parts = parts;
    this.#watchdogMs = watchdogMs;
    this.#datagrams = new UnixDatagrams(socket, parts.python, 'waits at the end');
    this.#datagrams.losses.onTrouble = (message) =>
      parts.log().error(`${message}. systemd does not hear of this server.`);
    this.#datagrams.losses.onRecovered = (message) => parts.log().warning(`${message}.`);
  }

  /** Tells what has changed since it looked last. Cheap: called whenever something may have. */
  look(): void {
    const standing = this.#now();
    const status = this.#describe(standing);
    const announcement = standing === this.#standing ? '' : ANNOUNCEMENT[standing]();
    if (announcement === '' && status === this.#status) return;
    this.#standing = standing;
    this.#status = status;
    this.#datagrams.send(`${announcement}STATUS=${status}\n`);
    if (standing !== 'starting') this.#watch();
  }

  /** A reload was asked for; each time anew, also while another one is under way. */
  reloading(): void {
    if (this.#standing === 'starting' || this.#standing === 'stopping') return;
    this.#standing = 'reloading';
    this.#status = this.#describe('reloading');
    this.#datagrams.send(`${ANNOUNCEMENT.reloading()}STATUS=${this.#status}\n`);
  }

  /** That process is the server from now on, and our end means nothing. Harmless when said again. */
  handOver(pid: number): void {
    if (this.#standing === 'stopping') return;
    this.#standing = 'stopping';
    this.#datagrams.send(`MAINPID=${pid}\n`);
  }

  /**
   * This process is the server from now on, and not the child of another any more. systemd has to be told a second time: when it was
   * handed over we were no child of its own, and one that is not it kills at a stop without waiting (KillMode=mixed). What it
   * knows already it does not look at again, so for a moment another process of the service is the main one.
   */
  takeOver(): void {
    const { pid } = this.#datagrams;
    if (pid !== null) this.#datagrams.send(`MAINPID=${pid}\n`);
    this.#datagrams.send(`MAINPID=${process.pid}\n`);
  }

  /** Resolves when the supervisor has received everything, or takes too long: before that this process must not end. */
  async end(): Promise<void> {
    if (this.#watchdog !== null) clearInterval(this.#watchdog);
    await this.#datagrams.end();
  }

  #now(): Standing {
    const { phase, workers } = this.#parts.fleet;
    if (phase !== 'running' || this.#standing === 'stopping') return 'stopping';
    const begun = this.#standing !== 'starting' || workers.some(({ state }) => state === 'ready');
    if (!begun) return 'starting';
    return this.#standing === 'reloading' && this.#parts.isReloading() ? 'reloading' : 'ready';
  }

  #describe(standing: Standing): string {
    const { size, workers } = this.#parts.fleet;
    const ready = workers.filter(({ state }) => state === 'ready').length;
    const of = `${ready} of ${size} worker${size === 1 ? '' : 's'} ready`;
    if (standing === 'starting') return `Starting: ${of}`;
    if (standing === 'reloading') return 'Reloading: the workers from before serve';
    if (standing === 'stopping') return `Stopping: ${workers.length} left`;
    return size === 0 ? 'Resting: no worker is wanted (SIGWINCH)' : `Serving: ${of}`;
  }

  #watch(): void {
    if (this.#watchdogMs === null || this.#watchdog !== null) return;
    this.#watchdog = setInterval(() => this.#pet(), this.#watchdogMs / PETS);
    this.#watchdog.unref();
    this.#pet();
  }

  #pet(): void {
    const nowMs = this.#parts.now();
    const isLate = nowMs - this.#petDueMs > OWN_PAUSE_MS;
    this.#petDueMs = nowMs + (this.#watchdogMs ?? 0) / PETS;
    if (isLate) setTimeout(() => this.#judge(), CATCH_UP_MS).unref();
    else this.#judge();
  }

  #judge(): void {
    const { fleet, now, log } = this.#parts;
    const well = isWell(fleet, now());
    if (well) this.#datagrams.send('WATCHDOG=1\n');
    if (well === this.#wasWell) return;
    this.#wasWell = well;
    if (well) log().info('A worker answers again: the watchdog of systemd is told so.');
    else {
      log().error(
        `No worker answers: the watchdog of systemd is not told that all is well, and ends this server after ${(this.#watchdogMs ?? 0) / 1000} s of it.`,
      );
    }
  }
}
