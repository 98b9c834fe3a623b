// A small world for the connection machine: simulated clients, sockets, threads and clock around the real connection,
// dispatch and acceptor-like counting. Every step is an event that the real edges can bring. What must
// be true after each of them stands in invariants.ts.

import assert from 'node:assert/strict';
import type { Exchange } from '../../src/connection/answering/exchange.ts';
import type { ConnectionContext } from '../../src/connection/context.ts';
import { TICK_MS } from '../../src/connection/deadlines.ts';
import type { Requests, Surroundings } from '../../src/connection/effects.ts';
import { Entrance } from '../../src/connection/entrance.ts';
import { Connection } from '../../src/connection/machine.ts';
import { END_CODES } from '../../src/connection/states/describe-end-codes.ts';
import { Dispatcher } from '../../src/dispatch/dispatcher.ts';
import type { Overdue } from '../../src/dispatch/overdue.ts';
import { STRANGER } from '../../src/proxy/standing.ts';
import type { Failure, Job, Peer } from '../../src/threads/app-thread.ts';
import { Connections } from '../../src/worker/connections.ts';
import { Health } from '../../src/worker/health.ts';
import { IdleTime } from '../../src/worker/idle-time.ts';
import { SimAdmission } from './admission.ts';
import { SimClient } from './client.ts';
import { contextOf, QUEUE_LIMIT, QUEUE_TIMEOUT_MS, silent, type WorldOptions } from './terms.ts';
import { SimThread } from './thread.ts';

export { SimClient, SimThread };

const clientOf = ({ peer }: Job): string => peer.address;

export class World implements Surroundings, Requests {
  nowMs = 0;
  readonly options: WorldOptions;
  readonly context: ConnectionContext;
  readonly dispatcher: Dispatcher;
  readonly connections: Connections;
  readonly health: Health;
  readonly admission: SimAdmission | null;
  readonly open = new Map<Connection, SimClient>();
  threads: SimThread[] = [];
  accepted = 0;
  draining = false;
  readonly gone = new Set<Connection>();
  /** Every request that was ever handed on, and those of them that were finished. */
  readonly submitted = new Set<Job>();
  readonly done = new Set<Job>();
  /** Until when a request may not be overdue, ms of the wheel. */
  readonly promisedMs = new Map<Job, number>();
  /** Clients that have gone, and what of theirs had begun by then: nothing else may. */
  readonly begunOfGone = new Map<Peer, ReadonlySet<Job>>();
  /** Clients that were refused something. */
  readonly #refused = new Set<Peer>();
  /** Responses that were cut because their clients did not read. */
  readonly gaveWay = new Set<Job>();
  /** Threads that are given nothing any more. */
  readonly retired = new Set<SimThread>();
  readonly waitsIdle = new Set<Connection>();
  /** Places that were given back. */
  places = 0;
  #threadNumber = 0;

  constructor(options: WorldOptions) {
    this.options = options;
    this.admission = options.limited ? new SimAdmission() : null;
    this.dispatcher = new Dispatcher({
      queue: { limit: QUEUE_LIMIT, now: () => this.nowMs, clientOf },
      events: { overdue: () => {}, threadDied: () => {} },
    });
    this.connections = new Connections({
      keepAliveMs: 2000,
      idleTime: new IdleTime(0.7),
      gracefulMs: 4000,
      log: silent,
      atLimit: () => this.open.size >= options.limit,
      shed: () => false,
      released: () => {
        this.places += 1;
      },
      finished: null,
    });
    this.health = new Health({
      healthPath: '/healthz',
      readyPath: '/readyz',
      queueMs: QUEUE_TIMEOUT_MS,
      pool: this.dispatcher,
      log: silent,
    });
    this.context = contextOf(options, this);
    this.connections.bind(this.context);
    for (let i = 0; i < options.threads; i++) this.addThread();
  }

  // What the connections say passes through here to the real ones, so that it can be held against what must be.

  overloaded(job: Job): boolean {
    return this.dispatcher.overloaded(job);
  }

