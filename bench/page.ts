// What it costs to look at a server: one with many connections open, unwatched and with one viewer by turns. Prints the processor
// time that arbiter and workers take for each second in either case, all of their threads together, the least of the rounds: what
// else runs on the machine only adds to it. `--connections 10000 --workers 1 --rounds 5 --seconds 4`.

import { readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { eventually } from '../test/support/eventually.ts';
import { descendantsOf } from '../test/support/processes.ts';
import { freePort, start } from './load.ts';

const { values: options } = parseArgs({
  options: {
    connections: { type: 'string', default: '10000' },
    workers: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
  },
});

const connections = Number(options.connections);
const command = fileURLToPath(new URL('../programs/tunicorn.js', import.meta.url));
const apps = fileURLToPath(new URL('../../test/apps/node/', import.meta.url));
/** So many connect at once: fewer than the kernel keeps waiting. */
const TOGETHER = 200;
/** Most connections of a real server are idle; some are in the middle of a head. */
const HEADS_EACH = 10;

const port = await freePort();
const statusPort = await freePort();
const words = [
  ...[process.execPath, command, '--bind', `127.0.0.1:${port}`],
  ...[
    '--workers',
    options.workers,
    '--threads',
    '2',
    '--worker-connections',
    `${connections + 50}`,
  ],
  ...['--keep-alive', '3600', '--head-timeout', '3600', '--first-byte-timeout', '3600'],
  ...['--status-bind', `127.0.0.1:${statusPort}`, '--log-level', 'warning', './bench-fetch.mjs'],
];
const server = await start(words, apps, port);
const sockets: Socket[] = [];
try {
  await open();
  const workers = descendantsOf(server.pid);
  const alone: Spent[] = [];
  const watched: Spent[] = [];
  let bytes = 0;
  for (let round = 0; round < Number(options.rounds); round++) {
    alone.push(await spent(workers));
    const viewer = await watch();
    await viewer.first;
    watched.push(await spent(workers));
    bytes = viewer.end();
  }
  const of = (who: keyof Spent): [string, string, number] => {
    const [without, looked] = [alone, watched].map((each) =>
      Math.min(...each.map((one) => one[who])),
    );
    const more = (looked ?? 0) - (without ?? 0);
    return [`${without?.toFixed(1)} ms/s`, `${looked?.toFixed(1)} ms/s`, more];
  };
  const [arbiterAlone, arbiterWatched, arbiterMore] = of('arbiter');
  const [workersAlone, workersWatched, workersMore] = of('workers');
  const both = (arbiterMore + workersMore).toFixed(1);
  console.log(`${connections} connections, ${options.workers} workers, ${bytes} bytes a frame\n`);
  console.log('| processes | unwatched | one viewer | more |');
  console.log('| --- | --- | --- | --- |');
  console.log(`| arbiter | ${arbiterAlone} | ${arbiterWatched} | ${arbiterMore.toFixed(1)} ms/s |`);
  console.log(`| workers | ${workersAlone} | ${workersWatched} | ${workersMore.toFixed(1)} ms/s |`);
  console.log(`| together | | | ${both} ms/s |`);
} finally {
  for (const socket of sockets) socket.destroy();
  await server.stop();
}

async function open(): Promise<void> {
  while (sockets.length < connections) {
    const some = Math.min(TOGETHER, connections - sockets.length);
    await Promise.all(Array.from({ length: some }, (_, at) => one(at)));
  }
}

function one(at: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket);
    socket.once('error', reject);
    if (at % HEADS_EACH === 0) {
      socket.write('GET / HTTP/1.1\r\nHo', () => resolve());
      return;
    }
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    socket.once('data', () => resolve());
  });
}

/** Processor time for each second, ms. */
interface Spent {
  readonly arbiter: number;
  readonly workers: number;
}

async function spent(workers: readonly number[]): Promise<Spent> {
  const before = [total([server.pid]), total(workers)] as const;
  const beganMs = performance.now();
  await sleep(Number(options.seconds) * 1000);
  const seconds = (performance.now() - beganMs) / 1000;
  return {
    arbiter: (total([server.pid]) - before[0]) / seconds,
    workers: (total(workers) - before[1]) / seconds,
  };
}

/** The kernel's own count, which is finer than the hundredths of a second of /proc/PID/stat. */
function total(pids: readonly number[]): number {
  let nanoseconds = 0;
  for (const pid of pids) {
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      const [ran] = readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'latin1').split(' ');
      nanoseconds += Number(ran);
    }
  }
  return nanoseconds / 1e6;
}

async function watch(): Promise<{ first: Promise<unknown>; end(): number }> {
  const response = await fetch(`http://127.0.0.1:${statusPort}/live`);
  const reader = response.body?.getReader();
  let frames = 0;
  let bytes = 0;
  const read = async (): Promise<void> => {
    for (;;) {
      const piece = await reader?.read();
      if (piece === undefined || piece.done) return;
      frames += 1;
      bytes = piece.value.length;
    }
  };
  void read().catch(() => undefined);
  return {
    first: eventually(() => frames > 2, 'a frame'),
    end: () => {
      void reader?.cancel();
      return bytes;
    },
  };
}
