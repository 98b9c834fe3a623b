// Handlers that never return, and clients who come meanwhile: what share of them is answered, and since when all are.

import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { AnswerReader } from '../src/drill/answer-reader.ts';
import { connectPlain, requestFor } from '../src/drill/target.ts';
import type { Running } from './load.ts';

const PROBES_PER_SECOND = 10;
const PROBE_PATIENCE_MS = 1_000;
const BEFORE_SECONDS = 2;
/** So many answered one after another: it serves again. */
const IN_A_ROW = 20;

/** What came of a request: its status, or a word. */
type Outcome = number | 'no answer' | 'cut off';

interface Probe {
  /** Seconds since the handlers got stuck. */
  readonly at: number;
  readonly outcome: Outcome;
}

/** Cells of a table: answered before, while stuck, since when all are, and what became of the stuck requests. */
export async function whenStuck(
  { port }: Running,
  spins: number,
  seconds: number,
): Promise<string[]> {
  const before = await probe(port, BEFORE_SECONDS);
  const stuck = Array.from({ length: spins }, () => ask(port, '/spin', seconds * 1000 + 2_000));
  const probes = await probe(port, seconds);
  const outcomes = await Promise.all(stuck);
  const since = servesSince(probes);
  const during = probes.filter(({ at }) => since === null || at < since);
  return [
    shareAnswered(before),
    during.length === 0 ? 'all' : shareAnswered(during),
    since === null ? `not within ${seconds} s` : `${since.toFixed(1)} s`,
    inWords(outcomes),
  ];
}

/** Clients that each come anew, when they are due. */
async function probe(port: number, seconds: number): Promise<Probe[]> {
  const began = performance.now();
  const probes: Promise<Probe>[] = [];
  for (let sent = 0; sent < seconds * PROBES_PER_SECOND; sent++) {
    await sleep(began + (sent * 1000) / PROBES_PER_SECOND - performance.now());
    const at = (performance.now() - began) / 1000;
    probes.push(ask(port, '/', PROBE_PATIENCE_MS).then((outcome) => ({ at, outcome })));
  }
  return Promise.all(probes);
}

function ask(port: number, path: string, patienceMs: number): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket: Socket = connectPlain({ at: port });
    const settle = (outcome: Outcome): void => {
      clearTimeout(late);
      socket.destroy();
      resolve(outcome);
    };
    const late = setTimeout(() => settle('no answer'), patienceMs);
    const reader = new AnswerReader(({ status }) => settle(status));
    socket.on('connect', () => socket.write(requestFor(path)));
    socket.on('data', (bytes: Buffer) => reader.push(bytes));
    socket.on('end', () => reader.ended());
    socket.on('error', () => undefined);
    socket.on('close', () => settle('cut off'));
  });
}

/** When the last row of answers began that nobody missed; null: it has none. */
function servesSince(probes: readonly Probe[]): number | null {
  const lastMissed = probes.findLastIndex(({ outcome }) => outcome !== 200);
  const after = probes.slice(lastMissed + 1);
  return after.length < Math.min(IN_A_ROW, probes.length) ? null : (after[0]?.at ?? null);
}

function shareAnswered(probes: readonly Probe[]): string {
  const answered = probes.filter(({ outcome }) => outcome === 200).length;
  return `${answered} of ${probes.length}`;
}

/** "6 x 504, 2 x no answer" */
function inWords(outcomes: readonly Outcome[]): string {
  const counts = new Map<Outcome, number>();
  for (const outcome of outcomes) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  return [...counts].map(([outcome, count]) => `${count} x ${outcome}`).join(', ');
}
