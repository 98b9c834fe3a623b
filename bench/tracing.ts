// What tracing costs a request: a one-line Node.js application without it, with it and nothing sampled, with a tenth and with all sampled,
// and with a receiver that answers nobody, in turn on the same machine. Processor time of the worker's I/O loop alone and of all
// processes, and the p99 of clients at an even pace; and what the loop does for it, by itself, which no busy machine blurs. Prints;
// asserts nothing. `--rounds 6 --seconds 2 --paced-seconds 3 --turns 100000`.

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { LoggedExchange } from '../src/connection/effects.ts';
import { Moments } from '../src/connection/states/moments.ts';
import { type Trace, Tracing } from '../src/trace/trace.ts';
import { SpanBatchWriter } from '../src/wire/spans.ts';
import { spanRecordOf } from '../src/worker/telemetry/span-records.ts';
import { OtlpReceiver } from '../test/support/otlp.ts';
import { descendantsOf, processorMs } from '../test/support/processes.ts';
import { requestHead } from '../test/support/request-head.ts';
import { folderOf, tunicorn } from './contenders.ts';
import { normalClients } from './flood-clients.ts';
import { p99 } from './flood-scenes.ts';
import { freePort, median, printRow, type Running, rate, start } from './load.ts';

const { values: given } = parseArgs({
  options: {
    rounds: { type: 'string', default: '6' },
    seconds: { type: 'string', default: '2' },
    'paced-seconds': { type: 'string', default: '3' },
    turns: { type: 'string', default: '100000' },
  },
});
const rounds = Number(given.rounds);
const seconds = Number(given.seconds);

const CONNECTIONS = 64;
const TICKS_PER_SECOND = 100;

interface Side {
  readonly name: string;
  readonly running: Running;
  /** Microseconds of processor time for a request: of the loop, of all processes. */
  readonly loop: number[];
  readonly all: number[];
  readonly p99s: number[];
}

const takes = await OtlpReceiver.open();
takes.keeps = false;
const silent = await OtlpReceiver.open();
silent.mood = 'silent';

const KINDS: readonly (readonly [name: string, args: readonly string[]])[] = [
  ['off', []],
  ['on, nothing sampled', ['--otlp-endpoint', takes.url, '--otlp-sample', '0']],
  ['10 % sampled', ['--otlp-endpoint', takes.url, '--otlp-sample', '10%']],
  ['100 % sampled', ['--otlp-endpoint', takes.url]],
  ['100 %, a receiver that never answers', ['--otlp-endpoint', silent.url]],
  ['Server-Timing for all', ['--server-timing', '*']],
];

async function begin(args: readonly string[]): Promise<Running> {
  const port = await freePort();
  const command = [...tunicorn(port), '--log-level', 'error', '--workers', '1', '--threads', '1'];
  return start([...command, ...args, './bench-listener.mjs'], folderOf('node hello'), port);
}

/** Of a process's first thread, in which its loop runs. */
function loopMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/task/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
}

async function measure({ running, loop, all, p99s }: Side): Promise<void> {
  const family = [running.pid, ...descendantsOf(running.pid)];
  const worker = family.at(-1) ?? 0;
  const used = (): number => family.reduce((sum, pid) => sum + processorMs(pid), 0);
  const before = { all: used(), loop: loopMs(worker) };
  const requests = (await rate(running.port, CONNECTIONS, seconds)) * seconds;
  all.push(((used() - before.all) * 1000) / requests);
  loop.push(((loopMs(worker) - before.loop) * 1000) / requests);
  p99s.push(p99(await normalClients(running.port, Number(given['paced-seconds']))));
}

/** Nanoseconds of processor time of one turn, the least of some runs. */
function nanoseconds(turn: () => void): number {
  const turns = Number(given.turns);
  const runs = Array.from({ length: 6 }, () => {
    const before = process.cpuUsage();
    for (let n = 0; n < turns; n++) turn();
    const { user, system } = process.cpuUsage(before);
    return ((user + system) * 1000) / turns;
  });
  return Math.min(...runs);
}

/** What a request has of it in the loop: its trace, its moments, its record. */
function loopWork(): { readonly traced: number; readonly sampled: number } {
  const tracing = new Tracing({ share: 1, followsParents: true });
  const moments = new Moments(() => performance.now());
  const fields = ['Host', 'localhost', 'User-Agent', 'wrk', 'Accept', '*/*'];
  const batch = new SpanBatchWriter(512);
  const exchange = {
    phases: moments,
    peer: {
      address: '127.0.0.1',
      port: 1,
      serverName: '127.0.0.1',
      serverPort: 80,
      scheme: 'http',
    },
    head: requestHead('/', { fields, host: 'localhost' }),
    ...{ endCode: '--', failureCode: '', threadName: 'thread 1', status: '200 OK', bodyBytes: 5 },
  } as unknown as LoggedExchange;
  const traced = (): Trace => {
    moments.read('first byte');
    moments.read('head without body');
    for (const event of ['submitted', 'started', 'answered', 'settled'] as const) {
      moments.owe(event);
    }
    return tracing.begin(fields);
  };
  const sampled = (): void => {
    Object.assign(exchange, { trace: traced() });
    const record = spanRecordOf(exchange, 0);
    if (record !== null) batch.add(record);
    if (batch.full) batch.take(0);
  };
  return { traced: nanoseconds(traced), sampled: nanoseconds(sampled) };
}

const sides: Side[] = [];
try {
  for (const [name, args] of KINDS) {
    sides.push({ name, running: await begin(args), loop: [], all: [], p99s: [] });
  }
  for (const { running } of sides) await rate(running.port, CONNECTIONS, Math.min(2, seconds));
  // Each is first as often as the other.
  for (let round = 0; round < rounds; round++) {
    for (const side of round % 2 === 0 ? sides : sides.toReversed()) await measure(side);
  }
} finally {
  for (const { running } of sides) await running.stop();
}

printRow([
  'tracing',
  'loop, µs a request',
  'more than off',
  'all, µs a request',
  'more',
  'p99, ms',
]);
printRow(['---', '---', '---', '---', '---', '---']);
for (const { name, loop, all, p99s } of sides) {
  const more = (which: 'loop' | 'all', own: readonly number[]): string => {
    const base = sides[0]?.[which] ?? [];
    return median(own.map((each, round) => each - (base[round] ?? Number.NaN))).toFixed(1);
  };
  const costs = [
    median(loop).toFixed(1),
    more('loop', loop),
    median(all).toFixed(1),
    more('all', all),
  ];
  printRow([name, ...costs, median(p99s).toFixed(2)]);
}
const { traced, sampled } = loopWork();
console.log(
  `\nthe loop's own work for a request: ${traced.toFixed(0)} ns traced, ${sampled.toFixed(0)} ns sampled`,
);
