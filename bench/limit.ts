// The scenario that froze Gunicorn, as a measurement: one worker, three threads, worker_connections 4. The rate with
// 4 clients and with 64, in turn, how many of the 64 are served, and the most connections that were open at once.
// Prints and asserts nothing; test/end-to-end/limit.test.ts asserts.
// `--rounds 5 --seconds 3 --count-seconds 6`.

import { parseArgs } from 'node:util';
import { openConnections } from '../test/support/open-connections.ts';
import { CONTENDERS, folderOf } from './contenders.ts';
import { clientsServed, freePort, median, rate, start } from './load.ts';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    // The connections take turns of a quarter of a second, so it takes some seconds until everybody was there.
    'count-seconds': { type: 'string', default: '6' },
  },
});
const LIMIT = 4;
const CLIENTS = 64;
const seconds = Number(options.seconds);

const port = await freePort();
const tunicorn = CONTENDERS[0]?.start({ app: 'wsgi hello', workers: 1, threads: 3 }, port) ?? [];
const [app = '', ...rest] = [...tunicorn].reverse();
const command = [...rest.reverse(), '--worker-connections', String(LIMIT), app];
const server = await start(command, folderOf('wsgi hello'), port);
let most = 0;
const watch = setInterval(() => {
  most = Math.max(most, openConnections(port));
}, 20);
try {
  const atLimit: number[] = [];
  const above: number[] = [];
  await rate(port, LIMIT, Math.min(1, seconds));
  for (let round = 0; round < Number(options.rounds); round++) {
    atLimit.push(await rate(port, LIMIT, seconds));
    above.push(await rate(port, CLIENTS, seconds));
  }
  const served = await clientsServed(port, CLIENTS, Number(options['count-seconds']));
  const [four, many] = [median(atLimit), median(above)];
  console.log('| clients | requests/s | of the rate at 4 clients |\n| --- | --- | --- |');
  console.log(`| ${LIMIT} | ${Math.round(four)} | 1.00 |`);
  console.log(`| ${CLIENTS} | ${Math.round(many)} | ${(many / four).toFixed(2)} |`);
  console.log(`\nclients served: ${served} of ${CLIENTS}; most connections open at once: ${most}`);
} finally {
  clearInterval(watch);
  await server.stop();
}
