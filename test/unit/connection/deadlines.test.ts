// The deadline wheel: never early, at most four ticks late, and a pause of our own loop expires nobody at once.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DeadlineWheel, TICK_MS, Timed } from '../../../src/connection/deadlines.ts';

class Alarm extends Timed {
  firedAtMs: number | null = null;
  readonly #now: () => number;
  react: (() => void) | null = null;

  constructor(now: () => number) {
    super();
    this.#now = now;
  }

  override overdue(): void {
    this.firedAtMs = this.#now();
    this.react?.();
  }
}

class Clock {
  ms = 0;
  readonly wheel = new DeadlineWheel(0);

  /** Turns the wheel every tick, as the worker does. */
  advance(ms: number): void {
    const end = this.ms + ms;
    while (this.ms < end) {
      this.ms = Math.min(end, this.ms + TICK_MS);
      this.wheel.turn(this.ms);
    }
  }

  alarm(): Alarm {
    return new Alarm(() => this.ms);
  }
}

test('a deadline fires not before its time and at most four ticks after it', () => {
  fc.assert(
    fc.property(fc.nat(200_000), fc.nat(3 * TICK_MS), (afterMs, startMs) => {
      const clock = new Clock();
      clock.advance(startMs);
      const setAt = clock.ms;
      const alarm = clock.alarm();
      clock.wheel.set(alarm, afterMs);
      clock.advance(afterMs + 5 * TICK_MS);
      assert.ok(alarm.firedAtMs !== null, 'it fired');
      assert.ok(alarm.firedAtMs - setAt >= afterMs, 'not early');
      assert.ok(alarm.firedAtMs - setAt <= afterMs + 4 * TICK_MS, 'not late');
    }),
    { numRuns: 300 },
  );
});

test('a deadline that is moved fires once, at the last time it was given', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(5000), fc.nat(900)), { minLength: 1, maxLength: 20, size: 'max' }),
      (moves) => {
        const clock = new Clock();
        const alarm = clock.alarm();
        let dueMs = 0;
        for (const [afterMs, waitMs] of moves) {
          clock.wheel.set(alarm, afterMs);
          alarm.firedAtMs = null;
          dueMs = clock.ms + afterMs;
          clock.advance(waitMs);
        }
        clock.advance(6000);
        assert.ok(alarm.firedAtMs !== null && alarm.firedAtMs >= dueMs);
        assert.ok(alarm.firedAtMs <= dueMs + 4 * TICK_MS);
      },
    ),
    { numRuns: 300 },
  );
});

test('a deadline that was cleared or removed does not fire', () => {
  const clock = new Clock();
  const [cleared, removed] = [clock.alarm(), clock.alarm()];
  clock.wheel.set(cleared, 500);
  clock.wheel.set(removed, 500);
  clock.wheel.clear(cleared);
  clock.wheel.remove(removed);
  clock.advance(2000);
  assert.equal(cleared.firedAtMs, null);
  assert.equal(removed.firedAtMs, null);
});

test('whoever is called may remove, clear or set others that are due in the same tick', () => {
  const clock = new Clock();
  const alarms = Array.from({ length: 4 }, () => clock.alarm());
  for (const alarm of alarms) {
    clock.wheel.set(alarm, 100);
    // Whichever comes first takes the others out, in different ways.
    alarm.react = () => {
      const others = alarms.filter((other) => other !== alarm && other.firedAtMs === null);
      others.forEach((other, at) => {
        if (at === 0) clock.wheel.remove(other);
        else if (at === 1) clock.wheel.clear(other);
        else clock.wheel.set(other, 1000);
      });
    };
  }
  clock.advance(500);
  assert.equal(alarms.filter((alarm) => alarm.firedAtMs !== null).length, 1);
  clock.advance(1000);
  assert.equal(alarms.filter((alarm) => alarm.firedAtMs !== null).length, 2);
});

test('a pause of our own loop does not expire what had time left', () => {
  const clock = new Clock();
  const alarm = clock.alarm();
  clock.wheel.set(alarm, 3000);
  clock.ms += 60_000;
  clock.wheel.turn(clock.ms);
  assert.equal(alarm.firedAtMs, null, 'the wheel has advanced two ticks only');
  clock.advance(3200);
  assert.notEqual(alarm.firedAtMs, null);
});
