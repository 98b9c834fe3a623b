// The freeze table, row by row, against Tunicorn or Gunicorn: what normal clients got before, during and after, what
// became of the attackers, memory, what was left behind, and whether it held. Prints; asserts nothing. Linux only.
// `--server tunicorn|gunicorn --kind wsgi|node --rows 1,2 --seconds 2 --rounds 1 --crowd 200 --gunicorn-path DIR`.

import { parseArgs } from 'node:util';
import { tallyInWords } from '../src/drill/attack.ts';
import type { Measured } from '../src/drill/meter.ts';
import { CLIENT_ROWS } from '../src/drill/rows/all.ts';
import { play } from '../src/drill/rows/play.ts';
import { type Pace, type Played, type Row, type Scene, shareKept } from '../src/drill/rows/row.ts';
import { PROCESS_ROWS, type ProcessRow, TIMEOUT_SECONDS } from './freeze-process-rows.ts';
import { type Choice, IDLE_SHARE, Stand, type StandOptions } from './freeze-servers.ts';

const { values: given } = parseArgs({
  options: {
    server: { type: 'string', default: 'tunicorn' },
    kind: { type: 'string', default: 'wsgi' },
    rows: { type: 'string', default: '' },
    seconds: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '1' },
    crowd: { type: 'string', default: '200' },
    resets: { type: 'string', default: '20000' },
    'gunicorn-path': { type: 'string' },
  },
});

const THREADS = 4;
const IDLE_MS = 1_500;
/** Worker and Python together in the row of clients that do not read; the arbiter comes on top. */
const MEMORY_MIB = 300 + 60;
/** Of deadlines that are longer by default, so that a row is over in time; the others are the defaults. */
const SHORT = 10;
const DEADLINES = {
  handshake: SHORT,
  firstByte: SHORT,
  head: SHORT,
  body: SHORT,
  bodyRate: 500,
  write: SHORT,
  keepAlive: 2,
  timeout: TIMEOUT_SECONDS,
};

const pace: Pace = {
  clients: 16,
  crowd: Number(given.crowd),
  bigBytes: 10 * 2 ** 20,
  resets: Number(given.resets),
  measureMs: Number(given.seconds) * 1000,
  boundMs: 20_000,
  again: 0,
  enough: 0.9,
  enoughAfter: 0.7,
};

const choice: Choice = {
  server: given.server === 'gunicorn' ? 'gunicorn' : 'tunicorn',
  kind: given.kind === 'node' ? 'node' : 'wsgi',
  gunicornPath: given['gunicorn-path'],
};

/** What the server is started with for a row. */
function optionsOf({ number }: Row): StandOptions & { readonly connections: number } {
  const connections = { 1: 4, 5: 100 }[number] ?? 1_000;
  const args = ['--worker-connections', String(connections)];
  if (number >= 6 && number <= 8) args.push('--timeout', String(TIMEOUT_SECONDS));
  const short = ['--body-timeout', '--write-timeout'].flatMap((flag) => [flag, String(SHORT)]);
  return { threads: THREADS, connections, args, ours: short, tls: number === 13 };
}

function sceneOf(stand: Stand, connections: number): Scene {
  return {
    target: stand.target,
    kind: choice.kind,
    threads: THREADS,
    connections,
    deadlines: DEADLINES,
    paths: {
      normal: '/',
      hang: '/sleep',
      spin: '/spin',
      native: '/native',
      exit: '/exit',
      read: '/read',
      big: (bytes) => `/big?${bytes}`,
      work: (seconds) => `/block?${seconds}`,
    },
    bootSeconds: 1,
    processorMs: () => stand.processorMs(),
  };
}

interface Outcome {
  readonly happens: string;
  readonly played: Played;
  readonly faults: readonly string[];
  readonly memory: string;
}