  get drainMs(): number {
    return this.dispatcher.drainMs;
  }

  submit(job: Job): void {
    assert.ok(!this.submitted.has(job), 'a request is handed on once');
    const isRefused = this.admission?.refusedHeads.has((job as Exchange).head);
    assert.ok(isRefused !== true, 'what a limit refuses meets no thread');
    const from = [...this.open.keys()].find(({ peer }) => peer === job.peer);
    assert.ok(from?.asking.entrance.isAsked !== true, 'nor what may not even have come');
    this.submitted.add(job);
    this.dispatcher.submit(job);
  }

  withdraw(job: Job, unlessStarted = false): boolean {
    return this.dispatcher.withdraw(job, unlessStarted);
  }

  /** The application asks for more time. */
  extend(job: Job, ms: number): void {
    const { wheel } = this.context;
    const grantedMs = job.extend(ms);
    assert.ok(grantedMs >= 0 && grantedMs <= ms, 'no more is granted than was asked for');
    if (grantedMs > 0) this.promisedMs.set(job, wheel.nowMs + grantedMs);
  }

  overdue(job: Job, overdue: Overdue): void {
    const promisedMs = this.promisedMs.get(job) ?? 0;
    assert.ok(this.context.wheel.nowMs >= promisedMs, 'nobody is overdue before the time granted');
    assert.ok(overdue.extendedMs <= this.context.timeoutLimitMs, 'nobody has more than the limit');
    this.dispatcher.overdue(job, overdue);
  }

  resume(job: Job): void {
    this.dispatcher.resume(job);
  }

  mayKeepAlive(connection: Connection): boolean {
    return this.connections.mayKeepAlive(connection);
  }

  idleMs(fullMs: number, leastMs: number): number {
    return this.connections.idleMs(fullMs, leastMs);
  }

  idle(connection: Connection): void {
    this.waitsIdle.add(connection);
    this.connections.idle(connection);
  }

  busy(connection: Connection): void {
    this.waitsIdle.delete(connection);
    this.connections.busy(connection);
  }

  released(connection: Connection): void {
    assert.ok(!this.gone.has(connection), 'a connection is released once');
    assert.ok(!connection.deadlines.isSet, 'a closed connection waits for nothing');
    assert.ok(!this.waitsIdle.has(connection), 'and nobody takes it for an idle one');
    this.gone.add(connection);
    this.connections.released(connection);
  }

  handshakeFailed(connection: Connection, detail: string): void {
    this.connections.handshakeFailed(connection, detail);
  }

  refused(connection: Connection, status: number, code: string, detail: string): void {
    this.#refused.add(connection.peer);
    this.connections.refused(connection, status, code, detail);
  }

  spoolRefused(error: Error): void {
    this.connections.spoolRefused(error);
  }

  failed(exchange: Exchange, failure: Failure): void {
    if (failure.code === 'gave-way') this.gaveWay.add(exchange);
    this.connections.failed(exchange, failure);
  }

  finished(exchange: Exchange): void {
    assert.ok(!this.done.has(exchange), 'a request is finished once');
    const ran = this.submitted.has(exchange);
    assert.ok(!ran || !exchange.isProbe, 'a question about health meets no thread');
    const isRefused = this.#refused.has(exchange.peer) || this.#isLimited(exchange);
    assert.ok(ran || exchange.isProbe || isRefused, 'or it was refused');
    this.done.add(exchange);
    assertEnding(exchange);
    this.connections.finished(exchange);
  }

