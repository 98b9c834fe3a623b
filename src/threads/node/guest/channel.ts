// The thread's end of the wire: takes batches apart, claims requests one by one and hands them to the application,
// and shows by a counter in shared memory that its loop turns. It knows nothing of listeners or fetch.

import { AsyncResource } from 'node:async_hooks';
import type { MessagePort } from 'node:worker_threads';
import { monotonicMs, toSharedClock } from '../../../clock.ts';
import { type AskedAddress, type BoundAddress, joinAsked } from '../../../wire/addresses.ts';
import {
  BodyKind,
  CellState,
  cellValue,
  expectation,
  FIRST_SLOT,
  type GuestBoot,
  type Item,
  itemToBytes,
  keepsAlive,
  minorVersion,
  splitFields,
  ToGuest,
  ToHost,
  TURNS,
  ticketSlot,
} from '../../../wire/node-thread.ts';
import { type Begin, Exchange } from './exchange.ts';
import { fileInlet } from './file-inlet.ts';
import type { ThreadHooks } from './hooks.ts';
import { Inlet } from './inlet.ts';
import { Outbox } from './outbox.ts';

/** How often an idle loop shows that it turns. The host asks at most every few hundred milliseconds. */
const HEARTBEAT_MS = 100;
/** A turn begins requests for so long, then lets timers and input have their turn. Chosen, not tuned. */
const TURN_BUDGET_MS = 5;

const THREE_ITEMS: ReadonlySet<number> = new Set([ToGuest.body, ToGuest.bodyEnd, ToGuest.credit]);

/** Hears what concerns the whole thread. */
export interface ChannelOwner {
  /** Where the program wanted to listen; null when it did not. */
  readonly asked: AskedAddress | null;
  /** The server listens there. */
  listening(address: BoundAddress): void;
  /** The program may prepare for its end. */
  shutdown(): void;
  /** The thread is to end in peace. */
  stop(): void;
}

export class Channel {
  readonly outbox: Outbox;
  readonly #port: MessagePort;
  readonly #cells: Int32Array;
  readonly #slots: number;
  readonly #begunAt: Float64Array;
  readonly #timeoutLimit: number;
  readonly #exchanges = new Map<number, Exchange>();
  #waiting: Exchange[] = [];
  #begin: Begin | null = null;
  /** Another kind where server hooks are told of requests. */
  #exchange: typeof Exchange = Exchange;
  #onInterrupt: () => void = () => {};
  #drained: (() => void) | null = null;
  #onOver: () => void = () => {};
  readonly #over = (exchange: Exchange): void => {
    // One that is given up may say so more than once.
    if (!this.#exchanges.delete(exchange.facts.ticket)) return;
    if (this.#drained !== null && this.#exchanges.size === 0) this.#drained();
    this.#onOver();
  };
  readonly #beginWaiting = (): void => {
    this.#turn();
    this.#work();
  };

