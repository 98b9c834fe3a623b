// A Node.js application on T worker_threads threads of this process, and a few that are spare. A thread that dies is replaced,
// at once where there is a spare one; the others go on.
// One that was given up in native code cannot be ended and stays until that returns: how many may gather, and when the
// whole process has to be replaced, is decided in stuck-threads.ts.

import { monotonicMs } from '../../clock.ts';
import { messageOf } from '../../message-of.ts';
import { ownDescriptors } from '../../open-files.ts';
import type { AppSpec } from '../../settings/app-spec.ts';
import { parseInspectAddress } from '../../settings/inspect.ts';
import type { AppThread, Failure } from '../../threads/app-thread.ts';
import { AHEAD_WHEN_BEHIND } from '../../threads/node/host/backlog.ts';
import { WAITS } from '../../threads/node/host/inspect-stack.ts';
import { NodeThread } from '../../threads/node/host/node-thread.ts';
import type { NodeThreadOptions } from '../../threads/node/host/options.ts';
import { SourcesPort } from '../../threads/node/host/sources.ts';
import { Standstills } from '../../threads/node/host/standstill.ts';
import type { AskedAddress, BoundAddress } from '../../wire/addresses.ts';
import { standstillLine } from '../telemetry/overdue-line.ts';
import { tellTrouble } from '../telemetry/trouble-log.ts';
import type { Application, ApplicationOptions } from './application.ts';
import { DebugDoor } from './debug-door.ts';
import { Reserve } from './reserve.ts';
import { RestartDelay, STARTS_IN_VAIN, within } from './restart.ts';
import { StuckThreads } from './stuck-threads.ts';
import { Successor } from './successor.ts';
import { threadOutput } from './thread-output.ts';

/** A thread opens all its modules, and those of the application, at once while it boots. */
const FILES_TO_BOOT = 64;

export class NodeApplication implements Application {
  readonly #options: ApplicationOptions;
  readonly #app: Extract<AppSpec, { type: 'node' }>;
  readonly #threads = new Set<NodeThread>();
  readonly #stuck: StuckThreads<NodeThread>;
  readonly #reserve: Reserve<AppThread>;
  readonly #standstills = new Standstills<NodeThread>();
  readonly #successor: Successor<NodeThread>;
  /** A loop that has not turned for so long is given up, ms. */
  readonly #stuckAfterMs: number;
  readonly #output: Pick<NodeThreadOptions, 'print' | 'pass'>;
  /** Without threads it is one place, the worker's own loop. */
  readonly #places: number;
  readonly #onOwnLoop: boolean;
  /** By place of the pool: one that crashes again and again does not keep the others waiting. */
  readonly #delays = new Map<number, RestartDelay>();
  /** Threads started so far: a replacement has a name of its own. */
  #started = 0;
  #startsInVain = 0;
  readonly #door: DebugDoor | null;
  #serves = false;
  #bound: BoundAddress | null;
  #asked: AskedAddress | null = null;
  #stopping = false;

