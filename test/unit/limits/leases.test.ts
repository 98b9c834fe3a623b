// Tokens that several workers lease of one who counts, with a simulated clock: the sum never exceeds the limit and comes close to it,
// nobody waits longer than the settings say, and what goes on alone meanwhile is told later.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { Grant } from '../../../src/limits/bucket.ts';
import { arbiterTerms, type DebtTerms, STORE_TERMS } from '../../../src/limits/debts.ts';
import { LEASE_VALID_MS, TokenLeases } from '../../../src/limits/leases.ts';
import type { Lender } from '../../../src/limits/lender.ts';
import { LocalTokens } from '../../../src/limits/local.ts';
import { Reach } from '../../../src/limits/reach.ts';
import { Share } from '../../../src/limits/share.ts';
import { type LimitRate, parseLimitRate } from '../../../src/settings/limit-rate.ts';
import { SimulatedTime } from './simulated-time.ts';

/** `borrowers` workers, and an arbiter that answers after `delayMs` of the message's number; null: never. */
class Scene {
  readonly time = new SimulatedTime();
  readonly limits: readonly { id: string; rate: LimitRate }[];
  readonly truth: LocalTokens;
  readonly leases: readonly TokenLeases[];
  readonly reaches: readonly Reach[];
  readonly told: string[] = [];
  delayMs: (message: number) => number | null = () => 1;
  /** Until then nothing is heard; then all that lies there. */
  stoppedUntilMs = 0;
  asked = 0;
  /** Charges that are not answered, and the most that there were. */
  charging = 0;
  chargingMost = 0;

  constructor(rate: string, borrowers: number, terms: DebtTerms = arbiterTerms(borrowers)) {
    this.limits = [{ id: 'a', rate: parseLimitRate(rate) }];
    this.truth = new LocalTokens(this.limits, this.time.now);
    this.reaches = Array.from({ length: borrowers }, () => {
      const reach = new Reach({ timeoutMs: 20, now: this.time.now, later: this.time.later });
      reach.onChange((state) => this.told.push(state));
      return reach;
    });
    this.leases = this.reaches.map(
      (reach) =>
        new TokenLeases({
          limits: this.limits,
          borrowers,
          lender: this.#lender(),
          alone: new Share(this.limits, this.time.now, () => borrowers),
          terms,
          reach,
          now: this.time.now,
          later: this.time.later,
        }),
    );
  }

  #arrives(delayMs: number, deed: () => void): void {
    this.time.later(delayMs, () => {
      const stoppedMs = this.stoppedUntilMs - this.time.nowMs;
      if (stoppedMs > 0) this.#arrives(stoppedMs, deed);
      else deed();
    });
  }

  #lender(): Lender {
    const reached = (deed: () => void): void => {
      this.asked += 1;
      const delayMs = this.delayMs(this.asked);
      if (delayMs !== null) this.#arrives(delayMs, deed);
    };
    return {
      take: (limit, key, count, answered) =>
        reached(() => answered({ ...this.truth.take(limit, key, count), validMs: LEASE_VALID_MS })),
      giveBack: (limit, key, count) => reached(() => this.truth.giveBack(limit, key, count)),
      charge: (limit, key, count, told) => {
        this.asked += 1;
        this.charging += 1;
        this.chargingMost = Math.max(this.chargingMost, this.charging);
        const delayMs = this.delayMs(this.asked);
        this.#arrives(delayMs ?? 1, () => {
          this.charging -= 1;
          if (delayMs !== null) this.truth.charge(limit, key, count);
          told?.(delayMs !== null);
        });
      },
    };
  }
}

/** So many requests of one key in each worker, evenly, for so long; how many went on. */
async function load(
  scene: Scene,
  perWorkerEachMs: number,
  lengthMs: number,
  stepMs = 1,
): Promise<number> {
  let sum = 0;
  const count = (grant: Grant | { granted: boolean }): void => {
    if (grant.granted) sum += 1;
  };
  const beganMs = scene.time.nowMs;
  let due = 0;
  while (scene.time.nowMs < beganMs + lengthMs) {
    due += perWorkerEachMs * stepMs;
    for (; due >= 1; due--) {
      for (const leases of scene.leases) {
        const answer = leases.ask(0, 'a');
        if (answer instanceof Promise) void answer.then(count);
        else count(answer);
      }
    }
    await scene.time.goTo(scene.time.nowMs + stepMs);
  }
  await scene.time.goTo(scene.time.nowMs + 50);
  return sum;
}