  constructor(boot: GuestBoot) {
    this.#port = boot.port;
    this.#cells = new Int32Array(boot.shared);
    this.#slots = boot.slots;
    this.#begunAt = new Float64Array(boot.begunAt);
    this.#timeoutLimit = boot.timeoutLimit;
    this.outbox = new Outbox(boot.port);
    // What was answered in the turn in which the application ends the thread has been answered.
    process.on('exit', () => this.outbox.flush());
    setInterval(() => this.#turn(), HEARTBEAT_MS).unref();
  }

  /** From here on requests are taken. */
  open(begin: Begin, hooks: ThreadHooks | null, owner: ChannelOwner): void {
    this.#begin = hooks?.around(begin) ?? begin;
    this.#exchange = hooks?.exchange ?? Exchange;
    if (hooks !== null) this.#onInterrupt = hooks.interrupted;
    this.#port.on('message', (batch: readonly Item[]) => {
      this.#turn();
      this.#read(batch, owner);
      this.#work();
    });
    this.outbox.open().push(ToHost.booted, joinAsked(owner.asked));
    this.outbox.flush();
  }

  /** Requests under way. */
  get underWay(): number {
    return this.#exchanges.size;
  }

  /** Called whenever one more is over. */
  set onOver(listener: () => void) {
    this.#onOver = listener;
  }

  /** Resolves when no request is under way. */
  drained(): Promise<void> {
    if (this.#exchanges.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#drained = resolve;
    });
  }

  /** Sends what is left and lets the thread end: at once, or when the application does. */
  close(endsItself: boolean): void {
    if (!endsItself) this.outbox.open().push(ToHost.stopped);
    this.outbox.flush();
    this.#port.close();
  }

  #turn(): void {
    Atomics.add(this.#cells, TURNS, 1);
  }

  #read(batch: readonly Item[], owner: ChannelOwner): void {
    let at = 0;
    while (at < batch.length) {
      const operation = batch[at];
      const ticket = batch[at + 1] as number;
      if (operation === ToGuest.request) {
        this.#receive(batch, at + 1);
        at += 9;
      } else if (operation === ToGuest.stop) {
        owner.stop();
        at += 1;
      } else if (operation === ToGuest.shutdown) {
        owner.shutdown();
        at += 1;
      } else if (operation === ToGuest.listening) {
        owner.listening({ host: batch[at + 1] as string, port: batch[at + 2] as number });
        at += 3;
      } else {
        const exchange = this.#exchanges.get(ticket);
        if (exchange !== undefined) this.#pass(exchange, operation as number, batch[at + 2]);
        else if (operation === ToGuest.interrupt) this.#interrupted(ticket);
        at += THREE_ITEMS.has(operation as number) ? 3 : 2;
      }
    }
  }

  /** What becomes of a request happens in its own context, as what its handler began. */
  #pass(exchange: Exchange, operation: number, item: Item | undefined): void {
    const { context } = exchange;
    if (context === null) this.#tell(exchange, operation, item);
    else context.runInAsyncScope(this.#tell, this, exchange, operation, item);
  }

  #tell(exchange: Exchange, operation: number, item: Item | undefined): void {
    switch (operation) {
      case ToGuest.body:
        exchange.arriving?.push(itemToBytes(item as string | ArrayBuffer));
        break;
      case ToGuest.bodyEnd:
        exchange.arriving?.end(splitFields(item as string));
        exchange.bodyOver();
        break;
      case ToGuest.bodyFailed:
        exchange.arriving?.fail();
        exchange.bodyOver();
        break;
      case ToGuest.credit:
        exchange.credit(item as number);
        break;
      case ToGuest.gone:
        exchange.abandon();
        break;
      case ToGuest.interrupt:
        this.#interrupted(exchange.facts.ticket);
        this.#onInterrupt();
        exchange.abandon(true);
        break;
    }
  }

  #interrupted(ticket: number): void {
    this.outbox.open().push(ToHost.interrupted, ticket);
  }

  /** The eight items after the opcode `request`. */
  #receive(batch: readonly Item[], at: number): void {
    const kind = batch[at + 6] as number;
    const facts = {
      ticket: batch[at] as number,
      method: batch[at + 1] as string,
      target: batch[at + 2] as string,
      minorVersion: minorVersion(batch[at + 3] as number),
      keepAlive: keepsAlive(batch[at + 3] as number),
      expects: expectation(batch[at + 3] as number),
      fields: batch[at + 4] as string,
      peer: batch[at + 5] as string,
    };
    const exchange = new this.#exchange(facts, this.outbox, this.#timeoutLimit, this.#over);
    if (kind === BodyKind.upgradable) exchange.upgradable = true;
    else if (kind !== BodyKind.none) {
      exchange.inlet = this.#inlet(exchange, kind, batch[at + 7] as string | ArrayBuffer);
    }
    this.#exchanges.set(facts.ticket, exchange);
    this.#waiting.push(exchange);
  }

  #inlet(exchange: Exchange, kind: number, item: string | ArrayBuffer): Inlet {
    if (kind === BodyKind.file) return openedFile(item as string);
    const inlet = kind === BodyKind.bytes ? new Inlet(null, 0) : exchange.streamingInlet();
    if (item !== '') inlet.push(itemToBytes(item));
    return inlet;
  }

  /** Begins what waits, one after the other; what the host withdrew in the meantime is dropped unseen. */
  #work(): void {
    const until = monotonicMs() + TURN_BUDGET_MS;
    const waiting = this.#waiting;
    let next = 0;
    for (; next < waiting.length; next++) {
      const exchange = waiting[next] as Exchange;
      if (!this.#claim(exchange)) continue;
      this.outbox.beforeRequest(exchange.facts.target);
      exchange.beganMs = this.outbox.begunAtMs;
      this.#begunAt[ticketSlot(exchange.facts.ticket, this.#slots)] = toSharedClock(
        exchange.beganMs,
      );
      this.#run(exchange);
      if (this.outbox.afterRequest() > until) break;
    }
    if (next >= waiting.length) {
      this.#waiting = [];
      return;
    }
    this.#waiting = waiting.slice(next + 1);
    if (this.#waiting.length > 0) setImmediate(this.#beginWaiting);
  }

  /**
   * In an asynchronous context of its own, named as by Node's own server: what one request enters (AsyncLocalStorage.enterWith) no
   * other may find, though they begin in one turn. It costs 0.2 µs.
   */
  #run(exchange: Exchange): void {
    const begin = this.#begin;
    if (begin === null) return;
    exchange.context = new AsyncResource('HTTPINCOMINGMESSAGE');
    exchange.context.runInAsyncScope(begin, undefined, exchange);
  }

  #claim(exchange: Exchange): boolean {
    const ticket = exchange.facts.ticket;
    const cell = FIRST_SLOT + ticketSlot(ticket, this.#slots);
    const offered = cellValue(ticket, this.#slots, CellState.offered);
    const claimed = cellValue(ticket, this.#slots, CellState.claimed);
    if (Atomics.compareExchange(this.#cells, cell, offered, claimed) !== offered) {
      exchange.abandon();
      return false;
    }
    exchange.phase = 'running';
    return true;
  }
}

/** A file that is not there any more makes a body that failed, not an exception in the middle of a batch. */
function openedFile(path: string): Inlet {
  try {
    return fileInlet(path);
  } catch {
    const inlet = new Inlet(null, 0);
    inlet.ended = false;
    inlet.fail();
    return inlet;
  }
}
