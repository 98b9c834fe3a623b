// Several times more requests than can be served, in an open loop, from many addresses or from one, by clients that give up after
// a second and leave: how many answers came in time in each second, as a share of what the server can do; how long requests take
// before and when it is over, and how soon that is as before. Prints; asserts nothing.
// `--seconds 30 --times 5 --addresses 500 --only TEXT`; what follows `--` is given to the server.

import { parseArgs } from 'node:util';
import { findPython, root, tunicorn } from './contenders.ts';
import { freePort, start } from './load.ts';
import { quantile } from './open-loop.ts';
import { capacity, overload, recovery, shares, undisturbed } from './overloading.ts';

const { values: given, positionals: more } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '30' },
    times: { type: 'string', default: '5' },
    addresses: { type: 'string', default: '500' },
    only: { type: 'string', default: '' },
  },
});
const seconds = Number(given.seconds);
const addresses = Number(given.addresses);

/** Each holds a thread and no processor, so that the machine's own load changes little. */
const PATH = '/block?0.1';
const THREADS = 4;
const CALM_SECONDS = 2;
const CALM_REQUESTS = 40;
const KINDS = [
  { name: 'WSGI', folder: 'test/apps/wsgi', app: ['--python', findPython(), 'freezes'] },
  { name: 'Node.js', folder: 'test/apps/node', app: ['./freezes.mjs'] },
];

const DISCIPLINES = ['fair', 'codel'];

console.log(
  '| application | queue_discipline | capacity, answers/s | in time from second 3 on: least, mean | p50, p99 before, ms | as before again after, ms | ends |\n' +
    '| --- | --- | --- | --- | --- | --- | --- |',
);
for (const kind of KINDS) {
  for (const discipline of DISCIPLINES) {
    if (!`${kind.name} ${discipline}`.includes(given.only)) continue;
    const port = await freePort();
    const settings = ['--threads', `${THREADS}`, '--thread-concurrency', '1', '--backlog', '4096'];
    const queue = ['--queue-discipline', discipline, '--worker-connections', '4000'];
    const command = [...tunicorn(port), ...settings, ...queue, ...more, ...kind.app];
    const server = await start(command, `${root}${kind.folder}`, port);
    try {
      const asked = { port, path: PATH };
      await capacity(asked, 4 * THREADS, CALM_SECONDS);
      const most = await capacity(asked, 4 * THREADS, CALM_SECONDS);
      const before = await undisturbed(asked, CALM_REQUESTS);
      const offered = { perSecond: Number(given.times) * most, seconds, addresses };
      const { good, ends } = await overload(asked, offered);
      // As late as one in twenty was before, and what a timer is late by.
      const againMs = await recovery(asked, quantile(before, 0.95) * 1.5 + 5);
      const { least, mean } = shares(good, most);
      const cells = [
        ...[kind.name, discipline, most.toFixed(0)],
        `${least.toFixed(2)}, ${mean.toFixed(2)}`,
        `${quantile(before, 0.5).toFixed(1)}, ${quantile(before, 0.99).toFixed(1)}`,
        againMs?.toFixed(0) ?? 'not within 20 s',
        [...ends].map(([end, count]) => `${end}: ${count}`).join(', '),
      ];
      console.log(`| ${cells.join(' | ')} |`);
    } finally {
      await server.stop();
    }
  }
}