for (const [rate, lengthMs, stepMs] of [
  ['1000/s', 3000, 1],
  ['100/s:20', 5000, 1],
  ['20000/s:4000', 1000, 1],
  ['5/m', 180_000, 100],
] as const) {
  test(`four workers let through what ${rate} allows, within 5 % and never more`, async () => {
    const scene = new Scene(rate, 4);
    const { requests, perMs, burst } = parseLimitRate(rate);
    const beganMs = scene.time.nowMs;
    const perMsAndWorker = Math.min(15, Math.max(0.05, (requests / perMs) * 0.75));
    const sum = await load(scene, perMsAndWorker, lengthMs, stepMs);
    const most = ((scene.time.nowMs - beganMs) * requests) / perMs + burst;
    assert.ok(sum <= most, `${sum} of ${most}`);
    assert.ok(sum >= 0.95 * (most - (50 * requests) / perMs) - 1, `${sum} of ${most}`);
    assert.deepEqual(scene.told, []);
  });
}

test('one worker gets all of it while the others have nothing to do', async () => {
  const scene = new Scene('1000/s', 4);
  const [busy] = scene.leases;
  const sum = await load(Object.assign(scene, { leases: [busy] }), 3, 4000);
  assert.ok(sum <= 1000 * 4.05 + 1000 && sum >= 0.95 * 5000, `${sum}`);
});

test('who comes all the time asks rarely, and what is not used goes back', async () => {
  const scene = new Scene('20000/s', 4);
  const sum = await load(Object.assign(scene, { leases: scene.leases.slice(0, 1) }), 5, 2000);
  assert.equal(sum, 10_000);
  assert.ok(scene.asked < 500, `${scene.asked} messages`);
  await scene.time.goTo(scene.time.nowMs + 300);
  assert.equal(scene.truth.take(0, 'a', 20_000).granted, 20_000);
});

test('in any order of delays and pauses the sum stays within the limit', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 20 }),
      fc.array(fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 8 }), fc.nat({ max: 60 })), {
        maxLength: 120,
      }),
      async (delays, steps) => {
        const scene = new Scene('200/s:30', 4);
        scene.delayMs = (n) => delays[n % delays.length] ?? 0;
        let sum = 0;
        const beganMs = scene.time.nowMs;
        for (const [worker, count, waitMs] of steps) {
          for (let n = 0; n < count; n++) {
            const answer = scene.leases[worker]?.ask(0, 'a');
            void Promise.resolve(answer).then((heard) => {
              if (heard?.granted === true) sum += 1;
            });
          }
          await scene.time.goTo(scene.time.nowMs + waitMs);
          const most = (scene.time.nowMs - beganMs) * 0.2 + 30;
          assert.ok(sum <= most + 1e-6, `${sum} of ${most}`);
        }
        assert.deepEqual(scene.told, []);
      },
    ),
    { numRuns: 60 },
  );
});

test('nobody waits longer than the timeout; alone the workers let the limit through, and it comes back', async () => {
  const scene = new Scene('100/s:40', 4);
  scene.delayMs = () => null;
  const [first] = scene.leases as readonly [TokenLeases];
  const beganMs = scene.time.nowMs;
  const answer = first.ask(0, 'a');
  assert.ok(answer instanceof Promise);
  await scene.time.goTo(beganMs + 21);
  assert.equal((await answer).granted, true);
  assert.deepEqual(scene.told, ['silent']);
  assert.equal(scene.reaches[0]?.waiting, 0);
  const alone = await load(scene, 1, 4000);
  assert.ok(alone <= 40 + 405 + 1 && alone >= 0.95 * 440 - 4, `${alone} alone`);
  scene.delayMs = () => 1;
  await load(scene, 0.02, 600);
  assert.equal(scene.told.filter((state) => state === 'answers').length, 4);
  assert.equal(scene.reaches[0]?.silent, false);
});

test('what went on alone is told, so that it is not let through a second time', async () => {
  const scene = new Scene('10/s:10', 1);
  scene.stoppedUntilMs = scene.time.nowMs + 60;
  assert.equal(await load(scene, 1, 30), 10);
  await scene.time.goTo(scene.time.nowMs + 250);
  // What probes finds an answer.
  scene.leases[0]?.ask(0, 'b');
  await scene.time.goTo(scene.time.nowMs + 10);
  assert.equal(scene.reaches[0]?.silent, false);
  const left = scene.truth.take(0, 'a', 10).granted;
  assert.ok(left >= 2 && left <= 4, `${left}`);
});

