// Tokens that one process counts: against an exact model with a simulated clock, and what becomes of the counts when there are more
// keys than there is room for.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { LocalTokens } from '../../../src/limits/local.ts';
import { ForgivenTable } from '../../../src/limits/table.ts';
import type { TokenLimit } from '../../../src/limits/tokens.ts';
import { type LimitRate, parseLimitRate } from '../../../src/settings/limit-rate.ts';

function limitOf(rate: LimitRate): TokenLimit {
  return { id: 'a', rate };
}

const rates = fc.record({
  requests: fc.integer({ min: 1, max: 5000 }),
  perMs: fc.constantFrom(1000, 60_000, 3_600_000),
  burst: fc.integer({ min: 1, max: 300 }),
});
const steps = fc.array(
  fc.record({
    waitMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 3000 })),
    key: fc.constantFrom('a', 'b', 'c'),
    count: fc.integer({ min: 1, max: 40 }),
    returned: fc.integer({ min: 0, max: 40 }),
  }),
  { maxLength: 80 },
);

test('tokens are those of an exact bucket of fractions, at any time and in any order', () => {
  fc.assert(
    fc.property(rates, steps, (rate, all) => {
      let nowMs = 5;
      const local = new LocalTokens([limitOf(rate)], () => nowMs);
      // In units of 1 / perMs, so that every number is whole.
      const buckets = new Map<string, { level: number; atMs: number }>();
      for (const { waitMs, key, count, returned } of all) {
        nowMs += waitMs;
        const full = rate.burst * rate.perMs;
        const bucket = buckets.get(key) ?? { level: full, atMs: nowMs };
        const gained = (nowMs - bucket.atMs) * rate.requests;
        bucket.level = Math.min(full, bucket.level + gained);
        bucket.atMs = nowMs;
        buckets.set(key, bucket);
        const expected = Math.min(count, Math.floor(bucket.level / rate.perMs));
        const grant = local.take(0, key, count);
        assert.equal(grant.granted, expected);
        bucket.level -= expected * rate.perMs;
        assert.equal(grant.remaining, Math.floor(bucket.level / rate.perMs));
        assert.ok(Math.abs(grant.resetMs - (full - bucket.level) / rate.requests) < 1e-3);
        const missing = Math.max(0, rate.perMs - (bucket.level % rate.perMs)) / rate.requests;
        if (expected < count) assert.ok(Math.abs(grant.retryMs - missing) < 1e-3);
        else assert.equal(grant.retryMs, 0);
        const back = Math.min(returned, expected);
        local.giveBack(0, key, back);
        bucket.level += back * rate.perMs;
      }
    }),
  );
});

test('no key ever gets more than rate x time + burst, and a refusal says when to come again', () => {
  fc.assert(
    fc.property(rates, steps, (rate, all) => {
      let nowMs = 0;
      const local = new LocalTokens([limitOf(rate)], () => nowMs);
      let sum = 0;
      let beganMs: number | null = null;
      for (const { waitMs, count } of all) {
        nowMs += waitMs;
        beganMs ??= nowMs;
        const grant = local.take(0, 'a', count);
        sum += grant.granted;
        const most = ((nowMs - beganMs) * rate.requests) / rate.perMs + rate.burst;
        assert.ok(sum <= most + 1e-3, `${sum} of ${most}`);
        if (grant.retryMs === 0) continue;
        nowMs += grant.retryMs;
        assert.ok(local.ask(0, 'a').granted, 'one is there when that was said');
        sum += 1;
      }
    }),
  );
});

