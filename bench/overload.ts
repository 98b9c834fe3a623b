// Several times more requests than can be served, in an open loop, from many addresses or from one, by clients that give up after
// a second and leave: how many answers came in time in each second, as a share of what the server can do; how long requests take
// before and when it is over, and how soon that is as before. Prints; asserts nothing.
// `--seconds 30 --times 5 --addresses 500 --only TEXT`; what follows `--` is given to the server.

import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { AnswerReader } from '../src/drill/answer-reader.ts';
import { requestFor } from '../src/drill/target.ts';
import { findPython, root, tunicorn } from './contenders.ts';
import { freePort, start } from './load.ts';
import { quantile } from './open-loop.ts';

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

/** Each holds a thread and no processor, so that the machine's own load changes little. */
const PATH = '/block?0.1';
const THREADS = 4;
const GIVE_UP_MS = 1000;
const CALM_SECONDS = 2;
/** Answers that show that it is as before, one after the other. */
const CALM_ANSWERS = 10;

const KINDS = [
  { name: 'WSGI', folder: 'test/apps/wsgi', app: ['--python', findPython(), 'freezes'] },
  { name: 'Node.js', folder: 'test/apps/node', app: ['./freezes.mjs'] },
];

const DISCIPLINES = ['fair', 'codel'];

/** A client's address: this machine has all of 127.0.0.0/8. */
function addressOf(client: number): string {
  return `127.1.${client >> 8}.${client & 255}`;
}

interface Outcome {
  readonly status: number | 'gave up' | 'cut off';
  readonly ms: number;
}

/** One request on a connection of its own, given up after a second. */
function ask(port: number, from: string): Promise<Outcome> {
  return new Promise((resolve) => {
    const began = performance.now();
    const socket = net.connect({ host: '127.0.0.1', port, localAddress: from });
    const done = (status: Outcome['status']): void => {
      clearTimeout(patience);
      socket.destroy();
      resolve({ status, ms: performance.now() - began });
    };
    const patience = setTimeout(() => done('gave up'), GIVE_UP_MS);
    const reader = new AnswerReader(({ status }) => done(status));
    socket.on('connect', () =>
      socket.write(requestFor(PATH).replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')),
    );
    socket.on('data', (bytes: Buffer) => reader.push(bytes));
    socket.on('error', () => done('cut off'));
    socket.on('close', () => done('cut off'));
  });
}

/** What it can do: so many clients that each wait for their answer. */
async function capacity(port: number): Promise<number> {
  const untilMs = performance.now() + CALM_SECONDS * 1000;
  let answers = 0;
  const client = async (number: number): Promise<void> => {
    while (performance.now() < untilMs) {
      if ((await ask(port, addressOf(number))).status === 200) answers += 1;
    }
  };
  await Promise.all(Array.from({ length: 4 * THREADS }, (_, number) => client(number)));
  return answers / CALM_SECONDS;
}

/** How long a request takes when nothing else is asked, ms in ascending order. */
async function undisturbed(port: number): Promise<readonly number[]> {
  const ms: number[] = [];
  for (let n = 0; n < 20 * CALM_SECONDS; n++) ms.push((await ask(port, '127.0.0.2')).ms);
  return ms.sort((a, b) => a - b);
}

/** Answers in time, by the second in which they came, and how the others ended. */
async function overload(
  port: number,
  perSecond: number,
): Promise<{ readonly good: readonly number[]; readonly ends: ReadonlyMap<string, number> }> {
  const good = new Array<number>(seconds).fill(0);
  const ends = new Map<string, number>();
  const began = performance.now();
  let sent = 0;
  await new Promise<void>((over) => {
    const timer = setInterval(() => {
      const elapsed = Math.min((performance.now() - began) / 1000, seconds);
      for (; sent < elapsed * perSecond; sent++) {
        void ask(port, addressOf(sent % Number(given.addresses))).then(({ status }) => {
          ends.set(String(status), (ends.get(String(status)) ?? 0) + 1);
          const second = Math.floor((performance.now() - began) / 1000);
          if (status === 200 && second < seconds) good[second] = (good[second] ?? 0) + 1;
        });
      }
      if (elapsed < seconds) return;
      clearInterval(timer);
      over();
    }, 5);
  });
  return { good, ends };
}

/** How long it takes until a request of whoever comes then takes no longer than it did before, ms. */
async function recovery(port: number, usualMs: number): Promise<number> {
  const began = performance.now();
  let calmSince = began;
  for (let calm = 0, client = 0; calm < CALM_ANSWERS; client++) {
    const asked = performance.now();
    const { status, ms } = await ask(port, `127.0.2.${client & 127}`);
    if (calm === 0) calmSince = asked;
    calm = status === 200 && ms <= usualMs ? calm + 1 : 0;
    await sleep(5);
  }
  return calmSince - began;
}

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
      await capacity(port);
      const most = await capacity(port);
      const before = await undisturbed(port);
      const { good, ends } = await overload(port, Number(given.times) * most);
      // As late as one in twenty was before, and what a timer is late by.
      const againMs = await recovery(port, quantile(before, 0.95) * 1.5 + 5);
      const shares = good.slice(Math.min(2, seconds - 1)).map((count) => count / most);
      const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
      const cells = [
        ...[kind.name, discipline, most.toFixed(0)],
        `${Math.min(...shares).toFixed(2)}, ${mean.toFixed(2)}`,
        `${quantile(before, 0.5).toFixed(1)}, ${quantile(before, 0.99).toFixed(1)}`,
        againMs.toFixed(0),
        [...ends].map(([end, count]) => `${end}: ${count}`).join(', '),
      ];
      console.log(`| ${cells.join(' | ')} |`);
    } finally {
      await server.stop();
    }
  }
}
