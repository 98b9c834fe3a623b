// What the check of every request costs: a one-line Node.js application with limits that nobody reaches and without, in
// turn on the same machine, as requests a second and as processor time of all its processes for each.

import { descendantsOf, processorMs } from '../test/support/processes.ts';
import { folderOf, tunicorn } from './contenders.ts';
import { freePort, median, type Running, rate, start } from './load.ts';

const CONNECTIONS = 64;
const WARM_SECONDS = 2;
/** Nobody reaches them, and every request is counted. */
const LIMITS = ['--limit-rate', '1000000/s', '--limit-connections', '1000'];

interface Side {
  readonly name: string;
  readonly running: Running;
  readonly perSecond: number[];
  /** Microseconds of processor time for a request. */
  readonly cost: number[];
}

export interface CostRow {
  readonly name: string;
  readonly perSecond: number;
  readonly cost: number;
  /** How much of it without limits, round by round, of which the median. */
  readonly times: number;
}

export async function limitsCost(rounds: number, seconds: number): Promise<readonly CostRow[]> {
  const sides: Side[] = [];
  try {
    for (const [name, limits] of [
      ['no limit set', []],
      ['limits that nobody reaches', LIMITS],
    ] as const) {
      sides.push({ name, running: await startNode(limits), perSecond: [], cost: [] });
    }
    for (const { running } of sides) {
      await rate(running.port, CONNECTIONS, Math.min(WARM_SECONDS, seconds));
    }
    // Each is first as often as the other.
    for (let round = 0; round < rounds; round++) {
      for (const side of round % 2 === 0 ? sides : sides.toReversed()) await measure(side, seconds);
    }
  } finally {
    for (const { running } of sides) await running.stop();
  }
  return sides.map(({ name, perSecond, cost }) => ({
    name,
    perSecond: median(perSecond),
    cost: median(cost),
    times: median(cost.map((each, round) => each / (sides[0]?.cost[round] ?? Number.NaN))),
  }));
}

async function startNode(limits: readonly string[]): Promise<Running> {
  const port = await freePort();
  const command = [...tunicorn(port), '--log-level', 'error', '--workers', '1', '--threads', '1'];
  return start([...command, ...limits, './bench-listener.mjs'], folderOf('node hello'), port);
}

async function measure({ running, perSecond, cost }: Side, seconds: number): Promise<void> {
  const family = [running.pid, ...descendantsOf(running.pid)];
  const used = (): number => family.reduce((sum, pid) => sum + processorMs(pid), 0);
  const before = used();
  const each = await rate(running.port, CONNECTIONS, seconds);
  perSecond.push(each);
  cost.push(((used() - before) * 1000) / (each * seconds));
}
