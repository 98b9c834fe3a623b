// What a worker that counts alone says to an arbiter that is late, with a clock turned by hand: of each key the newest, once, and as
// old as it is when it is sent. Faults put in by hand and seen here: a list instead of a map; what waited sent as it was when it began to.

import assert from 'node:assert/strict';
import test from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { OwnCount } from '../../../src/limits/own-count.ts';
import type { Log } from '../../../src/observe/log.ts';
import { parseLimitRate } from '../../../src/settings/limit-rate.ts';
import type { LeaseQuestion } from '../../../src/wire/limits.ts';
import { ArbiterLender } from '../../../src/worker/limits/arbiter-lender.ts';
import { LimitCounts } from '../../../src/worker/limits/limit-counts.ts';

const TICK_MS = 50;
/** Until one request is forgiven. */
const EACH_MS = 10_000;

class Scene {
  nowMs = 1000;
  readonly said: LeaseQuestion[] = [];
  readonly lender: ArbiterLender;
  readonly own: OwnCount;

  constructor() {
    const now = (): number => this.nowMs;
    this.lender = new ArbiterLender('tokens', (question) => this.said.push(question), now);
    const nobody = (): never => {
      throw new Error('nobody is asked');
    };
    this.own = new OwnCount({
      limits: [{ id: 'a', rate: parseLimitRate('6/m:1000') }],
      inheritsMs: [0],
      leases: { ask: nobody, take: nobody },
      owe: (limit, key, resetMs) => this.lender.owe(limit, key, resetMs),
      now,
    });
  }

  async ticks(count: number, keys: readonly string[]): Promise<void> {
    for (let tick = 0; tick < count; tick++) {
      for (const key of keys) this.own.ask(0, key);
      this.nowMs += TICK_MS;
      this.own.tend();
      await turn();
    }
  }

  /** What was said since it was last looked at is answered, and what is said then, too; how often a key is in it, and its last time. */
  async answered(): Promise<Map<string, { times: number; resetMs: number }>> {
    const heard = new Map<string, { times: number; resetMs: number }>();
    for (let next = this.said.shift(); next !== undefined; next = this.said.shift()) {
      for (const [, key, resetMs] of next.owed) {
        heard.set(key, { times: (heard.get(key)?.times ?? 0) + 1, resetMs });
      }
      this.lender.heard({ kind: 'leased', of: 'tokens', id: next.id, leases: [] });
      await turn();
    }
    return heard;
  }
}

function keysOf(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, n) => `${name}${n}`);
}

test('an arbiter that is late hears the newest of every key, and of none more than what was under way and that', async () => {
  const scene = new Scene();
  const keys = keysOf('k', 1000);
  await scene.ticks(30, keys);
  scene.own.ask(0, 'late');
  await scene.ticks(5, []);
  assert.equal(scene.said.length, 2, 'no more is under way');
  const heard = await scene.answered();
  const olderMs = 5 * TICK_MS;
  for (const key of keys) {
    const { times, resetMs } = heard.get(key) ?? { times: 0, resetMs: 0 };
    assert.ok(times >= 1 && times <= 2, `${key} is told ${times} times`);
    const least = 30 * EACH_MS - 30 * TICK_MS - olderMs;
    assert.ok(resetMs >= least && resetMs <= least + 1, `${key}: ${resetMs} of ${least}`);
  }
  assert.equal(heard.get('late')?.times, 1);
});

test('what waited is told as it is when it is sent, and not at all when it is forgiven by then', async () => {
  const scene = new Scene();
  // Two messages are under way.
  for (const key of ['a', 'b']) {
    scene.lender.take(0, key, 1, () => undefined);
    await turn();
  }
  scene.lender.owe(0, 'long', 5000);
  scene.lender.owe(0, 'short', 400);
  scene.nowMs += 1000;
  const heard = await scene.answered();
  assert.deepEqual([...heard], [['long', { times: 1, resetMs: 4000 }]]);
});

test('more keys than there is room for are told when there is', async () => {
  const scene = new Scene();
  for (let part = 0; part < 3; part++) {
    await scene.ticks(5, keysOf(`part${part}-`, 10_000));
  }
  const heard = await scene.answered();
  await scene.ticks(5, []);
  for (const key of (await scene.answered()).keys()) heard.set(key, { times: 1, resetMs: 0 });
  assert.equal(heard.size, 30_000);
});

test('who counts alone no more has told all of it, also what there was no room for', () => {
  const told = new Set<string>();
  const counts = new LimitCounts({
    limits: { tokens: [{ id: 'a', rate: parseLimitRate('6/h') }], places: [] },
    workers: 1,
    patienceMs: 100,
    log: {} as unknown as Log,
    ask: ({ owed }) => {
      for (const [, key] of owed) told.add(key);
    },
  });
  counts.countAlone([0]);
  for (const key of keysOf('k', 30_000)) void counts.ask(0, key);
  counts.countAlone(null);
  assert.equal(told.size, 30_000);
});
