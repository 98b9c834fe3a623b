// A Python WSGI application on T threads of one Python process beside this one. Threads are replaced by the process
// from its spares; the process is replaced, the new one first, when it has died, has no spares left or does not answer.

import { setTimeout as pause } from 'node:timers/promises';
import { monotonicMs, wallClock } from '../../clock.ts';
import { messageOf } from '../../message-of.ts';
import type { AppSpec } from '../../settings/app-spec.ts';
import { capturesOutput } from '../../settings/error-log.ts';
import { processTitle, serverName } from '../../settings/process-name.ts';
import type { AppThread, Job } from '../../threads/app-thread.ts';
import { BootError } from '../../threads/boot-error.ts';
import { parseFiles } from '../../threads/python/boot.ts';
import type { PythonThread } from '../../threads/python/channel.ts';
import { EMPTY, ToControl } from '../../threads/python/control.ts';
import { HELD_BEHIND, isLike } from '../../threads/python/held-behind.ts';
import { loadingStack, stackIn } from '../../threads/python/held-stack.ts';
import { patienceMs } from '../../threads/python/interruption.ts';
import { PythonProcess } from '../../threads/python/process.ts';
import { type Left, Unheard } from '../../threads/python/unheard.ts';
import { LAST_HOOKS, LAST_HOOKS_MS } from '../../wire/hooks.ts';
import { unheardLine } from '../telemetry/overdue-line.ts';
import { tellTrouble } from '../telemetry/trouble-log.ts';
import type { Application, ApplicationOptions } from './application.ts';
import { RestartDelay, STARTS_IN_VAIN, within } from './restart.ts';

/** Between two questions whether the interpreter still runs. */
export const PING_MS = 1000;
/** The deadline of a request that holds the interpreter comes first, and with it the log of where it is. */
const AFTER_REQUESTS_MS = 750;
/** A timer may fire so much before its time. */
const EARLY_MS = 5;
/** An answer that is missed so much later than it was due: this very process was stopped, or starved. */
const OWN_PAUSE_MS = 500;
/** One whose interpreter had not answered is asked once more, with so much time, when it would be its turn. */
const AGAIN_MS = 100;
/** After the last request the interpreter may finish (atexit, the application's own threads) for this long. */
export const STOP_MS = 2000;

export class PythonApplication implements Application {
  readonly #options: ApplicationOptions;
  readonly #app: Extract<AppSpec, { type: 'wsgi' }>;
  readonly #delay = new RestartDelay();
  /** All that live: the one that serves and those that are being replaced. */
  readonly #processes = new Set<PythonProcess>();
  /** Those that go as soon as another one serves, and whether their interpreter answers: then what they run can end. */
  readonly #outgoing = new Map<PythonProcess, Promise<boolean>>();
  #serving: PythonProcess | null = null;
  readonly #unheard: Unheard<PythonThread>;
  /** Threads named so far: a replacement has a name of its own. */
  #named = 0;
  /** When the last process was started, wall clock. */
  #startedMs = 0;
  #workers: number;
  #replacing = false;
  #stopping = false;

  constructor(options: ApplicationOptions, app: Extract<AppSpec, { type: 'wsgi' }>) {
    this.#options = options;
    this.#app = app;
    this.#workers = options.workers;
    this.#unheard = new Unheard(options.settings.timeout * 1000);
  }

  async start(): Promise<null> {
    const process = this.#make();
    this.#delay.started();
    await this.#started(process);
    this.#serve(process);
    return null;
  }

