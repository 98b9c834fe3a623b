// Keeps `workers` places filled: starts workers, replaces those that die or should give way (the new one first), backs
// off when that happens again and again, and takes them all down; a change of all of them is renewals.ts's. It knows
// processes and times only through what it is given, so the tests drive it with simulated ones; sockets, signals and the
// real clock are arbiter.ts's.

import { messageOf } from '../../message-of.ts';
import { serverCode } from '../../observe/server-codes.ts';
import type { AskedAddress } from '../../wire/addresses.ts';
import type { WorkerCounts } from '../../wire/arbiter-worker.ts';
import { exitCodeForBoot, exitCodes, reasonFor } from '../exit-codes.ts';
import type { FleetParts, Outcome } from './fleet-parts.ts';
import { countsInWords, lifeInWords, tellDeath, tellReplacement } from './fleet-words.ts';
import type { Generation } from './generation.ts';
import { MemoryWatch } from './memory-watch.ts';
import type { Place, Role } from './place.ts';
import { Places } from './places.ts';
import { Renewals } from './renewals.ts';
import {
  type Death,
  diedOfItsBoot,
  type Replacement,
  WorkerHandle,
  type WorkerOwner,
} from './worker-handle.ts';
import { type WorkerState, workerStates } from './worker-states.ts';

/** From gentle to rough; a stop only ever gets rougher. */
type Phase = 'running' | 'draining' | 'quitting' | 'finished';

/** An alarm later than this means that the arbiter itself stood still. Heartbeats missed in less do no harm. */
const ownPauseMs = 500;

export class Fleet implements WorkerOwner {
  readonly #parts: FleetParts;
  readonly #places = new Places();
  readonly #memory = new MemoryWatch();
  readonly #renewals: Renewals;
  #phase: Phase = 'running';
  #age = 0;
  #everReady = false;
  #exitCode: number = exitCodes.ok;
  /** What workers have been told. */
  #toldSize: number;

  constructor(parts: FleetParts) {
    this.#parts = parts;
    this.#renewals = new Renewals(parts, this.#places);
    this.#toldSize = this.size;
  }

