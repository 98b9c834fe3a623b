// More requests than a limit lets through, and when each was let through or refused: by the clock of the application, because an
// answer may be on its way for long on a busy machine. What is said of a limit from below holds where enough was offered all the
// time: stretches in which one refusal followed the other closely.

import { Agent, get } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

/** Milliseconds of the wall clock, in their order. */
export interface Load {
  readonly granted: number[];
  readonly refused: number[];
}

export type Stretch = readonly [fromMs: number, toMs: number];

/** For each port. */
const CLIENTS = 12;
/** Between two requests of one: together they ask several times as often as is let through, and leave the processor to others. */
const PAUSE_MS = 15;
/** A bucket of a limit here takes longer to fill up. */
const GAP_MS = 100;

/** Asks for `/busy` until it is enough, with as many clients as make a server refuse. */
export async function offer(
  ports: readonly number[],
  enough: (load: Load) => boolean,
): Promise<Load> {
  const load: Load = { granted: [], refused: [] };
  const agent = new Agent({ keepAlive: true });
  const client = async (port: number): Promise<void> => {
    while (!enough(load)) {
      await ask(port, agent, load);
      await pause(PAUSE_MS);
    }
  };
  await Promise.all(ports.flatMap((port) => Array.from({ length: CLIENTS }, () => client(port))));
  agent.destroy();
  load.granted.sort((a, b) => a - b);
  load.refused.sort((a, b) => a - b);
  return load;
}

function ask(port: number, agent: Agent, { granted, refused }: Load): Promise<void> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, agent, path: '/busy?clock' }, (response) => {
      if (response.statusCode === 200) granted.push(Number(response.headers['x-clock']));
      else refused.push(performance.timeOrigin + performance.now());
      response.resume().on('end', resolve);
    }).on('error', reject);
  });
}

/** Where refusals followed each other closely for at least so long. */
export function loadedStretches({ refused }: Load, leastMs: number): readonly Stretch[] {
  const found: Stretch[] = [];
  let fromMs = refused[0] ?? 0;
  for (const [index, ms] of refused.entries()) {
    const nextMs = refused[index + 1] ?? Number.POSITIVE_INFINITY;
    if (nextMs - ms <= GAP_MS) continue;
    if (ms - fromMs >= leastMs) found.push([fromMs, ms]);
    fromMs = nextMs;
  }
  return found;
}

export function lengthOf(stretches: readonly Stretch[]): number {
  return stretches.reduce((sum, [fromMs, toMs]) => sum + toMs - fromMs, 0);
}

export function within(times: readonly number[], [fromMs, toMs]: Stretch): number {
  return times.filter((ms) => ms > fromMs && ms <= toMs).length;
}
