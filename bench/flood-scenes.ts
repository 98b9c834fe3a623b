// What is played with each server of bench/flood: one address that floods, many that drip, several times more requests
// than can be served. Each scene tells its cells of the table, and what normal clients had before it.

import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Drippers, normalClients, PATH } from './flood-clients.ts';
import { type Latencies, quantile } from './open-loop.ts';
import { addressOf, ask, capacity, overload, paced, recovery, undisturbed } from './overloading.ts';

export interface Sizes {
  readonly seconds: number;
  readonly overloadSeconds: number;
  /** Connections of the address that floods. */
  readonly flooders: number;
  readonly drippers: number;
}

/** Until what disturbs is there. */
const SETTLE_SECONDS = 1;

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
      void ask({ port, path: PATH }, addressOf(2, number % drippers));
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

/** Slow enough for two cores to play five times as many beside the server. */
const OVERLOAD_PATH = '/block?0.05';
const TIMES = 5;
const ADDRESSES = 250;
const CAPACITY_SECONDS = 3;
const CAPACITY_CLIENTS = 16;
const CALM_REQUESTS = 40;

export async function fiveTimes(port: number, sizes: Sizes): Promise<Overloaded> {
  const asked = { port, path: OVERLOAD_PATH };
  const seconds = sizes.overloadSeconds;
  const most = await capacity(asked, CAPACITY_CLIENTS, Math.min(CAPACITY_SECONDS, seconds));
  const before = await undisturbed(asked, Math.min(CALM_REQUESTS, 20 * seconds));
  const offered = { perSecond: TIMES * most, seconds, addresses: ADDRESSES };
  const { good } = await overload(asked, offered);
  // As late as one in twenty was before, and what a timer is late by.
  const recoveryMs = await recovery(asked, quantile(before, 0.95) * 1.5 + 5);
  return { capacity: most, good, recoveryMs };
}

export function p99(latencies: Latencies): number {
  return quantile(latencies.ms, 0.99);
}
