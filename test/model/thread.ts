// A thread of the model: it says what the test wants, when it wants. It may begin a request silently, as a Node.js
// thread does, and keeps what it began and what it was told for the invariants.

import assert from 'node:assert/strict';
import type {
  AppThread,
  BodySource,
  Failure,
  Finding,
  Job,
  ThreadEvents,
  ThreadState,
} from '../../src/threads/app-thread.ts';

import { finding } from '../../src/threads/finding.ts';

/** A thread that says what the test wants, when it wants. */
export class SimThread implements AppThread {
  state: ThreadState = 'ready';
  readonly name: string;
  readonly jobs: Job[] = [];
  readonly claimed = new Set<Job>();
  /** Every job ever begun here; across threads none may appear twice. */
  readonly begun: Job[] = [];
  /** Running jobs of which it heard that nobody listens any more, or that they are overdue. */
  readonly told = new Set<Job>();
  /** Running jobs that it makes no more of until it hears `resume`. */
  readonly waiting = new Set<Job>();
  /** Connections that it has taken over, and what their clients send. They take no place. */
  readonly upgraded = new Map<Job, BodySource>();
  /** Jobs whose response has begun. */
  readonly answering = new Set<Job>();
  /** Its loop stands still: it takes nothing. */
  blocked = false;
  readonly capacity: number;
  readonly events: ThreadEvents;
  readonly #unsaid = new Set<Job>();

  constructor(name: string, capacity: number, events: ThreadEvents) {
    this.name = name;
    this.capacity = capacity;
    this.events = events;
  }

  get room(): number {
    return this.state === 'ready' && !this.blocked ? this.capacity - this.jobs.length : 0;
  }

  get load(): number {
    return this.jobs.length;
  }

  get places(): number {
    return this.capacity;
  }

  take(job: Job): void {
    assert.ok(this.room > 0, 'a job is only given where there is room');
    this.jobs.push(job);
    if (this.capacity === 1) this.claim(job);
  }

  claim(job: Job): void {
    if (!this.claimed.has(job)) this.claimSilently(job);
    this.#say(job);
  }

  /** Begins it; the loop does not know yet. */
  claimSilently(job: Job): void {
    if (this.claimed.has(job)) return;
    this.claimed.add(job);
    this.begun.push(job);
    this.#unsaid.add(job);
  }

  #say(job: Job): void {
    if (this.#unsaid.delete(job)) job.started();
  }

  takeBack(job: Job): boolean {
    const at = this.jobs.indexOf(job);
    if (at >= 0 && this.claimed.has(job)) this.#say(job);
    if (at < 0 || this.claimed.has(job)) return false;
    this.jobs.splice(at, 1);
    this.events.roomMade(this);
    return true;
  }

  clientGone(job: Job): void {
    const has = this.jobs.includes(job) || this.upgraded.has(job);
    assert.ok(has, 'a thread hears only of jobs that it has');
    this.told.add(job);
    this.waiting.delete(job);
    if (this.upgraded.delete(job)) job.jobOver();
  }

  /** It takes the connection of this job over. */
  upgrade(job: Job, source: BodySource): void {
    this.leave(job);
    this.upgraded.set(job, source);
  }

  resume(job: Job): void {
    this.waiting.delete(job);
  }

  /** Its loop turns again. */
  turns(): void {
    this.blocked = false;
    this.events.roomMade(this);
  }

  interrupt(job: Job): Promise<Finding> {
    assert.ok(this.jobs.includes(job), 'only a job that it has is interrupted');
    this.told.add(job);
    return Promise.resolve(finding('native-code', 'somewhere'));
  }

  /** The job is over. */
  leave(job: Job): void {
    const at = this.jobs.indexOf(job);
    if (at < 0) return;
    this.jobs.splice(at, 1);
    this.claimed.delete(job);
    this.waiting.delete(job);
    this.events.roomMade(this);
  }

  die(failure: Failure): void {
    this.state = 'dead';
    const jobs = this.jobs.splice(0);
    for (const job of jobs.filter((one) => this.claimed.has(one))) {
      this.#say(job);
      job.failed(failure);
      job.jobOver();
    }
    for (const job of [...this.upgraded.keys()]) {
      job.failed(failure);
      job.jobOver();
    }
    this.upgraded.clear();
    const unstarted = jobs.filter((one) => !this.claimed.has(one));
    this.events.handedBack?.(this, unstarted);
    this.events.died(this, failure);
  }
}
