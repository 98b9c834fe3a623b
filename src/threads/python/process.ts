// The Python process of a worker: started, watched, stopped. Owns its threads' channels and decides what the loss of one
// means: the thread is replaced from the spare socket pairs, and the process is reported when it is no longer whole.
// Replacing the process is the worker's decision; what is asked of its interpreter stands in interpreter.ts.

import { monotonicMs } from '../../clock.ts';
import { killDescendants, killSession } from '../../process-tree.ts';
import type { Failure, Finding, Job, ThreadEvents } from '../app-thread.ts';
import { BootError } from '../boot-error.ts';
import { bootErrorFrom, parseReady, startMessage } from './boot.ts';
import { PythonThread } from './channel.ts';
import { type ControlListener, EMPTY, pair, ToControl } from './control.ts';
import { RequestEncoder, withoutEndingSlashes } from './environ.ts';
import { startPython } from './fork.ts';
import { holderOf, othersThan } from './held-behind.ts';
import { Interpreter, type InterpreterOwner } from './interpreter.ts';
import { interruptRequest } from './interruption.ts';
import { Lookout } from './lookout.ts';
import { Notes, type NotesListener } from './notes.ts';
import { Pace } from './pace.ts';
import { ReplyHeadReader } from './reply.ts';
import type { RunningPython } from './running.ts';
import { type PythonOptions, type PythonWires, type SpawnedPython, threadPairs } from './spawn.ts';
import type { ThreadOwner } from './thread-owner.ts';

/** A closed socket is explained by the process's exit, which is reported a moment later. */
const EXIT_GRACE_MS = 50;

/** So long is an interpreter silent that is ended because of that, at least where it is the first question that was asked in vain. */
const HELD_MS = 1000;

type ProcessState = 'new' | 'booting' | 'running' | 'stopping' | 'dead';

type OwnInterfaces = ThreadOwner<PythonThread> & ControlListener & NotesListener & InterpreterOwner;

export class PythonProcess implements OwnInterfaces {
  /** The pool's ears; set before `start`. */
  events: ThreadEvents = { roomMade: () => {}, died: () => {} };
  /** The process has ended although nobody asked it to. All its jobs have heard `failed` already. */
  onDeath: ((failure: Failure) => void) | null = null;
  /** A thread that replaces a lost one. It is ready; `events.roomMade` follows. */
  onThreadAdded: ((thread: PythonThread) => void) | null = null;
  /** The last spare has taken the place of a lost thread, or there was none: the process should be replaced. */
  onExhausted: (() => void) | null = null;
  /** The interpreter has not answered for a while, and a request is overdue: another process should be at hand. */
  onUnresponsive: (() => void) | null = null;
  /** It has not answered for so long that its lock must be held, or the process is stopped. */
  onHeld: (() => void) | null = null;

  readonly pace = new Pace();
  lane: PythonThread | null = null;
  readonly interpreter = new Interpreter(this);

  readonly #options: PythonOptions;
  readonly #lookout: Lookout;
  readonly #encoder: RequestEncoder;
  readonly #heads = new ReplyHeadReader();
  readonly #sockets: number;
  readonly #scriptName: string;
  #multiprocess: boolean;
  #threads: PythonThread[] = [];
  #spawned: SpawnedPython | null = null;
  #notes: Notes | null = null;
  #state: ProcessState = 'new';
  #nextIndex = 1;
  #stuck = 0;
  /** Sockets that have closed, which may be the process's end: one without a control socket stays unexplained. */
  #unexplained = 0;
  /** What held the interpreter's lock until it was ended. */
  #holder: Job | null = null;
  #settleStart: ((error: BootError | null) => void) | null = null;
  #exited: Promise<void> = Promise.resolve();

  constructor(options: PythonOptions) {
    this.#options = options;
    this.#multiprocess = options.multiprocess;
    this.#lookout = new Lookout(this, options.stallMs);
    this.#sockets = threadPairs(options.threads, options.spareThreads);
    this.#scriptName = withoutEndingSlashes(options.env['SCRIPT_NAME'] ?? '');
    this.#encoder = new RequestEncoder(this.#scriptName);
  }

  get lame(): boolean {
    return this.interpreter.isInDoubt || this.#unexplained > 0;
  }

  /** Those that serve: lost ones are taken out, replacements put in. */
  get threads(): readonly PythonThread[] {
    return this.#threads;
  }

  /** 0 before `start`. */
  get pid(): number {
    return this.#spawned?.python.pid ?? 0;
  }

  /** Threads that were given up and may still run in the process. */
  get stuckThreads(): number {
    return this.#stuck;
  }

  /** Replacements that are left. */
  get spareThreads(): number {
    return this.#sockets - this.#nextIndex + 1;
  }