  #isLimited({ head, endCode }: Exchange): boolean {
    return this.admission?.refusedHeads.has(head) === true && endCode === 'CL';
  }

  addThread(): void {
    this.#threadNumber += 1;
    const thread = new SimThread(`t${this.#threadNumber}`, this.options.capacity, this.dispatcher);
    this.threads.push(thread);
    this.dispatcher.addThread(thread);
  }

  connect(): void {
    if (this.draining || this.open.size >= this.options.limit) return;
    const { tls = false, proxied = false } = this.options;
    const client = new SimClient(() => this.context.wheel.nowMs, tls);
    const peer = {
      address: '192.0.2.1',
      port: 1,
      serverName: 'x',
      serverPort: 1,
      scheme: tls ? 'https' : 'http',
    } as const;
    const first = proxied ? 'proxy' : tls ? 'handshake' : 'new';
    const standing = this.context.proxies?.standingOf(peer.address) ?? STRANGER;
    const entrance = new Entrance(this.context);
    if (!entrance.mayCome(peer.address, standing)) return;
    const connection = new Connection(this.context, client, peer, first, standing, entrance);
    this.accepted += 1;
    this.open.set(connection, client);
    this.connections.add(connection);
    if (this.open.size >= this.options.limit) this.connections.makeRoom();
  }

  /** The client has gone for good, or has given up waiting. */
  clientGone({ peer }: Connection): void {
    const begun = this.threads.flatMap((thread) => thread.begun);
    this.begunOfGone.set(peer, new Set(begun.filter((job) => job.peer === peer)));
  }

  /** Nobody is accepted from here on. */
  drain(): void {
    this.draining = true;
    this.health.drain();
    this.connections.drain();
  }

  /** Those that are not dead, whether they are given requests or only finish what they have. */
  get living(): readonly SimThread[] {
    return this.threads.filter(({ state }) => state === 'ready');
  }

  /** Lets time pass, tick by tick. */
  advance(ms: number): void {
    for (let passed = 0; passed < ms; passed += TICK_MS) {
      this.nowMs += TICK_MS;
      this.#tick();
    }
  }

  /** Our own loop stands still for so long, and turns again: the timers come first. */
  pause(ms: number): void {
    const before = this.context.wheel.nowMs;
    this.nowMs += ms;
    this.#tick();
    const passed = this.context.wheel.nowMs - before;
    assert.ok(passed <= 2 * TICK_MS, "a pause of our own is nobody else's time");
  }

  /** As the worker does. */
  #tick(): void {
    const { wheel, stalled } = this.context;
    wheel.turn(this.nowMs);
    this.health.tick(wheel.nowMs);
    this.connections.tick(this.open.size / this.options.limit);
    this.connections.makeRoom();
    if (this.dispatcher.queued > 0) stalled.makeRoom(wheel.nowMs);
    this.settleSockets();
  }

  /** What the edge does by itself: close events, turns asked for. */
  settleSockets(): void {
    for (const [connection, client] of this.open) {
      for (const tell of client.asked.splice(0)) tell(client.kernelHolds);
      // Sockets are read before anybody who asks for a look is told.
      const { unread } = client;
      client.unread = '';
      if (unread !== '' && client.closing === 'no') connection.bytes(Buffer.from(unread));
      if (client.wantsLook) {
        client.wantsLook = false;
        connection.looked();
      }
      if (client.wantsTurn && !client.gone) {
        client.wantsTurn = false;
        if (client.closing === 'no' && connection.sending && client.waitingBytes === 0)
          connection.drained();
      }
      if (client.leavesLater && client.closing === 'no' && !client.gone && client.flush())
        connection.drained();
      if (client.closing === 'reset' || (client.closing === 'close' && client.waitingBytes === 0)) {
        client.gone = true;
      }
      if (client.gone) {
        this.open.delete(connection);
        connection.closed();
      }
    }
  }
}

/** What the access log tells of an exchange that is over makes sense. */
function assertEnding({ endCode, answered, phases }: Exchange): void {
  assert.ok(Object.hasOwn(END_CODES, endCode), `end code ${endCode}`);
  assert.ok(endCode !== '--' || answered, 'what was not answered did not end well');
  assert.ok(phases !== null);
  for (const ms of [phases.headMs, phases.bodyMs, phases.queueMs, phases.applicationMs]) {
    assert.ok(ms === null || ms >= 0, 'no phase ends before it begins');
  }
  assert.equal(phases.headMs !== null, endCode !== 'CP', 'every request has begun');
  assert.equal(phases.writeMs !== null, answered, 'what was answered is written, or was to be');
}
