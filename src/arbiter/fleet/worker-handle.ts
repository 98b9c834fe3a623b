// The arbiter's view of one worker process: its state, its deadline, what it said last. It runs on the table of
// worker-states.ts and is told the time; what follows from a worker being ready or dead is its owner's business.
// The worker's own side is worker/main.ts.

import type { AskedAddress } from '../../wire/addresses.ts';
import type { ToArbiter, ToWorker, WorkerCounts } from '../../wire/arbiter-worker.ts';
import type { ListenHandle } from '../sockets/listeners.ts';
import type { Generation } from './generation.ts';
import { Questions } from './questions.ts';
import { type WorkerEvent, type WorkerState, workerStates } from './worker-states.ts';

/** A started process, as launch.ts makes it. Neither call throws, also when the process has gone. */
export interface WorkerProcess {
  /** 0 when the process could not be started. */
  readonly pid: number;
  say(message: ToWorker, handle?: ListenHandle): void;
  /** With what it has started, and with these and what they have. */
  kill(beside: readonly number[]): void;
  /** It has ended; so have these, or will at once: what they had started is ended too. */
  ended(beside: readonly number[]): void;
}

/** What is heard of a process. `exit` comes exactly once and after the last message. */
export interface ProcessListener {
  message(message: ToArbiter): void;
  exit(code: number | null, signal: string | null): void;
}

/** How a worker ended; `byUs`: the arbiter had sent it SIGKILL. */
export interface Death {
  readonly code: number | null;
  readonly signal: string | null;
  readonly byUs: boolean;
  /** The state it was in when it ended or when it was killed. */
  readonly during: WorkerState;
  /** How long it was ready; null when it never was. */
  readonly servedMs: number | null;
}

/** It left, or hung, before it was ready, and nobody else had ended it: the next would do the same. */
export function diedOfItsBoot({ during, signal, byUs }: Death): boolean {
  return (during === 'booting' || during === 'waiting') && (byUs || signal === null);
}

/** Why a worker that serves should give way to another. */
export interface Replacement {
  /** A clause for the log. */
  readonly reason: string;
  /** It may finish what is under way once its successor is ready (graceful_timeout); otherwise it goes at once. */
  readonly graceful: boolean;
  /** As the settings want it, and no trouble: not worth a warning. */
  readonly routine: boolean;
  /** False: no thread of it runs the application, so that it goes at once where another worker serves. */
  readonly serves: boolean;
}

export interface WorkerOwner {
  /** Milliseconds, monotonic. */
  now(): number;
  /** The process asks for its start message. */
  hello(worker: WorkerHandle): void;
  /** Its application is loaded and wants to listen there. */
  loaded(worker: WorkerHandle, asked: AskedAddress | null): void;
  wantsListener(worker: WorkerHandle, index: number): void;
  ready(worker: WorkerHandle): void;
  /** Its application was loaded from these files, since then (wall clock, ms). */
  loadedFiles(files: readonly string[], sinceMs: number): void;
  /** It is alive, and has this under way. */
  heartbeat(worker: WorkerHandle, counts: WorkerCounts): void;
  bootFailed(worker: WorkerHandle, exitCode: number, message: string): void;
  /** It serves, and should be replaced all the same. */
  wantsReplacement(worker: WorkerHandle, replacement: Replacement): void;
  /** Its deadline is another now, which nothing else tells of. */
  deadlineMoved(): void;
  /** A deadline passed; `limitMs` is its length. The handle has acted on it already. */
  overdue(worker: WorkerHandle, during: WorkerState, limitMs: number): void;
  /** Called exactly once, last. */
  died(worker: WorkerHandle, death: Death): void;
}

export class WorkerHandle implements ProcessListener {
  readonly age: number;
  readonly generation: Generation;
  /** What operators ask it. */
  readonly questions = new Questions((message) => this.say(message));
  readonly #process: WorkerProcess;
  readonly #owner: WorkerOwner;
  #state: WorkerState = 'booting';
  #limitMs: number;
  #dueAtMs: number;
  #readyAtMs: number | null = null;
  #memoryAtReady = 0;
  #heardAtMs: number;
  #counts: WorkerCounts | null = null;
  #killedDuring: WorkerState | null = null;
  /** Processes that run the application beside it; null before it has told of one. */
  #applications: Set<number> | null = null;

