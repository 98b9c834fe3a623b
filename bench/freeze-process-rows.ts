// The rows of the freeze table that need the server's processes in hand: one is stopped or killed, or gets few
// descriptors. The others are in src/drill/rows, because clients alone can play them.

import { setTimeout as sleep } from 'node:timers/promises';
import { Crowd } from '../src/drill/crowd.ts';
import type { Measured } from '../src/drill/meter.ts';
import { NormalClients } from '../src/drill/normal-clients.ts';
import { type Pace, type Played, slower } from '../src/drill/rows/row.ts';
import { requestFor } from '../src/drill/target.ts';
import { descendantsOf, isAlive, nameOf } from '../test/support/processes.ts';
import type { Choice, Stand, StandOptions } from './freeze-servers.ts';

export interface ProcessRow {
  readonly number: number;
  readonly happens: string;
  readonly options: Omit<StandOptions, 'threads'>;
  /** Why it cannot be played on this server; null: it can. */
  senseless(choice: Choice): string | null;
  play(stand: Stand, pace: Pace): Promise<{ played: Played; faults: readonly string[] }>;
}

/** What the rows start their server with. */
export const TIMEOUT_SECONDS = 2;
/** A process that was to be replaced, or to end, has by then. */
const GONE_MS = 10_000;
const LOOK_MS = 100;

const TIMEOUT = ['--timeout', String(TIMEOUT_SECONDS)];

async function gone(pids: () => readonly number[]): Promise<boolean> {
  for (let waited = 0; waited < GONE_MS; waited += LOOK_MS) {
    if (pids().length === 0) return true;
    await sleep(LOOK_MS);
  }
  return false;
}

/** Normal clients before, while `disturb` runs (and a second longer), and after. */
async function around(
  stand: Stand,
  pace: Pace,
  disturb: () => Promise<ReadonlyMap<string, number>>,
  fresh = false,
): Promise<Played> {
  const clients = new NormalClients(stand.target, { path: '/', count: pace.clients, fresh });
  try {
    await clients.measure(500);
    const before = await clients.measure(pace.measureMs);
    const done = clients.measuring();
    const attackers = await disturb();
    await sleep(1_000);
    const during = done();
    const after = await clients.measure(pace.measureMs);
    return { before, during, after, attackers, notWaited: false };
  } finally {
    clients.stop();
  }
}

function silence({ silenceMs }: Measured, seconds: number): string[] {
  return silenceMs > seconds * 1000
    ? [`nobody was served for ${(silenceMs / 1000).toFixed(1)} s`]
    : [];
}

const stoppedLoop: ProcessRow = {
  number: 10,
  happens: `one of 2 workers is stopped (SIGSTOP), timeout ${TIMEOUT_SECONDS} s`,
  options: { workers: 2, args: TIMEOUT },
  senseless: () => null,
  async play(stand, pace) {
    const [worker = 0] = childrenOf(stand.pid);
    let ended = false;
    const stop = async (): Promise<ReadonlyMap<string, number>> => {
      process.kill(worker, 'SIGSTOP');
      ended = await gone(() => [worker].filter(isAlive));
      return new Map([[ended ? 'worker replaced' : 'worker not replaced', 1]]);
    };
    // Whoever has a connection to the stopped one waits for its end; new ones are the other worker's.
    const played = await around(stand, pace, stop, true);
    const faults = [
      ...(ended ? [] : [`the stopped worker was there after ${GONE_MS / 1000} s`]),
      ...silence(played.during, 1),
      ...slower(played, pace, 'after'),
    ];
    return { played, faults };
  },
};

const killedArbiter: ProcessRow = {
  number: 11,
  happens: 'the arbiter is killed (SIGKILL) while a request spins; graceful timeout 2 s',
  options: { args: ['--timeout', '30', '--graceful-timeout', '2'] },
  senseless: () => null,
  async play(stand, pace) {
    let left: number[] = [];
    const played = await around(stand, pace, async () => {
      const spinner = new Crowd(stand.target, 1, { opening: () => requestFor('/spin') });
      await spinner.begun;
      await sleep(500);
      stand.family();
      process.kill(stand.pid, 'SIGKILL');
      await gone(() => stand.survivors());
      left = stand.survivors();
      return spinner.stop();
    });
    const faults =
      left.length > 0
        ? [`left behind: ${left.map((pid) => `${nameOf(pid)} ${pid}`).join(', ')}`]
        : [];
    return { played, faults };
  },
};

const stoppedPython: ProcessRow = {
  number: 14,
  happens: `the Python process is stopped (SIGSTOP), then its successor killed; timeout ${TIMEOUT_SECONDS} s`,
  options: { args: TIMEOUT },
  senseless: ({ server, kind }) => {
    if (server === 'gunicorn') return 'its worker is the Python process itself: see row 10';
    return kind === 'node' ? 'there is no Python process' : null;
  },
  async play(stand, pace) {
    const python = () => stand.family().find((pid) => nameOf(pid).startsWith('python')) ?? 0;
    let replaced = true;
    const played = await around(stand, pace, async () => {
      for (const signal of ['SIGSTOP', 'SIGKILL'] as const) {
        const pid = python();
        process.kill(pid, signal);
        replaced = (await gone(() => [pid].filter(isAlive))) && replaced;
        // The next one serves before it is its turn.
        await sleep(1_000);
      }
      return new Map([[replaced ? 'both were replaced' : 'one stayed', 1]]);
    });
    const faults = [
      ...(replaced ? [] : ['a stopped process stayed']),
      ...silence(played.during, TIMEOUT_SECONDS + 2),
      ...slower(played, pace, 'after'),
    ];
    return { played, faults };
  },
};

const fewDescriptors: ProcessRow = {
  number: 15,
  happens: '200 silent connections where a process may have 64 descriptors (ulimit -n)',
  options: { descriptors: 64, ours: ['--first-byte-timeout', '3'] },
  senseless: () => null,
  async play(stand, pace) {
    const played = await around(stand, pace, async () => {
      const crowd = new Crowd(stand.target, pace.crowd, {
        opening: () => '',
        staysAfterAnswer: true,
      });
      await crowd.begun;
      await sleep(pace.measureMs);
      return crowd.stop();
    });
    return { played, faults: slower(played, pace, 'after') };
  },
};

function childrenOf(pid: number): number[] {
  const below = descendantsOf(pid);
  const deeper = new Set(below.flatMap((child) => descendantsOf(child)));
  return below.filter((child) => !deeper.has(child));
}

export const PROCESS_ROWS: readonly ProcessRow[] = [
  stoppedLoop,
  killedArbiter,
  stoppedPython,
  fewDescriptors,
];
