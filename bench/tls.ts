// What TLS costs, beside the same application without it, in turn on the same machine: requests a second over connections
// that are kept, and the processor time of the worker for each new connection with its handshake, which is the loop's own.
// Prints a Markdown table and asserts nothing. `--rounds 3 --seconds 3 --connections 32 --handshakes 300`.

import { parseArgs } from 'node:util';
import { makeCertificate } from '../test/support/certificates.ts';
import { descendantsOf, processorMs } from '../test/support/processes.ts';
import { findPython, folderOf, tunicorn } from './contenders.ts';
import { temporaryFolder } from './leave-nothing.ts';
import { answers, freePort, median, type Running, rate, type Scheme, start } from './load.ts';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '32' },
    handshakes: { type: 'string', default: '300' },
  },
});
const seconds = Number(options.seconds);
const connections = Number(options.connections);
const handshakes = Number(options.handshakes);

const folder = temporaryFolder('tls');

interface Way {
  readonly name: string;
  readonly scheme: Scheme;
  readonly args: readonly string[];
}

const WAYS: readonly Way[] = [
  { name: 'without TLS', scheme: 'http', args: [] },
  { name: 'TLS, key on P-256', scheme: 'https', args: makeCertificate(folder, 'ec').args },
  {
    name: 'TLS, RSA key of 2048 bits',
    scheme: 'https',
    args: makeCertificate(folder, 'rsa', ['-newkey', 'rsa:2048']).args,
  },
];

/** Milliseconds of all processes of the server for one new connection with one request. */
async function costOfConnection({ pid, port }: Running, scheme: Scheme): Promise<number> {
  const family = [pid, ...descendantsOf(pid)];
  const used = (): number => family.reduce((sum, each) => sum + processorMs(each), 0);
  const before = used();
  for (let count = 0; count < handshakes; count++) await answers(port, scheme);
  return (used() - before) / handshakes;
}

async function measure({ name, scheme, args }: Way): Promise<void> {
  const rates: number[] = [];
  const costs: number[] = [];
  for (let round = 0; round < Number(options.rounds); round++) {
    const port = await freePort();
    const app = ['--python', findPython(), '--threads', '4', ...args, 'hello:app'];
    const command = [...tunicorn(port), ...app];
    const server = await start(command, folderOf('wsgi hello'), port, scheme);
    try {
      await rate(port, connections, Math.min(1, seconds), scheme);
      rates.push(await rate(port, connections, seconds, scheme));
      costs.push(await costOfConnection(server, scheme));
    } finally {
      await server.stop();
    }
  }
  console.log(`| ${name} | ${Math.round(median(rates))} | ${median(costs).toFixed(2)} |`);
}

console.log('| | requests/s | ms of processor for a new connection |\n| --- | --- | --- |');
for (const way of WAYS) await measure(way);
