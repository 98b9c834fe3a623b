// One worker: puts acceptor, connections, dispatcher and application together and carries them from start to end. Never
// runs application code and never waits: the loop belongs to the clients.

import { availableParallelism } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { getSystemErrorName } from 'node:util';
import { monotonicMs } from '../clock.ts';
import type { ConnectionContext } from '../connection/context.ts';
import { TICK_MS } from '../connection/deadlines.ts';
import type { AcceptedHandle } from '../connection/edge/socket.ts';
import { Dispatcher } from '../dispatch/dispatcher.ts';
import { Seldom } from '../observe/seldom.ts';
import { ownDescriptors } from '../open-files.ts';
import type { AppThread, Failure } from '../threads/app-thread.ts';
import type { AskedAddress } from '../wire/addresses.ts';
import type { ListenerAddress, TlsMaterial, WorkerCounts } from '../wire/arbiter-worker.ts';
import type { Answer, Question } from '../wire/control.ts';
import type { Tally } from '../wire/tally.ts';
import { Acceptor, type ListeningHandle } from './accepting/acceptor.ts';
import { DescriptorWatch } from './accepting/descriptor-watch.ts';
import { Descriptors } from './accepting/descriptors.ts';
import { Gate } from './accepting/gate.ts';
import type { Application, ApplicationOptions } from './application/application.ts';
import type { ApplicationMaker } from './application/make-application.ts';
import { makeHealth, makePoolWatch, makeTlsTerms } from './by-settings.ts';
import { Connections } from './connections.ts';
import { makeContext } from './context.ts';
import { GaveWay } from './gave-way.ts';
import type { Health } from './health.ts';
import { IdleTime } from './idle-time.ts';
import { limitCounts, type WorkerLimits, withLimits } from './limits/client-limits.ts';
import { LoopDelay } from './loop-delay.ts';
import { ownResidentBytes, residentBytes, residentBytesOf } from './memory.ts';
import type { PoolWatch } from './pool-watch.ts';
import { queueTermsOf } from './queue-terms.ts';
import { Quota } from './quota.ts';
import type { Picture } from './telemetry/black-box.ts';
import { Inquiry } from './telemetry/inquiry.ts';
import { RequestEnds } from './telemetry/request-ends.ts';
import { TroubleLog } from './telemetry/trouble-log.ts';

/** A worker that ends waits so long to hear where overdue requests were. */
const FIND_OUT_MS = 500;

/** What the application has to know comes along. */
export interface WorkerOptions
  extends Omit<ApplicationOptions, 'bound' | 'dispatcher' | 'replaceMe'> {
  /** Of the kind that `app` is. */
  readonly maker: ApplicationMaker;
  /** null: no TLS. */
  readonly tls: TlsMaterial | null;
  /** Of clients; null: none is limited. */
  readonly limits: WorkerLimits | null;
  /** Where it listens; null: that goes by the application, and `serve` is told. */
  readonly listeners: readonly ListenerAddress[] | null;
  /** Asks the arbiter for a duplicate of a listening handle. */
  wantListener(index: number): void;
  /** The address was taken by another process; the worker cannot serve. */
  listenFailed(message: string): void;
  /** See ApplicationOptions; `routine`: nothing is wrong, the settings want it so. */
  replaceMe(reason: string, wish?: { readonly routine?: boolean; readonly serves?: boolean }): void;
}