test('what went on alone of thousands of keys is told in slices, and what nobody heard is told again', async () => {
  const scene = new Scene('10/h', 1, STORE_TERMS);
  const [leases] = scene.leases as readonly [TokenLeases];
  const [reach] = scene.reaches as readonly [Reach];
  const keys = Array.from({ length: 5000 }, (_, n) => `k${n}`);
  reach.failed();
  for (const key of keys) for (let times = 0; times < 4; times++) leases.ask(0, key);
  // It falls silent again in the middle: of the third slice nothing arrives.
  let charges = 0;
  scene.delayMs = () => {
    charges += 1;
    return charges <= 512 ? 1 : null;
  };
  reach.answered();
  await scene.time.goTo(scene.time.nowMs + 100);
  assert.equal(charges, 768);
  assert.equal(scene.chargingMost, 256);
  assert.equal(scene.truth.take(0, 'k511', 10).granted, 6);
  reach.failed();
  scene.delayMs = () => 1;
  reach.answered();
  await scene.time.goTo(scene.time.nowMs + 100);
  assert.equal(scene.truth.take(0, 'k510', 10).granted, 6);
  for (const key of keys.slice(512)) assert.equal(scene.truth.take(0, key, 10).granted, 6);
  assert.equal(reach.silent, false);
});

/** An arbiter that is late, or stopped for a while, again and again. */
const pauses = fc.array(
  fc.record({
    stoppedMs: fc.integer({ min: 0, max: 400 }),
    thenMs: fc.integer({ min: 20, max: 1500 }),
    late: fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 8 }),
  }),
  { minLength: 4, maxLength: 12 },
);

test('however often the arbiter is late or silent, the sum is the rate, a burst, and what one silence lets through', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('100/s:200', '200/s:30', '500/s', '50/s:2'),
      fc.integer({ min: 2, max: 6 }),
      pauses,
      async (text, workers, all) => {
        const scene = new Scene(text, workers);
        const { requests, perMs, burst } = parseLimitRate(text);
        const perMillisecond = requests / perMs;
        // Each lets one through at least; alone for as long as a silence, what was on its way and a question four times a second last.
        const silence = Math.max(burst, workers) + perMillisecond * (400 + 60 + 250) + workers;
        const beganMs = scene.time.nowMs;
        let sum = 0;
        for (const { stoppedMs, thenMs, late } of all) {
          scene.delayMs = (n) => late[n % late.length] ?? 0;
          scene.stoppedUntilMs = scene.time.nowMs + stoppedMs;
          sum += await load(scene, perMillisecond, stoppedMs + thenMs, 10);
          const allowed = burst + (scene.time.nowMs - beganMs) * perMillisecond;
          assert.ok(sum <= allowed + silence, `${sum} of ${allowed} + ${silence}`);
        }
      },
    ),
    { numRuns: 20 },
  );
});

test('thirty silences cost a heavy client nothing of its rate and give it nothing beyond', async () => {
  const scene = new Scene('100/s:200', 4);
  const beganMs = scene.time.nowMs;
  let sum = 0;
  for (let times = 0; times < 30; times++) {
    scene.stoppedUntilMs = scene.time.nowMs + 300;
    sum += await load(scene, 0.2, 1300, 5);
  }
  const allowed = 200 + (scene.time.nowMs - beganMs) / 10;
  assert.ok(sum >= 0.95 * (allowed - 200) && sum <= allowed + 200 + 71, `${sum} of ${allowed}`);
});

for (const stoppedMs of [300, 1900, 30_000]) {
  test(`a client that keeps to half its rate is not refused after a silence of ${stoppedMs} ms`, async () => {
    const scene = new Scene('100/s:200', 4);
    let sum = await load(scene, 0.0125, 2000, 5);
    scene.stoppedUntilMs = scene.time.nowMs + stoppedMs;
    sum += await load(scene, 0.0125, stoppedMs + 4000, 5);
    const asked = ((stoppedMs + 6000) * 4) / 80;
    assert.ok(sum >= asked - 8, `${sum} of ${asked}`);
  });
}

test('what was used up stays used up while the arbiter does not answer', async () => {
  const scene = new Scene('5/m', 4);
  assert.equal(await load(scene, 2, 1), 5);
  scene.stoppedUntilMs = scene.time.nowMs + 3000;
  assert.equal(await load(scene, 0.01, 2500), 0);
});

test('an arbiter that is late for a moment each second changes the sum by less than 5 %', async (t) => {
  for (const rate of ['50/s:50', '100/s:20', '20/s:20']) {
    const scene = new Scene(rate, 4);
    const { requests, perMs, burst } = parseLimitRate(rate);
    const beganMs = scene.time.nowMs;
    let sum = 0;
    for (let times = 0; times < 10; times++) {
      scene.stoppedUntilMs = scene.time.nowMs + 60;
      sum += await load(scene, 0.1, 950, 5);
    }
    const allowed = burst + ((scene.time.nowMs - beganMs) * requests) / perMs;
    const most = 1.05 * allowed;
    t.diagnostic(`${rate}: ${sum} of ${allowed}`);
    assert.ok(sum >= 0.95 * allowed - 4 && sum <= most, `${sum} of ${allowed} of ${rate}`);
  }
});
