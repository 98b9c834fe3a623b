// All open connections of a worker, and what happens between them: which waits idle and may be closed to make room, who
// may be kept alive, what is logged when a request ends. The acceptor counts; this gives way.

import type { ConnectionContext } from '../connection/context.ts';
import { TICK_MS } from '../connection/deadlines.ts';
import type { LoggedExchange, OpenConnection, Surroundings } from '../connection/effects.ts';
import type { Log } from '../observe/log.ts';
import { withoutQuery } from '../observe/request-words.ts';
import { Seldom, SeldomEach } from '../observe/seldom.ts';
import type { Failure } from '../threads/app-thread.ts';
import type { IdleTime } from './idle-time.ts';
import { traceFact } from './telemetry/overdue-line.ts';
import { Unserved } from './telemetry/unserved.ts';

/** At the limit a connection is closed early once it has been idle for this long: its client's next request, if it is on
 * its way, has arrived by then, and nobody who waits outside waits noticeably longer. More than the wheel advances in one
 * turn: when our loop stood still, every socket is read once before anybody is closed. */
export const IDLE_GRACE_MS = 3 * TICK_MS;
/** A TLS client that has said hello needs one or two round trips more before its request can be here, and those are long
 * from the other side of the world. Whoever says nothing at all has only the time above. */
export const GREETED_GRACE_MS = 1000;
/** While draining, an idle connection may bring one more request for this long, from when the drain began at the earliest; it is
 * answered `Connection: close`. So long our end is left to its client afterwards, too, before the connection is closed. */
export const DRAIN_GRACE_MS = 500;
/** At the limit a busy connection is kept for this long before it is told to close, so that those who wait have a turn:
 * 5 ms for each of those that are open then (at most 200 reconnects a second), within these bounds. */
const TURN_MS_MIN = 250;
const TURN_MS_MAX = 5000;
const TURN_MS_PER_CONNECTION = 5;
/** While draining, upgraded connections are asked to go one after the other, so that their clients do not all come back in one
 * moment: 5 ms apart (200 reconnects a second from each worker), and all within the first half of graceful_timeout. */
const PART_MS_PER_CONNECTION = 5;
/** A place that was taken from a client is given to the next one so much later: who counts sockets from outside, and
 * needs a few milliseconds to read the list, sees the old one gone before the new one is there. */
export const HAND_OVER_MS = 10;

const STOPPED: Failure = { status: 503, code: 'stopped', detail: 'the worker had to end' };

export interface ConnectionsOptions {
  readonly keepAliveMs: number;
  readonly idleTime: IdleTime;
  /** For how long a worker that drains may finish what it has. */
  readonly gracefulMs: number;
  readonly log: Log;
  /** True while nothing more can be accepted. */
  atLimit(): boolean;
  /** A connection is gone; its place is free, at once or after so many milliseconds. */
  released(afterMs: number): void;
  /** A request that found no thread in time; true: that was said. */
  shed(exchange: LoggedExchange, failure: Failure): boolean;
  /** For the access log; null when there is none. */
  readonly finished: ((exchange: LoggedExchange) => void) | null;
}

export class Connections implements Surroundings {
  readonly #options: ConnectionsOptions;
  readonly #all = new Set<OpenConnection>();
  /** Idle connections that have not been told to go, and since when (ms of the wheel), oldest first. */
  readonly #idle = new Map<OpenConnection, number>();
  /** Those that were among them for IDLE_GRACE_MS, but whose TLS client has said hello; oldest first as well. */
  readonly #greeted = new Map<OpenConnection, number>();
  /** Told to close, or to be closed unless they have sent something, so that others get in. */
  readonly #givingWay = new Set<OpenConnection>();
  /** Those of them that are to be closed, and whose sockets are looked at before. */
  readonly #lookedAt = new Set<OpenConnection>();
  #context: ConnectionContext | null = null;
  #draining = false;
  /** No connection can have been idle for long enough before this time: until then nobody looks. */
  #nextGivesWayMs = 0;
  readonly #unserved = new Unserved();
  readonly #unservedTold = new Seldom();
  /** Of a disk that goes on refusing. */
  readonly #refusals = new Seldom();
  /** The same for request bodies, by code. */
  readonly #notTaken = new SeldomEach();

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  /** The context knows us and we need its clocks: set once, before the first connection. */
  bind(context: ConnectionContext): void {
    this.#context = context;
  }

