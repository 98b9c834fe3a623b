// A small world for the connection machine: simulated clients, sockets, threads and clock around the real connection,
// dispatch and acceptor-like counting. Every step is an event that the real edges can bring; `check` holds what must
// be true after each of them (DESIGN: the invariants).

import assert from 'node:assert/strict';
import type { ConnectionContext } from '../../src/connection/context.ts';
import { DeadlineWheel, TICK_MS } from '../../src/connection/deadlines.ts';
import type { Effects } from '../../src/connection/effects.ts';
import { Connection } from '../../src/connection/machine.ts';
import { OWING, READING } from '../../src/connection/states.ts';
import { Dispatcher } from '../../src/dispatch/dispatcher.ts';
import type { Log } from '../../src/observe/log.ts';
import { SpoolBudget } from '../../src/spool/budget.ts';
import type {
  AppThread,
  Failure,
  Job,
  ThreadEvents,
  ThreadState,
} from '../../src/threads/app-thread.ts';
import { Connections } from '../../src/worker/connections.ts';

const silent: Log = {
  debug: () => {},
  info: () => {},
  warning: () => {},
  error: () => {},
  critical: () => {},
  writes: () => false,
  child: () => silent,
  reopen: () => {},
  flush: () => {},
  close: () => {},
};

/** The socket of one client: what it was sent, how much the kernel would still take, how it was closed. */
export class SimClient implements Effects {
  received = '';
  /** Bytes that the kernel still takes before it makes us wait. */
  kernelRoom = Number.POSITIVE_INFINITY;
  waitingBytes = 0;
  paused = false;
  finished = false;
  closing: 'no' | 'close' | 'reset' = 'no';
  gone = false;
  wantsTurn = false;
  /** Everything this client has sent. */
  sent = '';

  write(bytes: Buffer | string): boolean {
    assert.equal(this.closing, 'no', 'nothing is written after close');
    assert.ok(!this.finished, 'nothing is written after our end');
    this.received += typeof bytes === 'string' ? bytes : bytes.toString('latin1');
    const length = bytes.length;
    if (this.waitingBytes === 0 && length <= this.kernelRoom) {
      this.kernelRoom -= length;
      return true;
    }
    this.waitingBytes += length;
    return false;
  }

  later(): void {
    this.wantsTurn = true;
  }

  pauseReading(): void {
    this.paused = true;
  }

  resumeReading(): void {
    this.paused = false;
  }

  finish(): void {
    this.finished = true;
  }

  close(): void {
    assert.equal(this.closing, 'no', 'closed once');
    this.closing = 'close';
  }

  reset(): void {
    assert.equal(this.closing, 'no', 'closed once');
    this.closing = 'reset';
  }

  /** Requests that it has at least begun to send: each begins with GET or POST, or with the first letter of it. */
  get requests(): number {
    return this.sent.match(/G(?=E|$)|P(?=O|$)/g)?.length ?? 0;
  }

  /** Responses (not interim ones) that have begun. */
  get responses(): number {
    return this.received.match(/HTTP\/1\.1 [2-5]\d\d/g)?.length ?? 0;
  }
}

/** A thread that says what the test wants, when it wants. */
export class SimThread implements AppThread {
  state: ThreadState = 'ready';
  readonly name: string;
  readonly jobs: Job[] = [];
  readonly claimed = new Set<Job>();
  /** Every job ever begun here; across threads none may appear twice. */
  readonly begun: Job[] = [];
  readonly capacity: number;
  readonly events: ThreadEvents;

  constructor(name: string, capacity: number, events: ThreadEvents) {
    this.name = name;
    this.capacity = capacity;
    this.events = events;
  }

  get room(): number {
    return this.state === 'ready' ? this.capacity - this.jobs.length : 0;
  }

  take(job: Job): void {
    assert.ok(this.room > 0, 'a job is only given where there is room');
    this.jobs.push(job);
    if (this.capacity === 1) this.claim(job);
  }

  claim(job: Job): void {
    if (this.claimed.has(job)) return;
    this.claimed.add(job);
    this.begun.push(job);
    job.started();
  }

  takeBack(job: Job): boolean {
    const at = this.jobs.indexOf(job);
    if (at < 0 || this.claimed.has(job)) return false;
    this.jobs.splice(at, 1);
    this.events.roomMade(this);
    return true;
  }

  clientGone(job: Job): void {
    assert.ok(this.jobs.includes(job), 'a thread hears only of jobs that it has');
  }

  resume(): void {}

  interrupt(job: Job): Promise<string> {
    assert.ok(this.jobs.includes(job), 'only a job that it has is interrupted');
    return Promise.resolve('somewhere');
  }

  /** The job is over. */
  leave(job: Job): void {
    const at = this.jobs.indexOf(job);
    if (at < 0) return;
    this.jobs.splice(at, 1);
    this.claimed.delete(job);
    this.events.roomMade(this);
  }

  die(failure: Failure): void {
    this.state = 'dead';
    for (const job of this.jobs.splice(0)) {
      if (!this.claimed.has(job)) job.started();
      job.failed(failure);
      job.jobOver();
    }
    this.events.died(this, failure);
  }
}

