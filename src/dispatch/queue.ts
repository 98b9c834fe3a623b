// Jobs that wait for a thread: by precedence, within it in turn by client (fair-queue.ts), of each first what a thread gave back.
// Bounded in length, where a client with few that wait takes the place of one with many, and if wanted in time (codel.ts).
// Any job can leave from the middle, and no step walks over those that wait.

import type { Job } from '../threads/app-thread.ts';
import { Chain } from './chain.ts';
import { Codel, type CodelTerms } from './codel.ts';
import { DrainRate } from './drain-rate.ts';
import { FairQueue, type Waiting } from './fair-queue.ts';

/** Those with less precedence that wait get one of so many takes at least: they are late, and they are served. */
const LOWER_GETS_ONE_OF = 16;
/** What a client that does nothing special has at once: a browser asks for a page and what is on it by some six connections. In a
 * short queue one of sixteen places. */
const FEW_GO_BEFORE = 6;
const FEW_OF = 16;
/** Shed at once; the others the next time somebody looks, which is when one comes or goes, or a tick later. */
const SHED_AT_ONCE = 64;

export interface QueueTerms {
  /** Most jobs that may wait; those given back were counted before and are always taken. */
  readonly limit: number;
  /** Monotonic milliseconds. */
  now(): number;
  /** Whose it is: jobs of the same client have the same. */
  clientOf(job: Job): string;
  /** How many kinds of precedence there are, and which a job has: 0 comes first. Absent: all have the same. */
  readonly precedences?: number;
  precedenceOf?(job: Job): number;
  /** Absent: nobody is shed, whoever waits has until its deadline. */
  readonly codel?: CodelTerms | null;
}

interface Place {
  readonly waiting: Waiting;
  readonly precedence: number;
}

export class JobQueue {
  readonly #terms: QueueTerms;
  readonly #places = new Map<Job, Place>();
  /** Oldest first. */
  readonly #all = new Chain<Waiting>();
  /** By precedence. */
  readonly #queues: readonly FairQueue[];
  /** For each of them how many others were taken since it was its turn. */
  readonly #passedOver: number[];
  readonly #rate = new DrainRate();
  readonly #codel: Codel | null;

  constructor(terms: QueueTerms) {
    this.#terms = terms;
    this.#queues = Array.from({ length: terms.precedences ?? 1 }, () => new FairQueue());
    this.#passedOver = this.#queues.map(() => 0);
    this.#codel = terms.codel ? new Codel(terms.codel) : null;
  }

  get length(): number {
    return this.#places.size;
  }

  /** So many have waited so long that this one may not be served in time. */
  overloaded(job: Job): boolean {
    const nowMs = this.#terms.now();
    if (this.#codel?.overloaded === true) return true;
    const queue = this.#queues[this.#precedenceOf(job)];
    if (this.length === 0 || queue === undefined) return false;
    return queue.overloaded(this.#terms.clientOf(job), nowMs, this.#rate.msEach(nowMs));
  }

  /** How long it will take until all of those that wait now have been served, ms. */
  get drainMs(): number {
    return this.length === 0 ? 0 : this.length * this.#rate.msEach(this.#terms.now());
  }

  /** The job for which there is no place: null, this one, or another that waits no more. */
  add(job: Job): Job | null {
    const precedence = this.#precedenceOf(job);
    const key = this.#terms.clientOf(job);
    let outcast: Job | null = null;
    if (this.length >= this.#terms.limit) {
      outcast = this.#displacedBy(precedence, key);
      if (outcast === null) return job;
      this.remove(outcast);
    }
    const nowMs = this.#terms.now();
    if (this.length === 0) this.#begin(nowMs);
    this.#enter(this.#queueOf(precedence).add(job, key, nowMs), precedence);
    return outcast;
  }

  putBack(job: Job): void {
    const nowMs = this.#terms.now();
    const precedence = this.#precedenceOf(job);
    if (this.length === 0) this.#begin(nowMs);
    const key = this.#terms.clientOf(job);
    this.#enter(this.#queueOf(precedence).putBack(job, key, nowMs), precedence);
  }

  /** The next one, or null. */
  take(): Job | null {
    if (this.length === 0) return null;
    const nowMs = this.#terms.now();
    this.#rate.served(nowMs);
    const isShedding = this.#codel?.look(nowMs, this.#oldestMs(nowMs)) ?? false;
    const waiting = this.#nextQueue().take(nowMs, this.#rate.msEach(nowMs), isShedding);
    if (waiting === null) throw new Error('a queue that is next has somebody who waits');
    this.#codel?.served(nowMs - waiting.sinceMs);
    this.#forget(waiting);
    return waiting.job;
  }

  /** Those that wait, in no order. */
  jobs(): Job[] {
    return [...this.#places.keys()];
  }

  /** True when it was waiting here. */
  remove(job: Job): boolean {
    const place = this.#places.get(job);
    if (place === undefined) return false;
    this.#queueOf(place.precedence).remove(place.waiting);
    this.#forget(place.waiting);
    return true;
  }

  /** One that has waited too long to be served; the newest is none, or threads would wait. Null: no more now. */
  shed(): Job | null {
    const codel = this.#codel;
    const oldest = this.#all.first;
    if (codel === null || oldest === null || this.#all.length === 1) return null;
    const nowMs = this.#terms.now();
    const oldestMs = nowMs - oldest.sinceMs;
    if (!codel.look(nowMs, oldestMs) || oldestMs <= codel.patienceMs) return null;
    this.remove(oldest.job);
    return oldest.job;
  }

  #begin(nowMs: number): void {
    this.#rate.begin(nowMs);
    this.#codel?.begin(nowMs);
  }

  #enter(waiting: Waiting, precedence: number): void {
    this.#all.push(waiting.ofAll);
    this.#places.set(waiting.job, { waiting, precedence });
  }

  #forget(waiting: Waiting): void {
    this.#places.delete(waiting.job);
    this.#all.remove(waiting.ofAll);
  }

  #oldestMs(nowMs: number): number {
    const oldest = this.#all.first;
    return oldest === null ? 0 : nowMs - oldest.sinceMs;
  }