  constructor(age: number, generation: Generation, owner: WorkerOwner) {
    this.age = age;
    this.generation = generation;
    this.#owner = owner;
    this.#heardAtMs = owner.now();
    this.#limitMs = generation.limits.boot;
    this.#dueAtMs = owner.now() + this.#limitMs;
    this.#process = generation.launch(this);
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** What the application sees as its own pid; null while none runs. */
  get applicationPid(): number | null {
    if (this.#applications !== null) return [...this.#applications].at(-1) ?? null;
    return this.#process.pid === 0 ? null : this.#process.pid;
  }

  get state(): WorkerState {
    return this.#state;
  }

  /** When `tick` must be called at the latest; Infinity when nothing is waited for. */
  get dueAtMs(): number {
    return this.#dueAtMs;
  }

  /** When it said something last, or was started. */
  get heardAtMs(): number {
    return this.#heardAtMs;
  }

  /** For how long it has been ready, ms; null when it never was. */
  get servedMs(): number | null {
    return this.#readyAtMs === null ? null : this.#owner.now() - this.#readyAtMs;
  }

  /** Resident bytes when it had loaded the application; 0 when that is not known. */
  get memoryAtReady(): number {
    return this.#memoryAtReady;
  }

  /** As the last heartbeat told; null before the first. */
  get counts(): WorkerCounts | null {
    return this.#counts;
  }

  /** Its application answers, as far as was heard: it accepts, and a thread is there for what it accepts. */
  get serves(): boolean {
    return this.#state === 'ready' && this.#counts?.threads !== 0;
  }

  /** Asks it to finish what is under way and go. Harmless when it is on its way out already. */
  drain(): void {
    this.#apply('drain');
  }

  /** Asks it to go now. */
  quit(): void {
    this.#apply('quit');
  }

  kill(): void {
    this.#apply('kill');
  }

  say(message: ToWorker, handle?: ListenHandle): void {
    if (this.#state !== 'dead') this.#process.say(message, handle);
  }

  /** Acts on a deadline that has passed. */
  tick(): void {
    if (this.#state === 'dead' || this.#owner.now() < this.#dueAtMs) return;
    const during = this.#state;
    // Told first: the owner's log line must stand above the one about the death.
    this.#owner.overdue(this, during, this.#limitMs);
    this.#apply('overdue');
  }

  /**
   * The arbiter itself was stopped for a while and has not read what its workers said: their silence proves nothing.
   */
  forgiveSilence(): void {
    if (this.#state !== 'dead' && workerStates[this.#state].heartbeatResets)
      this.#restartDeadline();
  }

  message(message: ToArbiter): void {
    if (this.#state === 'dead') return;
    this.#heardAtMs = this.#owner.now();
    if (workerStates[this.#state].heartbeatResets) this.#restartDeadline();
    switch (message.kind) {
      case 'hello':
        this.#begin();
        return;
      case 'application':
        this.#application(message.pid, message.alive);
        return;
      case 'lease':
        this.generation.share?.asked(this, message);
        return;
      case 'loaded':
        this.#owner.loaded(this, message.asked);
        return;
      case 'want-listener':
        this.#owner.wantsListener(this, message.index);
        return;
      case 'loaded-files':
        this.#owner.loadedFiles(message.files, message.sinceMs);
        return;
      case 'heartbeat':
        this.#counts = message.counts;
        this.generation.traffic?.told(this, {
          ...message.tally,
          unserved: message.counts.unserved,
        });
        this.#owner.heartbeat(this, message.counts);
        return;
      case 'trouble':
        this.generation.traffic?.trouble(this, message.trouble);
        return;
      case 'answer':
        this.questions.answered(message.id, message.answer);
        return;
      case 'ready':
        if (!this.#apply('ready')) return;
        this.#readyAtMs = this.#owner.now();
        this.#memoryAtReady = message.memoryBytes;
        this.#owner.ready(this);
        return;
      case 'boot-failed':
        if (this.#apply('boot-failed')) {
          this.#owner.bootFailed(this, message.exitCode, message.message);
        }
        return;
      case 'replace-me':
        if (this.#state === 'ready') this.#owner.wantsReplacement(this, message);
        return;
      case 'finished':
        this.#apply('finished');
    }
  }

  exit(code: number | null, signal: string | null): void {
    if (this.#state !== 'dead') this.#apply('exit', code, signal);
  }

  #begin(): void {
    const first = this.generation.lives?.beforeStart(this) ?? null;
    if (first === null) {
      this.#owner.hello(this);
      return;
    }
    // Not when it is on its way out already.
    if (!this.#apply('wait')) return;
    this.#restartDeadline(first.calls);
    this.#owner.deadlineMoved();
    void first.over.then(() => {
      if (!this.#apply('begin')) return;
      this.#owner.deadlineMoved();
      this.#owner.hello(this);
    });
  }

  #application(pid: number, alive: boolean): void {
    this.#applications ??= new Set();
    if (alive) this.#applications.add(pid);
    else if (this.#applications.delete(pid)) this.#applicationEnded(pid, false);
  }

  #applicationEnded(pid: number, gone: boolean): void {
    this.generation.lives?.applicationEnded(this, pid, gone);
  }

  /** What has not told of its end ended with it. */
  #allApplicationsEnded(): void {
    const pids = [...(this.#applications ?? [this.#process.pid])];
    for (const pid of pids) if (pid !== 0) this.#applicationEnded(pid, true);
    this.#process.ended([...(this.#applications ?? [])]);
  }

  /** Moves along the table. False: the event means nothing in this state. */
  #apply(event: WorkerEvent, code: number | null = null, signal: string | null = null): boolean {
    if (this.#state === 'dead') return false;
    const from = this.#state;
    const to = workerStates[from].on[event];
    if (to === undefined) return false;
    this.#state = to;
    if (to === 'dead') {
      this.#dueAtMs = Infinity;
      this.questions.end();
      this.#allApplicationsEnded();
      this.generation.share?.gone(this);
      this.generation.traffic?.gone(this);
      this.#owner.died(this, this.#death(from, code, signal));
      return true;
    }
    if (to === 'killed') this.#killedDuring = from;
    this.#restartDeadline();
    this.#enter(to);
    return true;
  }

  #enter(state: Exclude<WorkerState, 'dead'>): void {
    const deed = workerStates[state].onEntry;
    if (deed === 'say drain') this.#process.say({ kind: 'drain' });
    else if (deed === 'say quit') this.#process.say({ kind: 'quit' });
    else if (deed === 'send SIGKILL') this.#process.kill([...(this.#applications ?? [])]);
  }

  /** @param times its length, where as many things are waited for one after another */
  #restartDeadline(times = 1): void {
    if (this.#state === 'dead') return;
    this.#limitMs = this.generation.limits[workerStates[this.#state].deadline] * times;
    this.#dueAtMs = this.#owner.now() + this.#limitMs;
  }

  #death(from: WorkerState, code: number | null, signal: string | null): Death {
    return {
      code,
      signal,
      byUs: this.#killedDuring !== null,
      during: this.#killedDuring ?? from,
      servedMs: this.servedMs,
    };
  }
}
