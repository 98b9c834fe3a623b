// Keeps `workers` places filled: starts workers, replaces those that die or should give way (the new one first), backs
// off when that happens again and again, and takes them all down. It knows processes and times only through what it is
// given, so the tests drive it with simulated ones; sockets, signals and the real clock are arbiter.ts's.

import type { Log } from '../observe/log.ts';
import type { ToWorker, WorkerCounts } from '../wire/arbiter-worker.ts';
import { exitCodeForBoot, exitCodes, reasonFor } from './exit-codes.ts';
import type { ListenHandle } from './listeners.ts';
import { Place, type Role } from './place.ts';
import {
  type Death,
  type ProcessListener,
  type Replacement,
  WorkerHandle,
  type WorkerOwner,
  type WorkerProcess,
} from './worker-handle.ts';
import { type WorkerLimits, type WorkerState, workerStates } from './worker-states.ts';

export interface FleetParts {
  readonly workers: number;
  readonly limits: WorkerLimits;
  readonly log: Log;
  /** Milliseconds, monotonic. */
  now(): number;
  launch(listener: ProcessListener): WorkerProcess;
  startMessage(age: number): ToWorker;
  /** null once the listeners are closed. */
  listenHandle(index: number): ListenHandle | null;
  closeListeners(): void;
  /** `tick` must be called at this time or earlier. Replaces the time given before. */
  wakeAt(atMs: number): void;
  /** Called once, when no worker is left. */
  finished(exitCode: number): void;
}

/** From gentle to rough; a stop only ever gets rougher. */
type Phase = 'running' | 'draining' | 'quitting' | 'finished';

/** An alarm later than this means that the arbiter itself stood still. Heartbeats missed in less do no harm. */
const ownPauseMs = 500;

export class Fleet implements WorkerOwner {
  readonly #parts: FleetParts;
  readonly #places: Place[];
  #phase: Phase = 'running';
  #age = 0;
  #everReady = false;
  #exitCode: number = exitCodes.ok;

  constructor(parts: FleetParts) {
    this.#parts = parts;
    this.#places = Array.from({ length: parts.workers }, () => new Place(parts.now()));
  }

