// A job that writes down what a thread tells it, in order, and lets a test wait for it. What the interface forbids
// (anything before `started`, anything after the end) fails the test there and then.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after } from 'node:test';
import type {
  AppThread,
  BodySource,
  Failure,
  Job,
  Peer,
  ReplyHead,
  RequestBody,
  RequestHead,
  ThreadEvents,
} from '../../../src/threads/app-thread.ts';
import { NodeThread } from '../../../src/threads/node/host/node-thread.ts';
import type { NodeThreadOptions } from '../../../src/threads/node/host/options.ts';
import { requestHead } from '../../support/request-head.ts';

export const apps = join(packageRoot(import.meta.dirname), 'test/apps/node/threads');

const peer: Peer = {
  address: '192.0.2.7',
  port: 50_123,
  serverName: '127.0.0.1',
  serverPort: 8000,
  scheme: 'http',
};

export interface JobOptions {
  readonly method?: string;
  readonly minorVersion?: number;
  readonly expects?: RequestHead['expects'];
  readonly fields?: readonly string[];
  readonly body?: RequestBody;
  readonly peer?: Peer;
  /** Bytes of pieces the connection takes before it says stop. */
  readonly room?: number;
  /** Where given, the application may take the connection over, and reads this. */
  readonly upgrade?: BodySource;
}

type Ending = 'whole' | 'end' | 'failed';

export class FakeJob implements Job {
  readonly head: RequestHead;
  readonly peer: Peer;
  readonly body: RequestBody;
  thread: AppThread | null = null;
  /** What was told, one word each. */
  readonly log: string[] = [];
  reply: ReplyHead | null = null;
  readonly interims: string[] = [];
  pieces: Buffer[] = [];
  /** What was asked for, ms. */
  readonly extensions: number[] = [];
  failure: Failure | null = null;
  trailers = '';
  ending: Ending | null = null;
  room: number;
  isOver = false;
  readonly #upgrade: BodySource | null;
  #waiting: { test: () => boolean; resolve: () => void }[] = [];

  constructor(target: string, options: JobOptions = {}) {
    this.head = requestHead(target, {
      method: options.method ?? 'GET',
      minorVersion: options.minorVersion ?? 1,
      expects: options.expects ?? 'nothing',
      fields: options.fields ?? ['Host', 'example.test'],
      upgrade: options.upgrade === undefined ? null : 'websocket',
    });
    this.#upgrade = options.upgrade ?? null;
    this.peer = options.peer ?? peer;
    this.body = options.body ?? { kind: 'none' };
    this.room = options.room ?? Number.POSITIVE_INFINITY;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.pieces);
  }

  get text(): string {
    return this.bytes.toString('utf8');
  }

  /** Resolves once `test` holds; looked at after each thing the job is told. */
  until(test: () => boolean): Promise<void> {
    if (test()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ test, resolve }));
  }

  /** Resolves to the job when it has had its response or failure. */
  async done(): Promise<this> {
    await this.until(() => this.ending !== null);
    return this;
  }

  started(): void {
    assert.ok(!this.log.includes('started'), 'started twice');
    this.#note('started');
  }

  handedBack(): void {
    this.#note('handed back');
  }

  interim(status: string, fields: string): void {
    this.interims.push(`${status}\r\n${fields}`);
    this.#note('interim');
  }

  whole(head: ReplyHead, body: Buffer): void {
    this.reply = head;
    this.pieces.push(body);
    this.#end('whole');
  }

  replyHead(head: ReplyHead): void {
    this.reply = head;
    this.#note('head');
  }

  upgraded(): BodySource | null {
    if (this.#upgrade !== null) this.#note('upgraded');
    return this.#upgrade;
  }

  piece(bytes: Buffer): boolean {
    assert.ok(this.room > 0, 'a piece came although the connection had no room');
    this.pieces.push(bytes);
    this.room -= bytes.length;
    this.#note('piece');
    return this.room > 0;
  }

  file(): void {
    assert.fail('Node.js threads send no files');
  }

  extend(ms: number): number {
    this.extensions.push(ms);
    this.#note('extend');
    return ms;
  }

  end(trailers: string): void {
    this.trailers = trailers;
    this.#end('end');
  }

  failed(failure: Failure): void {
    this.failure = failure;
    this.#end('failed');
  }

  jobOver(): void {
    assert.ok(this.log.includes('started'), 'over without having started');
    assert.ok(!this.isOver, 'over twice');
    this.isOver = true;
    this.#look();
  }

  #end(ending: Ending): void {
    this.#note(ending);
    this.ending = ending;
    this.#look();
  }

  #note(word: string): void {
    assert.equal(this.ending, null, `${word} after ${this.ending}`);
    assert.ok(!this.isOver, `${word} after jobOver`);
    if (word !== 'started') assert.ok(this.log.includes('started'), `${word} before started`);
    this.log.push(word);
    this.#look();
  }

  #look(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const one of waiting) {
      if (one.test()) one.resolve();
      else this.#waiting.push(one);
    }
  }
}

