// The deadline of one half of a connection: moved to what the table says for the state that the half has entered.

import type { ConnectionContext } from './context.ts';
import { Timed } from './deadlines.ts';
import type { DeadlineSetting, OtherHalf } from './states.ts';

export class HalfDeadline extends Timed {
  readonly #context: ConnectionContext;
  readonly #passed: () => void;

  constructor(context: ConnectionContext, passed: () => void) {
    super();
    this.#context = context;
    this.#passed = passed;
  }

  /** Counts anew, for the length that this setting says; none when the other half's holds. */
  arm(setting: DeadlineSetting | OtherHalf): void {
    this.armMs(setting === 'other half' ? 0 : this.#context.deadlinesMs[setting]);
  }

  /** 0 = no deadline. */
  armMs(afterMs: number): void {
    if (afterMs > 0) this.#context.wheel.set(this, afterMs);
    else this.#context.wheel.clear(this);
  }

  /** For good: the wheel keeps nothing of it. */
  remove(): void {
    this.#context.wheel.remove(this);
  }

  get isSet(): boolean {
    return this.dueTick > 0;
  }

  override overdue(): void {
    this.#passed();
  }
}
