// The key functions of a config file as the worker's loop sees them: it asks the thread that runs them (key-thread.ts), many requests
// in one message, and waits no longer than limit_store_timeout. Who gets no key in time counts by the address. A thread that a
// function holds for a second is ended and another one started.

import { Worker } from 'node:worker_threads';
import type { KeyFunctions } from '../limits/client-limits.ts';
import { messageOf } from '../message-of.ts';
import type { Log } from '../observe/log.ts';
import { Seldom } from '../observe/seldom.ts';
import { programAt } from '../package-folder.ts';
import type { RequestHead } from '../threads/app-thread.ts';
import type { FromKeyThread, KeyQuestion } from '../wire/limit-keys.ts';

/** More wait only where the thread does not keep up: then by the address, at once. */
const PENDING_MAX = 10_000;
/** A function that computes for so long will not end soon. */
const HELD_MS = 1000;
/** Between the end of a thread and the start of the next one. */
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

interface Pending {
  readonly askedMs: number;
  /** Nobody waits any more; the thread still has it. */
  overdue: boolean;
  readonly tell: (key: string | null) => void;
}

export class KeyThread implements KeyFunctions {
  readonly #parts: KeyThreadParts;
  readonly #told = new Seldom();
  #thread: Worker | null = null;
  #isReady = false;
  #startAtMs = 0;
  #nextId = 1;
  /** In the order in which they were asked. */
  readonly #pending = new Map<number, Pending>();
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
      this.#pending.set(id, { askedMs: this.#parts.now(), overdue: false, tell });
    });
  }

  /** To be called on every tick of the worker. */
  tick(nowMs: number): void {
    const [oldest] = this.#pending.values();
    if (oldest !== undefined && nowMs - oldest.askedMs >= HELD_MS) {
      this.#gone(`a key function held its thread for ${HELD_MS / 1000} s`);
    }
    if (this.#thread === null && nowMs >= this.#startAtMs) this.#start();
  }

  #start(): void {
    const { file } = this.#parts;
    const thread = new Worker(programAt('limit-keys'), {
      name: 'limit keys',
      workerData: { file },
    });
    // A worker that ends does not wait for it.
    thread.unref();
    this.#thread = thread;
    thread.on('message', (message: FromKeyThread) => {
      if (this.#thread === thread) this.#hear(message);
    });
    thread.on('error', (error) => {
      if (this.#thread === thread) this.#gone(messageOf(error));
    });
    thread.on('exit', () => {
      if (this.#thread === thread) this.#gone('their thread ended');
    });
  }

  #hear(message: FromKeyThread): void {
    if ('answers' in message) {
      for (const { id, key, error } of message.answers) {
        if (error !== null) this.#failed(error);
        const pending = this.#pending.get(id);
        this.#pending.delete(id);
        if (pending?.overdue === false) pending.tell(key);
      }
      return;
    }
    this.#loaded?.();
    if ('ready' in message) this.#isReady = true;
    else this.#failed(message.failed);
  }

  #send(): void {
    const questions = this.#questions;
    this.#questions = [];
    this.#thread?.postMessage(questions);
    const ids = questions.map(({ id }) => id);
    setTimeout(() => this.#overdue(ids), this.#parts.timeoutMs).unref();
  }

  #overdue(ids: readonly number[]): void {
    for (const id of ids) {
      const pending = this.#pending.get(id);
      if (pending === undefined) continue;
      pending.overdue = true;
      this.#failed(`no key within limit_store_timeout (${this.#parts.timeoutMs / 1000} s)`);
      pending.tell(null);
    }
  }

  /** Whoever waits goes by the address. */
  #gone(why: string): void {
    const thread = this.#thread;
    this.#thread = null;
    this.#isReady = false;
    this.#startAtMs = this.#parts.now() + REST_MS;
    this.#questions = [];
    for (const { overdue, tell } of this.#pending.values()) if (!overdue) tell(null);
    this.#pending.clear();
    void thread?.terminate();
    this.#failed(why);
  }

  #failed(why: string): void {
    this.#failures += 1;
    if (!this.#told.claim(this.#parts.now())) return;
    this.#parts.log.error(
      `Keys of limits: ${why}. Such requests count by their address; ${this.#failures} so far.`,
      { code: 'limit-key-failed' },
    );
  }
}