/** A body that the test feeds; counts what the thread took. */
export class FakeSource implements BodySource {
  ended = false;
  failed = false;
  trailers: readonly string[] = [];
  onChange: (() => void) | null = null;
  taken = 0;
  asked = 0;
  #closing = false;
  #bytes = Buffer.alloc(0);

  ask(): void {
    this.asked += 1;
  }

  take(maxBytes: number): Buffer | null {
    if (this.#bytes.length === 0) return null;
    const bytes = this.#bytes.subarray(0, maxBytes);
    this.#bytes = this.#bytes.subarray(bytes.length);
    this.taken += bytes.length;
    this.ended = this.#closing && this.#bytes.length === 0;
    return bytes;
  }

  feed(bytes: Buffer | string): this {
    this.#bytes = Buffer.concat([this.#bytes, Buffer.from(bytes as string)]);
    this.onChange?.();
    return this;
  }

  end(): this {
    this.#closing = true;
    this.ended = this.#bytes.length === 0;
    this.onChange?.();
    return this;
  }

  fail(): void {
    this.failed = true;
    this.onChange?.();
  }
}

export interface Started {
  readonly thread: NodeThread;
  readonly deaths: Failure[];
  readonly handedBack: Job[];
  /** Resolves with the failure when the thread has died. */
  readonly died: Promise<Failure>;
  /** How often it has said that it has room. */
  roomsMade(): number;
  run(target: string, options?: JobOptions): FakeJob;
  /** What the application noted under a key. */
  seen(key: string): Promise<unknown[]>;
}

const threads: NodeThread[] = [];

/** Ends every thread that was started so far. */
export async function killAll(): Promise<void> {
  await Promise.all(threads.splice(0).map((thread) => thread.kill()));
}
after(killAll);

/** A thread with an application of test/apps/node/threads; ends with the test file. */
export async function startThread(
  app: string,
  options: Partial<NodeThreadOptions> & { readonly exportName?: string } = {},
): Promise<Started> {
  const started = makeThread(app, options);
  await started.thread.start();
  return started;
}

export function makeThread(
  app: string,
  options: Partial<NodeThreadOptions> & { readonly exportName?: string } = {},
): Started {
  const deaths: Failure[] = [];
  const handedBack: Job[] = [];
  let roomsMade = 0;
  let sayDied: (failure: Failure) => void = () => {};
  const died = new Promise<Failure>((resolve) => {
    sayDied = resolve;
  });
  const events: ThreadEvents = {
    roomMade: () => {
      roomsMade += 1;
    },
    handedBack: (_thread, jobs) => handedBack.push(...jobs),
    died: (_thread, failure) => {
      deaths.push(failure);
      sayDied(failure);
    },
  };
  const thread = new NodeThread(
    {
      name: 'thread 1',
      number: 1,
      concurrency: 8,
      chdir: apps,
      env: process.env,
      log: silent,
      ...options,
      app: { path: app, exportName: options.exportName ?? null },
    },
    events,
  );
  threads.push(thread);
  const run = (target: string, jobOptions?: JobOptions): FakeJob => {
    const job = new FakeJob(target, jobOptions);
    thread.take(job);
    return job;
  };
  const seen = async (key: string): Promise<unknown[]> => {
    const job = await run('/seen', { fields: ['Host', 'x', 'X-Key', key] }).done();
    return JSON.parse(job.text) as unknown[];
  };
  return { thread, deaths, handedBack, died, roomsMade: () => roomsMade, run, seen };
}

export function packageRoot(from: string): string {
  return existsSync(join(from, 'package.json')) ? from : packageRoot(dirname(from));
}

const silent = {
  debug: () => {},
  info: () => {},
  warning: () => {},
  error: () => {},
  critical: () => {},
};
