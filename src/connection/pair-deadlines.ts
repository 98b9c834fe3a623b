// The deadlines of the two halves of one connection: what the tables say for the states they are in, moved by what the
// client and the application do, and by a worker that drains. Who owns them hears when one has passed.

import type { ConnectionContext } from './context.ts';
import type { Effects } from './effects.ts';
import { HalfDeadline } from './half-deadline.ts';
import type { NextDeadline } from './states/look.ts';
import {
  type DeadlineSetting,
  type OtherHalf,
  OWING,
  type Owing,
  READING,
  waitsForClient,
} from './states/states.ts';
import type { ConnectionState } from './states/transition.ts';
import { WriteWatch } from './write-watch.ts';

/** However full its worker is: what a first request needs from the other side of the world, packets lost on the way included, and
 * what an idle connection has at the limit. */
const NEW_MS_MIN = 1000;
const KEEP_ALIVE_MS_MIN = 150;

export interface PairDeadlinesOwner {
  readOverdue(): void;
  oweOverdue(): void;
  /** The client has read nothing of what it is owed, for all of write_timeout. */
  readsNothing(): void;
  /** It has read something of what the kernel holds. */
  readsOn(): void;
}

export class PairDeadlines {
  readonly #context: ConnectionContext;
  readonly #state: ConnectionState;
  readonly #read: HalfDeadline;
  readonly #owe: HalfDeadline;
  readonly #writes: WriteWatch;

  constructor(
    context: ConnectionContext,
    effects: Effects,
    state: ConnectionState,
    owner: PairDeadlinesOwner,
  ) {
    this.#context = context;
    this.#state = state;
    this.#read = new HalfDeadline(context, () => owner.readOverdue());
    this.#owe = new HalfDeadline(context, () => owner.oweOverdue());
    this.#writes = new WriteWatch(context, effects, this.#owe, owner);
    this.reading();
  }

  /** Something will end what the connection waits for. */
  get isSet(): boolean {
    return this.#read.isSet || this.#owe.isSet;
  }

  /** Whichever passes first; null when none is set. */
  get next(): NextDeadline | null {
    return this.#firstAt(this.#context.wheel.nowMs).due;
  }

  /** The part of its time that is over, 0 to 1; null when none is set. `nowMs` of the wheel. */
  usedAt(nowMs: number): number | null {
    const first = this.#firstAt(nowMs);
    return first.isSet ? first.usedAt(nowMs) : null;
  }

  #firstAt(nowMs: number): HalfDeadline {
    // Of thousands that are idle the other one need not even be looked at.
    if (this.#state.owing === 'nothing') return this.#read;
    return this.#owe.leftAt(nowMs) < this.#read.leftAt(nowMs) ? this.#owe : this.#read;
  }

  /** One of this state has passed, and it was no part of one. */
  passed(setting: DeadlineSetting | OtherHalf): void {
    this.#context.counts.passed(setting);
  }

  /** For good: the wheel keeps nothing of them. */
  remove(): void {
    this.#read.remove();
    this.#owe.remove();
    this.#writes.end();
  }

  // The reading half.

  /** It has entered its state, or begins anew in it. */
  reading(): void {
    const { reading } = this.#state;
    if (reading === 'closed') return;
    this.#read.arm(READING[reading].deadline);
    this.#shrinkTo(0);
    if (this.#context.surroundings.draining) this.hurry();
  }

  /** The worker has filled up: whoever is idle, and is so since `sinceMs` of the wheel, has less time left. */
  shrink(sinceMs: number): void {
    this.#shrinkTo(this.#context.wheel.nowMs - sinceMs);
  }

  #shrinkTo(idleForMs: number): void {
    const { reading } = this.#state;
    if (reading !== 'keep-alive' && reading !== 'new') return;
    const { deadlinesMs, surroundings } = this.#context;
    const isNew = reading === 'new';
    const fullMs = isNew ? deadlinesMs.first_byte_timeout : deadlinesMs.keepalive;
    const ms = surroundings.idleMs(fullMs, isNew ? NEW_MS_MIN : KEEP_ALIVE_MS_MIN);
    if (ms < fullMs) this.#read.armAtMost(Math.max(1, ms - idleForMs));
  }

  /** The worker drains: a head that has begun must soon be complete. */
  hurry(): void {
    if (this.#state.reading === 'head') this.#read.armAtMost(this.#context.drainHeadMs);
  }

  /** More of a body has come. While it streams to an application that runs, that one may be waiting for it. */
  bodyProgressed(): void {
    this.#read.arm(READING.body.deadline);
    if (this.#state.owing === 'running') this.#owe.arm(OWING.running.deadline);
  }

  /** The application's time, which the owing half bounds; after the answer only the body's deadline is left. */
  bodyWaits(): void {
    if (this.#state.owing !== 'nothing') this.#read.arm('other half');
  }

  /** The client has sent its end right behind its request, and the application has not begun its answer: there is this time and none other. */
  clientEnded(): void {
    this.#read.armMs(this.#context.halfClosedGraceMs);
    this.#owe.armMs(0);
  }

  /** The worker drains: so much later it is this upgraded connection's turn. */
  partIn(ms: number): void {
    if (this.#state.reading === 'upgraded') this.#read.armMs(Math.max(1, ms));
  }

  // The owing half.

  /** It has gone on from `before`. */
  owing(before: Owing): void {
    const { owing } = this.#state;
    if (!waitsForClient(owing)) {
      this.#writes.end();
      this.#owe.arm(OWING[owing].deadline);
    } else if (before !== owing) this.#writes.begin();
    else this.#writes.progressed();
  }

  /** The application has given more of its response. */
  applicationProgressed(): void {
    if (this.#state.owing === 'streaming') this.#owe.arm(OWING.streaming.deadline);
  }

  /** A byte of an upgraded connection, either way. */
  upgradedProgressed(): void {
    const { deadline } = OWING[this.#state.owing];
    if (deadline === 'upgrade_idle_timeout') this.#owe.arm(deadline);
  }

  /** The application has asked for time until then, ms of the wheel. */
  extend(untilMs: number): void {
    this.#owe.extend(untilMs);
  }

  /** The client has read something of what waits. */
  clientProgressed(): void {
    if (waitsForClient(this.#state.owing)) this.#writes.progressed();
  }

  /** The kernel has taken so many bytes for the client. */
  taken(bytes: number): void {
    this.#writes.taken(bytes);
  }

  /** To be asked when the kernel has just taken what it has room for. */
  get readsTooSlowly(): boolean {
    return waitsForClient(this.#state.owing) && this.#writes.tooSlow;
  }

  /** A deadline of write_timeout passed; true when it was only a part of write_timeout. */
  get writingGoesOn(): boolean {
    return waitsForClient(this.#state.owing) && this.#writes.goesOn();
  }
}
