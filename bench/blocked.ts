// Trivial requests beside ones that hold the thread they run in: how late the trivial ones are when four threads are held for
// a tenth, half and nine tenths of the time, and with four processes of node:cluster under the same load. `wait` holds a
// thread and no processor (a synchronous call), `work` computes. Prints; asserts nothing.
// `--rounds 3 --seconds 10 --only TEXT`.

import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { root, tunicorn } from './contenders.ts';
import { freePort, median, printRow, type Running, start } from './load.ts';
import { type Latencies, OpenLoop, quantile, type Rhythm } from './open-loop.ts';
import { roundsOfWork } from './work.ts';

const { values: given } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '10' },
    only: { type: 'string', default: '' },
  },
});
const rounds = Number(given.rounds);
const seconds = Number(given.seconds);

const APPS = `${root}test/apps/node`;
const THREADS = 4;
const HELD_MS = 100;
const TRIVIAL = { path: '/', perSecond: 300, connections: 64 };
const PATIENCE_MS = 5000;
/** Of those that hold a thread: in rhythms that do not fit each other, so that they come now together and now apart. */
const PARTS = [0.29, 0.33, 0.38];

interface Server {
  readonly name: string;
  command(port: number): readonly string[];
}

const SERVERS: readonly Server[] = [
  {
    name: `Tunicorn, 1 x ${THREADS}`,
    command: (port) => [
      ...[...tunicorn(port), '--keep-alive', '60', '--threads', `${THREADS}`],
      './bench-blocks.mjs',
    ],
  },
  {
    name: `node:cluster, ${THREADS}`,
    command: (port) => [process.execPath, `${APPS}/bench-blocks.mjs`, `${port}`, `${THREADS}`],
  },
];

interface Load {
  readonly name: string;
  readonly path: string;
  /** Of the time of all threads. */
  readonly share: number;
}

const work = roundsOfWork(HELD_MS);
const cores = Math.min(THREADS, availableParallelism());
const LOADS: readonly Load[] = [
  { name: 'nothing else', path: '/', share: 0 },
  ...[0.1, 0.5, 0.9].map((share) => ({ name: 'wait', path: `/wait?${HELD_MS}`, share })),
  // What the processors cannot do nobody does in time: of the time of the cores, with a tenth for everything else.
  ...[0.1, 0.5].map((share) => ({
    name: 'work',
    path: `/work?${work}`,
    share: (share * 0.9 * cores) / THREADS,
  })),
];

function underLoad({ port }: Running, { path, share }: Load): Promise<[Latencies, Latencies[]]> {
  const run = (rhythm: Rhythm): Promise<Latencies> =>
    new OpenLoop({ at: port }, rhythm).run(seconds * 1000, PATIENCE_MS);
  const perSecond = (share * THREADS * 1000) / HELD_MS;
  const parts = share === 0 ? [] : PARTS;
  const trivial = run(TRIVIAL);
  const holding = parts.map((part) => run({ path, perSecond: perSecond * part, connections: 16 }));
  return Promise.all([trivial, Promise.all(holding)]);
}

console.log(
  `${TRIVIAL.perSecond} trivial requests a second beside ones that hold a thread for ${HELD_MS} ms; ms, medians of ${rounds} rounds of ${seconds} s; Node.js ${process.version}, ${cores} cores\n`,
);
printRow([
  'held by',
  'share of the time',
  'server',
  'p50',
  'p99',
  'max',
  'p50 of the others',
  'failed',
]);
printRow(['---', '---', '---', '---', '---', '---', '---', '---']);
for (const load of LOADS.filter(({ name, share }) =>
  `${name} ${100 * share} %`.includes(given.only),
)) {
  const results = SERVERS.map((server) => ({
    server,
    trivial: [] as Latencies[],
    holding: [] as Latencies[],
  }));
  for (let round = 0; round < rounds; round++) {
    for (const { server, trivial, holding } of results) {
      const port = await freePort();
      const running = await start(server.command(port), APPS, port);
      try {
        const [first, others] = await underLoad(running, load);
        trivial.push(first);
        holding.push(...others);
      } finally {
        await running.stop();
      }
    }
  }
  for (const { server, trivial, holding } of results) {
    const all = (share: number, of: readonly Latencies[]): string =>
      of.length === 0 ? '' : median(of.map(({ ms }) => quantile(ms, share))).toFixed(1);
    const failed = [...trivial, ...holding].reduce((sum, one) => sum + one.failed, 0);
    printRow([
      ...[load.name, `${Math.round(load.share * 100)} %`, server.name],
      ...[all(0.5, trivial), all(0.99, trivial), all(1, trivial), all(0.5, holding), `${failed}`],
    ]);
  }
}
