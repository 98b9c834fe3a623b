// Keeps `workers` places filled: starts workers, replaces those that die, backs off when they die again and again,
// and takes them all down. It knows processes and times only through what it is given, so the tests drive it with
// simulated ones; sockets, signals and the real clock are arbiter.ts's.

import type { Log } from '../observe/log.ts';
import type { ToWorker } from '../wire/arbiter-worker.ts';
import { Backoff } from './backoff.ts';
import { exitCodeForBoot, exitCodes, reasonFor } from './exit-codes.ts';
import type { ListenHandle } from './listeners.ts';
import {
  type Death,
  type ProcessListener,
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

/** A place for one worker. It remembers how the place's workers fared; a worker is only its present tenant. */
interface Place {
  worker: WorkerHandle | null;
  /** When the next worker is to be started; Infinity while there is one. */
  startAtMs: number;
  readonly backoff: Backoff;
}

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
    this.#places = Array.from({ length: parts.workers }, () => ({
      worker: null,
      startAtMs: parts.now(),
      backoff: new Backoff(),
    }));
  }

  get workers(): readonly WorkerHandle[] {
    return this.#places.flatMap(({ worker }) => (worker === null ? [] : [worker]));
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Starts what is due. Also the way to begin. `lateMs`: how much later than asked for. */
  tick(lateMs = 0): void {
    if (lateMs > ownPauseMs) for (const worker of this.workers) worker.forgiveSilence();
    for (const place of this.#places) {
      if (place.worker !== null) place.worker.tick();
      else if (this.now() >= place.startAtMs) this.#start(place);
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
    this.#sleep();
  }

  heartbeat({ pid, openConnections }: WorkerHandle, mostConnections: number): void {
    const { log } = this.#parts;
    if (!log.writes('debug')) return;
    log.debug(
      `Heartbeat of worker (pid: ${pid}): ${openConnections} connections open, at most ${mostConnections} since the last one`,
    );
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
    const place = this.#places.find((each) => each.worker === worker);
    if (place === undefined) return;
    place.worker = null;
    this.#tellDeath(worker, death);
    if (this.#phase === 'running') this.#replace(place, worker, death);
    this.#finishWhenEmpty();
    this.#sleep();
  }

  #start(place: Place): void {
    place.startAtMs = Infinity;
    this.#age += 1;
    const worker = new WorkerHandle(this.#age, this.#parts.limits, this, this.#parts.launch);
    place.worker = worker;
    if (worker.pid !== 0) this.#parts.log.info(`Booting worker with pid: ${worker.pid}`);
  }

  #replace(place: Place, worker: WorkerHandle, death: Death): void {
    if (!this.#everReady && diedOfItsBoot(death)) {
      this.#giveUp(exitCodeForBoot(death.code));
      return;
    }
    const { shortLives, delayMs } = place.backoff.afterDeath(death.servedMs);
    place.startAtMs = this.now() + delayMs;
    if (delayMs > 0) {
      this.#parts.log.warning(
        `Worker (pid: ${worker.pid}) ended ${lifeInWords(death)} (short life number ${shortLives} in a row): the next one starts in ${delayMs} ms.`,
      );
    }
  }

  #giveUp(exitCode: number): void {
    this.#exitCode = exitCode;
    this.#enter('quitting');
  }

  #enter(phase: 'draining' | 'quitting'): void {
    this.#phase = phase;
    this.#parts.closeListeners();
    for (const place of this.#places) {
      // Nothing is started any more.
      place.startAtMs = Infinity;
      if (phase === 'draining') place.worker?.drain();
      else place.worker?.quit();
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
    let dueAtMs = Infinity;
    for (const { worker, startAtMs } of this.#places) {
      dueAtMs = Math.min(dueAtMs, worker === null ? startAtMs : worker.dueAtMs);
    }
    if (this.#phase !== 'finished') this.#parts.wakeAt(dueAtMs);
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
