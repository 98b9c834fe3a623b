// The host's hand on the shared array: offers a request in a free slot, withdraws it if the thread has not claimed it,
// and reads whether the thread's loop still turns. Compare-and-exchange decides each race, so a request runs at most once.

import { fromSharedClock } from '../../../clock.ts';
import {
  CellState,
  cellValue,
  FIRST_SLOT,
  SYSTEM_THREAD,
  TURNS,
  ticketSlot,
} from '../../../wire/node-thread.ts';

export class Cells {
  readonly shared: SharedArrayBuffer;
  readonly begunAt: SharedArrayBuffer;
  readonly slots: number;
  readonly #begunAt: Float64Array;
  readonly #cells: Int32Array;
  readonly #free: number[] = [];
  readonly #generations: number[];

  constructor(slots: number) {
    this.slots = slots;
    this.shared = new SharedArrayBuffer((FIRST_SLOT + slots) * Int32Array.BYTES_PER_ELEMENT);
    this.#cells = new Int32Array(this.shared);
    this.begunAt = new SharedArrayBuffer(slots * Float64Array.BYTES_PER_ELEMENT);
    this.#begunAt = new Float64Array(this.begunAt);
    this.#generations = new Array<number>(slots).fill(0);
    for (let slot = slots - 1; slot >= 0; slot--) this.#free.push(slot);
  }

  get room(): number {
    return this.#free.length;
  }

  /** Offers a new request: answers its ticket. Only when there is room. */
  offer(): number {
    const slot = this.#free.pop();
    if (slot === undefined) throw new Error('A request was given to a thread without room.');
    const generation = (this.#generations[slot] ?? 0) + 1;
    this.#generations[slot] = generation;
    const ticket = generation * this.slots + slot;
    Atomics.store(this.#cells, FIRST_SLOT + slot, cellValue(ticket, this.slots, CellState.offered));
    return ticket;
  }

  /** True: the thread had not begun this request and never will. */
  withdraw(ticket: number): boolean {
    const cell = FIRST_SLOT + ticketSlot(ticket, this.slots);
    const offered = cellValue(ticket, this.slots, CellState.offered);
    const withdrawn = cellValue(ticket, this.slots, CellState.withdrawn);
    return Atomics.compareExchange(this.#cells, cell, offered, withdrawn) === offered;
  }

  claimed(ticket: number): boolean {
    const cell = FIRST_SLOT + ticketSlot(ticket, this.slots);
    return Atomics.load(this.#cells, cell) === cellValue(ticket, this.slots, CellState.claimed);
  }

  /** When the thread began a claimed request, monotonic ms; in the first moment behind the claim too early. */
  begunMs(ticket: number): number {
    return fromSharedClock(this.#begunAt[ticketSlot(ticket, this.slots)] ?? 0);
  }

  release(ticket: number): void {
    this.#free.push(ticketSlot(ticket, this.slots));
  }

  /** How often the thread's loop has turned so far; wraps around. */
  get turns(): number {
    return Atomics.load(this.#cells, TURNS);
  }

  /** See SYSTEM_THREAD. */
  get systemThread(): number {
    return Atomics.load(this.#cells, SYSTEM_THREAD);
  }
}