  add(connection: OpenConnection): void {
    this.#all.add(connection);
  }

  get all(): Iterable<OpenConnection> {
    return this.#all;
  }

  /** Closes idle connections that have sent nothing, oldest first, when there is no room for others. Call it at the limit and on every tick. */
  makeRoom(): void {
    if (!this.#draining && !this.#options.atLimit()) return;
    const nowMs = this.#nowMs();
    // Finding the first of a Map walks over those that have left it: not for every accept at the limit.
    if (nowMs < this.#nextGivesWayMs) return;
    // One in sixteen at a time: enough that a burst gets in, and most idle clients keep their connection. Of those that
    // are open, because the limit may be the descriptors and not worker_connections.
    // Whoever goes after a look has gone only then: until that it counts as one of them.
    const atOnce = Math.max(1, this.#all.size >> 4) - this.#lookedAt.size;
    const budget = this.#draining ? this.#all.size : Math.max(0, atOnce);
    const graceMs = this.#draining ? DRAIN_GRACE_MS : IDLE_GRACE_MS;
    const idle = this.#closeOldest(this.#idle, graceMs, budget);
    const greeted = this.#closeOldest(
      this.#greeted,
      this.#draining ? DRAIN_GRACE_MS : GREETED_GRACE_MS,
      budget - idle.closed,
    );
    this.#nextGivesWayMs = Math.min(idle.nextMs, greeted.nextMs);
  }

  /** To be called on every tick. `taken`: which share of the places is. */
  tick(taken: number): void {
    if (this.#options.idleTime.look(taken)) {
      for (const [connection, sinceMs] of this.#idle) connection.deadlines.shrink(sinceMs);
    }
    if (this.#unserved.untold && this.#unservedTold.claim(this.#nowMs())) {
      this.#options.log.warning(this.#unserved.sentence());
    }
  }

  /** Requests that were answered 503 since the start, by why. */
  get unserved(): { readonly [code: string]: number } {
    return this.#unserved.totals;
  }

  /** Closes up to `budget` that have waited for `graceMs`. `nextMs`: when it is the next one's turn at the earliest. */
  #closeOldest(
    list: Map<OpenConnection, number>,
    graceMs: number,
    budget: number,
  ): { closed: number; nextMs: number } {
    const nowMs = this.#nowMs();
    let closed = 0;
    for (const [connection, sinceMs] of list) {
      if (nowMs - sinceMs < graceMs) return { closed, nextMs: sinceMs + graceMs };
      if (list === this.#idle && connection.greeted && !this.#draining) {
        // Each is moved once, so this is no work for every accept.
        this.#idle.delete(connection);
        this.#greeted.set(connection, sinceMs);
        continue;
      }
      if (closed === budget) return { closed, nextMs: nowMs };
      closed += 1;
      // Whoever turns out to have sent something comes back when it is idle again.
      list.delete(connection);
      this.#givingWay.add(connection);
      this.#lookedAt.add(connection);
      connection.giveWay();
    }
    return { closed, nextMs: nowMs + graceMs };
  }

  /** From here on every response says `Connection: close`, and idle connections are closed after a moment. */
  drain(): void {
    this.#draining = true;
    for (const connection of this.#all) connection.hurry();
    this.#partUpgraded();
    this.#beginAnew(this.#idle);
    this.#beginAnew(this.#greeted);
    this.#nextGivesWayMs = 0;
  }

  /** However long they have been idle, the client's next request may be on its way. */
  #beginAnew(list: Map<OpenConnection, number>): void {
    for (const connection of list.keys()) list.set(connection, this.#nowMs());
  }

  #partUpgraded(): void {
    const upgraded = [...this.#all].filter((connection) => connection.upgraded);
    const halfMs = this.#options.gracefulMs / 2;
    const apartMs = Math.min(PART_MS_PER_CONNECTION, halfMs / upgraded.length);
    for (const [index, connection] of upgraded.entries()) connection.partIn(index * apartMs);
  }

  /** The process is about to end: what is under way ends here. */
  stop(): void {
    for (const connection of [...this.#all]) connection.stop(STOPPED);
  }

  // What connections tell (Surroundings), and ask.

  get draining(): boolean {
    return this.#draining;
  }

  /** All that are open may stay for as long as they like. */
  get stayLong(): boolean {
    for (const connection of this.#all) if (!connection.staysLong) return false;
    return true;
  }

  mayKeepAlive(connection: OpenConnection): boolean {
    if (this.#draining || this.#options.keepAliveMs <= 0) return false;
    if (!this.#options.atLimit() || this.#context === null) return true;
    if (this.#context.now() - connection.openedMs < this.#turnMs) return true;
    this.#givingWay.add(connection);
    return false;
  }

  idleMs(fullMs: number, leastMs: number): number {
    return this.#options.idleTime.of(fullMs, leastMs);
  }

  idle(connection: OpenConnection): void {
    this.busy(connection);
    this.#idle.set(connection, this.#nowMs());
  }

  busy(connection: OpenConnection): void {
    this.#lookedAt.delete(connection);
    this.#idle.delete(connection);
    this.#greeted.delete(connection);
  }

  released(connection: OpenConnection): void {
    this.#all.delete(connection);
    this.#lookedAt.delete(connection);
    const gaveWay = this.#givingWay.delete(connection);
    this.#options.released(gaveWay && !this.#draining ? HAND_OVER_MS : 0);
  }

  handshakeFailed({ peer }: OpenConnection, detail: string): void {
    const client = peer.address === '' ? 'a client' : `ip=${peer.address}`;
    // Every port scanner does it: no news, and nothing that could fill a disk.
    this.#options.log.debug(`No TLS with ${client}: ${detail}`, { code: 'tls-handshake' });
  }

  refused(connection: OpenConnection, status: number, code: string, detail: string): void {
    const from = connection.peer.address === '' ? '' : ` from ip=${connection.peer.address}`;
    // What the client asks for and nobody has is no trouble of ours: another version of HTTP, a coding.
    if (status >= 500 && status !== 501 && status !== 505) {
      const unsaid = this.#notTaken.claim(code, this.#nowMs());
      if (unsaid === null) return;
      const more = unsaid === 0 ? '' : ` (and ${unsaid} more since this was said last)`;
      const message = `Cannot take in a request${from}: ${detail}${more}`;
      this.#options.log.error(message, { code, status });
      return;
    }
    const message = `Invalid request${from}: ${detail}`;
    // A client that is only slow is no news; one that breaks the protocol may be an attack or a bug.
    if (status === 408) this.#options.log.debug(message, { code, status });
    else this.#options.log.warning(message, { code, status });
  }

  spoolRefused(error: Error): void {
    if (!this.#refusals.claim(this.#nowMs())) return;
    const meaning = 'Responses wait in memory, and their threads for clients, until it can be had.';
    this.#options.log.error(`${error.message}. ${meaning}`, { code: 'spool-refused' });
  }

  failed(exchange: LoggedExchange, failure: Failure): void {
    const { method, target } = exchange.head;
    const message = `Error handling request ${method} ${withoutQuery(target)}`;
    const facts = { code: failure.code, status: failure.status, ...traceFact(exchange) };
    if (this.#unserved.note(failure.code) && this.#options.shed(exchange, failure)) return;
    if (failure.status === 503) this.#options.log.debug(`${message}: ${failure.detail}`, facts);
    else if (failure.code === 'app-raised' || failure.code === 'bad-response')
      this.#options.log.error(`${message}\n${failure.detail}`, facts);
    // Its stack is told once, with the thread, and not once for each request that the thread ran.
    else if (failure.code === 'thread-died')
      this.#options.log.error(`${message}: ${failure.detail.split('\n', 1)[0]}`, facts);
    else this.#options.log.error(`${message}: ${failure.detail}`, facts);
  }

  finished(exchange: LoggedExchange): void {
    if (!exchange.isProbe) this.#options.finished?.(exchange);
  }

  get #turnMs(): number {
    return Math.min(TURN_MS_MAX, Math.max(TURN_MS_MIN, this.#all.size * TURN_MS_PER_CONNECTION));
  }

  #nowMs(): number {
    return this.#context?.wheel.nowMs ?? 0;
  }
}