export class Worker {
  readonly #options: WorkerOptions;
  #listeners: readonly ListenerAddress[];
  readonly #acceptor: Acceptor;
  readonly #connections: Connections;
  readonly #dispatcher: Dispatcher;
  readonly #context: ConnectionContext;
  readonly #gate: Gate;
  readonly #application: Application;
  readonly #requestEnds: RequestEnds;
  readonly #health: Health | null;
  readonly #descriptors: Descriptors;
  readonly #descriptorWatch: DescriptorWatch;
  readonly #quota: Quota;
  readonly #poolWatch: PoolWatch;
  readonly #troubles: TroubleLog;
  /** Made when somebody asks. */
  #inquiry: Inquiry | null = null;
  readonly #loopDelay = new LoopDelay();
  #ticker: NodeJS.Timeout | null = null;
  #acceptFailed = false;
  readonly #acceptErrors = new Seldom();
  readonly #gaveWay: GaveWay;
  /** Resolves the promise of `drain`. */
  #drained: (() => void) | null = null;
  /** When the application is told that the server stops, whoever is left, monotonic ms; null: nobody stops it, or it knows. */
  #shutdownAtMs: number | null = null;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#listeners = options.listeners ?? [];
    const { settings, log } = options;
    this.#requestEnds = new RequestEnds(settings, log);
    this.#troubles = new TroubleLog(log, settings, options.trouble, () => this.#picture);
    this.#dispatcher = new Dispatcher({
      queue: queueTermsOf(settings),
      atOnce: Math.max(1, Math.floor(availableParallelism() / settings.workers)),
      events: {
        timeIsUp: () => this.#troubles.timeIsUp(),
        overdue: (report) => this.#troubles.overdue(report),
        threadDied: (thread, failure) => this.#threadDied(thread, failure),
      },
    });
    const { type } = options.app;
    this.#descriptors = new Descriptors(ownDescriptors, {
      forReplacing: options.maker.forReplacing,
      listeners: options.listeners?.length ?? 1,
    });
    this.#descriptorWatch = new DescriptorWatch({
      descriptors: this.#descriptors,
      log,
      connections: settings.worker_connections,
      replaceMe: type === 'node' ? (reason) => options.replaceMe(reason) : null,
    });
    this.#quota = new Quota(settings.max_requests, settings.max_requests_jitter, (reason) =>
      options.replaceMe(reason, { routine: true }),
    );
    this.#poolWatch = makePoolWatch(settings, (reason) => options.replaceMe(reason));
    this.#acceptor = this.#makeAcceptor();
    this.#connections = new Connections({
      keepAliveMs: settings.keepalive * 1000,
      idleTime: new IdleTime(settings.reduce_timeouts_at / 100),
      gracefulMs: settings.graceful_timeout * 1000,
      log,
      atLimit: () => this.#acceptor.atLimit,
      released: (afterMs) => {
        if (afterMs === 0) this.#released();
        else setTimeout(() => this.#released(), afterMs);
      },
      shed: (exchange, failure) => this.#troubles.shed(exchange, failure),
      finished: (exchange) => this.#requestEnds.finished(exchange),
    });
    this.#health = makeHealth(settings, this.#dispatcher, log);
    this.#context = makeContext(settings, type, {
      requests: this.#dispatcher,
      surroundings: this.#connections,
      probes: this.#health,
      admission: options.limits?.admission ?? null,
      ...this.#requestEnds.asked,
    });
    this.#connections.bind(this.#context);
    this.#gaveWay = new GaveWay(this.#context, log);
    this.#gate = new Gate({
      context: this.#context,
      tls: makeTlsTerms(options.tls, settings),
      hasRoom: () => this.#isHalfFree(),
      released: () => this.#released(),
    });
    this.#application = options.maker.make({
      ...options,
      bound: this.#listeners[0] ?? null,
      dispatcher: this.#dispatcher,
      replaceMe: (reason, serves) => options.replaceMe(reason, { serves }),
    });
  }

  /** What a heartbeat tells: what is under way now, and at most since the last time it was asked. */
  counts(): WorkerCounts {
    const { threads } = this.#dispatcher;
    const pythonBytes = residentBytesOf(this.#application.pids);
    return {
      connections: this.#acceptor.open,
      mostConnections: this.#acceptor.takeMost(),
      queued: this.#dispatcher.queued,
      unserved: this.#connections.unserved,
      ...limitCounts(this.#options.limits),
      requests: threads.reduce((sum, { load }) => sum + load, 0),
      threads: threads.length,
      busyThreads: this.#dispatcher.busyThreads,
      timers: this.#context.wheel.size,
      spooledBytes: this.#context.spoolBudget.used,
      openFiles: this.#descriptors.used,
      memoryBytes: ownResidentBytes() + pythonBytes,
      pythonBytes,
      loopDelayMs: this.#loopDelay.take(),
    };
  }

  /** Of the requests that it has answered. */
  get tally(): Tally {
    return this.#requestEnds.counted({
      ...limitCounts(this.#options.limits),
      connections: this.#context.counts,
      acceptPauses: this.#acceptor.pauses,
    });
  }

  /** What an operator asks. */
  answer(question: Question): Promise<Answer> {
    return this.#inquirer.answer(question);
  }

  get #picture(): Picture {
    return this.#inquirer.picture(this.#dispatcher.queued, {
      memoryBytes: residentBytes(this.#application.pids),
      openFiles: this.#descriptors.used,
    });
  }

  get #inquirer(): Inquiry {
    this.#inquiry ??= new Inquiry({
      connections: this.#connections,
      dispatcher: this.#dispatcher,
      application: this.#application,
      context: this.#context,
      limits: this.#options.limits,
    });
    return this.#inquiry;
  }

  /** What the application runs now, in words that follow "it ended"; empty where others tell that. */
  underWay(): string {
    return this.#dispatcher.threads.map((thread) => thread.underWay?.() ?? '').join('; ');
  }

  /** Loads the application. Resolves and rejects as Application.start does. */
  load(): Promise<AskedAddress | null> {
    return withLimits(this.#application.start(), this.#options.limits);
  }

  /** Accepts from now on, where `listeners` says; resolves when it does. */
  serve(listeners: readonly ListenerAddress[]): Promise<void> {
    const [first] = listeners;
    const isNews = this.#options.listeners === null;
    if (isNews && first !== undefined) this.#application.listening(first);
    this.#listeners = listeners;
    this.#descriptorWatch.begin(monotonicMs());
    this.#ticker = setInterval(() => this.#tick(), TICK_MS);
    return this.#acceptor.start(listeners.length);
  }

  /** Of the logs, those that are this worker's own. */
  reopenLogs(): void {
    this.#requestEnds.reopenLogs();
  }

  /** So many workers there are from now on. */
  beOneOf(workers: number): void {
    this.#application.beOneOf(workers);
  }

  provide(index: number, handle: ListeningHandle): void {
    this.#acceptor.provide(index, handle);
  }

  /** Stops accepting, finishes what is under way. Resolves when no connection is left. */
  drain(): Promise<void> {
    const { open } = this.#acceptor;
    // A worker that never served has nothing to drain.
    if (this.#ticker !== null) {
      this.#options.log.info(`Draining: ${open} ${open === 1 ? 'connection' : 'connections'} open`);
    }
    this.#acceptor.stop();
    this.#gate.turnedAway.end();
    this.#health?.drain();
    this.#connections.drain();
    this.#shutdownAtMs = monotonicMs() + this.#options.settings.graceful_timeout * 500;
    const gone = new Promise<void>((resolve) => {
      this.#drained = resolve;
      this.#checkDrained();
    });
    return gone.then(() => this.#requestEnds.flush());
  }

  /** After `drain`: where overdue requests were is told, or takes too long to find out. */
  foundOut(): Promise<unknown> {
    return Promise.race([this.#dispatcher.foundOut(), pause(FIND_OUT_MS)]);
  }

  /** After `drain`. Resolves as Application.stop does. */
  stop(): Promise<boolean> {
    if (this.#ticker !== null) clearInterval(this.#ticker);
    return this.#application.stop();
  }

  /** Before `kill`. Resolves as Application.leave does. */
  leave(): Promise<void> {
    return this.#application.leave();
  }

  /** At once. Resolves as Application.kill does. */
  kill(): Promise<boolean> {
    this.#connections.stop();
    this.#gate.turnedAway.end();
    return this.#application.kill();
  }

  #makeAcceptor(): Acceptor {
    const { settings, log } = this.#options;
    return new Acceptor({
      backlog: settings.backlog,
      limit: settings.worker_connections,
      room: (open) => this.#descriptors.roomFor(open),
      want: (index) => this.#options.wantListener(index),
      accepted: (handle, index) => this.#accepted(handle, index),
      acceptFailed: (errno) => {
        this.#acceptFailed = true;
        if (!this.#acceptErrors.claim(monotonicMs())) return;
        log.error(`Cannot accept: ${getSystemErrorName(errno)}. Accepting rests until it can.`);
      },
      listenFailed: (index, errno) => {
        const label = this.#listeners[index]?.label ?? '';
        this.#options.listenFailed(`Cannot listen on ${label}: ${getSystemErrorName(errno)}.`);
      },
    });
  }

  #accepted(handle: AcceptedHandle, index: number): void {
    this.#descriptors.accepted();
    const connection = this.#gate.open(handle, this.#listeners[index]);
    if (connection === null) return;
    this.#connections.add(connection);
    if (this.#acceptor.atLimit) this.#connections.makeRoom();
  }

  #isHalfFree(): boolean {
    const { worker_connections: most } = this.#options.settings;
    return 2 * this.#acceptor.open < most && this.#descriptors.taken < 0.5;
  }

  #released(): void {
    this.#descriptors.closed();
    this.#acceptor.closed();
    this.#checkDrained();
  }

  #checkDrained(): void {
    if (this.#acceptor.open === 0) this.#drained?.();
  }

  #tick(): void {
    const nowMs = monotonicMs();
    this.#loopDelay.tick(nowMs);
    this.#context.wheel.turn(nowMs);
    this.#application.tick(nowMs);
    if (this.#shutdownAtMs !== null) this.#maybeShutDown(nowMs, this.#shutdownAtMs);
    this.#health?.tick(this.#context.wheel.nowMs);
    this.#connections.tick(this.#taken);
    this.#connections.makeRoom();
    if (this.#dispatcher.queued > 0) this.#gaveWay.makeRoom(nowMs);
    this.#requestEnds.busy(this.#dispatcher.busyThreads, TICK_MS);
    this.#requestEnds.tick(nowMs);
    this.#dispatcher.tick();
    this.#descriptorWatch.tick(nowMs, this.#acceptor.open);
    this.#quota.tick(nowMs, this.#dispatcher.given);
    this.#poolWatch.tick(nowMs);
    this.#options.limits?.tick(nowMs);
    this.#gate.turnedAway.tick(nowMs);
    this.#acceptor.tick();
    if (!this.#acceptFailed) return;
    this.#acceptFailed = false;
    this.#acceptor.retry();
  }

  /** Which share of its places is taken. */
  get #taken(): number {
    const taken = this.#acceptor.open / this.#options.settings.worker_connections;
    return Math.max(taken, this.#descriptors.taken);
  }

  /** What it does at its end, such as closing its database, requests under way might still need. */
  #maybeShutDown(nowMs: number, latestMs: number): void {
    if (nowMs < latestMs && !this.#connections.stayLong) return;
    this.#shutdownAtMs = null;
    this.#application.shutdown();
  }

  #threadDied(thread: AppThread, failure: Failure): void {
    // While the application is loaded the failure of `load` tells it.
    if (failure.code === 'stopped' || this.#ticker === null) return;
    this.#requestEnds.lost(failure.code);
    this.#troubles.died(thread, failure);
  }
}
