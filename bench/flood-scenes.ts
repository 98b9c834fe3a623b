// What is played with each server of bench/flood: one address that floods, many that drip, several times more requests
// than can be served. Each scene tells its cells of the table, and what normal clients had before it.

import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { addressOf, ask, Drippers, normalClients, PATH, paced } from './flood-clients.ts';
import { type Latencies, quantile } from './open-loop.ts';

export interface Sizes {
  readonly seconds: number;
  readonly overloadSeconds: number;
  /** Connections of the address that floods. */
  readonly flooders: number;
  readonly drippers: number;
}

/** Until what disturbs is there. */
const SETTLE_SECONDS = 1;

/** How normal clients fare when nothing else is asked. */
export function undisturbed(port: number, { seconds }: Sizes): Promise<Latencies> {
  return normalClients(port, seconds);
}

/** One address, as fast as it can. */
export async function flood(port: number, { seconds, flooders }: Sizes): Promise<Latencies> {
  const whole = Math.ceil(seconds + 2 * SETTLE_SECONDS);
  const url = `http://127.0.0.1:${port}${PATH}`;
  const wrk = promisify(execFile)('wrk', ['-t1', `-c${flooders}`, `-d${whole}s`, url]);
  wrk.catch(() => undefined);
  try {
    await sleep(SETTLE_SECONDS * 1000);
    return await normalClients(port, seconds);
  } finally {
    wrk.child.kill('SIGINT');
    await wrk.catch(() => undefined);
  }
}

/** Of each of the many. */
const ASKS_EVERY_SECONDS = 50;

/** Many addresses, each with a request that drips, and each asking now and then. */
export async function drip(port: number, { seconds, drippers }: Sizes): Promise<Latencies> {
  const slow = new Drippers(port, drippers);
  try {
    await sleep(drippers + SETTLE_SECONDS * 1000);
    const seldom = paced(drippers / ASKS_EVERY_SECONDS, seconds, (number) => {
      void ask(port, addressOf(2, number % drippers));
    });
    const [latencies] = await Promise.all([normalClients(port, seconds), seldom]);
    return latencies;
  } finally {
    slow.stop();
  }
}

export interface Overloaded {
  /** Answers a second that it can give. */
  readonly capacity: number;
  /** Answers in time, by the second in which they came. */
  readonly good: readonly number[];
  /** Until requests took no longer than before, ms; null: not while it was waited. */
  readonly recoveryMs: number | null;
}

const TIMES = 5;
const OVERLOADING = 250;
const CAPACITY_SECONDS = 3;
const CAPACITY_CLIENTS = 16;

export async function overload(port: number, usualMs: number, sizes: Sizes): Promise<Overloaded> {
  const most = await capacity(port, Math.min(CAPACITY_SECONDS, sizes.seconds));
  const seconds = sizes.overloadSeconds;
  const good = new Array<number>(Math.ceil(seconds)).fill(0);
  const began = performance.now();
  await paced(TIMES * most, seconds, (number) => {
    void ask(port, addressOf(3, number % OVERLOADING)).then(({ status }) => {
      const second = Math.floor((performance.now() - began) / 1000);
      if (status === 200 && second < good.length) good[second] = (good[second] ?? 0) + 1;
    });
  });
  return { capacity: most, good, recoveryMs: await recovery(port, usualMs) };
}

/** Clients that each wait for their answer, more than there are threads. */
async function capacity(port: number, seconds: number): Promise<number> {
  const untilMs = performance.now() + seconds * 1000;
  let answers = 0;
  const client = async (number: number): Promise<void> => {
    while (performance.now() < untilMs) {
      if ((await ask(port, addressOf(4, number * 97 + (answers % 97)))).status === 200)
        answers += 1;
    }
  };
  await Promise.all(Array.from({ length: CAPACITY_CLIENTS }, (_, number) => client(number)));
  return answers / seconds;
}

/** So many in a row show that it is as before. */
const CALM_ANSWERS = 10;
const RECOVERY_MS = 20_000;
const PAUSE_MS = 5;

/** How long until requests of whoever comes then take no longer than usual. */
async function recovery(port: number, usualMs: number): Promise<number | null> {
  const began = performance.now();
  let calmSince = began;
  for (let calm = 0, client = 0; calm < CALM_ANSWERS; client++) {
    const asked = performance.now();
    if (asked - began > RECOVERY_MS) return null;
    const { status, ms } = await ask(port, addressOf(5, client));
    if (calm === 0) calmSince = asked;
    calm = status === 200 && ms <= usualMs ? calm + 1 : 0;
    await sleep(PAUSE_MS);
  }
  return calmSince - began;
}

export function p99(latencies: Latencies): number {
  return quantile(latencies.ms, 0.99);
}
