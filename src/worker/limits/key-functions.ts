// The key functions of a config file as the worker's loop sees them: it asks the thread that runs them (key-thread.ts), many requests
// in one message, and waits no longer than limit_store_timeout. Who gets no key in time counts by the address. A function may wait for
// whatever it likes: only a thread whose loop does not turn for a second, or that owes too many answers, gives way to another one.

import { Worker } from 'node:worker_threads';
import type { KeyFunctions } from '../../limits/client-limits.ts';
import { messageOf } from '../../message-of.ts';
import { escapeWords } from '../../observe/escape.ts';
import type { Log } from '../../observe/log.ts';
import { Seldom } from '../../observe/seldom.ts';
import { programAt } from '../../package-folder.ts';
import type { RequestHead } from '../../threads/app-thread.ts';
import type { FromKeyThread, KeyQuestion, ToKeyThread } from '../../wire/limit-keys.ts';

/** More wait only where the thread does not keep up: then by the address, at once. */
const PENDING_MAX = 10_000;
/** Questions that nobody waits for any more and the thread still has. So many a second would need functions that wait for a second, or
 * they have no end and only keep memory. */
const OWED_MAX = 10_000;
/** A function that computes for so long will not end soon. */
const HELD_MS = 1000;
/** What one tick adds to that at most: after a pause of our own loop the thread's answer may be there unread. */
const TICK_MS_MAX = 100;
/** So many in native code are waited for before another one is started: it may never return. */
const ENDING_MAX = 3;
/** Another thread is started at once; where the one before lost its place less than this ago, only after a rest. */
const AGAIN_MS = 10_000;
const REST_MS = 1000;
/** A thread that has not loaded the file by then is not waited for. */
export const KEYS_LOAD_MS = 10_000;

export interface KeyThreadParts {
  /** Absolute. */
  readonly file: string;
  readonly timeoutMs: number;
  readonly log: Log;
  /** Monotonic milliseconds. */
  now(): number;
}

type Tell = (key: string | null) => void;

export class KeyThread implements KeyFunctions {
  readonly #parts: KeyThreadParts;
  readonly #told = new Seldom();
  /** That all functions are without a thread is told whatever one of them did before. */
  readonly #toldGone = new Seldom();
  #thread: Worker | null = null;
  /** Told to end, or about to. */
  readonly #ending = new Set<Promise<unknown>>();
  #isReady = false;
  /** When the thread was started, or the next one will be. */
  #startAtMs = 0;
  /** When the last one was lost. */
  #goneAtMs = Number.NEGATIVE_INFINITY;
  #nextId = 1;
  /** Who waits. */
  readonly #pending = new Map<number, Tell>();
  /** Whose time is up; the thread still has the question. */
  readonly #owed = new Set<number>();
  /** Since when a ping has had no answer, as far as ticks went by; null: none is out. */
  #silentMs: number | null = null;
  #tickedMs = 0;
  #questions: KeyQuestion[] = [];
  /** Requests that got no key from a function. */
  #failures = 0;
  #loaded: (() => void) | null = null;
  readonly ready: Promise<void>;

  constructor(parts: KeyThreadParts) {
    this.#parts = parts;
    this.ready = new Promise((resolve) => {
      this.#loaded = resolve;
      setTimeout(resolve, KEYS_LOAD_MS).unref();
    });
    this.#start();
  }

  get failures(): number {
    return this.#failures;
  }

