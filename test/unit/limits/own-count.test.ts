// A worker that serves alone counts by itself, with a simulated clock: it asks nobody, and yet whoever comes after it, with the two of
// them serving for a while or with a pause, lets no key have more than the limit. Faults put in by hand and seen here: a successor
// that asks nobody; a worker that does not tell when another one joins.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { arbiterTerms } from '../../../src/limits/debts.ts';
import { LEASE_VALID_MS, TokenLeases } from '../../../src/limits/leases.ts';
import type { Lender } from '../../../src/limits/lender.ts';
import { LocalTokens } from '../../../src/limits/local.ts';
import { OwnCount } from '../../../src/limits/own-count.ts';
import { Reach } from '../../../src/limits/reach.ts';
import type { Tokens } from '../../../src/limits/tokens.ts';
import { parseLimitRate } from '../../../src/settings/limit-rate.ts';
import { SimulatedTime } from './simulated-time.ts';

const TICK_MS = 250;

class Arbiter {
  readonly time = new SimulatedTime();
  readonly limits: readonly { id: string; rate: ReturnType<typeof parseLimitRate> }[];
  readonly truth: LocalTokens;
  asked = 0;

  constructor(rate: string) {
    this.limits = [{ id: 'a', rate: parseLimitRate(rate) }];
    this.truth = new LocalTokens(this.limits, this.time.now);
  }

  /** What is said arrives after a millisecond. */
  says(deed: () => void): void {
    this.time.later(1, deed);
  }

  readonly lender: Lender = {
    take: (limit, key, count, answered) => {
      this.asked += 1;
      this.says(() => {
        const grant = this.truth.take(limit, key, count);
        this.says(() => answered({ ...grant, validMs: LEASE_VALID_MS }));
      });
    },
    giveBack: (limit, key, count) => this.says(() => this.truth.giveBack(limit, key, count)),
    charge: (limit, key, count) => this.says(() => this.truth.charge(limit, key, count)),
  };
}

class Worker {
  readonly #arbiter: Arbiter;
  readonly #leases: TokenLeases;
  #own: OwnCount | null = null;
  #dead = false;

  constructor(arbiter: Arbiter) {
    this.#arbiter = arbiter;
    const { now, later } = arbiter.time;
    this.#leases = new TokenLeases({
      limits: arbiter.limits,
      borrowers: 1,
      lender: arbiter.lender,
      alone: new LocalTokens(arbiter.limits, now),
      terms: arbiterTerms(1),
      reach: new Reach({ timeoutMs: 20, now, later }),
      now,
      later,
    });
    this.#tick();
  }

  get tokens(): Tokens {
    return this.#own ?? this.#leases;
  }

  alone(): void {
    const { limits, truth, time } = this.#arbiter;
    this.#own = new OwnCount({
      limits,
      inheritsMs: truth.longestMs(),
      leases: this.#leases,
      owe: (limit, key, resetMs) => {
        this.#arbiter.says(() => truth.raise(limit, key, Math.ceil(resetMs)));
        return true;
      },
      now: time.now,
    });
  }

  withOthers(): void {
    this.#own?.end();
    this.#own = null;
  }

  /** It says nothing more, also not what it has not told. */
  die(): void {
    this.#dead = true;
  }

  #tick(): void {
    this.#arbiter.time.later(TICK_MS, () => {
      if (this.#dead) return;
      this.#own?.tend();
      this.#tick();
    });
  }
}

/** One that is tended by hand, and what was told of it. */
function untendedOwn(takes: () => boolean) {
  const time = new SimulatedTime();
  const told: [key: string, resetMs: number][] = [];
  const own = new OwnCount({
    limits: [{ id: 'a', rate: parseLimitRate('6/m:1000') }],
    inheritsMs: [0],
    leases: { ask: unasked, take: unasked },
    owe: (_limit, key, resetMs) => {
      if (takes()) told.push([key, resetMs]);
      return takes();
    },
    now: time.now,
  });
  return { own, time, told };
}

function unasked(): never {
  throw new Error('nobody is asked');
}

/** How many of so many requests of a key go on. */
async function through({ time }: Arbiter, worker: Worker, key: string, count: number) {
  const all = Array.from({ length: count }, () => worker.tokens.ask(0, key));
  await time.goTo(time.nowMs + 10);
  return (await Promise.all(all)).filter(({ granted }) => granted).length;
}

