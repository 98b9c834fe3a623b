// Accepts up to worker_connections, or as far as there are file descriptors, and no further. At the limit it closes its own duplicate of each listening handle:
// the kernel keeps the queue, sibling workers go on, and so does everything already open. A spare duplicate is asked
// for in advance, so that accepting resumes at once when a connection closes. Uses the handle as node:net does
// (`onconnection`, `listen`), because nothing public stops accepting without accepting first.

import type { AcceptedHandle } from '../../connection/edge/socket.ts';

/** A listening TCP or Pipe handle of Node.js, as far as it is used here. */
export interface ListeningHandle {
  onconnection: ((status: number, handle: AcceptedHandle | undefined) => void) | null;
  /** 0 or a negative errno. */
  listen(backlog: number): number;
  close(): void;
}

export interface AcceptorOptions {
  readonly backlog: number;
  /** worker_connections */
  readonly limit: number;
  /** Whether the process has a descriptor for one more connection beside `open` others. */
  room(open: number): boolean;
  /** Asks the arbiter for a duplicate; `provide` follows. */
  want(index: number): void;
  accepted(handle: AcceptedHandle, index: number): void;
  /** accept(2) failed (no descriptors left ...); accepting rests until `retry`. */
  acceptFailed(errno: number): void;
  /** listen(2) failed: another process took the address between our bind and now. */
  listenFailed(index: number, errno: number): void;
}

/** Ticks after which a duplicate that was asked for is taken to be lost, 2 s: a process without free descriptors is sent
 * one and never gets it. */
const LOST_AFTER_TICKS = 40;

interface Slot {
  active: ListeningHandle | null;
  spare: ListeningHandle | null;
  asked: boolean;
  /** Since it was asked for. */
  ticks: number;
}

export class Acceptor {
  readonly #options: AcceptorOptions;
  #slots: readonly Slot[] = [];
  #open = 0;
  #most = 0;
  #pauses = 0;
  #accepting = false;
  #stopped = false;
  #resting = false;
  /** Resolves the promise of `start`. */
  #listening: (() => void) | null = null;

  constructor(options: AcceptorOptions) {
    this.#options = options;
  }

  /** Connections from accept to close. */
  get open(): number {
    return this.#open;
  }

  /** The most that were open at once since this was asked last. */
  takeMost(): number {
    const most = this.#most;
    this.#most = this.#open;
    return most;
  }

  /** How often it has stopped accepting, because it was full or could not. */
  get pauses(): number {
    return this.#pauses;
  }

  /** No more is accepted until a connection closes. */
  get atLimit(): boolean {
    return this.#open >= this.#options.limit || !this.#options.room(this.#open);
  }

  /** Resolves when it listens on every one of so many addresses: a client that comes now is not refused. */
  start(listeners: number): Promise<void> {
    this.#slots = Array.from({ length: listeners }, () => ({
      active: null,
      spare: null,
      asked: false,
      ticks: 0,
    }));
    const listening = new Promise<void>((resolve) => {
      this.#listening = resolve;
    });
    this.#accepting = true;
    this.#fill();
    return listening;
  }

  /** Stops for good and gives all duplicates back. What is open stays open. */
  stop(): void {
    this.#stopped = true;
    this.#pause();
    for (const slot of this.#slots) {
      slot.spare?.close();
      slot.spare = null;
    }
  }

  /** A duplicate has come from the arbiter. */
  provide(index: number, handle: ListeningHandle): void {
    const slot = this.#slots[index];
    if (slot === undefined || this.#stopped || slot.spare !== null) {
      handle.close();
      return;
    }
    slot.asked = false;
    slot.spare = handle;
    this.#fill();
  }

  /** A connection has closed. */
  closed(): void {
    this.#open -= 1;
    if (this.#open < 0) throw new Error('a connection was counted out twice');
    if (!this.#accepting) this.#resume();
  }

  /**
   * To be called on every tick of the worker: asks again for a duplicate that never came, and goes by the descriptors
   * that others have taken or given back.
   */
  tick(): void {
    if (this.#accepting && this.atLimit) this.#pause();
    else if (!this.#accepting) this.#resume();

    for (const slot of this.#slots) {
      slot.ticks += 1;
      if (slot.asked && slot.ticks >= LOST_AFTER_TICKS) slot.asked = false;
    }
    this.#fill();
  }

  /** After `acceptFailed`: descriptors may be free again. */
  retry(): void {
    this.#resting = false;
    this.#resume();
  }

  #resume(): void {
    if (this.atLimit || this.#stopped || this.#resting) return;
    this.#accepting = true;
    this.#fill();
  }

  /** Puts spares to work where accepting, and asks for those that are missing. */
  #fill(): void {
    for (const [index, slot] of this.#slots.entries()) {
      if (this.#accepting && slot.active === null && slot.spare !== null) {
        this.#listen(index, slot, slot.spare);
      }
      if (slot.spare === null && !slot.asked && !this.#stopped) {
        slot.asked = true;
        slot.ticks = 0;
        this.#options.want(index);
      }
    }
  }

  #listen(index: number, slot: Slot, handle: ListeningHandle): void {
    slot.spare = null;
    slot.active = handle;
    handle.onconnection = (status, client) => this.#onConnection(index, status, client);
    const errno = handle.listen(this.#options.backlog);
    if (errno !== 0) this.#options.listenFailed(index, errno);
    else if (this.#slots.every(({ active }) => active !== null)) this.#listening?.();
  }

  #onConnection(index: number, status: number, client: AcceptedHandle | undefined): void {
    if (status !== 0 || client === undefined) {
      this.#resting = true;
      this.#pause();
      this.#options.acceptFailed(status);
      return;
    }
    if (this.#stopped || this.#open >= this.#options.limit) {
      // Cannot be: libuv accepts one connection for each wake-up, and at the limit our handle is closed.
      client.close();
      return;
    }
    this.#open += 1;
    this.#most = Math.max(this.#most, this.#open);
    // Before anything else, inside this very event: the kernel must not hand us another one.
    if (this.atLimit) this.#pause();
    this.#options.accepted(client, index);
  }

  #pause(): void {
    if (this.#accepting && !this.#stopped) this.#pauses += 1;
    this.#accepting = false;
    for (const slot of this.#slots) {
      slot.active?.close();
      slot.active = null;
    }
  }
}