  keyOf(place: number, head: RequestHead, address: string): Promise<string | null> {
    if (!this.#isReady || this.#pending.size >= PENDING_MAX) {
      this.#failures += 1;
      return Promise.resolve(null);
    }
    const { method, path, query, fields } = head;
    const id = this.#nextId++;
    if (this.#questions.length === 0) setImmediate(() => this.#send());
    this.#questions.push({ id, place, method, path, query, fields, address });
    return new Promise((tell) => {
      this.#pending.set(id, tell);
    });
  }

  /** No other one is started. Resolves to true when the thread has ended, which one in native code may never do. */
  async end(): Promise<boolean> {
    const thread = this.#thread;
    this.#thread = null;
    this.#isReady = false;
    this.#startAtMs = Number.POSITIVE_INFINITY;
    if (thread !== null) this.#terminate(thread);
    await Promise.all(this.#ending);
    return true;
  }

  /** To be called on every tick of the worker. */
  tick(nowMs: number): void {
    const passedMs = Math.min(nowMs - this.#tickedMs, TICK_MS_MAX);
    this.#tickedMs = nowMs;
    if (this.#silentMs !== null) this.#silentMs += passedMs;
    else if (this.#pending.size + this.#owed.size > 0) this.#ping();
    if (this.#silentMs !== null && this.#silentMs >= HELD_MS) {
      this.#gone(`a key function held its thread for ${HELD_MS / 1000} s`);
    } else if (this.#owed.size > OWED_MAX) {
      this.#gone(`key functions have not answered ${OWED_MAX} questions`);
    }
    const loadsMs = this.#thread === null || this.#isReady ? 0 : nowMs - this.#startAtMs;
    if (loadsMs >= KEYS_LOAD_MS) this.#tell('their thread has not loaded the config file yet');
    const mayStart = nowMs >= this.#startAtMs && this.#ending.size < ENDING_MAX;
    if (this.#thread === null && mayStart) this.#start();
  }

  #start(): void {
    const { file } = this.#parts;
    this.#startAtMs = this.#parts.now();
    const thread = new Worker(programAt('limit-keys'), {
      name: 'limit keys',
      workerData: { file },
    });
    this.#thread = thread;
    thread.on('message', (message: FromKeyThread) => {
      if (this.#thread === thread) this.#hear(message);
    });
    thread.on('error', (error) => {
      if (this.#thread !== thread) return;
      // It ends by itself: one that is told to end while it tells of its exception takes the process with it (Node.js 20, "Empty
      // MaybeLocal").
      this.#thread = null;
      this.#await(new Promise((ended) => thread.once('exit', ended)));
      this.#gone(messageOf(error));
    });
    thread.on('exit', () => {
      if (this.#thread === thread) this.#gone('their thread ended');
    });
    // A worker that ends does not wait for it. Behind the listeners: one for messages would undo it.
    thread.unref();
  }

  #ping(): void {
    if (!this.#isReady) return;
    this.#silentMs = 0;
    this.#say({ ping: true });
  }

  #say(message: ToKeyThread): void {
    this.#thread?.postMessage(message);
  }

  #hear(message: FromKeyThread): void {
    this.#silentMs = null;
    if ('pong' in message) return;
    if ('answers' in message) {
      for (const { id, key, error } of message.answers) {
        const tell = this.#pending.get(id);
        // One that comes late was counted when its time was up.
        if (this.#owed.delete(id) || tell === undefined) continue;
        this.#pending.delete(id);
        if (error !== null) this.#failed(error);
        tell(key);
      }
      return;
    }
    this.#loaded?.();
    if ('ready' in message) this.#isReady = true;
    else this.#tell(message.failed);
  }

  #send(): void {
    const questions = this.#questions;
    this.#questions = [];
    this.#say({ questions });
    const ids = questions.map(({ id }) => id);
    setTimeout(() => this.#overdue(ids), this.#parts.timeoutMs).unref();
  }

  #overdue(ids: readonly number[]): void {
    for (const id of ids) {
      const tell = this.#pending.get(id);
      if (tell === undefined) continue;
      this.#pending.delete(id);
      this.#owed.add(id);
      this.#failed(`no key within limit_store_timeout (${this.#parts.timeoutMs / 1000} s)`);
      tell(null);
    }
  }

  /** Whoever waits goes by the address. */
  #gone(why: string): void {
    const thread = this.#thread;
    this.#thread = null;
    this.#isReady = false;
    const nowMs = this.#parts.now();
    this.#startAtMs = nowMs - this.#goneAtMs < AGAIN_MS ? nowMs + REST_MS : nowMs;
    this.#goneAtMs = nowMs;
    this.#questions = [];
    this.#silentMs = null;
    // Each of them is a request that goes by its address; a thread that nobody asked anything has failed nobody.
    this.#failures += this.#pending.size;
    for (const tell of this.#pending.values()) tell(null);
    this.#pending.clear();
    this.#owed.clear();
    if (thread !== null) this.#terminate(thread);
    this.#tell(why, this.#toldGone);
    if (this.#startAtMs === nowMs && this.#ending.size < ENDING_MAX) this.#start();
  }

  #terminate(thread: Worker): void {
    this.#await(thread.terminate());
  }

  #await(end: Promise<unknown>): void {
    const ending: Promise<unknown> = end.finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }

  #failed(why: string): void {
    this.#failures += 1;
    this.#tell(why);
  }

  #tell(why: string, told = this.#told): void {
    if (!told.claim(this.#parts.now())) return;
    // A function's own words may be a client's.
    this.#parts.log.error(
      `Keys of limits: ${escapeWords(why)}. Such requests count by their address; ${this.#failures} so far.`,
      { code: 'limit-key-failed' },
    );
  }
}