  beOneOf(workers: number): void {
    this.#workers = workers;
    for (const process of this.#processes) process.multiprocess = workers > 1;
  }

  /** WSGI has no word for either. */
  listening(): void {}

  shutdown(): void {}

  get pids(): number[] {
    return [...this.#processes].map(({ pid }) => pid);
  }

  async stackOf(thread: AppThread): Promise<string | null> {
    for (const process of this.#processes) {
      const own = process.threads.find((one) => one === thread);
      if (own !== undefined) return stackIn(await process.interpreter.stacks(), own.index);
    }
    return null;
  }

  /** Python threads begin what they are given at once, and the interpreter is watched by its own questions. */
  tick(nowMs: number): void {
    const threads = this.#serving?.threads ?? [];
    for (const left of this.#unheard.look(threads, nowMs)) void this.#endUnheard(left);
  }

  async stop(): Promise<true> {
    this.#stopping = true;
    const graceMs = STOP_MS + (this.#calls('worker_exit') ? this.#hookMs : 0);
    await Promise.all([...this.#processes].map((process) => this.#end(process, graceMs)));
    return true;
  }

  async leave(): Promise<void> {
    if (!this.#calls(...LAST_HOOKS)) return;
    const withinMs = Math.min(LAST_HOOKS_MS, this.#hookMs);
    const running = [this.#serving, ...this.#outgoing.keys()];
    await Promise.all(
      running.map((process) => process?.interpreter.ask(ToControl.LEAVE, EMPTY, withinMs)),
    );
  }

  /** The config file defines one of these hooks. */
  #calls(...names: readonly string[]): boolean {
    return this.#options.hooks?.names.some((name) => names.includes(name)) ?? false;
  }

  get #hookMs(): number {
    return (this.#options.hooks?.timeout ?? 0) * 1000;
  }

  kill(): Promise<true> {
    this.#stopping = true;
    for (const process of this.#processes) process.kill();
    return Promise.resolve(true);
  }

  /** As one that is past its time, but nobody is there to be answered. */
  async #endUnheard({ thread, job, forMs }: Left<PythonThread>): Promise<void> {
    const found = await thread.interrupt(job);
    if (found.case === 'ended') return;
    const { log, settings, trouble } = this.#options;
    const report = { ...found, job, thread: thread.name, forMs };
    const line = unheardLine(report, settings.timeout);
    log.error(line.message, line.facts);
    tellTrouble(trouble, 'overdue', line);
  }

  #make(): PythonProcess {
    const { settings, python, log, dispatcher, hooks } = this.#options;
    const made = new PythonProcess({
      python: python ?? settings.python,
      app: this.#app.spec,
      threads: settings.threads,
      chdir: settings.chdir,
      title: processTitle('python', serverName(settings)),
      pythonpath: settings.pythonpath,
      env: process.env,
      probe: this.#options.probe,
      hooks: hooks === null ? null : { ...hooks, cfg: settings, loop_pid: process.pid },
      loglevel: settings.loglevel,
      preload: this.#options.preload,
      sources: this.#options.loadedFiles !== null,
      multiprocess: this.#workers > 1,
      timeoutLimit: settings.timeout_limit,
      captured: capturesOutput(settings),
      threadName: () => {
        this.#named += 1;
        return `thread ${this.#named}`;
      },
      log: (level, message, facts) => log[level](message, facts),
      began: (pid) => this.#options.processChanged(pid, true),
      ended: (pid) => this.#options.processChanged(pid, false),
    });
    made.events = dispatcher;
    // One that is being replaced goes on replacing its threads, but nothing is given to them any more.
    made.onThreadAdded = (thread) => {
      if (made === this.#serving) dispatcher.addThread(thread);
    };
    made.onDeath = (failure) => {
      this.#processes.delete(made);
      this.#outgoing.delete(made);
      if (made !== this.#serving || this.#stopping) return;
      this.#serving = null;
      log.error(failure.detail, { code: failure.code });
      this.#replace(this.#delay.afterDeath());
    };
    made.onExhausted = () => this.#renew(made);
    made.onUnresponsive = () => this.#retire(made);
    made.onHeld = () => this.#endHeld(made);
    this.#processes.add(made);
    return made;
  }

  #serve(process: PythonProcess): void {
    const { dispatcher } = this.#options;
    for (const thread of this.#serving?.threads ?? []) dispatcher.removeThread(thread);
    this.#serving = process;
    for (const thread of process.threads) dispatcher.addThread(thread);
    void this.#watch(process);
    void this.#tellSources(process);
  }

  /** Asks again and again whether the interpreter runs. A request that holds its lock for long is no reason to end it
   * before `timeout`. */
  async #watch(process: PythonProcess): Promise<void> {
    const timeoutMs = this.#options.settings.timeout * 1000;
    if (timeoutMs <= 0) return;
    while (process === this.#serving && !this.#stopping) {
      const patienceMs = Math.max(timeoutMs, PING_MS) + AFTER_REQUESTS_MS;
      const askedMs = monotonicMs();
      const answers = await process.interpreter.ping(patienceMs);
      const waitedMs = monotonicMs() - askedMs;
      // Its control socket has closed: the death of the process is told by itself.
      if (!answers && waitedMs < patienceMs - EARLY_MS) return;
      // When our own loop stood still meanwhile, the answer may be there unread, or it stood still as we did.
      const stoodStill = waitedMs > patienceMs + OWN_PAUSE_MS;
      // What has asked for more time may hold the lock until then.
      if (!answers && !stoodStill && process.extendedMs === 0) {
        this.#retire(process);
        return;
      }
      await pause(PING_MS, undefined, { ref: false });
    }
  }

  /** Says what it has loaded, as it loads it. */
  async #tellSources(process: PythonProcess): Promise<void> {
    const { loadedFiles } = this.#options;
    let sinceMs = this.#startedMs;
    while (loadedFiles !== null && process === this.#serving && !this.#stopping) {
      const askedMs = wallClock().getTime();
      const files = parseFiles(
        (await process.interpreter.ask(ToControl.FILES, EMPTY, PING_MS)) ?? '',
      );
      if (files.length > 0) loadedFiles(files, sinceMs);
      sinceMs = askedMs;
      await pause(PING_MS, undefined, { ref: false });
    }
  }

  /** Too many of its threads were given up: it serves with the others until another process does. */
  #renew(process: PythonProcess): void {
    if (process !== this.#serving || this.#stopping || this.#outgoing.has(process)) return;
    const why = 'too many of its threads had to be given up';
    this.#options.log.warning(`Python process ${process.pid} is being replaced: ${why}.`);
    this.#outgoing.set(process, Promise.resolve(true));
    this.#replace(0);
  }

  /** Its interpreter does not answer: it gets nothing from now on, and what comes waits for another process. */
  #retire(process: PythonProcess): void {
    if (process !== this.#serving || this.#stopping) return;
    const why = 'its interpreter does not answer';
    this.#options.log.warning(`Python process ${process.pid} is being replaced: ${why}.`);
    for (const thread of process.threads) this.#options.dispatcher.removeThread(thread);
    this.#serving = null;
    // On a busy machine it may answer yet, while the other one is started.
    this.#outgoing.set(process, process.interpreter.ping(patienceMs(process.interpreter)));
    this.#replace(0);
  }

  /** What one that was replaced before was let live for cannot end any more. */
  #endHeld(process: PythonProcess): void {
    if (process === this.#serving || this.#stopping || this.#outgoing.has(process)) return;
    void this.#end(process, process.extendedMs);
  }

  /** Starts a process, after `delayMs`, and again until one has loaded the application; those before it may go then. */
  #replace(delayMs: number): void {
    if (this.#replacing) return;
    this.#replacing = true;
    void this.#startAgain(delayMs).then(() => {
      this.#replacing = false;
      if (!this.#stopping)
        for (const [process, answers] of this.#outgoing) void this.#dismiss(process, answers);
      this.#outgoing.clear();
    });
  }

  async #startAgain(delayMs: number): Promise<void> {
    for (let inVain = 1; ; inVain++) {
      await pause(delayMs);
      if (this.#stopping) return;
      this.#delay.started();
      const process = this.#make();
      try {
        await this.#started(process);
        for (const outgoing of this.#outgoing.keys()) this.#refuseAlike(outgoing.holder());
        this.#serve(process);
        return;
      } catch (error) {
        if (this.#stopping) return;
        const message = messageOf(error);
        this.#options.log.error(`The application could not be loaded again: ${message}`);
        process.kill();
        this.#processes.delete(process);
        await this.#serveAgain();
        if (inVain >= STARTS_IN_VAIN) {
          const serves = this.#serving !== null;
          this.#options.replaceMe(
            `no Python process could be started in ${inVain} attempts`,
            serves,
          );
        }
        delayMs = this.#delay.afterDeath();
      }
    }
  }

  /** See held-behind.ts: before they are given to the next one. */
  #refuseAlike(holder: Job | null): void {
    if (holder === null) return;
    this.#options.dispatcher.refuseQueued((job) => isLike(holder, job), HELD_BEHIND);
  }

  async #started(process: PythonProcess): Promise<void> {
    this.#startedMs = wallClock().getTime();
    try {
      await within(
        this.#options.settings.boot_timeout,
        process.start(),
        () => process.kill(),
        async () => loadingStack(await process.interpreter.stacksBySignal()),
        (line) => this.#options.log.warning(line),
      );
    } catch (error) {
      if (error instanceof BootError) this.#options.loadedFiles?.(error.files, this.#startedMs);
      throw error;
    }
  }

  /** While no other one can be started, one that had stopped answering and does again is better than none. */
  async #serveAgain(): Promise<void> {
    for (const process of this.#outgoing.keys()) {
      if (this.#serving !== null || this.#stopping) return;
      if (await process.interpreter.ping(AGAIN_MS)) this.#serve(process);
    }
  }

  /**
   * Another one serves. What this one runs may finish, within its own time or that of a worker which is replaced; where its
   * interpreter had not answered only if it does again, or for as long as more time was granted.
   */
  async #dismiss(process: PythonProcess, answers: Promise<boolean>): Promise<void> {
    const { timeout, graceful_timeout: graceful } = this.#options.settings;
    const mayFinish = (await answers) || (await process.interpreter.ping(AGAIN_MS));
    const ownMs = mayFinish ? Math.max(timeout, graceful) * 1000 : 0;
    await this.#end(process, Math.max(ownMs, process.extendedMs));
  }

  async #end(process: PythonProcess, graceMs: number): Promise<void> {
    const timer = setTimeout(() => process.kill(), graceMs);
    await process.stop(true);
    clearTimeout(timer);
    this.#processes.delete(process);
  }
}
