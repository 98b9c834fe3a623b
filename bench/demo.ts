// One minute of trouble without hands (`npm run demo`): the application of examples/trouble on Tunicorn and on Gunicorn, the same
// troubles at the same time, and a line for each second with what normal clients got. A summary at the end. Prints; asserts nothing.
// Ends what it has started, also at Ctrl-C or when nobody reads what it prints any more.

import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { findPython, hasGunicorn, root, tunicorn } from './contenders.ts';
import { demoOptions } from './demo-options.ts';
import { type Got, nothing, PATIENCE_MS, Pinger } from './demo-pinger.ts';
import { freePort, type Running, start } from './load.ts';

const options = demoOptions(process.argv.slice(2));
if ('help' in options) {
  console.log(options.help);
  process.exit(0);
}
if ('wrong' in options) {
  console.error(options.wrong);
  process.exit(2);
}
const { seconds } = options;

interface Phase {
  readonly name: string;
  /** Of the sixty seconds of the whole. */
  readonly seconds: number;
  /** Of examples/trouble/clients.py; null: none. */
  readonly trouble: 'slow' | 'hang' | 'spin' | 'crash' | 'flood' | null;
  readonly count: number;
}

const WORKERS = 2;
const THREADS = 4;

const PHASES: readonly Phase[] = [
  { name: 'calm', seconds: 5, trouble: null, count: 0 },
  { name: '500 slow clients', seconds: 10, trouble: 'slow', count: 500 },
  // Twice as many as there are threads: whichever worker they come to has enough of them.
  { name: '16 requests hang', seconds: 13, trouble: 'hang', count: 2 * WORKERS * THREADS },
  { name: '2 requests spin', seconds: 8, trouble: 'spin', count: 2 },
  { name: '3 crashes', seconds: 5, trouble: 'crash', count: 3 },
  { name: 'flood, 500 connections', seconds: 10, trouble: 'flood', count: 500 },
  { name: 'calm again', seconds: 9, trouble: null, count: 0 },
];
/** A trouble lasts for so much of its time; in the rest is seen how soon it is over. */
const TROUBLE_SHARE = 0.75;
/** So long an application may take: a twentieth of the whole. */
const timeout = Math.max(1, Math.round(seconds / 20));

interface Contender {
  readonly name: string;
  readonly server: Running;
  readonly pinger: Pinger;
  readonly phases: Got[];
}

const python = findPython();
const folder = `${root}examples/trouble`;
const troubles = new Set<ChildProcess>();
const contenders: Contender[] = [];
/** Those that are not ready yet as well: they are to be ended, too. */
const starts: Promise<Running>[] = [];
let stopping: Promise<void> | null = null;

const shape = ['--workers', `${WORKERS}`, '--threads', `${THREADS}`, '--timeout', `${timeout}`];
const common = [...shape, '--backlog', '2048', '--log-level', 'critical'];

async function contend(name: string, command: (port: number) => readonly string[]): Promise<void> {
  const port = await freePort();
  if (isStopping()) return;
  const starting = start([...command(port), ...common, 'app:application'], folder, port);
  starts.push(starting);
  const server = await starting;
  if (isStopping()) return;
  contenders.push({ name, server, pinger: new Pinger(port), phases: [] });
}

/** Somebody has pressed Ctrl-C, or reads no more. */
function isStopping(): boolean {
  return stopping !== null;
}

function makeTrouble({ trouble, count, seconds: of }: Phase, port: number): void {
  if (trouble === null) return;
  const lasts = (of * TROUBLE_SHARE * seconds) / 60;
  const args = [trouble, `${port}`, '--count', `${count}`, '--seconds', lasts.toFixed(1)];
  const clients = spawn(python, [`${folder}/clients.py`, ...args], { stdio: 'ignore' });
  troubles.add(clients);
  clients.on('exit', () => troubles.delete(clients));
  clients.on('error', () => troubles.delete(clients));
}

function ms(values: readonly number[], share: number): string {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return value === undefined ? '-' : `${value.toFixed(0)} ms`;
}

function secondOf({ ms: times, failed }: Got): string {
  const cells = [`${times.length}`, ms(times, 0.5), ms(times, 1), `${failed}`];
  return cells.map((cell) => cell.padStart(8)).join(' ');
}

async function play(): Promise<void> {
  if (isStopping()) return;
  const title = ['answered', 'p50', 'slowest', 'failed'].map((one) => one.padStart(8)).join(' ');
  const heads = contenders.map(({ name }) => `${name.padStart(35)}`).join(' | ');
  console.log(`${' '.repeat(28)} | ${heads}`);
  console.log(`${'second and trouble'.padEnd(28)} | ${contenders.map(() => title).join(' | ')}`);
  // While the others were started.
  for (const { pinger } of contenders) pinger.take();
  const beganMs = performance.now();
  let second = 0;
  let untilMs = 0;
  for (const phase of PHASES) {
    if (isStopping()) return;
    untilMs += (phase.seconds * 1000 * seconds) / 60;
    for (const { server, pinger, phases } of contenders) {
      const got = nothing();
      phases.push(got);
      pinger.begin(got);
      makeTrouble(phase, server.port);
    }
    while ((second + 1) * 1000 <= untilMs + 1 && !isStopping()) {
      second += 1;
      await sleep(beganMs + second * 1000 - performance.now());
      const cells = contenders.map(({ pinger }) => secondOf(pinger.take()));
      const what = `${String(second).padStart(3)}  ${phase.name}`;
      console.log(`${what.padEnd(28)} | ${cells.join(' | ')}`);
    }
  }
}

function summary(): void {
  console.log(
    `\nNormal clients: 20 requests a second, each waits for ${PATIENCE_MS / 1000} s. timeout is ${timeout} s.\n` +
      `| trouble | ${contenders.map(({ name }) => `${name}: answered | slowest`).join(' | ')} |\n` +
      `| --- | ${contenders.map(() => '--- | ---').join(' | ')} |`,
  );
  for (const [at, { name }] of PHASES.entries()) {
    const cells = contenders.flatMap(({ phases }) => {
      const got = phases[at] ?? nothing();
      return [`${got.ms.length} of ${got.asked}`, ms(got.ms, 1)];
    });
    console.log(`| ${name} | ${cells.join(' | ')} |`);
  }
}

async function stop(): Promise<void> {
  for (const clients of troubles) clients.kill('SIGTERM');
  const ended = starts.map((starting) =>
    starting.then(
      (server) => server.stop(),
      // It has been ended by whoever started it, who says why as well.
      () => {},
    ),
  );
  await Promise.all([...contenders.map(({ pinger }) => pinger.stop()), ...ended]);
}

function stopWith(code: number): void {
  stopping ??= stop();
  void stopping.then(() => process.exit(code));
}

for (const [signal, code] of [
  ['SIGHUP', 129],
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, () => stopWith(code));
}
// `npm run demo | head`: whoever read has gone. 141 is what a shell says of SIGPIPE.
process.stdout.on('error', () => stopWith(141));

try {
  await contend('Tunicorn', (port) => [...tunicorn(port), '--python', python]);
  if (hasGunicorn) {
    await contend('Gunicorn gthread', (port) => [
      ...[python, '-m', 'gunicorn', '-k', 'gthread', '--bind', `127.0.0.1:${port}`],
    ]);
  } else console.log('Gunicorn is not installed: its column is left out (pip install gunicorn).');
  await play();
  if (!isStopping()) {
    await Promise.all(contenders.map(({ pinger }) => pinger.stop()));
    summary();
  }
} finally {
  stopping ??= stop();
  await stopping;
}