  /** All that live, successors and those that leave as well. */
  get workers(): readonly WorkerHandle[] {
    return this.#places.flatMap(({ tenants }) => tenants);
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Starts what is due. Also the way to begin. `lateMs`: how much later than asked for. */
  tick(lateMs = 0): void {
    if (lateMs > ownPauseMs) for (const worker of this.workers) worker.forgiveSilence();
    for (const place of this.#places) {
      for (const worker of place.tenants) worker.tick();
      if (place.mustStart(this.now())) this.#start(place);
    }
    this.#sleep();
  }

  /**
   * Takes all workers down. `gently` lets requests under way end; a second call of either kind stops at once:
   * someone who presses Ctrl-C again means it. Further ones change nothing, the end is near by then.
   */
  stop(how: 'gently' | 'at once'): void {
    if (this.#phase === 'running') this.#enter(how === 'gently' ? 'draining' : 'quitting');
    else if (this.#phase === 'draining') this.#enter('quitting');
  }

  /**
   * Gives a worker that serves a successor, which is started at once or, after short lives, later; the worker goes on
   * until it is ready. Does nothing where that is under way already, or where the worker is none that serves.
   */
  replace(worker: WorkerHandle, replacement: Replacement): void {
    const place = this.#places.find((each) => each.worker === worker);
    if (this.#phase !== 'running' || worker.state !== 'ready') return;
    if (place === undefined || place.replacement !== null) return;
    const { shortLives, delayMs } = place.backoff.afterDeath(worker.servedMs);
    const when =
      delayMs === 0 ? '' : ` Short life number ${shortLives}: that starts in ${delayMs} ms.`;
    this.#parts.log.warning(
      `Worker (pid: ${worker.pid}) is to be replaced: ${replacement.reason}. It serves until the next one is ready.${when}`,
    );
    place.succeed(replacement, this.now() + delayMs);
    this.#sleep();
  }

  now(): number {
    return this.#parts.now();
  }

  hello(worker: WorkerHandle): void {
    worker.say(this.#parts.startMessage(worker.age));
  }

  wantsListener(worker: WorkerHandle, index: number): void {
    const handle = this.#parts.listenHandle(index);
    if (handle !== null) worker.say({ kind: 'listener', index }, handle);
  }

  ready(worker: WorkerHandle): void {
    this.#everReady = true;
    this.#parts.log.info(`Worker ready (pid: ${worker.pid})`);
    for (const place of this.#places) {
      const succession = place.takesOver(worker);
      if (succession === null) continue;
      const { from, graceful } = succession;
      this.#parts.log.info(`Worker (pid: ${worker.pid}) takes over from worker (pid: ${from.pid})`);
      if (graceful) from.drain();
      else from.quit();
    }
    this.#sleep();
  }

  wantsReplacement(worker: WorkerHandle, replacement: Replacement): void {
    this.replace(worker, replacement);
  }

  heartbeat({ pid }: WorkerHandle, counts: WorkerCounts): void {
    const { log } = this.#parts;
    if (log.writes('debug')) log.debug(`Heartbeat of worker (pid: ${pid}): ${inWords(counts)}`);
  }

  bootFailed(worker: WorkerHandle, exitCode: number, message: string): void {
    // While we stop, a worker that could not boot is no news; its siblings have said the same.
    if (this.#phase !== 'running') return;
    if (this.#everReady) {
      this.#parts.log.error(`Worker (pid: ${worker.pid}) cannot serve.\n${message}`);
      this.#sleep();
    } else {
      this.#parts.log.error(message);
      this.#giveUp(exitCodeForBoot(exitCode));
    }
  }

  overdue(worker: WorkerHandle, during: WorkerState, limitMs: number): void {
    if (during === 'dead') return;
    const { level, text } = workerStates[during].overdue;
    this.#parts.log[level](text(worker.pid, limitMs));
  }

  died(worker: WorkerHandle, death: Death): void {
    this.#tellDeath(worker, death);
    for (const place of this.#places) {
      const role = place.movesOut(worker);
      if (role !== null && this.#phase === 'running') this.#fill(place, role, worker, death);
    }
    this.#finishWhenEmpty();
    this.#sleep();
  }

  #start(place: Place): void {
    this.#age += 1;
    const worker = new WorkerHandle(this.#age, this.#parts.limits, this, this.#parts.launch);
    place.movesIn(worker);
    if (worker.pid !== 0) this.#parts.log.info(`Booting worker with pid: ${worker.pid}`);
  }

  /** Somebody has left a place: who comes next, and when. */
  #fill(place: Place, role: Role, worker: WorkerHandle, death: Death): void {
    if (role === 'leaving') return;
    // A successor was on its way, or is wanted and has its time: it comes as the worker.
    if (role === 'worker' && (place.worker !== null || place.willStart)) return;
    if (!this.#everReady && diedOfItsBoot(death)) {
      this.#giveUp(exitCodeForBoot(death.code));
      return;
    }
    const { shortLives, delayMs } = place.backoff.afterDeath(death.servedMs);
    place.startAt(this.now() + delayMs);
    if (delayMs === 0) return;
    const meanwhile = place.worker === null ? '' : ` Worker (pid: ${place.worker.pid}) goes on.`;
    this.#parts.log.warning(
      `Worker (pid: ${worker.pid}) ended ${lifeInWords(death)} (short life number ${shortLives} in a row): the next one starts in ${delayMs} ms.${meanwhile}`,
    );
  }

  #giveUp(exitCode: number): void {
    this.#exitCode = exitCode;
    this.#enter('quitting');
  }

  #enter(phase: 'draining' | 'quitting'): void {
    this.#phase = phase;
    this.#parts.closeListeners();
    for (const place of this.#places) place.startNone();
    for (const worker of this.workers) {
      if (phase === 'draining') worker.drain();
      else worker.quit();
    }
    this.#finishWhenEmpty();
    this.#sleep();
  }

  #finishWhenEmpty(): void {
    if (this.#phase === 'running' || this.#phase === 'finished' || this.workers.length > 0) return;
    this.#phase = 'finished';
    this.#parts.log.info('Shutting down: Master');
    if (this.#exitCode !== exitCodes.ok) {
      this.#parts.log.error(`Reason: ${reasonFor(this.#exitCode)}`);
    }
    this.#parts.finished(this.#exitCode);
  }

  /** Must follow whatever may have moved a deadline. */
  #sleep(): void {
    if (this.#phase === 'finished') return;
    this.#parts.wakeAt(Math.min(...this.#places.map(({ dueAtMs }) => dueAtMs)));
  }

  #tellDeath({ pid }: WorkerHandle, { code, signal, byUs }: Death): void {
    const { log } = this.#parts;
    if (pid === 0) return;
    if (byUs || code === 0) log.info(`Worker exiting (pid: ${pid})`);
    else if (code !== null) log.error(`Worker (pid:${pid}) exited with code ${code}.`);
    else if (signal === 'SIGKILL') {
      log.error(`Worker (pid:${pid}) was sent SIGKILL! Perhaps out of memory?`);
    } else log.warning(`Worker (pid:${pid}) was sent ${signal ?? 'an unknown signal'}!`);
  }
}

/** It left, or hung, before it was ready, and nobody else had ended it: the next would do the same. */
function diedOfItsBoot({ during, signal, byUs }: Death): boolean {
  return during === 'booting' && (byUs || signal === null);
}

function lifeInWords({ servedMs }: Death): string {
  return servedMs === null
    ? 'before it was ready'
    : `${(servedMs / 1000).toFixed(1)} s after it was ready`;
}

function inWords(counts: WorkerCounts): string {
  return [
    `${counts.connections} connections open`,
    `at most ${counts.mostConnections} since the last one`,
    `${counts.queued} requests queued`,
    `${counts.requests} with ${counts.busyThreads} of ${counts.threads} threads`,
    `${counts.timers} deadlines`,
    `${counts.spooledBytes} bytes spooled`,
    `${counts.openFiles} files open`,
  ].join(', ');
}