  /** All that live, successors and those that leave as well. */
  get workers(): readonly WorkerHandle[] {
    return this.#places.workers;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** How many workers there should be. */
  get size(): number {
    return this.#renewals.size;
  }

  /** The greatest age of a worker so far; 0 before the first. */
  get age(): number {
    return this.#age;
  }

  /** Workers of another generation are to take over. */
  get isRenewing(): boolean {
    return this.#renewals.isUnderWay;
  }

  /** Starts what is due. Also the way to begin. `lateMs`: how much later than asked for. */
  tick(lateMs = 0): void {
    if (lateMs > ownPauseMs) for (const worker of this.workers) worker.forgiveSilence();
    for (const worker of this.workers) worker.tick();
    for (const place of this.#places.all) if (place.mustStart(this.now())) this.#start(place);
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
   * Changes all workers for `size` of another generation: those boot beside the ones that serve, and when all of them are
   * ready the old ones drain. If one of them cannot serve, all of them go, and the old ones have noticed nothing. A
   * renewal that is under way already is given up for this one.
   */
  renew(generation: Generation, size: number, settled: (outcome: Outcome) => void): void {
    this.giveUpRenewal();
    this.#memory.forget();
    this.#renewals.begin(generation, size, settled);
    this.#tellSize();
    this.tick();
    this.#completeRenewal();
  }

  /**
   * One more or one less than now; the last one stays. False when nothing changed. Who goes finishes what it has.
   */
  resize(by: 1 | -1): boolean {
    if (this.#phase !== 'running' || (by === -1 && this.size <= 1)) return false;
    this.#renewals.resize(by);
    this.#tellSize();
    this.tick();
    this.#completeRenewal();
    return true;
  }

  /** All workers finish what they have and go; none comes until there is a renewal, or one more is asked for. */
  rest(): void {
    if (this.#phase !== 'running') return;
    this.giveUpRenewal();
    this.#renewals.rest();
    this.#sleep();
  }

  /** Says the same to all that live. */
  reopenLogs(): void {
    for (const worker of this.workers) worker.say({ kind: 'reopen-logs' });
  }

  /**
   * Gives a worker that serves a successor, which is started at once or, after short lives, later; the worker goes on
   * until it is ready, unless it serves nothing and others do: then it leaves now. Does nothing where that is under way
   * already, or where the worker is none that serves.
   */
  replace(worker: WorkerHandle, replacement: Replacement): void {
    const place = this.#places.of(worker);
    if (this.#phase !== 'running' || worker.state !== 'ready') return;
    if (place === undefined || worker.generation !== this.#renewals.generation) return;
    const leaves =
      !replacement.serves && this.workers.some((each) => each !== worker && each.serves);
    if (place.replacement === null && !this.isRenewing) {
      const pause = place.backoff.afterDeath(worker.servedMs);
      tellReplacement(this.#parts.log, worker, replacement, pause, leaves);
      this.#parts.changes?.replaced(worker.pid, replacement);
      place.succeed(replacement, this.now() + pause.delayMs);
    } else if (leaves) {
      this.#parts.log.warning(
        `Worker (pid: ${worker.pid}) serves nothing and leaves: others serve.`,
      );
    }
    if (leaves) worker.drain();
    this.#sleep();
  }

  now(): number {
    return this.#parts.now();
  }

  hello(worker: WorkerHandle): void {
    const place = this.#places.numberOf(worker);
    worker.say(worker.generation.startMessage(worker.age, place, this.size));
    worker.generation.share?.joined(worker);
  }

  readonly deadlineMoved = (): void => this.#sleep();

  loaded(worker: WorkerHandle, asked: AskedAddress | null): void {
    worker.generation.listen(asked).then(
      (listeners) => worker.say({ kind: 'listeners', listeners }),
      (error: unknown) => worker.say({ kind: 'cannot-listen', message: messageOf(error) }),
    );
  }

  wantsListener(worker: WorkerHandle, index: number): void {
    const handle = worker.generation.listenHandle(index);
    if (handle !== null) worker.say({ kind: 'listener', index }, handle);
  }

  ready(worker: WorkerHandle): void {
    if (!this.#everReady && !this.isRenewing) this.#parts.serves();
    this.#everReady = true;
    this.#parts.log.info(`Worker ready (pid: ${worker.pid})`);
    // In a renewal the old ones go when all of the new ones are ready.
    if (!this.isRenewing) this.#takeOver(worker);
    else this.#completeRenewal();
    this.#sleep();
  }

  #takeOver(worker: WorkerHandle): void {
    for (const place of this.#places.all) {
      const succession = place.takesOver(worker);
      if (succession === null) continue;
      const { from, graceful } = succession;
      this.#parts.log.info(`Worker (pid: ${worker.pid}) takes over from worker (pid: ${from.pid})`);
      if (graceful) from.drain();
      else from.quit();
    }
  }

  wantsReplacement(worker: WorkerHandle, replacement: Replacement): void {
    this.replace(worker, replacement);
  }

  loadedFiles(files: readonly string[], sinceMs: number): void {
    this.#parts.loadedFiles(files, sinceMs);
  }

  heartbeat(worker: WorkerHandle, counts: WorkerCounts): void {
    const { log } = this.#parts;
    if (log.writes('debug')) {
      log.debug(`Heartbeat of worker (pid: ${worker.pid}): ${countsInWords(counts)}`);
    }
    this.#watchMemory(worker, counts.memoryBytes);
  }

  bootFailed(worker: WorkerHandle, exitCode: number, message: string): void {
    // While we stop, a worker that could not boot is no news; its siblings have said the same.
    if (this.#phase !== 'running' || this.#places.isLeaver(worker)) return;
    if (this.#renewals.concerns(worker)) {
      this.#failRenewal(`worker (pid: ${worker.pid}) cannot serve.`, message);
    } else if (this.#everReady) {
      this.#parts.log.error(
        `Worker (pid: ${worker.pid}) cannot serve.\n${message}`,
        serverCode('cannot-serve'),
      );
      this.#sleep();
    } else if (this.#parts.waitsForMending()) {
      this.#parts.log.error(
        `Waiting for a change, because the application cannot be loaded.\n${message}`,
        serverCode('cannot-serve'),
      );
    } else {
      this.#parts.log.error(message, serverCode('cannot-serve'));
      this.#giveUp(exitCodeForBoot(exitCode));
    }
  }

  overdue(worker: WorkerHandle, during: WorkerState, limitMs: number): void {
    if (during === 'dead') return;
    const { level, text } = workerStates[during].overdue;
    this.#parts.log[level](text(worker.pid, limitMs), serverCode('worker-overdue'));
  }

  died(worker: WorkerHandle, death: Death): void {
    tellDeath(this.#parts.log, worker, death);
    this.#parts.changes?.ended(worker.pid, death);
    this.#memory.gone(worker);
    if (this.#phase === 'running' && this.#renewals.concerns(worker)) {
      this.#failRenewal(`worker (pid: ${worker.pid}) ended ${lifeInWords(death)}.`, '');
    }
    // Not before: that may have added it to them.
    this.#places.forget(worker);
    for (const place of this.#places.all) {
      const role = place.movesOut(worker);
      if (role !== null && this.#phase === 'running') this.#fill(place, role, worker, death);
    }
    this.#finishWhenEmpty();
    this.#sleep();
  }

  #start(place: Place): void {
    this.#age += 1;
    const worker = new WorkerHandle(this.#age, this.#renewals.nextGeneration, this);
    place.movesIn(worker);
    if (worker.pid !== 0) this.#parts.log.info(`Booting worker with pid: ${worker.pid}`);
  }

  /** Somebody has left a place: who comes next, and when. */
  #fill(place: Place, role: Role, worker: WorkerHandle, death: Death): void {
    // A successor that nobody waits for any more.
    if (role === 'leaving' || (role === 'successor' && place.replacement === null)) return;
    // A successor was on its way, or is wanted and has its time: it comes as the worker.
    if (role === 'worker' && (place.worker !== null || place.willStart)) return;
    if (!this.#everReady && this.#parts.waitsForMending()) return;
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

  #completeRenewal(): void {
    this.#renewals.complete((worker) => this.#takeOver(worker));
  }

  #failRenewal(why: string, detail: string): void {
    const serves = this.#renewals.keepsSome && this.#everReady;
    const stay = serves ? 'The old workers stay.' : 'No worker serves, as before.';
    const sentence = `Reload given up: ${why} ${stay}`;
    this.#parts.log.error(
      detail === '' ? sentence : `${sentence}\n${detail}`,
      serverCode('reload-given-up'),
    );
    this.#parts.changes?.reload(sentence);
    this.giveUpRenewal();
  }

  /** One under way, if there is one: its workers go, those from before stay. */
  giveUpRenewal(): void {
    if (!this.#renewals.giveUp()) return;
    this.#tellSize();
    this.#sleep();
  }

  /** To those that are there, where it is another one; who comes later is told at its start. */
  #tellSize(): void {
    const { size: workers } = this;
    if (workers === this.#toldSize) return;
    this.#toldSize = workers;
    for (const worker of this.workers) worker.say({ kind: 'workers', workers });
  }

  #watchMemory(worker: WorkerHandle, memoryBytes: number): void {
    if (this.isRenewing) return;
    const { generation } = this.#renewals;
    const reason = this.#memory.reason(worker, generation, memoryBytes, this.#parts.log);
    if (reason === null || worker.state !== 'ready') return;
    this.replace(worker, { reason, graceful: true, routine: false, serves: true });
    if (this.#places.of(worker)?.replacement) this.#memory.begun(worker);
  }

  #giveUp(exitCode: number): void {
    this.#exitCode = exitCode;
    this.#enter('quitting');
  }

  #enter(phase: 'draining' | 'quitting'): void {
    this.giveUpRenewal();
    this.#phase = phase;
    this.#parts.closeListeners();
    for (const place of this.#places.all) place.startNone();
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
    this.#parts.wakeAt(this.#places.dueAtMs);
  }
}