async function once(row: Row | ProcessRow): Promise<Outcome> {
  const options = 'start' in row ? optionsOf(row) : { threads: THREADS, ...row.options };
  const stand = await Stand.start(choice, options);
  try {
    const before = stand.residentMib();
    const { happens, played, faults } =
      'start' in row ? await playClientRow(row, stand) : await playProcessRow(row, stand);
    const found = [...faults];
    const idle = await stand.idleShare(IDLE_MS);
    if (idle > IDLE_SHARE)
      found.push(`it used ${idle.toFixed(2)} of a core while nothing happened`);
    const peakMib = stand.peakMib();
    if (row.number === 4 && choice.kind === 'wsgi' && peakMib > MEMORY_MIB)
      found.push(`it took ${peakMib} MiB`);
    const [connections, files] = [stand.connections(), stand.temporaryFiles()];
    const memory = `${before} to ${stand.residentMib()} MiB, at most ${peakMib}`;
    const left = await stand.stop();
    const kept = [
      [connections, 'connections'],
      [files, 'files'],
      [left, 'processes'],
    ].flatMap(([many, what]) => (many === 0 ? [] : [`${many} ${what}`]));
    if (kept.length > 0) found.push(`left behind: ${kept.join(', ')}`);
    return { happens, played, faults: found, memory };
  } finally {
    await stand.stop();
  }
}

type Result = Omit<Outcome, 'memory'>;

async function playClientRow(row: Row, stand: Stand): Promise<Result> {
  const scene = sceneOf(stand, optionsOf(row).connections);
  const played = await play(row, scene, pace);
  return { happens: row.happens(scene, pace), played, faults: row.faults(played, scene, pace) };
}

async function playProcessRow(row: ProcessRow, stand: Stand): Promise<Result> {
  return { happens: row.happens, ...(await row.play(stand, pace)) };
}

/** Of several rounds the one in the middle stands for all. */
async function report(row: Row | ProcessRow, rounds: number): Promise<void> {
  const outcomes: Outcome[] = [];
  for (let round = 0; round < rounds; round++) outcomes.push(await once(row));
  const sorted = outcomes.sort((a, b) => shareKept(a.played) - shareKept(b.played));
  const middle = sorted[Math.floor(rounds / 2)];
  if (middle === undefined) return;
  const { happens, played, faults, memory } = middle;
  const { before, during, after, attackers } = played;
  const cells = [
    ...[String(row.number), happens, rateOf(before)],
    `${rateOf(during)} (${shareKept(played).toFixed(2)})`,
    played.cost === undefined ? '' : costOf(played.cost),
    ...[rateOf(after), tallyInWords(attackers), memory],
    faults.length === 0 ? 'held' : `**no**: ${faults.join('; ')}`,
  ];
  console.log(`| ${cells.join(' | ')} |`);
}

function costOf({ before, during }: NonNullable<Played['cost']>): string {
  return `${Math.round(before)}, ${Math.round(during)}`;
}

/** A silence that a client would notice. */
const SILENCE_MS = 500;

function rateOf({ perSecond, p99Ms, clients, clientsServed, silenceMs }: Measured): string {
  const late = p99Ms === null ? '' : `, p99 ${Math.round(p99Ms)} ms`;
  const unserved = clientsServed < clients ? `, ${clientsServed} of ${clients} clients` : '';
  const silence = silenceMs < SILENCE_MS ? '' : `, nobody for ${(silenceMs / 1000).toFixed(1)} s`;
  return `${Math.round(perSecond)}/s${late}${silence}${unserved}`;
}

const wanted = given.rows === '' ? null : given.rows.split(',').map(Number);
const rows = [...CLIENT_ROWS, ...PROCESS_ROWS]
  .filter(({ number }) => wanted === null || wanted.includes(number))
  .sort((a, b) => a.number - b.number);

console.log(
  `${choice.server}, ${choice.kind}, 1 worker of ${THREADS} threads, ${pace.clients} normal clients\n\n` +
    '| # | what happens | before | during (of before) | us of processor for an answer, before and during | after | attackers | memory | held |\n' +
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
);
for (const row of rows) {
  const why = 'start' in row ? null : row.senseless(choice);
  try {
    if (why === null) await report(row, Number(given.rounds));
    else console.log(`| ${row.number} | left out: ${why} | | | | | | | |`);
  } catch (error) {
    console.log(
      `| ${row.number} | could not be played: ${String(error).split('\n', 3).join(' ')} | | | | | | | |`,
    );
  }
}
