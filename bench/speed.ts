// Speed side by side: for each application and shape every server in turn, round after round on the same machine, so
// that a noisy minute meets all of them; medians, and how many of the clients each serves at all. Prints a Markdown
// table and asserts nothing. `--rounds 5 --seconds 3 --connections 64`; `--only TEXT` keeps the rows that hold TEXT.

import os from 'node:os';
import { parseArgs } from 'node:util';
import { CONTENDERS, type Contender, folderOf, SHAPES, type Shape } from './contenders.ts';
import { clientsServed, freePort, median, rate, start } from './load.ts';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '64' },
    only: { type: 'string', default: '' },
  },
});
const rounds = Number(options.rounds);
const seconds = Number(options.seconds);
const connections = Number(options.connections);

/** How long the clients are counted: whoever is not served in this time waits for others to leave. */
const COUNT_SECONDS = Math.min(2, seconds);

interface Result {
  readonly contender: Contender;
  readonly rates: number[];
  served: number;
}

function nameOf({ app, workers, threads }: Shape): string {
  return `${app}, ${workers} x ${threads}`;
}

async function measureOnce(shape: Shape, result: Result, count: boolean): Promise<void> {
  const port = await freePort();
  const command = result.contender.start(shape, port);
  if (command === null) return;
  const server = await start(command, folderOf(shape.app), port);
  try {
    await rate(port, connections, Math.min(1, seconds));
    result.rates.push(await rate(port, connections, seconds));
    if (count) result.served = await clientsServed(port, connections, COUNT_SECONDS);
  } finally {
    await server.stop();
  }
}

async function measure(shape: Shape): Promise<Result[]> {
  const results = CONTENDERS.filter(({ serves }) => serves.includes(shape.app)).map(
    (contender): Result => ({ contender, rates: [], served: 0 }),
  );
  for (let round = 0; round < rounds; round++) {
    for (const result of results) await measureOnce(shape, result, round === 0);
  }
  return results;
}

function print(shape: Shape, results: readonly Result[]): void {
  const ours = median(results[0]?.rates ?? []);
  for (const { contender, rates, served } of results) {
    const cells = [nameOf(shape), contender.name];
    if (rates.length === 0) cells.push('not installed', '', '', '');
    else {
      const middle = median(rates);
      const spread = `${Math.round(Math.min(...rates))} to ${Math.round(Math.max(...rates))}`;
      const ratio = middle === 0 ? 'none' : (ours / middle).toFixed(2);
      cells.push(String(Math.round(middle)), spread, ratio, `${served} of ${connections}`);
    }
    console.log(`| ${cells.join(' | ')} |`);
  }
}

const processor = `${os.cpus().length} x ${os.cpus()[0]?.model ?? 'unknown'}`;
console.log(
  `${connections} keep-alive connections, ${rounds} rounds of ${seconds} s, Node.js ${process.version}, ${processor}\n`,
);
console.log(
  '| application, workers x threads | server | requests/s | spread | Tunicorn to it | clients served |',
);
console.log('| --- | --- | --- | --- | --- | --- |');
for (const shape of SHAPES) {
  if (!nameOf(shape).includes(options.only)) continue;
  print(shape, await measure(shape));
}
