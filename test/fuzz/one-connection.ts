// One connection of the real machine with a client of the fuzzer's and an application that answers every request with
// what it was asked. Bytes go in, and what comes out is kept: which requests the application saw, what the client was
// sent, how it ended.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { ConnectionContext } from '../../src/connection/context.ts';
import { DeadlineWheel, TICK_MS } from '../../src/connection/deadlines.ts';
import type { Effects, Requests, Surroundings } from '../../src/connection/effects.ts';
import { Connection } from '../../src/connection/machine.ts';
import { StalledResponses } from '../../src/connection/stalled.ts';
import { ConnectionCounts } from '../../src/connection/states/counts.ts';
import type { HeadLimits } from '../../src/http1/limits.ts';
import { SpoolBudget } from '../../src/spool/budget.ts';
import type { Failure, Job, RequestBody } from '../../src/threads/app-thread.ts';
import { Tracing } from '../../src/trace/trace.ts';

/** Larger than any input, so that nothing of a body goes to a disk. */
const MEMORY_BYTES = 1 << 20;

export interface Limits {
  /** Of a request body; 0 = none. */
  readonly bodyBytesMax: number;
  readonly headLimits: HeadLimits;
}

/** Gunicorn's for heads; for bodies a bound that inputs do reach. */
const LIMITS: Limits = {
  bodyBytesMax: 300,
  headLimits: { line: 4094, fields: 100, fieldSize: 8190 },
};

/** Making a wheel costs more than playing an input, so all share one and time only goes on. */
const WHEEL = new DeadlineWheel(0);
let nowMs = 0;

export type Manner =
  /** Bodies are complete before the application sees the request (WSGI). */
  | 'gathered'
  /** The application reads while the body comes, and answers at its end (Node.js). */
  | 'streamed'
  /** The application answers at once, whatever comes behind. */
  | 'hasty';

export type Reader =
  /** The kernel takes everything at once. */
  | 'quick'
  /** What is written has left only when the next bytes have come. */
  | 'slow';

interface Served {
  readonly job: Job;
  readonly hash: ReturnType<typeof createHash>;
  bytes: number;
}

export class OneConnection implements Effects, Requests, Surroundings {
  /** What the application saw whole: "POST /a 5 <hash of the body>". */
  readonly seen: string[] = [];
  /** Methods of all requests that began, in order; the answers come in the same order. */
  readonly methods: string[] = [];
  /** Answers that the server gave by itself. */
  readonly refusals: string[] = [];
  readonly connection: Connection;
  readonly #manner: Manner;
  readonly #context: ConnectionContext;
  readonly #wire: Buffer[] = [];
  readonly #reader: Reader;
  /** Writes that have not left. */
  #unsent = 0;
  #waiting: Served[] = [];
  readonly greeted = false;
  readonly drainMs = 0;
  readonly draining = false;
  #paused = false;
  #ending: 'open' | 'finished' | 'closed' | 'reset' = 'open';
  #released = false;

