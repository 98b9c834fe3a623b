// Places of clients that workers lease from somebody who answers late, or not for a while: whatever comes when, each place is given
// back as often as it was taken, and when all have left nothing is held any more. Seen to fail: what was forgotten in a silence, and
// was answered afterwards, took another client's entry with it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PlaceLeases } from '../../../src/limits/place-leases.ts';
import { Reach } from '../../../src/limits/reach.ts';
import { SimulatedTime } from './simulated-time.ts';

const MOST = 6;
const TIMEOUT_MS = 20;
const LEASE = { remaining: 0, resetMs: 0, retryMs: 0, validMs: 0 };
const KEYS = ['one', 'other'];

/** Counts the places of all workers; whatever it hears and says is on its way for as long as it is told now. */
class Counter {
  delayMs = 0;
  readonly held = new Map<string, number>(KEYS.map((key) => [key, 0]));
  readonly #time: SimulatedTime;
  #lastMs = 0;

  constructor(time: SimulatedTime) {
    this.#time = time;
  }

  /** In the order in which it was said. */
  hear(deed: () => void): void {
    this.#lastMs = Math.max(this.#lastMs, this.#time.nowMs + this.delayMs);
    this.#time.later(this.#lastMs - this.#time.nowMs, deed);
  }

  add(key: string, count: number): void {
    const held = (this.held.get(key) ?? 0) + count;
    assert.ok(held >= 0, `${held} places of ${key}`);
    this.held.set(key, held);
  }

  lend(key: string, count: number): number {
    const granted = Math.max(0, Math.min(count, MOST - (this.held.get(key) ?? 0)));
    this.add(key, granted);
    return granted;
  }
}

function worker(time: SimulatedTime, counter: Counter): PlaceLeases {
  const reach = new Reach({ timeoutMs: TIMEOUT_MS, now: time.now, later: time.later });
  return new PlaceLeases({
    limits: [{ id: 'connections', most: MOST }],
    borrowers: 2,
    reach,
    now: time.now,
    later: time.later,
    lender: {
      take: (_limit, key, count, answered) =>
        counter.hear(() => answered({ ...LEASE, granted: counter.lend(key, count) })),
      giveBack: (_limit, key, count) => counter.hear(() => counter.add(key, -count)),
      charge: (_limit, key, count) => counter.hear(() => counter.add(key, count)),
    },
  });
}

const step = fc.record({
  worker: fc.nat({ max: 1 }),
  key: fc.constantFrom(...KEYS),
  does: fc.constantFrom('enters', 'leaves', 'enters and leaves'),
  afterMs: fc.constantFrom(0, 1, 5, 30, 60, 120, 300),
  delayMs: fc.constantFrom(0, 0, 1, 10, 40, 200),
});

test('answers that come late give back no place twice, and keep none', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const time = new SimulatedTime();
      const counter = new Counter(time);
      const workers = [worker(time, counter), worker(time, counter)];
      const open: { at: number; key: string }[] = [];
      const enter = async (at: number, key: string): Promise<void> => {
        if ((await workers[at]?.enter(0, key)) === true) open.push({ at, key });
      };
      const leave = (): void => {
        const left = open.shift();
        if (left !== undefined) workers[left.at]?.leave(0, left.key);
      };
      for (const { worker: at, key, does, afterMs, delayMs } of steps) {
        counter.delayMs = delayMs;
        const entered = does === 'leaves' ? null : enter(at, key);
        await time.goTo(time.nowMs + afterMs);
        if (does === 'enters and leaves') {
          await time.goTo(time.nowMs + TIMEOUT_MS);
          await entered;
        }
        if (does !== 'enters') leave();
      }
      counter.delayMs = 0;
      await time.goTo(time.nowMs + 1000);
      while (open.length > 0) leave();
      await time.goTo(time.nowMs + 1000);
      assert.deepEqual([...counter.held.values()], [0, 0]);
    }),
    { numRuns: 500 },
  );
});
