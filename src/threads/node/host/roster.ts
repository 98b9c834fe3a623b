// The requests that one Node.js thread has: which job holds which ticket and slot, who has begun, and how each leaves:
// answered, taken back, its client gone, or with the death of the thread. A slot is given back exactly once.

import { monotonicMs } from '../../../clock.ts';
import { ToGuest } from '../../../wire/node-thread.ts';
import type { Failure, Job } from '../../app-thread.ts';
import { Cells } from './cells.ts';
import { type ExchangeWire, HostExchange } from './exchange.ts';
import type { HostOutbox } from './outbox.ts';
import { Pace } from './pace.ts';
import { Turns } from './turns.ts';
import { underWayInWords } from './under-way.ts';

/** So many that wait no more are kept before the list is cut: not for each one alone. */
const GIVEN_KEPT = 64;

export class Roster implements ExchangeWire {
  readonly cells: Cells;
  /** By ticket; also those that are answered but whose request body still goes to the application. */
  readonly exchanges = new Map<number, HostExchange>();
  /** True when a slot became free since it was last lowered. */
  roomMade = false;
  readonly #jobs = new Map<Job, HostExchange>();
  /** Those that the application has taken over: they keep no place, however long they last. */
  readonly #upgraded = new Map<Job, HostExchange>();
  readonly #outbox: HostOutbox;
  readonly pace: Pace;
  readonly turns: Turns;
  /** In the order in which they were given, which is that in which they begin; from `#next` on they may be waiting. */
  #given: HostExchange[] = [];
  #next = 0;
  #resting = false;

  /** `silent`: what to do when the thread falls silent with more than one. */
  constructor(slots: number, outbox: HostOutbox, silent: () => void) {
    this.cells = new Cells(slots);
    this.#outbox = outbox;
    this.pace = new Pace(this, silent);
    this.turns = new Turns(this.cells);
  }

  /** Its program has closed its server: it finishes what it has begun and is to be given nothing. */
  get resting(): boolean {
    return this.#resting;
  }

  rest(isResting: boolean): void {
    this.#resting = isResting;
    if (!isResting) this.roomMade = true;
  }

  /** Requests that are not answered yet. */
  get size(): number {
    return this.#jobs.size;
  }

