// A Node.js thread as the pool sees it: starts a worker_threads Worker that runs the application, gives it requests in
// batches, takes back what it has not begun, and ends it when it is stuck. The thread's own side is in guest/.

import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { monotonicMs } from '../../../clock.ts';
import type { AskedAddress, BoundAddress } from '../../../wire/addresses.ts';
import { ToGuest } from '../../../wire/node-thread.ts';
import type {
  AppThread,
  Failure,
  Finding,
  Job,
  ThreadEvents,
  ThreadState,
} from '../../app-thread.ts';
import { BootError } from '../../boot-error.ts';
import { finding } from '../../finding.ts';
import { Backlog } from './backlog.ts';
import { deathOf, handBack } from './death.ts';
import { readBatch, type ThreadNews } from './inbox.ts';
import { type Interruptible, Interruptions } from './interruptions.ts';
import { DEBUG_MS, type NodeThreadOptions, STUCK_MS } from './options.ts';
import { HostOutbox } from './outbox.ts';
import { Roster } from './roster.ts';
import { RunningGuest, STARVED_MS } from './running-guest.ts';
import { type Guest, startGuest } from './start-guest.ts';
import { WireBroken } from './wire-broken.ts';

export class NodeThread implements AppThread, ThreadNews, Interruptible {
  readonly name: string;
  readonly chdir: ThreadNews['chdir'] = (folder) => this.#options.enterFolder?.(folder);
  readonly debuggable: ThreadNews['debuggable'] = (url) =>
    this.#options.debugging?.leadTo(this.name, url);
  readonly interrupted: ThreadNews['interrupted'] = (ticket) => this.#interruptions.aborted(ticket);
  readonly rest: ThreadNews['rest'] = (isResting) => this.#roster.rest(isResting);
  readonly log: ThreadNews['log'] = (level, text) => this.#options.log[level](text);
  readonly underWay = (): string => this.#roster.underWay();
  readonly #options: NodeThreadOptions;
  readonly #events: ThreadEvents;
  readonly #ports = new MessageChannel();
  readonly #outbox = new HostOutbox(this.#ports.port1);
  readonly #roster: Roster;
  readonly #backlog = new Backlog();
  readonly #interruptions = new Interruptions(this);
  readonly #guest = new RunningGuest(() => this.#roster.cells.systemThread);
  #state: ThreadState = 'booting';
  /** Stopped or killed from outside: its end is no death that the pool must hear of. */
  #endExpected = false;
  #leaving = false;
  #blocked = false;
  #lastError: unknown = null;
  /** Why we end it ourselves; null while nobody does. */
  #cause: Failure | null = null;
  #booting: {
    resolve: (asked: AskedAddress | null) => void;
    reject: (error: BootError) => void;
  } | null = null;
  #ended: Promise<void> = Promise.resolve();
  #sayEnded: () => void = () => {};
  #ending: Promise<Finding> | null = null;
  #givenUp = false;

  constructor(options: NodeThreadOptions, events: ThreadEvents) {
    this.name = options.name;
    this.#options = options;
    this.#events = events;
    this.#roster = new Roster(options.concurrency, this.#outbox, () => events.silent?.(this));
  }

  /** Which place of the pool it fills. */
  get number(): number {
    return this.#options.number;
  }

  get state(): ThreadState {
    return this.#state;
  }

  get room(): number {
    if (this.blocked || this.#state !== 'ready' || this.#endExpected) return 0;
    const places = this.#roster.cells.room;
    if (!this.#backlog.behind || places === 0) return places;
    return Math.max(0, Math.min(places, this.#backlog.ahead - this.#roster.waiting()));
  }

  get load(): number {
    return this.#roster.size;
  }

  get places(): number {
    return this.#options.concurrency;
  }

  get lively(): boolean {
    return !this.#backlog.behind && this.#roster.pace.lively;
  }

  get held(): boolean {
    return this.#options.onOwnLoop !== true && this.#roster.held;
  }

  get #isDebugged(): boolean {
    return this.#options.debugging?.isEntered === true;
  }

  /** Its loop stands still, by what `poll` saw last: it has no room, and what it has not begun should go elsewhere. */
  get blocked(): boolean {
    return this.#blocked || this.#roster.resting;
  }

  /** The thread of the system runs, whatever its state here: one that is dead to us may be in native code. */
  get running(): boolean {
    return this.#guest.running;
  }

  /** See RunningGuest. */
  get endless(): boolean {
    return this.#guest.endless;
  }

  /**
   * Resolves when the application is loaded, with where it wanted to listen, if it is a program that does. Rejects with a BootError when it cannot be, or when the thread ends first.
   * It waits for as long as the application takes: whoever calls it sets the limit, and calls `kill` when it passes.
   */
  start(): Promise<AskedAddress | null> {
    this.#ended = new Promise((resolve) => {
      this.#sayEnded = resolve;
    });
    const booted = new Promise<AskedAddress | null>((resolve, reject) => {
      this.#booting = { resolve, reject };
    });
    this.#guest.began(this.#start());
    this.#ports.port1.on('message', (batch: unknown) => this.#read(batch));
    return booted;
  }

  take(job: Job): void {
    this.#roster.add(job);
  }

  takeBack(job: Job): boolean {
    const isBack = this.#roster.takeBack(job);
    if (isBack) this.#tellRoomSoon();
    return isBack;
  }

  clientGone(job: Job): void {
    this.#roster.clientGone(job);
    this.#tellRoomSoon();
  }

  resume(job: Job): void {
    this.#roster.resume(job);
  }

  /**
   * To be called on every tick of the pool: tells jobs that have begun without a word that they did, and notes whether
   * the loop has turned. `nowMs` as monotonicMs.
   */
  poll(nowMs: number): void {
    this.#roster.turns.look(nowMs);
    if (this.#isDebugged) this.#roster.extend(DEBUG_MS);
    this.#backlog.look(this.#roster.startClaimed());
    const stands = this.#state === 'ready' && this.#roster.turns.standStill(nowMs);
    if (stands) this.#blocked = true;
    else this.#unblock();
    // What it has begun meanwhile was no answer, and made room all the same.
    if (this.#backlog.behind) {
      this.#roster.roomMade = true;
      this.#tellRoom();
    }
  }

  /** Requests that wait behind what the thread runs now. */
  unstarted(): Job[] {
    return this.#roster.unstarted();
  }

  /** Those of them that are more than it should have ahead. */
  tooManyAhead(): Job[] {
    return this.#backlog.behind ? this.#roster.unstarted().slice(this.#backlog.ahead) : [];
  }

  /** How long the thread's loop has stood still, by what `poll` saw; an idle loop turns every 100 ms. */
  lastTurnAgeMs(nowMs: number): number {
    // Whoever asks on the same loop sees it turn.
    return this.#options.onOwnLoop === true ? 0 : this.#roster.turns.ageMs(nowMs);
  }

  /** See Interruptible. */
  stack(): Promise<string | null> {
    return this.#guest.stack();
  }

  async interrupt(job: Job): Promise<Finding> {
    if (this.#roster.takeBack(job)) return finding('not-begun');
    const exchange = this.#roster.mute(job);
    if (exchange === null) return finding('ended');
    this.#outbox.tell(ToGuest.interrupt, exchange.ticket);
    this.#outbox.flush();
    return this.#interruptions.watch(exchange.ticket, () => {
      this.#roster.answered(exchange);
      this.#roster.over(exchange);
      this.#tellRoom();
    });
  }

  /** See Interruptible. */
  standstillMs(): number {
    const nowMs = monotonicMs();
    this.#roster.turns.look(nowMs);
    return this.lastTurnAgeMs(nowMs);
  }

  /** See Interruptible. */
  isStuck(standstillMs: number, laterMs = 0): boolean {
    if (this.#isDebugged) return false;
    if (standstillMs - laterMs < (this.#options.stuckAfterMs ?? STUCK_MS)) return false;
    return monotonicMs() - laterMs >= this.#roster.extendedUntilMs;
  }

  /** Takes nothing more, lets the application finish what it has, and ends. Whoever calls it sets the limit of time. */
  stop(): Promise<void> {
    if (!this.#guest.hasBegun || this.#state === 'booting') return this.kill();
    this.#endExpected = true;
    this.#outbox.say(ToGuest.stop);
    this.#outbox.flush();
    return this.#ended;
  }

  /** The server stops: what the application does at SIGTERM it may do now, and end by itself. */
  shutdown(): void {
    this.#leaving = true;
    this.#outbox.say(ToGuest.shutdown);
  }

  /** The server has begun to listen, at an address that came from the program itself. */
  listening(address: BoundAddress): void {
    this.#outbox.listening(address);
  }

  /** Ends at once; its requests hear `failed`. Resolves at the latest after a second, even if native code runs on. */
  async kill(): Promise<void> {
    this.#endExpected = true;
    this.#cause ??= { status: 503, code: 'stopped', detail: `${this.name} was stopped.` };
    await this.#guest.terminate();
    this.#bury(this.#cause);
  }

  booted(asked: AskedAddress | null): void {
    this.#onlyWhen(this.#state === 'booting', 'that it has booted');
    this.#state = 'ready';
    this.#booting?.resolve(asked);
    this.#booting = null;
    this.#roster.roomMade = true;
  }

  bootFailed(exitCode: number, message: string): void {
    this.#onlyWhen(this.#state === 'booting', 'that it could not boot');
    this.#endExpected = true;
    this.#booting?.reject(new BootError(exitCode === 4 ? 4 : 3, message));
    this.#booting = null;
    void this.kill();
  }

  stopped(): void {
    this.#onlyWhen(this.#endExpected, 'that it was stopped');
    void this.kill();
  }

  #start(): Guest {
    return startGuest(this.#options, this.#roster.cells, this.#ports.port2, {
      failed: (error) => {
        this.#lastError = error;
      },
      ended: (code) => {
        this.#guest.ended();
        this.#endExpected ||= this.#leaving;
        this.#readLastWords();
        this.#bury(this.#cause ?? deathOf(this.name, code, this.#lastError, this.#roster));
      },
    });
  }

  #read(batch: unknown): void {
    this.#roster.heard();
    try {
      readBatch(batch, this.#roster.exchanges, this);
    } catch (error) {
      if (!(error instanceof WireBroken)) throw error;
      this.#endBroken(error);
    }
    if (this.#blocked) {
      this.#roster.turns.look(monotonicMs());
      this.#unblock();
    }
    this.#tellRoom();
  }

  #onlyWhen(isExpected: boolean, what: string): void {
    if (!isExpected) throw new WireBroken(`${what}, which it cannot say now`);
  }

  /** It said what makes no sense: it is ended, whatever it runs. */
  #endBroken({ message }: WireBroken): void {
    if (this.#givenUp) return;
    const detail = `${this.name} broke its wire, it said: ${message}.`;
    this.#cause ??= { status: 502, code: 'wire-broken', detail };
    this.#state = 'stuck';
    this.#giveUp(this.#cause);
    void this.#guest.terminate();
  }

  /** What the thread sent before it ended may not have been delivered yet. Bounded: nobody sends any more. */
  #readLastWords(): void {
    for (;;) {
      const received = this.#state === 'dead' ? undefined : receiveMessageOnPort(this.#ports.port1);
      if (received === undefined) return;
      this.#read(received.message);
    }
  }

  /** The loop turns again. */
  #unblock(): void {
    if (!this.#blocked) return;
    this.#blocked = false;
    this.#roster.roomMade = true;
    this.#tellRoom();
  }

  #tellRoom(): void {
    if (!this.#roster.roomMade) return;
    this.#roster.roomMade = false;
    if (this.room > 0) this.#events.roomMade(this);
  }

  /** Later, because whoever asked is not done yet; and told, because the thread itself may never say a word again. */
  #tellRoomSoon(): void {
    if (this.#roster.roomMade) setImmediate(() => this.#tellRoom());
  }

  /**
   * Gives the thread up, so that its requests and its replacement wait for nothing, then takes its stack and ends it.
   * However many requests ask, it happens once. The state stays 'stuck' where native code does not let it end.
   */
  endStuck(standstillMs: number): Promise<Finding> {
    this.#ending ??= (async () => {
      this.#state = 'stuck';
      const seconds = (standstillMs / 1000).toFixed(1);
      const detail = `The loop of ${this.name} stood still for ${seconds} s; it is being ended.`;
      this.#cause ??= { status: 502, code: 'thread-stuck', detail };
      // What computes for ever leaves the processors to whoever loads in its place.
      this.#guest.goBehindOthers();
      this.#giveUp(this.#cause);
      const stack = await this.stack();
      const ended = await this.#guest.terminate(STARVED_MS);
      if (!ended) this.#options.log.warning(`${this.name} does not end: it is in native code.`);
      const native = stack === null && !ended;
      return native ? finding('loop-in-native-code') : finding('loop-held', stack ?? '');
    })();
    return this.#ending;
  }

  /** Answers for its requests and tells the pool, once. */
  #giveUp(failure: Failure): void {
    if (this.#givenUp) return;
    this.#givenUp = true;
    const silent = this.#endExpected || this.#booting !== null;
    this.#booting?.reject(new BootError(3, failure.detail));
    this.#booting = null;
    const unstarted = this.#roster.empty(failure);
    if (unstarted.length > 0) handBack(this.#events, this, unstarted, failure);
    if (!silent) this.#events.died(this, failure);
  }

  #bury(failure: Failure): void {
    if (this.#state === 'dead') return;
    this.#state = 'dead';
    this.#ports.port1.close();
    this.#giveUp(failure);
    if (this.#ending === null) this.#interruptions.endAll(finding('ended'));
    this.#sayEnded();
  }
}
