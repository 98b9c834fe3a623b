// Floods and overload, with no limit set and with limits, side by side with Gunicorn behind Debian's nginx and with
// Gunicorn alone: whether normal clients get their answers while one address floods, while thousands drip, and when
// five times more is asked than can be served; and what the check costs. Prints; asserts nothing.
// `--seconds 10 --overload-seconds 30 --flooders 500 --drippers 2000 --scenes 1,2,3,4 --repeat 3 --only TEXT
// --rounds 12 --cost-seconds 2`.

import os from 'node:os';
import { parseArgs } from 'node:util';
import { normalClients } from './flood-clients.ts';
import { limitsCost } from './flood-cost.ts';
import { drip, fiveTimes, flood, type Overloaded, p99, type Sizes } from './flood-scenes.ts';
import { FLOOD_SERVERS, type FloodServer } from './flood-servers.ts';
import { median, printRow } from './load.ts';
import type { Latencies } from './open-loop.ts';
import { shares } from './overloading.ts';

const { values: given } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    'overload-seconds': { type: 'string', default: '30' },
    flooders: { type: 'string', default: '500' },
    drippers: { type: 'string', default: '2000' },
    scenes: { type: 'string', default: '1,2,3,4' },
    only: { type: 'string', default: '' },
    repeat: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '12' },
    'cost-seconds': { type: 'string', default: '2' },
  },
});
const sizes: Sizes = {
  seconds: Number(given.seconds),
  overloadSeconds: Number(given['overload-seconds']),
  flooders: Number(given.flooders),
  drippers: Number(given.drippers),
};
const scenes = given.scenes.split(',').map(Number);
/** Of normal clients, each time that a scene was played. */
type Played = readonly Latencies[];

interface Result {
  readonly server: FloodServer;
  readonly before: Played;
  readonly flooded: Played;
  readonly dripped: Played;
  readonly overloaded: Overloaded | null;
}

async function measure(server: FloodServer): Promise<Result> {
  const running = await server.start();
  const before: Latencies[] = [];
  const flooded: Latencies[] = [];
  const dripped: Latencies[] = [];
  try {
    const { port } = running;
    await normalClients(port, Math.min(2, sizes.seconds));
    for (let time = 0; time < Number(given.repeat); time++) {
      before.push(await normalClients(port, sizes.seconds));
      if (scenes.includes(1)) flooded.push(await flood(port, sizes));
      if (scenes.includes(2)) dripped.push(await drip(port, sizes));
    }
    const overloaded = scenes.includes(3) ? await fiveTimes(port, sizes) : null;
    return { server, before, flooded, dripped, overloaded };
  } finally {
    await running.stop();
  }
}

function answered(played: Played): string {
  const sum = (of: (latencies: Latencies) => number): number =>
    played.reduce((all, each) => all + of(each), 0);
  return `${sum(({ ms }) => ms.length)} of ${sum(({ ms, failed }) => ms.length + failed)}`;
}

function lateness(played: Played): string {
  return played.length === 0 ? '' : median(played.map(p99)).toFixed(0);
}

/** Each time against the one right before it, of which the median. */
function timesOf(played: Played, before: Played, of: (latencies: Latencies) => number): string {
  const times = played.map((each, time) => of(each) / of(before[time] ?? each));
  return times.length === 0 ? '' : median(times).toFixed(2);
}

function print(results: readonly Result[]): void {
  console.log(`\nnormal clients while one address floods with ${sizes.flooders} connections\n`);
  printRow(['server', 'p99 undisturbed, ms', 'answered', 'p99, ms', 'times as late']);
  printRow(['---', '---', '---', '---', '---']);
  for (const { server, before, flooded } of results) {
    const cells = [answered(flooded), lateness(flooded), timesOf(flooded, before, p99)];
    printRow([server.name, lateness(before), ...cells]);
  }
  console.log(`\nnormal clients while ${sizes.drippers} addresses drip and ask now and then\n`);
  printRow(['server', 'answered undisturbed', 'answered', 'of it', 'p99, ms']);
  printRow(['---', '---', '---', '---', '---']);
  for (const { server, before, dripped } of results) {
    const cells = [answered(dripped), timesOf(dripped, before, ({ ms }) => ms.length)];
    printRow([server.name, answered(before), ...cells, lateness(dripped)]);
  }
  console.log(`\nfive times more than can be served, ${sizes.overloadSeconds} s\n`);
  printRow([
    ...['server', 'can serve a second', 'in time from second 3 on, least', 'mean'],
    'as before again after, ms',
  ]);
  printRow(['---', '---', '---', '---', '---']);
  for (const { server, overloaded } of results) {
    if (overloaded === null) continue;
    const { capacity, good, recoveryMs } = overloaded;
    const again = recoveryMs === null ? 'not within 20 s' : recoveryMs.toFixed(0);
    const { least, mean } = shares(good, capacity);
    const cells = [capacity.toFixed(0), least.toFixed(2), mean.toFixed(2), again];
    printRow([server.name, ...cells]);
  }
}

const servers = FLOOD_SERVERS.filter(({ name }) => name.includes(given.only));
console.log(
  `Node.js ${process.version}, ${os.cpus().length} x ${os.cpus()[0]?.model ?? 'unknown'}`,
);
for (const { name, missing } of servers) if (missing !== null) console.log(`${name}: ${missing}`);
if (scenes.some((scene) => scene < 4)) {
  const results: Result[] = [];
  for (const server of servers) if (server.missing === null) results.push(await measure(server));
  print(results);
}
if (scenes.includes(4)) {
  const rows = await limitsCost(Number(given.rounds), Number(given['cost-seconds']));
  console.log('\none-line Node.js application, the check of every request\n');
  printRow(['limits', 'requests/s', 'us of CPU for one', 'of its cost without']);
  printRow(['---', '---', '---', '---']);
  for (const { name, perSecond, cost, times } of rows) {
    printRow([name, String(Math.round(perSecond)), cost.toFixed(1), times.toFixed(3)]);
  }
}