  add(job: Job): void {
    this.pace.given();
    const ticket = this.cells.offer();
    const exchange = new HostExchange(job, ticket, this);
    this.exchanges.set(ticket, exchange);
    this.#jobs.set(job, exchange);
    this.#outbox.request(ticket, job, exchange.ahead, exchange.bodyComplete);
    exchange.watchBody();
    this.#given.push(exchange);
    // Also where nobody asks whether it is held.
    if (this.#given.length > 2 * GIVEN_KEPT) this.#waitingSinceMs();
  }

  /** See AppThread. */
  get held(): boolean {
    return this.turns.areHeld(this.#waitingSinceMs());
  }

  /** The thread speaks. */
  heard(): void {
    this.pace.heard();
    this.turns.heard(monotonicMs());
  }

  /** Of the oldest that waits, monotonic ms; null: none does. Looks at each one that it passes once. */
  #waitingSinceMs(): number | null {
    for (; this.#next < this.#given.length; this.#next++) {
      const exchange = this.#given[this.#next] as HostExchange;
      if (this.#isWaiting(exchange)) break;
    }
    const oldest = this.#given[this.#next];
    if (this.#next > (oldest === undefined ? 0 : GIVEN_KEPT)) {
      this.#given = this.#given.slice(this.#next);
      this.#next = 0;
    }
    return oldest?.givenAtMs ?? null;
  }

  /** The thread has not begun it by now. */
  #isWaiting({ started, answered, ticket }: HostExchange): boolean {
    return !started && !answered && !this.cells.claimed(ticket);
  }

  takeBack(job: Job): boolean {
    const exchange = this.#jobs.get(job);
    if (exchange === undefined) return false;
    if (exchange.started || !this.cells.withdraw(exchange.ticket)) {
      exchange.start();
      return false;
    }
    exchange.withdraw();
    this.answered(exchange);
    return true;
  }

  clientGone(job: Job): void {
    const exchange = this.#jobs.get(job) ?? this.#upgraded.get(job);
    // An answered one is past its time: its place stays taken until the thread is done with it.
    if (exchange === undefined || exchange.answered) return;
    if (!this.cells.withdraw(exchange.ticket)) {
      this.#outbox.tell(ToGuest.gone, exchange.ticket);
    }
    exchange.leave();
    this.answered(exchange);
  }

  /** The job hears nothing more, but its slot stays taken until `answered`: the thread may be stuck in it. */
  mute(job: Job): HostExchange | null {
    const exchange = this.#jobs.get(job);
    if (exchange === undefined) return null;
    exchange.mute();
    return exchange;
  }

  resume(job: Job): void {
    (this.#jobs.get(job) ?? this.#upgraded.get(job))?.resume();
  }

  /** Finds requests that the thread has begun without a word yet. True: one of the rest was there at the last look. */
  startClaimed(): boolean {
    let late = false;
    for (const exchange of this.#jobs.values()) {
      if (exchange.started || exchange.answered) continue;
      if (this.cells.claimed(exchange.ticket)) exchange.start();
      else if (exchange.seenWaiting) late = true;
      else exchange.seenWaiting = true;
    }
    return late;
  }

  /** What has begun and is not answered, in words. */
  underWay(): string {
    const nowMs = monotonicMs();
    const begun = [...this.#jobs.values()].filter(
      (each) => !each.answered && !this.#isWaiting(each),
    );
    return underWayInWords(
      begun.map(({ job, ticket }) => ({ head: job.head, ageMs: nowMs - this.begunMs(ticket) })),
    );
  }

  /** Gives all that it has begun more time. */
  extend(ms: number): void {
    for (const exchange of this.#jobs.values()) {
      if (exchange.started && !exchange.answered) exchange.extend(ms);
    }
  }

  /** Requests that the thread has not begun by now. Looks at all that it has. */
  waiting(): number {
    let waiting = 0;
    for (const exchange of this.#jobs.values()) {
      if (this.#isWaiting(exchange)) waiting += 1;
    }
    return waiting;
  }

  /** Until when a request that waits for its answer has asked for time, monotonic ms; 0 when none has. */
  get extendedUntilMs(): number {
    let untilMs = 0;
    for (const { answered, extendedUntilMs } of this.#jobs.values()) {
      if (!answered) untilMs = Math.max(untilMs, extendedUntilMs);
    }
    return untilMs;
  }

  /** Requests that the thread has not begun, as far as is known here; `takeBack` knows for certain. */
  unstarted(): Job[] {
    const jobs: Job[] = [];
    for (const exchange of this.#jobs.values()) {
      if (!exchange.started && !exchange.answered) jobs.push(exchange.job);
    }
    return jobs;
  }

  /** The thread is dead: what it had begun fails; the rest is answered as a list, as good as new. */
  empty(failure: Failure): Job[] {
    const unstarted: Job[] = [];
    for (const exchange of [...this.#jobs.values()]) {
      if (exchange.answered) this.answered(exchange);
      else if (this.takeBack(exchange.job)) unstarted.push(exchange.job);
      else exchange.failed(failure);
    }
    for (const exchange of [...this.#upgraded.values()]) exchange.failed(failure);
    for (const exchange of [...this.exchanges.values()]) exchange.leave();
    return unstarted;
  }

  body(ticket: number, bytes: Buffer): void {
    this.#outbox.body(ticket, bytes);
  }

  bodyEnd(ticket: number, trailers: readonly string[]): void {
    this.#outbox.bodyEnd(ticket, trailers);
  }

  bodyFailed(ticket: number): void {
    this.#outbox.tell(ToGuest.bodyFailed, ticket);
  }

  credit(ticket: number, bytes: number): void {
    this.#outbox.credit(ticket, bytes);
  }

  begunMs(ticket: number): number {
    return this.cells.begunMs(ticket);
  }

  answered(exchange: HostExchange): void {
    this.#upgraded.delete(exchange.job);
    if (!this.#jobs.delete(exchange.job)) return;
    this.cells.release(exchange.ticket);
    this.roomMade = true;
  }

  upgraded(exchange: HostExchange): void {
    this.answered(exchange);
    this.#upgraded.set(exchange.job, exchange);
  }

  over(exchange: HostExchange): void {
    if (this.exchanges.delete(exchange.ticket) && exchange.started) exchange.job.jobOver();
  }
}
