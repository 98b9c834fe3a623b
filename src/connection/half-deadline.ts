// The deadline of one half of a connection: moved to what the table says for the state that the half has entered.

import type { ConnectionContext } from './context.ts';
import { TICK_MS, Timed } from './deadlines.ts';
import type { NextDeadline } from './states/look.ts';
import { APPLICATION_TIME, type DeadlineSetting, type OtherHalf } from './states/states.ts';

export class HalfDeadline extends Timed {
  readonly #context: ConnectionContext;
  readonly #passed: () => void;
  #setting: DeadlineSetting | OtherHalf = 'other half';
  /** Time of the wheel, ms; 0 when the application has not asked for more. */
  #extendedUntilMs = 0;
  /** Since when it counts, time of the wheel, ms. */
  #sinceMs = 0;
  /** When it has passed so much more is left of the setting, of which it is a part. */
  #moreMs = 0;

  constructor(context: ConnectionContext, passed: () => void) {
    super();
    this.#context = context;
    this.#passed = passed;
  }

  /** Counts anew, for the length that this setting says; none when the other half's holds. */
  arm(setting: DeadlineSetting | OtherHalf): void {
    this.#setting = setting;
    this.#begin(0, 0);
    if (setting === 'other half') this.#extendedUntilMs = 0;
    this.#set(setting === 'other half' ? 0 : this.#context.deadlinesMs[setting]);
    if (this.#extendedUntilMs > 0) this.#keepExtension();
  }

  /** The application needs until this time of the wheel, ms, whichever of its own deadlines holds by then. */
  extend(untilMs: number): void {
    this.#extendedUntilMs = untilMs;
    this.#keepExtension();
  }

  /** Moves the deadline only to where it is later, and only one of the application's that is set. */
  #keepExtension(): void {
    const untilMs = this.#extendedUntilMs;
    if (!this.isSet || !APPLICATION_TIME.has(this.#setting) || untilMs <= this.dueTick * TICK_MS) {
      return;
    }
    this.#set(untilMs - this.#context.wheel.nowMs);
  }

  /** For what is no setting's whole length, and never the application's time. 0 = no deadline. */
  armMs(afterMs: number): void {
    this.#setting = 'other half';
    this.#begin(0, 0);
    this.#set(afterMs);
  }

  /** For one of the parts that a setting is cut into; so many of them have passed. */
  armPart(setting: DeadlineSetting, passed: number, parts: number): void {
    const partMs = this.#context.deadlinesMs[setting] / parts;
    this.#setting = setting;
    this.#begin(passed * partMs, Math.max(0, parts - passed - 1) * partMs);
    this.#set(partMs);
  }

  #begin(agoMs: number, moreMs: number): void {
    this.#sinceMs = this.#context.wheel.nowMs - agoMs;
    this.#moreMs = moreMs;
  }

  #set(afterMs: number): void {
    if (afterMs > 0) this.#context.wheel.set(this, afterMs);
    else this.#context.wheel.clear(this);
  }

  /** Counts for `afterMs` from now, unless less than that is left. */
  armAtMost(afterMs: number): void {
    const left = this.dueTick * TICK_MS - this.#context.wheel.nowMs;
    if (this.isSet && left <= afterMs) return;
    this.#setting = 'other half';
    // The same wait, with less time.
    if (!this.isSet) this.#begin(0, 0);
    this.#set(afterMs);
  }

  /** For good: the wheel keeps nothing of it. */
  remove(): void {
    this.#context.wheel.remove(this);
  }

  get isSet(): boolean {
    return this.dueTick > 0;
  }

  /** null when there is none. */
  get due(): NextDeadline | null {
    if (!this.isSet) return null;
    const setting = this.#setting === 'other half' ? null : this.#setting;
    return { setting, inMs: this.leftMs };
  }

  /** Infinity when there is none. */
  get leftMs(): number {
    return this.leftAt(this.#context.wheel.nowMs);
  }

  /** At a time of the wheel, which who looks at thousands asks once. */
  leftAt(nowMs: number): number {
    if (this.dueTick === 0) return Number.POSITIVE_INFINITY;
    return Math.max(0, this.dueTick * TICK_MS - nowMs) + this.#moreMs;
  }

  /** The part of its time that is over then, 0 to 1. */
  usedAt(nowMs: number): number {
    const goneMs = nowMs - this.#sinceMs;
    const allMs = goneMs + this.leftAt(nowMs);
    return allMs > 0 ? goneMs / allMs : 1;
  }

  override overdue(): void {
    this.#passed();
  }
}