  constructor(options: ApplicationOptions, app: Extract<AppSpec, { type: 'node' }>) {
    this.#options = options;
    this.#app = app;
    this.#bound = options.bound;
    this.#output = threadOutput(options.settings, options.log);
    this.#door = doorOf(options);
    const { threads, timeout, stream_timeout } = options.settings;
    // What has begun its response is bounded by the other one, also when `timeout` is off.
    this.#stuckAfterMs = (timeout || stream_timeout) * 1000;
    this.#successor = new Successor(this.#stuckAfterMs);
    this.#onOwnLoop = threads === 0;
    this.#places = Math.max(1, threads);
    this.#reserve = new Reserve(this.#places);
    this.#stuck = new StuckThreads({
      threads: this.#places,
      timeoutMs: timeout * 1000,
      replaceMe: (reason) => options.replaceMe(reason, true),
    });
  }

  async stackOf(thread: AppThread): Promise<string | null> {
    const own = [...this.#threads].find((one) => one === thread);
    return (await own?.stack()) ?? null;
  }

  /** Its threads are in this process. */
  get pids(): readonly [] {
    return [];
  }

  async start(): Promise<AskedAddress | null> {
    const limit = ownDescriptors.limit();
    const inTurn = limit !== null && limit < FILES_TO_BOOT * (this.#places + 1);
    const first: Promise<void>[] = [];
    for (let number = 1; number <= this.#places; number++) {
      first.push(this.#startThread(number));
      if (inTurn) await first.at(-1);
    }
    await Promise.all(first);
    this.#tellIfMoved();
    return this.#asked;
  }

  /** It was looked at by who asks, who waits for it and tells the application when it does not come. */
  #enterFolder(folder: string): void {
    try {
      process.chdir(folder);
    } catch (error) {
      this.#options.log.warning(`The folder ${folder} cannot be entered: ${messageOf(error)}.`);
    }
  }

  /** After a reload of a program that names another address: what clients know stays. */
  #tellIfMoved(): void {
    const { settings, log } = this.#options;
    const { host, port } = this.#bound ?? { host: '', port: 0 };
    if (settings.bind.length > 0 || host === '' || this.#asked === null) return;
    const stays =
      this.#asked.kind === 'path' ? this.#asked.path === host : this.#asked.port === port;
    if (stays || (this.#asked.kind === 'port' && this.#asked.port === 0)) return;
    const asked = this.#asked.kind === 'path' ? this.#asked.path : `port ${this.#asked.port}`;
    log.warning(
      `The program wants to listen on ${asked} now; a reload keeps the address that there is. Start the server anew to move it.`,
    );
  }

  beOneOf(): void {}

  listening(address: BoundAddress): void {
    this.#bound = address;
    for (const thread of this.#threads) thread.listening(address);
  }

  shutdown(): void {
    for (const thread of this.#threads) thread.shutdown();
  }

  tick(nowMs: number): void {
    // Not before: a worker is ready without all that, and a check needs none.
    if (!this.#serves) this.#beginToServe();
    for (const thread of this.#threads) thread.poll(nowMs);
    for (const thread of this.#threads) {
      const back =
        thread.blocked && this.#someoneServes(() => true)
          ? thread.unstarted()
          : thread.tooManyAhead();
      for (const job of back) this.#options.dispatcher.giveBack(job);
    }
    this.#lookAhead(nowMs);
    for (const thread of this.#standstills.look(this.#threads, nowMs)) {
      void this.#endStandstill(thread, thread.lastTurnAgeMs(nowMs));
    }
    for (const number of this.#stuck.look(nowMs)) this.#replace(number, 0);
  }

  async stop(): Promise<boolean> {
    this.#stopping = true;
    this.#door?.close();
    await Promise.all([...this.#threads].map((thread) => thread.stop()));
    return this.#allEnded();
  }

  leave(): Promise<void> {
    return Promise.resolve();
  }

  async kill(): Promise<boolean> {
    this.#stopping = true;
    this.#door?.close();
    const known = [...this.#threads, ...this.#stuck.threads];
    await Promise.all(known.map((thread) => thread.kill()));
    return this.#allEnded();
  }

  #allEnded(): boolean {
    return ![...this.#threads, ...this.#stuck.threads].some((thread) => thread.running);
  }

  /** The places of spare threads come behind those that every worker has. */
  #beginToServe(): void {
    this.#serves = true;
    this.#door?.open();
    if (this.#onOwnLoop) return;
    const { spare_threads } = this.#options.settings;
    for (let spare = 1; spare <= spare_threads; spare++) this.#replace(this.#places + spare, 0);
  }

  /** See successor.ts. */
  #lookAhead(nowMs: number): void {
    const inVain = this.#successor.inVain(this.#threads, nowMs);
    if (inVain !== null) void inVain.kill().then(() => this.#forget(inVain));
    if (this.#onOwnLoop || this.#door !== null || this.#stopping) return;
    if (this.#stuck.isFullWith(1)) return;
    const place = this.#successor.wanted(this.#threads, nowMs);
    if (place === null) return;
    this.#startThread(place, true).catch((error: unknown) => this.#startedInVain(place, error));
  }

  /**
   * @param number which place of the pool it fills
   * @param isEarly that is not free yet
   */
  async #startThread(number: number, isEarly = false): Promise<void> {
    const { settings, dispatcher, log, hooks } = this.#options;
    this.#started += 1;
    this.#delayOf(number).started();
    const { loadedFiles } = this.#options;
    const sources = loadedFiles === null ? null : new SourcesPort(loadedFiles);
    const thread = new NodeThread(
      {
        name: this.#onOwnLoop ? 'the loop of its worker' : `thread ${this.#started}`,
        onOwnLoop: this.#onOwnLoop,
        number,
        app: this.#app,
        concurrency: settings.thread_concurrency,
        chdir: settings.chdir,
        env: this.#environment(number),
        probe: this.#options.probe,
        sources: sources?.guest ?? null,
        debugging: number === 1 ? this.#door : null,
        hooks: hooks === null ? null : { ...hooks, cfg: settings, thread: number },
        timeoutLimit: settings.timeout_limit,
        enterFolder: (folder) => this.#enterFolder(folder),
        program: {
          bound: this.#bound,
          secure: settings.certfile !== null,
          otherListeners: settings.other_listeners,
          isFirstThread: number === 1,
          waitReady: settings.wait_ready,
          instance: this.#instance(number),
          args: settings.app_args,
        },
        log,
        ...this.#output,
        stuckAfterMs: this.#stuckAfterMs,
      },
      {
        roomMade: (which) => this.#roomMade(which),
        handedBack: (which, jobs) => dispatcher.handedBack(which, jobs),
        silent: () => this.#relieve(thread),
        died: (which, failure) => this.#died(which, failure, number),
      },
    );
    this.#threads.add(thread);
    if (isEarly) this.#successor.began(thread);
    try {
      this.#asked = await within(
        settings.boot_timeout,
        thread.start(),
        () => void thread.kill(),
        async () => whereItLoads(await thread.stack(), settings.wait_ready),
        (line) => log.warning(`${thread.name}: ${line}`),
      );
    } catch (error) {
      sources?.hearAll();
      this.#forget(thread);
      if (this.#successor.lost(thread, monotonicMs())) return;
      throw inWords(error);
    }
    if (this.#stopping) return;
    // That it has loaded and that it has ended may be read at once: `#died` has seen to the rest.
    if (thread.state !== 'ready') {
      this.#oneInVain();
      return;
    }
    this.#startsInVain = 0;
    if (!this.#successor.waits(thread)) this.#enter(thread);
    else log.debug(`${thread.name} is loaded early: all others stand still`);
  }

  #enter(thread: NodeThread): void {
    const { dispatcher, log } = this.#options;
    if (this.#reserve.enter(thread)) dispatcher.addThread(thread);
    else log.debug(`${thread.name} is loaded and spare`);
  }

  /** 0, 1, 2 ... over the threads of all workers, spare ones included. */
  #instance(number: number): number {
    const { place, settings } = this.#options;
    const spares = this.#onOwnLoop ? 0 : settings.spare_threads;
    return place * (this.#places + spares) + number - 1;
  }

  /** Without threads it is the worker's own. */
  #environment(number: number): NodeJS.ProcessEnv {
    const { instance_var: variable } = this.#options.settings;
    if (variable === null) return process.env;
    const told = { [variable]: String(this.#instance(number)) };
    return this.#onOwnLoop ? Object.assign(process.env, told) : { ...process.env, ...told };
  }

  /** It, or whoever else goes on, may also have what waits behind requests that hold others. */
  #roomMade(which: AppThread): void {
    this.#options.dispatcher.roomMade(which);
    for (const thread of this.#threads) {
      // Where nobody else goes on it would come back to the same, again and again.
      if (!thread.held || !this.#someoneServes(({ held }) => held !== true)) continue;
      const first = thread.unstarted().slice(0, AHEAD_WHEN_BEHIND);
      for (const job of first) this.#options.dispatcher.giveBack(job);
    }
  }

  /** Others wait behind what it runs, and somebody is idle. */
  #relieve(thread: NodeThread): void {
    if (!this.#someoneServes(({ load }) => load === 0)) return;
    for (const job of thread.unstarted()) this.#options.dispatcher.giveBack(job);
  }

  /** Of those that requests are given to, which spare ones are not. One that is blocked has no room. */
  #someoneServes(also: (thread: AppThread) => boolean): boolean {
    return this.#options.dispatcher.threads.some((each) => each.room > 0 && also(each));
  }

  /** No request that is past its time holds its loop. */
  async #endStandstill(thread: NodeThread, standstillMs: number): Promise<void> {
    const found = await thread.endStuck(standstillMs);
    const line = standstillLine(thread.name, standstillMs, found);
    this.#options.log.error(line.message, line.facts);
    tellTrouble(this.#options.trouble, 'overdue', line);
  }

  #died(thread: AppThread, failure: Failure, number: number): void {
    for (const known of this.#threads) if (known === thread) this.#forget(known);
    if (this.#stopping || this.#successor.lost(thread, monotonicMs())) return;
    this.#options.dispatcher.died(thread, failure);
    const spare = this.#reserve.leave(thread);
    if (spare !== null) {
      this.#options.log.info(`${spare.name} was spare and takes the place of ${thread.name}`);
      this.#options.dispatcher.addThread(spare);
    }
    if (this.#onOwnLoop) {
      this.#options.replaceMe('its application is out of reach', false);
      return;
    }
    const successor = this.#successor.take(number);
    if (successor?.is === 'ready') this.#enter(successor.thread);
    if (successor !== null) return;
    // Threads that are stuck come a `timeout` apart: no crash loop, whatever it is.
    const delayMs = failure.code === 'thread-stuck' ? 0 : this.#delayOf(number).afterDeath();
    if (this.#stuck.mayReplace(number)) this.#replace(number, delayMs);
  }

  /** It serves no more, but may still be in native code. */
  #forget(thread: NodeThread): void {
    this.#threads.delete(thread);
    if (thread.running) this.#stuck.add(thread);
  }

  #replace(number: number, delayMs: number): void {
    if (this.#stopping) return;
    setTimeout(() => {
      if (this.#stopping) return;
      this.#startThread(number).catch((error: unknown) => this.#startedInVain(number, error));
    }, delayMs);
  }

  #startedInVain(number: number, error: unknown): void {
    if (this.#stopping) return;
    this.#options.log.error(`A thread could not load the application again.\n${messageOf(error)}`);
    this.#oneInVain();
    this.#replace(number, this.#delayOf(number).afterDeath());
  }

  #oneInVain(): void {
    // One that would only be spare is missed by nobody.
    if (!this.#reserve.isShort) return;
    this.#startsInVain += 1;
    if (this.#startsInVain < STARTS_IN_VAIN) return;
    const serves = this.#options.dispatcher.threads.length > 0;
    this.#options.replaceMe(`no thread could be started in ${this.#startsInVain} attempts`, serves);
  }

  #delayOf(number: number): RestartDelay {
    const known = this.#delays.get(number) ?? new RestartDelay();
    this.#delays.set(number, known);
    return known;
  }
}

/** There is one address: the first worker has it. */
function doorOf({ settings, place, log }: ApplicationOptions): DebugDoor | null {
  const { inspect, threads } = settings;
  const address = inspect === null ? null : parseInspectAddress(inspect);
  const isWanted = address !== null && place === 0 && threads > 0;
  return isWanted ? new DebugDoor(address, log) : null;
}

function whereItLoads(stack: string | null, waitReady: boolean): string {
  if (stack !== null && stack !== WAITS) return stack;
  return waitReady
    ? "    process.send('ready') was never called (wait_ready), or it waits in asynchronous or native code before that"
    : '    it waits in asynchronous code, such as a top-level await, or in native code';
}

/** Of a thread that the system does not grant, Node.js says "EAGAIN" and nothing else. */
function inWords(error: unknown): unknown {
  const refused =
    error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_INIT_FAILED';
  if (!refused) return error;
  return new Error(`The system grants no thread for the application: ${error.message}.`, {
    cause: error,
  });
}
