// Trivial requests beside ones that compute, on an Express program that knows no server: how late the trivial ones are
// here, with node:cluster, PM2's cluster mode and Watt, each in turn, round after round on the same cores; how many a
// second each answers when there is nothing else; and who still answers when handlers loop for ever. Prints; asserts
// nothing. `npm run bench:mixed` fetches what it needs. `--rounds 5 --seconds 20 --only TEXT --workers 2 --threads 4`.

import os from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { descendantsOf, processorMs } from '../test/support/processes.ts';
import { root } from './contenders.ts';
import { median, printRow, type Running, rate } from './load.ts';
import { Folder, type MixedOptions, type MixedServer, mixedServers } from './mixed-servers.ts';
import { type Latencies, OpenLoop, quantile, type Rhythm } from './open-loop.ts';
import { whenStuck } from './stuck.ts';
import { roundsOfWork } from './work.ts';

const { values: given } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '20' },
    'hello-seconds': { type: 'string', default: '5' },
    'warm-seconds': { type: 'string', default: '5' },
    'stuck-seconds': { type: 'string', default: '30' },
    connections: { type: 'string', default: '64' },
    only: { type: 'string', default: '' },
    workers: { type: 'string', default: '2' },
    threads: { type: 'string', default: '4' },
    timeout: { type: 'string', default: '5' },
    modules: { type: 'string', default: root },
    'newer-node': { type: 'string' },
  },
});

const rounds = Number(given.rounds);
const seconds = Number(given.seconds);
const connections = Number(given.connections);
const stuckSeconds = Number(given['stuck-seconds']);

const TRIVIAL = { path: '/', perSecond: 300, connections: 64 };
const WORK = { path: '/work', perSecond: 5, connections: 16 };
const WORK_MS = 100;
/** Who is not answered by then is not answered. */
const PATIENCE_MS = 10_000;

interface Result {
  readonly server: MixedServer;
  readonly p50: number[];
  readonly p99: number[];
  readonly max: number[];
  readonly work: number[];
  readonly hello: number[];
  /** Microseconds of all its processes for one of those. */
  readonly cost: number[];
  failed: number;
}

async function measure(result: Result): Promise<void> {
  const running = await result.server.start();
  try {
    // Every process and thread compiles the program for itself.
    await rate(running.port, connections, Number(given['warm-seconds']));
    await measureHello(running, result);
    await mixedLoad(running, Math.min(2, seconds));
    const [trivial, work] = await mixedLoad(running, seconds);
    result.p50.push(quantile(trivial.ms, 0.5));
    result.p99.push(quantile(trivial.ms, 0.99));
    result.max.push(trivial.ms.at(-1) ?? Number.NaN);
    result.work.push(quantile(work.ms, 0.5));
    result.failed += trivial.failed + work.failed;
  } finally {
    await running.stop();
  }
}

async function measureHello(running: Running, { hello, cost }: Result): Promise<void> {
  const family = [running.pid, ...descendantsOf(running.pid)];
  const used = (): number => family.reduce((sum, pid) => sum + processorMs(pid), 0);
  const before = used();
  const began = performance.now();
  const perSecond = await rate(running.port, connections, Number(given['hello-seconds']));
  const answered = (perSecond * (performance.now() - began)) / 1000;
  hello.push(perSecond);
  cost.push(((used() - before) * 1000) / answered);
}

function mixedLoad({ port }: Running, forSeconds: number): Promise<[Latencies, Latencies]> {
  const run = (rhythm: Rhythm): Promise<Latencies> =>
    new OpenLoop({ at: port }, rhythm).run(forSeconds * 1000, PATIENCE_MS);
  return Promise.all([run(TRIVIAL), run(WORK)]);
}

function inMs(numbers: readonly number[]): string {
  return median(numbers).toFixed(1);
}

/** By how much of the second the first is: of medians. */
function ratio(one: readonly number[], other: readonly number[]): string {
  return one.length === 0 || other.length === 0 ? '' : (median(one) / median(other)).toFixed(2);
}

function print(results: readonly Result[]): void {
  const title = `trivial requests: ${TRIVIAL.perSecond} a second, beside ${WORK.perSecond} a second of ${WORK_MS} ms of a core`;
  console.log(`\n${title}; ms, medians of ${rounds} rounds of ${seconds} s\n`);
  printRow([
    ...['server', 'p50', 'p99', 'max', 'p50 of those that compute', 'failed'],
    ...['hello, requests/s', 'its cost, us of CPU'],
  ]);
  printRow(Array.from({ length: 8 }, () => '---'));
  for (const { server, p50, p99, max, work, hello, cost, failed } of results) {
    const times = [p50, p99, max, work].map(inMs);
    const speed = [hello, cost].map((each) => String(Math.round(median(each))));
    printRow([`${server.name}, ${server.shape}`, ...times, String(failed), ...speed]);
  }
  const [ours, ...others] = results;
  if (ours === undefined || others.length === 0) return;
  console.log('');
  printRow(['Tunicorn to', 'p99', 'p99 in each round', 'hello', 'hello in each round']);
  printRow(['---', '---', '---', '---', '---']);
  for (const { server, p99, hello } of others) {
    const each = (mine: readonly number[], theirs: readonly number[]): string =>
      mine.map((value, round) => ratio([value], theirs.slice(round, round + 1))).join(' ');
    const late = [ratio(ours.p99, p99), each(ours.p99, p99)];
    printRow([server.name, ...late, ratio(ours.hello, hello), each(ours.hello, hello)]);
  }
}

async function printStuck(servers: readonly MixedServer[], spins: number): Promise<void> {
  console.log(
    `\n${spins} handlers that loop for ever, timeout ${given.timeout} s; 10 other clients a second, each waiting up to 1 s\n`,
  );
  printRow([
    'server',
    'answered before',
    'while stuck',
    'all are answered again after',
    'the stuck ones',
  ]);
  printRow(['---', '---', '---', '---', '---']);
  for (const server of servers) {
    const running = await server.start();
    try {
      printRow([server.name, ...(await whenStuck(running, spins, stuckSeconds))]);
    } finally {
      await running.stop();
    }
  }
}

const options: MixedOptions = {
  workers: Number(given.workers),
  threads: Number(given.threads),
  timeoutSeconds: Number(given.timeout),
  modules: resolve(given.modules),
  newerNode: given['newer-node'] ?? null,
  work: roundsOfWork(WORK_MS),
};
const folder = new Folder(options);
const all = mixedServers(folder, options).filter(({ name }) => name.includes(given.only));
const servers = all.filter(({ missing }) => missing === null);
console.log(
  `Express ${folder.versionOf('express')}, Node.js ${process.version}, ${os.cpus().length} x ${os.cpus()[0]?.model ?? 'unknown'}`,
);
for (const { name, missing } of all) if (missing !== null) console.log(`${name}: ${missing}`);
const results = servers.map(
  (server): Result => ({
    server,
    ...{ p50: [], p99: [], max: [], work: [], hello: [], cost: [], failed: 0 },
  }),
);
for (let round = 0; round < rounds; round++) {
  for (const result of results) await measure(result);
}
if (rounds > 0) print(results);
if (stuckSeconds > 0) await printStuck(servers, options.workers * options.threads);
