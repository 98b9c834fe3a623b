// Hosts that count in one store, with a simulated clock: while the store is late or silent the sum of all is still the limit, because
// each has its share; a host that is alone has all of it. Fault put in by hand and seen here: each host by the whole limit.

import assert from 'node:assert/strict';
import test from 'node:test';
import type { Lender } from '../../../src/limits/lender.ts';
import { LocalTokens } from '../../../src/limits/local.ts';
import { Reach } from '../../../src/limits/reach.ts';
import { StoredTokens } from '../../../src/limits/stored-tokens.ts';
import { parseLimitRate } from '../../../src/settings/limit-rate.ts';
import { SimulatedTime } from './simulated-time.ts';

const LIMIT = 50;
const TIMEOUT_MS = 20;

/** Counts in windows of a second, as a store does, and is stopped now and then. */
class Scene {
  readonly time = new SimulatedTime();
  readonly hosts: readonly StoredTokens[];
  stoppedUntilMs = 0;
  grantedAlone = 0;
  #used = 0;
  #windowEndsMs = 0;

  constructor(count: number) {
    this.hosts = Array.from({ length: count }, () => this.#host(count));
  }

  #host(count: number): StoredTokens {
    const limits = [{ id: 'a', rate: parseLimitRate(`${LIMIT}/s`) }];
    const { now, later } = this.time;
    const reach = new Reach({ timeoutMs: TIMEOUT_MS, now, later });
    const look = (): void => {
      if (reach.probes()) {
        const answered = reach.asked();
        this.#arrives(answered);
      }
      later(5, look);
    };
    look();
    return new StoredTokens({
      ...{ limits, local: new LocalTokens(limits, now), lender: this.#lender(), reach, now, later },
      hosts: () => count,
      grantedAlone: (requests) => {
        this.grantedAlone += requests;
      },
    });
  }

  #arrives(deed: () => void): void {
    this.time.later(Math.max(1, this.stoppedUntilMs - this.time.nowMs), deed);
  }

  #lender(): Lender {
    return {
      take: (_limit, _key, count, answered) =>
        this.#arrives(() => {
          const resetMs = this.#window();
          const granted = Math.max(0, Math.min(count, LIMIT - this.#used));
          this.#used += granted;
          const remaining = LIMIT - this.#used;
          const retryMs = granted < count ? resetMs : 0;
          answered({ granted, remaining, resetMs, retryMs, validMs: Math.min(100, resetMs) });
        }),
      giveBack: (_limit, _key, count) =>
        this.#arrives(() => {
          if (this.time.nowMs < this.#windowEndsMs) this.#used = Math.max(0, this.#used - count);
        }),
      charge: (_limit, _key, count, told) =>
        this.#arrives(() => {
          this.#window();
          this.#used += count;
          told?.(true);
        }),
    };
  }

  #window(): number {
    if (this.time.nowMs >= this.#windowEndsMs) {
      this.#windowEndsMs = this.time.nowMs + 1000;
      this.#used = 0;
    }
    return this.#windowEndsMs - this.time.nowMs;
  }

  /** Each host is asked all the time; how many requests went on. */
  async flood(ms: number): Promise<number> {
    let sum = 0;
    const untilMs = this.time.nowMs + ms;
    while (this.time.nowMs < untilMs) {
      for (const host of this.hosts) {
        void Promise.resolve(host.take(0, 'k', 1)).then(({ granted }) => {
          sum += granted;
        });
      }
      await this.time.goTo(this.time.nowMs + 5);
    }
    return sum;
  }
}

test('a store that is late again and again lets two hosts have no more than 5 % too much', async (t) => {
  const scene = new Scene(2);
  let sum = 0;
  for (let times = 0; times < 20; times++) {
    scene.stoppedUntilMs = scene.time.nowMs + 60;
    sum += await scene.flood(530);
  }
  const allowed = (20 * 530 * LIMIT) / 1000 + LIMIT;
  t.diagnostic(`${sum} of ${allowed}`);
  assert.ok(scene.grantedAlone > 0);
  assert.ok(sum <= 1.05 * allowed && sum >= 0.8 * allowed, `${sum} of ${allowed}`);
});

test('while the store is gone all hosts together have the limit, and a single one all of it', async () => {
  for (const count of [1, 2, 4]) {
    const scene = new Scene(count);
    scene.stoppedUntilMs = scene.time.nowMs + 20_000;
    const sum = await scene.flood(10_000);
    const allowed = 10 * LIMIT + LIMIT;
    assert.ok(sum <= allowed + count && sum >= 0.95 * allowed, `${count}: ${sum} of ${allowed}`);
    assert.ok(scene.grantedAlone <= sum, 'what was refused is not handed out');
  }
});