test('a worker that serves alone asks nobody, and its successor goes on where it was', async () => {
  const arbiter = new Arbiter('5/h');
  const first = new Worker(arbiter);
  first.alone();
  const answer = first.tokens.ask(0, 'k');
  assert.ok(!('then' in answer) && answer.granted);
  assert.equal(answer.remaining, 4);
  assert.equal(await through(arbiter, first, 'k', 3), 3);
  assert.equal(arbiter.asked, 0);
  await arbiter.time.goTo(arbiter.time.nowMs + 2 * TICK_MS);
  first.die();
  const second = new Worker(arbiter);
  second.alone();
  assert.equal(await through(arbiter, second, 'k', 5), 1);
  assert.equal(arbiter.asked, 1, 'once for a key, however many requests wait for it');
  assert.equal(await through(arbiter, second, 'new', 9), 5);
  assert.equal(await through(arbiter, second, 'new', 9), 0);
  assert.equal(arbiter.asked, 2, 'what is known is counted here');
});

test('however often it is tended, it tells four times a second', () => {
  const { own, time, told } = untendedOwn(() => true);
  for (let tick = 0; tick < 40; tick++) {
    time.nowMs += 50;
    own.ask(0, 'k');
    own.tend();
  }
  assert.equal(told.length, 8);
});

test('what could not be told is told later, as it is then', () => {
  let full = true;
  const { own, time, told } = untendedOwn(() => !full);
  own.ask(0, 'k');
  time.nowMs += 250;
  own.tend();
  assert.equal(own.tell(), false);
  full = false;
  time.nowMs += 250;
  own.tend();
  assert.deepEqual(told, [['k', 9500]], '10 s for each, half a second of it is over');
  assert.equal(own.tell(), true);
  assert.equal(told.length, 1);
});

test('when all is forgiven that was counted before it, nobody is asked any more', async () => {
  const arbiter = new Arbiter('100/s:10');
  arbiter.truth.take(0, 'k', 10);
  const worker = new Worker(arbiter);
  worker.alone();
  assert.equal(await through(arbiter, worker, 'other', 1), 1);
  assert.equal(arbiter.asked, 1);
  await arbiter.time.goTo(arbiter.time.nowMs + 150);
  assert.equal(await through(arbiter, worker, 'another', 1), 1);
  assert.equal(arbiter.asked, 1);
});

test('however workers come and go, no key gets more than its rate and its burst', async () => {
  const step = fc.record({
    does: fc.constantFrom('ask', 'ask', 'ask', 'reload', 'replace', 'wait'),
    key: fc.constantFrom('k', 'l'),
    count: fc.integer({ min: 1, max: 12 }),
    waitMs: fc.integer({ min: 0, max: 900 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('5/h', '60/m:8', '20/s:5'),
      fc.array(step, { minLength: 5, maxLength: 60 }),
      async (rate, steps) => {
        const arbiter = new Arbiter(rate);
        const { time } = arbiter;
        const { requests, perMs, burst } = parseLimitRate(rate);
        const had = { k: 0, l: 0 };
        const beganMs = time.nowMs;
        let worker = new Worker(arbiter);
        worker.alone();
        let old: Worker | null = null;
        for (const { does, key, count, waitMs } of steps) {
          if (does === 'reload' && old === null) {
            // Both serve for a while.
            old = worker;
            old.withOthers();
            await time.goTo(time.nowMs + 5);
            worker = new Worker(arbiter);
          } else if (does === 'replace') {
            // It has told: what it had not would be the successor's.
            await time.goTo(time.nowMs + TICK_MS + 5);
            (old ?? worker).die();
            if (old === null) worker = new Worker(arbiter);
            old = null;
            worker.alone();
          } else if (does === 'wait') await time.goTo(time.nowMs + waitMs);
          else {
            const both = old === null ? [worker] : [worker, old];
            const each = both.map((one) => through(arbiter, one, key, count));
            had[key] += (await Promise.all(each)).reduce((sum, granted) => sum + granted, 0);
          }
          const most = burst + ((time.nowMs - beganMs) * requests) / perMs;
          assert.ok(had[key] <= most + 1e-6, `${had[key]} of ${most} of ${rate}`);
        }
      },
    ),
    { numRuns: 150 },
  );
});
