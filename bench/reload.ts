// What clients lose while the server is changed under load: twenty reloads, more and fewer workers, workers that come to
// max_requests, and a change of the arbiter. Counted by 64 clients that keep their connections and ask without a pause,
// with wrk beside them. Prints and asserts nothing; test/end-to-end/nothing-lost.test.ts asserts.
// `--reloads 20 --clients 64 --between-ms 1500 --only TEXT`.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { CountingClients } from '../test/support/counting-clients.ts';
import { eventually } from '../test/support/eventually.ts';
import { isAlive } from '../test/support/processes.ts';
import { CONTENDERS, folderOf } from './contenders.ts';
import { temporaryFolder } from './leave-nothing.ts';
import { freePort, start } from './load.ts';

const { values: options } = parseArgs({
  options: {
    reloads: { type: 'string', default: '20' },
    clients: { type: 'string', default: '64' },
    /** Only the rows whose name contains it. */
    only: { type: 'string', default: '' },
    /** Between two changes, and before and after them: a worker boots within the default also on a busy machine. */
    'between-ms': { type: 'string', default: '1500' },
  },
});
const BETWEEN_MS = Number(options['between-ms']);
const WITHIN_MS = 60_000;
/** The row that has a server of its own. */
const QUOTA = '--max-requests 5000';

const folder = temporaryFolder('reload');
const pidFile = join(folder, 'pid');
const pidIn = (path: string): number => Number(readFileSync(path, 'utf8'));

async function row(name: string, port: number, deed: () => Promise<void>): Promise<void> {
  if (!name.includes(options.only)) return;
  const clients = new CountingClients(port, Number(options.clients));
  const wrk = spawn('wrk', ['-t1', '-c16', '-d600', `http://127.0.0.1:${port}/`]);
  let told = '';
  wrk.stdout.on('data', (bytes) => {
    told += String(bytes);
  });
  // Without wrk the clients count alone.
  wrk.on('error', () => undefined);
  const beganMs = Date.now();
  try {
    await sleep(BETWEEN_MS);
    await deed();
    await sleep(BETWEEN_MS);
  } finally {
    await clients.stop();
    const closed = once(wrk, 'close');
    if (wrk.pid !== undefined && wrk.kill('SIGINT')) await closed;
  }
  const seconds = ((Date.now() - beganMs) / 1000).toFixed(0);
  const errors = /Socket errors: (.*)|Non-2xx.*/.exec(told)?.[0] ?? 'none';
  console.log(
    `| ${name} | ${seconds} s | ${clients.answered} | ${clients.reconnects} | ${clients.lost.length} | ${errors} |`,
  );
  for (const lost of new Set(clients.lost)) console.log(`  lost: ${lost}`);
}

async function signals(pid: number, names: readonly NodeJS.Signals[]): Promise<void> {
  for (const name of names) {
    process.kill(pid, name);
    await sleep(BETWEEN_MS);
  }
}

async function upgrade(old: number): Promise<void> {
  process.kill(old, 'SIGUSR2');
  await eventually(() => pidIn(`${pidFile}.2`) > 0, 'the new arbiter', WITHIN_MS);
  await sleep(2 * BETWEEN_MS);
  process.kill(old, 'SIGWINCH');
  await sleep(BETWEEN_MS);
  process.kill(old, 'SIGQUIT');
  await eventually(() => pidIn(pidFile) !== old, 'the new pid file', WITHIN_MS);
}

const port = await freePort();
const words = CONTENDERS[0]?.start({ app: 'wsgi hello', workers: 2, threads: 4 }, port) ?? [];
const command = (more: readonly string[]) => [...words.slice(0, -1), ...more, ...words.slice(-1)];
let server = await start(command(['--pid', pidFile]), folderOf('wsgi hello'), port);
try {
  console.log('| what | time | answered | told to close | lost | wrk: errors |');
  console.log('| --- | --- | --- | --- | --- | --- |');
  const pid = pidIn(pidFile);
  const reloads = Array<NodeJS.Signals>(Number(options.reloads)).fill('SIGHUP');
  await row(`${reloads.length} reloads`, port, () => signals(pid, reloads));
  await row('TTIN, TTIN, TTOU, TTOU', port, () =>
    signals(pid, ['SIGTTIN', 'SIGTTIN', 'SIGTTOU', 'SIGTTOU']),
  );
  await row('a change of the arbiter', port, () => upgrade(pid));
  const next = pidIn(pidFile);
  process.kill(next, 'SIGTERM');
  await eventually(() => !isAlive(next), 'the end', WITHIN_MS);
  await server.stop();
  if (QUOTA.includes(options.only)) {
    server = await start(command(['--max-requests', '5000']), folderOf('wsgi hello'), port);
    await row(QUOTA, port, () => sleep(15_000));
  }
} finally {
  await server.stop();
}