  #precedenceOf(job: Job): number {
    return this.#terms.precedenceOf?.(job) ?? 0;
  }

  #queueOf(precedence: number): FairQueue {
    const queue = this.#queues[precedence];
    if (queue === undefined) throw new Error(`there is no precedence ${precedence}`);
    return queue;
  }

  /** The first with somebody who waits, unless one behind it was passed over too often. */
  #nextQueue(): FairQueue {
    if (this.#queues.length === 1) return this.#queueOf(0);
    const waiting = [...this.#queues.keys()].filter((at) => this.#queueOf(at).length > 0);
    const late = waiting.find((at) => (this.#passedOver[at] ?? 0) >= LOWER_GETS_ONE_OF - 1);
    const next = late ?? waiting[0] ?? 0;
    for (const at of this.#queues.keys()) {
      const isPassedOver = at !== next && waiting.includes(at);
      this.#passedOver[at] = isPassedOver ? (this.#passedOver[at] ?? 0) + 1 : 0;
    }
    return this.#queueOf(next);
  }

  /**
   * Whoever gives its place to a newcomer: the last of less precedence, as long as the newcomer's client has few that go first; then
   * only one of its own, or the last of a client with at least two more. So whoever comes once with precedence finds a place, and who
   * comes a thousand times has those of others no more than anybody else.
   */
  #displacedBy(precedence: number, key: string): Job | null {
    let waiting = 0;
    for (let at = 0; at <= precedence; at++) waiting += this.#queueOf(at).waitingOf(key);
    const isFew = waiting < this.#few;
    for (let at = this.#queues.length - 1; at >= precedence; at--) {
      const queue = this.#queueOf(at);
      const isLess = at > precedence;
      const last = queue.leastDeserving();
      if (last === null) continue;
      const own = isLess ? waiting : queue.waitingOf(key);
      if ((isLess && isFew) || last.ofClient >= own + 2) return last.waiting.job;
      const ownLast = isLess ? queue.lastOf(key) : null;
      if (ownLast !== null) return ownLast.job;
    }
    return null;
  }

  /** As many of one client take places of others by precedence alone. */
  get #few(): number {
    return Math.min(FEW_GO_BEFORE, Math.ceil(this.#terms.limit / FEW_OF));
  }
}

/** Takes out what has waited too long, some at once. */
export function shedSome(queue: JobQueue): readonly Job[] {
  const shed: Job[] = [];
  while (shed.length < SHED_AT_ONCE) {
    const job = queue.shed();
    if (job === null) break;
    shed.push(job);
  }
  return shed;
}
