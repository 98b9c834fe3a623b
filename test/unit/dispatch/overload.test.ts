// Five times as many requests as can be served, in an open loop, by clients that give up after a second, with a simulated clock:
// what is served is served in time, for however many addresses come in turn. Seen to fail: a round that goes on
// with whoever has waited longest, once all have had their turn.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JobQueue } from '../../../src/dispatch/queue.ts';
import type { Job } from '../../../src/threads/app-thread.ts';

const THREADS = 4;
const TIMES = 5;
const GIVE_UP_MS = 1000;

interface Request {
  readonly from: string;
  readonly cameMs: number;
  gaveUp: boolean;
}

/** What happens next, by its time. */
class Calendar {
  readonly #events: { readonly atMs: number; readonly deed: () => void }[] = [];
  nowMs = 0;

  at(atMs: number, deed: () => void): void {
    let index = this.#events.length;
    while (index > 0 && (this.#events[index - 1]?.atMs ?? 0) > atMs) index -= 1;
    this.#events.splice(index, 0, { atMs, deed });
  }

  runUntil(untilMs: number): void {
    for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) {
      if (next.atMs > untilMs) return;
      this.nowMs = next.atMs;
      next.deed();
    }
  }
}

interface Outcome {
  /** Of each second: which share of what can be served was answered in time. */
  readonly good: number[];
  /** How many of each address were served. */
  readonly served: ReadonlyMap<string, number>;
}

/** `fromOf`: the address of a request, by its number. */
function overload(serviceMs: number, fromOf: (number: number) => number, seconds: number): Outcome {
  const calendar = new Calendar();
  const capacity = (THREADS * 1000) / serviceMs;
  const good = new Array<number>(seconds).fill(0);
  const served = new Map<string, number>();
  const requests = (job: Job): Request => job as unknown as Request;
  const queue = new JobQueue({
    limit: 10_000,
    now: () => calendar.nowMs,
    clientOf: (job) => requests(job).from,
  });
  let free = THREADS;
  const run = (request: Request): void => {
    free -= 1;
    served.set(request.from, (served.get(request.from) ?? 0) + 1);
    calendar.at(calendar.nowMs + serviceMs, () => {
      free += 1;
      const second = Math.floor(calendar.nowMs / 1000);
      if (!request.gaveUp && second < seconds) good[second] = (good[second] ?? 0) + 1 / capacity;
      serve();
    });
  };
  const serve = (): void => {
    while (free > 0) {
      const job = queue.take();
      if (job === null) return;
      run(requests(job));
    }
  };
  const come = (number: number): void => {
    const from = String(fromOf(number));
    const request: Request = { from, cameMs: calendar.nowMs, gaveUp: false };
    const job = request as unknown as Job;
    if (free > 0 && queue.length === 0) run(request);
    else queue.add(job);
    calendar.at(calendar.nowMs + GIVE_UP_MS, () => {
      request.gaveUp = true;
      queue.remove(job);
    });
    const nextMs = calendar.nowMs + 1000 / (TIMES * capacity);
    if (nextMs < seconds * 1000) calendar.at(nextMs, () => come(number + 1));
  };
  calendar.at(0, () => come(0));
  calendar.runUntil(seconds * 1000);
  return { good, served };
}

for (const [serviceMs, addresses, seconds] of [
  [50, 250, 30],
  [100, 500, 30],
  [20, 500, 15],
  [50, 5000, 15],
  [50, 20, 15],
  [50, 1, 15],
] as const) {
  test(`five times what can be served of ${serviceMs} ms each, from ${addresses} addresses: 0.95 of it are answered in time`, () => {
    const { good } = overload(serviceMs, (number) => number % addresses, seconds);
    const later = good.slice(2);
    const told = later.map((share) => share.toFixed(2)).join(' ');
    assert.ok(later.reduce((sum, share) => sum + share, 0) / later.length >= 0.95, told);
    assert.ok(Math.min(...later) >= 0.9, told);
  });
}

test('under overload an address that asks as often as all others together is served no more often than each of them', () => {
  const others = 20;
  const { served } = overload(
    50,
    (number) => (number % 2 === 0 ? 0 : 1 + ((number >> 1) % others)),
    30,
  );
  const least = Math.min(...served.values());
  const flooder = served.get('0') ?? 0;
  assert.equal(served.size, others + 1);
  assert.ok(flooder <= least * 1.2, `${flooder} of the flooder, ${least} of another`);
});
