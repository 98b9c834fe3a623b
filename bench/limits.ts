// What counting a request costs: in a worker that counts by itself, from a lease, for many keys at once, and what a million keys take
// of memory. Nanoseconds of processor, not of the clock: `node dist/bench/limits.js`; the argument: how many requests and keys.

import { arbiterTerms } from '../src/limits/debts.ts';
import { LEASE_VALID_MS, TokenLeases } from '../src/limits/leases.ts';
import type { Lender } from '../src/limits/lender.ts';
import { LocalTokens } from '../src/limits/local.ts';
import { Reach } from '../src/limits/reach.ts';
import { parseLimitRate } from '../src/settings/limit-rate.ts';

const MANY = Number(process.argv[2] ?? 1_000_000);
const ROUNDS = 3;
const now = (): number => performance.now();

function nanoseconds(times: number, deed: (n: number) => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    for (let n = 0; n < times; n++) deed(n);
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, ((user + system) * 1000) / times);
  }
  return best;
}

function tell(what: string, value: number, unit: string): void {
  process.stdout.write(`${what.padEnd(52)} ${value.toFixed(0).padStart(6)} ${unit}\n`);
}

const limits = [{ id: 'bench', rate: parseLimitRate('1000000/s') }];
const addresses = Array.from(
  { length: 100_000 },
  (_, n) => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`,
);

const local = new LocalTokens(limits, now);
tell(
  'counted here, one client',
  nanoseconds(MANY, () => local.ask(0, '203.0.113.7')),
  'ns',
);
tell(
  'counted here, 100,000 clients in turn',
  nanoseconds(MANY, (n) => local.ask(0, addresses[n % addresses.length] as string)),
  'ns',
);

/** Answers at once and in full, as often as it is asked. */
const generous: Lender = {
  take: (_limit, _key, count, answered) =>
    answered({ granted: count, remaining: 9, resetMs: 1, retryMs: 0, validMs: LEASE_VALID_MS }),
  giveBack: () => undefined,
  charge: () => undefined,
};
const later = (ms: number, deed: () => void): void => void setTimeout(deed, ms).unref();
const leases = new TokenLeases({
  limits,
  borrowers: 4,
  lender: generous,
  alone: local,
  terms: arbiterTerms(4),
  reach: new Reach({ timeoutMs: 20, now, later }),
  now,
  later,
});
tell(
  'from a lease, one client',
  nanoseconds(MANY, () => void leases.ask(0, '203.0.113.7')),
  'ns',
);

const many = new LocalTokens([{ id: 'many', rate: parseLimitRate('1/h') }], now);
let worstMs = 0;
for (let n = 0; n < MANY; n++) {
  const beganMs = now();
  many.ask(0, `127.${n >> 16}.${(n >> 8) & 255}.${n & 255}`);
  worstMs = Math.max(worstMs, now() - beganMs);
}
tell(`${MANY} clients`, many.bytes / 1024 / 1024, 'MiB');
tell('the longest that one of them took', worstMs * 1000, 'us by the clock');