export interface WorldOptions {
  readonly limit: number;
  readonly threads: number;
  readonly capacity: number;
  readonly buffered: boolean;
  /** Where request bodies of more than 100 bytes go; without it they stay in memory. */
  readonly bodyFolder?: string;
}

export class World {
  nowMs = 0;
  readonly options: WorldOptions;
  readonly context: ConnectionContext;
  readonly dispatcher: Dispatcher;
  readonly connections: Connections;
  readonly open = new Map<Connection, SimClient>();
  threads: SimThread[] = [];
  released = 0;
  accepted = 0;
  #threadNumber = 0;

  constructor(options: WorldOptions) {
    this.options = options;
    this.dispatcher = new Dispatcher({
      queueLimit: 3,
      events: { overdue: () => {}, threadDied: () => {} },
    });
    this.connections = new Connections({
      limit: options.limit,
      keepAliveMs: 2000,
      log: silent,
      atLimit: () => this.open.size >= options.limit,
      released: () => {
        this.released += 1;
      },
      finished: null,
    });
    this.context = {
      wheel: new DeadlineWheel(0),
      requests: this.dispatcher,
      surroundings: this.connections,
      headLimits: { line: 200, fields: 10, fieldSize: 200 },
      deadlinesMs: {
        first_byte_timeout: 1000,
        head_timeout: 1500,
        body_timeout: 2000,
        keepalive: 2000,
        linger_timeout: 500,
        queue_timeout: 1000,
        timeout: 3000,
        stream_timeout: 3000,
        write_timeout: 2500,
      },
      bodyMinBytesPerSecond: 10,
      writeMinBytesPerSecond: 10,
      bodyBytesMax: 500,
      bufferRequests: options.buffered,
      requestMemoryBytes: options.bodyFolder === undefined ? 100_000 : 100,
      responseMemoryBytes: 100_000,
      responseSpoolBytes: 1_000_000,
      spoolDirectory: options.bodyFolder ?? '/nonexistent',
      requestBudget: new SpoolBudget(1_000_000),
      responseBudget: new SpoolBudget(1_000_000),
      halfClosedGraceMs: options.capacity > 1 ? 800 : 0,
      server: 'model',
      date: () => 'Thu, 01 Jan 1970 00:00:00 GMT',
      now: () => this.nowMs,
    };
    this.connections.bind(this.context);
    for (let i = 0; i < options.threads; i++) this.addThread();
  }

  addThread(): void {
    this.#threadNumber += 1;
    const thread = new SimThread(`t${this.#threadNumber}`, this.options.capacity, this.dispatcher);
    this.threads.push(thread);
    this.dispatcher.addThread(thread);
  }

  connect(): void {
    if (this.open.size >= this.options.limit) return;
    const client = new SimClient();
    const peer = {
      address: '192.0.2.1',
      port: 1,
      serverName: 'x',
      serverPort: 1,
      scheme: 'http',
    } as const;
    const connection = new Connection(this.context, client, peer);
    this.accepted += 1;
    this.open.set(connection, client);
    this.connections.add(connection);
    if (this.open.size >= this.options.limit) this.connections.makeRoom();
  }

  /** Lets time pass, tick by tick, as the worker does. */
  advance(ms: number): void {
    for (let passed = 0; passed < ms; passed += TICK_MS) {
      this.nowMs += TICK_MS;
      this.context.wheel.turn(this.nowMs);
      this.connections.makeRoom();
      this.settleSockets();
    }
  }

  /** What the edge does by itself: close events, turns asked for. */
  settleSockets(): void {
    for (const [connection, client] of this.open) {
      if (client.wantsTurn && !client.gone) {
        client.wantsTurn = false;
        if (client.closing === 'no' && connection.sending && client.waitingBytes === 0)
          connection.drained();
      }
      if (client.closing === 'reset' || (client.closing === 'close' && client.waitingBytes === 0)) {
        client.gone = true;
      }
      if (client.gone) {
        this.open.delete(connection);
        connection.closed();
      }
    }
  }

  /** The invariants, after every step. */
  check(): void {
    assert.equal(this.accepted - this.released, this.open.size, 'each connection is counted once');
    assert.ok(this.open.size <= this.options.limit, 'never above worker_connections');
    const begun = new Set<Job>();
    for (const thread of this.threads) {
      assert.ok(thread.jobs.length <= thread.capacity, 'no thread has more than it can take');
      for (const job of thread.begun) {
        assert.ok(!begun.has(job), 'a request runs at most once');
        begun.add(job);
      }
    }
    for (const [connection, client] of this.open) this.#checkConnection(connection, client);
    assert.ok(this.dispatcher.queued <= 3 + this.options.threads * this.options.capacity);
  }

  #checkConnection(connection: Connection, client: SimClient): void {
    assert.ok(client.responses <= client.requests, 'at most one response to a request');
    const { reading, owing } = connection.state;
    if (reading === 'closed') return;
    const waits = [READING[reading].deadline, OWING[owing].deadline];
    assert.ok(
      waits.some((setting) => setting !== 'other half'),
      `nothing waits without a deadline: ${reading}, ${owing}`,
    );
    assert.ok(connection.hasDeadline, `a deadline is set in ${reading}, ${owing}`);
  }
}