  /** wsgi.multiprocess from the next request on. */
  set multiprocess(isOneOfMany: boolean) {
    if (isOneOfMany === this.#multiprocess) return;
    this.#multiprocess = isOneOfMany;
    this.interpreter.tell(ToControl.MULTIPROCESS, EMPTY, isOneOfMany ? 1 : 0);
  }

  /** Resolves when the application is loaded. Rejects with BootError; then the process is gone or going. */
  start(): Promise<void> {
    this.#state = 'booting';
    const begun = startPython(this.#options, this.#sockets);
    this.#exited = 'then' in begun ? begun.then((one) => this.#begin(one)) : this.#begin(begun);
    return new Promise((resolve, reject) => {
      this.#settleStart = (error) => {
        this.#settleStart = null;
        if (error === null) resolve();
        else reject(error);
      };
    });
  }

  /** Resolves when it has ended. */
  #begin(spawned: SpawnedPython): Promise<void> {
    const { python, wires } = spawned;
    this.#spawned = spawned;
    const ended = this.#watch(python);
    if (python.pid !== 0) this.#options.began?.(python.pid);
    // It was killed before it was there.
    if (this.#state !== 'booting') this.#killProcess();
    else if (wires !== null) {
      this.interpreter.open(wires, this);
      this.#notes = new Notes(wires.notes, this, this.#options.log);
      while (this.#threads.length < this.#options.threads) this.#addThread(wires);
      const options = { ...this.#options, multiprocess: this.#multiprocess };
      this.interpreter.tell(ToControl.START, startMessage(options, this.#scriptName));
    }
    return ended;
  }

  /**
   * Ends the process. Graceful: waits for the running requests, then lets Python finish (atexit, the application's
   * own threads), which may take for ever; a deadline is the caller's, who then calls `kill`. Otherwise as `kill`.
   */
  async stop(graceful: boolean): Promise<void> {
    if (this.#state === 'dead' || this.#state === 'new') return;
    if (!graceful || this.#state === 'booting') {
      this.kill();
    } else {
      this.#state = 'stopping';
      await Promise.race([
        Promise.all(this.#threads.map((thread) => thread.whenIdle())),
        this.#exited,
      ]);
      // Commands that threads wait for which were given up: they would outlive the process and nobody would know them.
      if (this.#stuck > 0) killDescendants(this.pid);
      this.interpreter.tell(ToControl.STOP, EMPTY);
    }
    await this.#exited;
  }

  /** Ends the process at once. Running jobs hear `failed` (code "stopped"). */
  kill(): void {
    if (this.#state !== 'dead' && this.#state !== 'new') {
      this.#state = 'stopping';
      this.#killProcess();
    }
  }

  sentAhead(): void {
    this.#lookout.watch();
  }

  handedBack(thread: PythonThread, jobs: readonly Job[]): void {
    const others = othersThan(this.#holder, jobs);
    if (this.events.handedBack !== undefined) this.events.handedBack(thread, others);
    else for (const job of others) job.failed({ status: 503, code: 'handed-back', detail: '' });
  }

  /** See withdrawal.ts. */
  withdraw(thread: PythonThread, after: number, upto: number): Promise<number | null> {
    const goesOn = (): boolean => this.#state === 'running' && this.#threads.includes(thread);
    return this.interpreter.withdraw(goesOn, { thread: thread.index, after, upto });
  }

  /** What holds the interpreter's lock, as it seems; null when that has not been silent for long. */
  holder(): Job | null {
    const { isInDoubt, silentMs } = this.interpreter;
    if (!isInDoubt || silentMs < HELD_MS) return null;
    return holderOf(this.#threads, ({ index }) => this.interpreter.begun(index));
  }

  tellFile(index: number, request: number, taken: boolean): void {
    const kind = taken ? ToControl.FILE_TAKEN : ToControl.FILE_REFUSED;
    this.interpreter.tell(kind, pair(index, request));
  }

  roomMade(thread: PythonThread): void {
    if (this.#state === 'running') this.events.roomMade(thread);
  }

  tellGone(index: number, request: number): void {
    this.interpreter.tell(ToControl.GONE, pair(index, request));
  }

  /** See AppThread.interrupt. Resolves when the thread is back, has been given up, or the process is to be replaced. */
  async interrupt(thread: PythonThread, request: number): Promise<Finding> {
    // Until it has answered nothing is given to it: what has not begun there can run elsewhere.
    this.interpreter.doubt();
    const found = await interruptRequest(this.interpreter, thread, request);
    if (found.case === 'native-code' || found.case === 'interrupt-ignored') this.#giveUp(thread);
    if (found.case === 'interpreter-held' && this.#unexplained === 0) this.onHeld?.();
    return found;
  }

  /** See InterpreterOwner. One that is dying, and says nothing therefore, is replaced when it has died. */
  isSilent(): void {
    if (this.#unexplained === 0) this.onUnresponsive?.();
  }

  /** See InterpreterOwner. */
  answersAgain(): void {
    for (const thread of [...this.#threads]) this.roomMade(thread);
  }

  /** See InterpreterOwner. */
  get isRunning(): boolean {
    return this.#state === 'running';
  }

  /** See InterpreterOwner. */
  get hasEnded(): boolean {
    return this.#spawned?.python.hasEnded === true;
  }

  onExtend(index: number, request: number, ms: number): void {
    this.#threads.find((thread) => thread.index === index)?.extend(request, ms);
  }

  /** For how long yet a request that has asked for more time may go on, ms; 0 when none has. */
  get extendedMs(): number {
    return Math.max(0, ...this.#threads.map((thread) => thread.extendedUntilMs - monotonicMs()));
  }

  wireLost(thread: PythonThread, failure: Failure | null): void {
    if (failure !== null) {
      this.#loseThread(thread, failure);
      return;
    }
    this.#unexplained += 1;
    setTimeout(() => {
      this.#unexplained -= 1;
      const detail = `${thread.name} of Python process ${this.pid} closed its socket.`;
      this.#loseThread(thread, { status: 502, code: 'thread-died', detail });
      for (const other of [...this.#threads]) this.roomMade(other);
    }, EXIT_GRACE_MS);
  }

  onLoading(payload: string): void {
    this.interpreter.loading(payload);
  }

  onReady(payload: string): void {
    const ready = parseReady(payload);
    if (ready === null || this.#state !== 'booting') {
      this.onControlLost('it announced itself in an unknown way');
      return;
    }
    this.#state = 'running';
    for (const thread of this.#threads) thread.becomeReady();
    this.#settleStart?.(null);
    for (const thread of [...this.#threads]) this.roomMade(thread);
  }

  onBootFailed(payload: string): void {
    this.#settleStart?.(bootErrorFrom(payload));
  }

  /** Without its control socket the process cannot be watched, so it is not kept. */
  onControlLost(why: string): void {
    if (this.#state === 'running') {
      this.#unexplained += 1;
      setTimeout(() => {
        if (this.#state === 'running') {
          this.#options.log('error', `Python process ${this.pid} is killed: ${why}.`);
          this.#killProcess();
        }
      }, EXIT_GRACE_MS);
    } else if (this.#state === 'booting') this.#killProcess();
  }

  #killProcess(): void {
    this.#spawned?.python.kill();
  }

  async #watch(python: RunningPython): Promise<void> {
    const how = await python.ended;
    if (python.pid === 0) {
      const message = `Cannot run ${JSON.stringify(this.#options.python)}: ${how}`;
      return this.#end({ status: 502, code: 'thread-died', detail: message }, message);
    }
    const detail = `Python process ${python.pid} ${how}.`;
    this.#end(
      { status: 502, code: this.#state === 'stopping' ? 'stopped' : 'thread-died', detail },
      `${detail.slice(0, -1)} while it loaded ${this.#options.app}.`,
    );
  }

  /** The process is gone, for whatever reason. */
  #end(failure: Failure, bootMessage: string): void {
    const before = this.#state;
    this.#state = 'dead';
    if (before === 'stopping') this.#holder = this.holder();
    // What one of them hands back must not be given to the next.
    this.interpreter.doubt();
    this.#lookout.stop();
    const threads = this.#threads;
    this.#threads = [];
    for (const thread of threads)
      thread.bury('dead', failure, this.interpreter.begun(thread.index));
    this.interpreter.close();
    this.#notes?.close();
    for (const socket of this.#spawned?.wires?.threads ?? []) socket.destroy();
    if (this.pid !== 0) this.#options.ended?.(this.pid);
    this.#settleStart?.(new BootError(3, bootMessage));
    for (const thread of threads) this.events.died(thread, failure);
    if (before !== 'stopping') killSession(this.pid);
    if (before === 'running') this.onDeath?.(failure);
  }

  #addThread(wires: PythonWires): PythonThread | null {
    const index = this.#nextIndex;
    const socket = wires.threads[index - 1];
    if (socket === undefined) return null;
    this.#nextIndex += 1;
    const name = this.#options.threadName?.(index) ?? `thread ${index}`;
    const pid = (): number => this.pid;
    const thread = new PythonThread(index, name, socket, this.#encoder, this.#heads, pid, this);
    this.#threads.push(thread);
    return thread;
  }

  #giveUp(thread: PythonThread): void {
    if (this.#threads.includes(thread)) this.#stuck += 1;
    const detail = `${thread.name} of Python process ${this.pid} did not come back and was given up.`;
    this.#loseThread(thread, { status: 504, code: 'stuck', detail });
  }

  #loseThread(thread: PythonThread, failure: Failure): void {
    const place = this.#threads.indexOf(thread);
    if (place < 0) return;
    this.#threads.splice(place, 1);
    thread.bury(failure.code === 'stuck' ? 'stuck' : 'dead', failure);
    this.events.died(thread, failure);
    if (this.#state === 'running') this.#replaceThread();
  }

  #replaceThread(): void {
    const wires = this.#spawned?.wires ?? null;
    const thread = wires === null ? null : this.#addThread(wires);
    if (thread === null || this.spareThreads === 0) this.onExhausted?.();
    if (thread === null) return;
    this.interpreter.tell(ToControl.NEW_THREAD, pair(thread.index, 0));
    thread.becomeReady();
    this.onThreadAdded?.(thread);
    this.roomMade(thread);
  }
}