test('what was charged holds a key up in full, and never for ever', () => {
  let nowMs = 0;
  const local = new LocalTokens([limitOf(parseLimitRate('10/s'))], () => nowMs);
  local.charge(0, 'a', 15);
  assert.equal(local.ask(0, 'a').granted, false);
  nowMs = 599;
  assert.equal(local.ask(0, 'a').granted, false);
  nowMs = 601;
  assert.equal(local.ask(0, 'a').granted, true);
  local.charge(0, 'a', 25);
  nowMs += 2499;
  assert.equal(local.ask(0, 'a').granted, false);
  nowMs += 101;
  assert.equal(local.ask(0, 'a').granted, true);
  // Three bursts, 64 and a second, less the burst that it may have.
  local.charge(0, 'a', 1_000_000);
  nowMs += 9400 + 101;
  assert.equal(local.ask(0, 'a').granted, true);
});

test('a million keys lose no count, in 32 MB, and when they are forgiven the memory is given back', () => {
  let nowMs = 0;
  const local = new LocalTokens([limitOf(parseLimitRate('2/m'))], () => nowMs);
  const keys = 1_000_000;
  const key = (n: number): string => `127.${n >> 16}.${(n >> 8) & 255}.${n & 255}`;
  for (let n = 0; n < keys; n++) local.take(0, key(n), 2);
  assert.ok(local.bytes <= 32 * 1024 * 1024, `${local.bytes}`);
  for (let n = 0; n < keys; n++) assert.equal(local.ask(0, key(n)).granted, false, key(n));
  nowMs = 60_000;
  for (let times = 0; times < 2000; times++) local.tend();
  assert.ok(local.bytes <= 128 * 1024, `${local.bytes}`);
});

test('where there is no room the lightest go: a crowd of addresses never frees a heavy client', () => {
  const nowMs = 0;
  const local = new LocalTokens([limitOf(parseLimitRate('60/m'))], () => nowMs, {
    entriesMax: 65_536,
  });
  for (let n = 0; n < 100; n++) local.take(0, `heavy ${n}`, 60);
  for (let n = 0; n < 400_000; n++) local.take(0, `light ${n}`, 1);
  assert.ok(local.bytes <= 65_536 * 16 * 1.1);
  for (let n = 0; n < 100; n++) assert.equal(local.ask(0, `heavy ${n}`).granted, false);
});

test('the table finds what a map finds, while it grows and shrinks', () => {
  const times = fc.record({
    key: fc.integer({ min: 0, max: 5000 }),
    lengthMs: fc.integer({ min: 1, max: 500 }),
  });
  fc.assert(
    fc.property(fc.array(times, { minLength: 1000, maxLength: 4000 }), (all) => {
      const table = new ForgivenTable(65_536);
      const model = new Map<number, number>();
      const half = (n: number): number => Math.imul(n + 1, 0x9e3779b1) >>> 0;
      let nowMs = 1;
      for (const { key, lengthMs } of all) {
        nowMs += 0.25;
        table.set(half(key), half(key * 7 + 3), nowMs + lengthMs, nowMs);
        model.set(key, nowMs + lengthMs);
        if (key % 64 === 0) table.tend(nowMs);
      }
      for (const [key, untilMs] of model) {
        const found = table.get(half(key), half(key * 7 + 3));
        if (untilMs > nowMs) assert.equal(found, untilMs);
        else assert.ok(found === 0 || found === untilMs);
      }
      assert.equal(table.lost, 0);
      nowMs += 1000;
      for (let turn = 0; turn < 100; turn++) table.tend(nowMs);
      assert.equal(table.taken, 0);
    }),
    { numRuns: 20 },
  );
});

test('after a reload a limit that is the same goes on where it was, another begins anew', () => {
  const limit = (id: string, rate: string): TokenLimit => ({ id, rate: parseLimitRate(rate) });
  const now = (): number => 7;
  const first = new LocalTokens([limit('login', '5/m'), limit('rest', '9/m')], now);
  first.take(0, 'a', 5);
  first.take(1, 'a', 9);
  const second = new LocalTokens([limit('rest', '10/m'), limit('login', '5/m')], now, {
    before: first,
  });
  assert.equal(second.ask(1, 'a').granted, false);
  assert.equal(second.ask(0, 'a').granted, true);
});