  constructor(manner: Manner, limits = LIMITS, reader: Reader = 'quick') {
    this.#manner = manner;
    this.#reader = reader;
    this.#context = this.#makeContext(limits);
    const peer = { address: '', port: 0, serverName: 'x', serverPort: 1, scheme: 'http' } as const;
    this.connection = new Connection(this.#context, this, peer);
  }

  /** Everything that the client was sent, without the interim answers: those depend on how the bytes were cut. */
  get received(): Buffer {
    const text = Buffer.concat(this.#wire).toString('latin1');
    return Buffer.from(text.replaceAll('HTTP/1.1 100 Continue\r\n\r\n', ''), 'latin1');
  }

  get ending(): string {
    return this.#ending;
  }

  feed(bytes: Buffer): void {
    if (this.#ending === 'closed' || this.#ending === 'reset') return;
    assert.ok(!this.#paused, 'a client is made to wait only while something is being worked on');
    const refusals = this.refusals.length;
    const began = this.methods.length;
    const unsent = this.#unsent;
    // As in the server: the buffer is another's as soon as the call returns.
    const lent = Buffer.from(bytes);
    this.connection.bytes(lent);
    lent.fill(0x23);
    this.#answer();
    if (unsent > 0) this.#drained(unsent);
    if (refusals > 0) {
      assert.equal(this.methods.length, began, 'after an error nothing is read as a request');
    }
  }

  /** The client reads everything that it is owed. */
  settle(): void {
    for (let rounds = 0; this.#unsent > 0; rounds++) {
      assert.ok(rounds < 10_000, 'reading comes to an end');
      this.#drained(this.#unsent);
    }
  }

  #drained(writes: number): void {
    this.#unsent -= writes;
    if (this.#ending === 'closed' || this.#ending === 'reset') return;
    if (this.#unsent === 0) this.connection.drained();
    this.#answer();
  }

  /** The client ends, every deadline passes: nothing may be left. */
  leave(): void {
    if (this.#ending === 'open' || this.#ending === 'finished') this.connection.ended();
    this.#answer();
    for (let turn = 0; turn < 400 && !this.#released; turn++) {
      nowMs += TICK_MS * 2;
      WHEEL.turn(nowMs);
      this.#answer();
      if (this.#ending === 'closed' || this.#ending === 'reset') this.connection.closed();
    }
    assert.ok(this.#released, 'every connection ends by its deadlines alone');
    assert.ok(!this.connection.deadlines.isSet, 'and waits for nothing then');
    assert.equal(this.#context.requestBudget.used + this.#context.responseBudget.used, 0);
  }

  /** The application's turn: everything that it can answer now. */
  #answer(): void {
    for (let rounds = 0; this.#waiting.length > 0; rounds++) {
      assert.ok(rounds < 100_000, 'answering comes to an end');
      const served = this.#waiting[0] as Served;
      if (this.#manner !== 'hasty' && !this.#read(served)) return;
      this.#waiting.shift();
      const { job, hash, bytes } = served;
      const told = `${job.head.method} ${job.head.target} ${bytes} ${hash.digest('hex').slice(0, 8)}`;
      if (this.#manner !== 'hasty') this.seen.push(told);
      const head = { status: '200 OK', fields: 'Content-Type: text/plain\r\n', sendDate: true };
      job.whole(head, Buffer.from(told, 'latin1'));
      job.jobOver();
    }
  }

  /** Reads what there is of the body; true when it was all. */
  #read(served: Served): boolean {
    const { body }: { body: RequestBody } = served.job;
    if (body.kind === 'none') return true;
    if (body.kind === 'file') throw new Error('nothing here is large enough for a file');
    if (body.kind === 'bytes') {
      served.hash.update(body.bytes);
      served.bytes = body.bytes.length;
      return true;
    }
    for (let piece = body.source.take(100); piece !== null; piece = body.source.take(100)) {
      served.hash.update(piece);
      served.bytes += piece.length;
    }
    assert.ok(!(body.source.ended && body.source.failed), 'a body ends in one way');
    if (body.source.failed) this.#waiting = this.#waiting.filter((one) => one !== served);
    return body.source.ended;
  }

  // Where requests go.

  idleMs(fullMs: number): number {
    return fullMs;
  }

  overloaded(): boolean {
    return false;
  }

  submit(job: Job): void {
    assert.equal(this.#waiting.length, 0, 'one request at a time');
    this.methods.push(job.head.method);
    this.#waiting.push({ job, hash: createHash('sha1'), bytes: 0 });
    job.started();
  }

  withdraw(job: Job): boolean {
    const served = this.#waiting.find((one) => one.job === job);
    this.#waiting = this.#waiting.filter((one) => one !== served);
    // It had been started: the thread hears it and lets go.
    if (served !== undefined) job.jobOver();
    return false;
  }

  overdue(job: Job): void {
    this.withdraw(job);
  }

  resume(): void {}

  // The socket.

  write(bytes: Buffer | string): boolean {
    assert.equal(this.#ending, 'open', 'nothing is written after the end');
    this.#wire.push(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : Buffer.from(bytes));
    if (this.#reader === 'slow') this.#unsent += 1;
    return this.#unsent === 0;
  }

  /** Nobody is closed here who would have to be looked at. */
  look(): void {
    throw new Error('no time passes here');
  }

  later(): void {
    throw new Error('nothing here is too much for one turn');
  }

  /** Where the kernel tells nothing the deadline alone decides. */
  askKernel(): void {}

  pauseReading(): void {
    this.#paused = true;
  }

  resumeReading(): void {
    this.#paused = false;
  }

  #end(how: 'finished' | 'closed' | 'reset'): void {
    assert.ok(this.#ending === 'open' || this.#ending === 'finished', 'closed once');
    this.#ending = how;
  }

  finish(): void {
    this.#end('finished');
  }

  close(): void {
    this.#end('closed');
  }

  reset(): void {
    this.#end('reset');
  }

  // What the worker knows.

  mayKeepAlive(): boolean {
    return true;
  }

  idle(): void {}
  busy(): void {}
  finished(): void {}

  released(): void {
    assert.ok(!this.#released, 'released once');
    this.#released = true;
  }

  handshakeFailed(): void {
    throw new Error('there is no TLS here');
  }

  refused(_connection: unknown, status: number, code: string): void {
    this.refusals.push(`${status} ${code}`);
  }

  spoolRefused(): void {}

  failed(_exchange: unknown, failure: Failure): void {
    throw new Error(`the application never fails: ${failure.code}`);
  }

  #makeContext(limits: Limits): ConnectionContext {
    const ms = 2000;
    const responseBudget = new SpoolBudget(MEMORY_BYTES);
    return {
      wheel: WHEEL,
      requests: this,
      surroundings: this,
      probes: null,
      admission: null,
      timeoutLimitMs: ms,
      timesPhases: true,
      tracing: new Tracing({ share: 0.5, followsParents: true }),
      toldOfTimes: null,
      headLimits: limits.headLimits,
      proxies: null,
      deadlinesMs: {
        handshake_timeout: ms,
        first_byte_timeout: ms,
        head_timeout: ms,
        limit_store_timeout: ms,
        body_timeout: ms,
        keepalive: ms,
        linger_timeout: ms,
        queue_timeout: ms,
        timeout: ms,
        stream_timeout: ms,
        write_timeout: ms,
        upgrade_idle_timeout: ms,
      },
      bodyMinBytesPerSecond: 10,
      writeMinBytesPerSecond: 10,
      bodyBytesMax: limits.bodyBytesMax,
      bufferRequests: this.#manner === 'gathered',
      requestMemoryBytes: MEMORY_BYTES,
      responseMemoryBytes: MEMORY_BYTES,
      responseSpoolBytes: MEMORY_BYTES,
      spoolDirectory: '/nonexistent',
      requestBudget: new SpoolBudget(MEMORY_BYTES),
      spoolBudget: responseBudget,
      responseBudget,
      stalled: new StalledResponses(responseBudget),
      counts: new ConnectionCounts(),
      halfClosedGraceMs: 0,
      drainHeadMs: ms,
      server: 'fuzz',
      date: () => 'Thu, 01 Jan 1970 00:00:00 GMT',
      now: () => nowMs,
    };
  }
}
