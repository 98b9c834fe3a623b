// Two servers, as on two hosts, that count in one Redis: the sum of both is the limit; when the store is stopped or killed nobody
// waits longer than limit_store_timeout and each goes by its own count, one line tells it; and both come back by themselves. The
// password is nowhere to be read.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { freePort } from '../support/listening-socket.ts';
import { openConnections } from '../support/open-connections.ts';
import { type Redis, startRedis } from '../support/redis.ts';
import { offer, within } from './offered-load.ts';
import {
  ask,
  eventually,
  NODE_APPS,
  runToEnd,
  type Served,
  serveNode,
  temporaryFolder,
} from './serving.ts';

const PASSWORD = 'S3cr3tW0rd';
/** Of limit_store_timeout. */
const PATIENCE_MS = 400;
const limits = ['first', 'second', 'third', 'fourth'].map((name) => {
  return { path: `/${name}`, rate: '20/h', name, key: 'everybody' };
});
/** The store counts it in windows of a second. */
const BUSY = 60;
limits.push({ path: '/busy', rate: `${BUSY}/s`, name: 'busy', key: 'everybody' });

const APP = `export { default } from ${JSON.stringify(join(NODE_APPS, 'answer-by-query.mjs'))};\n`;

let redis: Redis;
let servers: readonly [Served, Served];
let config: string;
let app: string;
/** Of the first server. */
let statusAddress: string;

before(async () => {
  redis = await startRedis(0, '--requirepass', PASSWORD);
  const folder = await temporaryFolder();
  config = join(folder, 'limits.json');
  app = join(folder, 'app.mjs');
  await writeFile(app, APP);
  const limit_store = `redis://:${PASSWORD}@127.0.0.1:${redis.port}/2`;
  await writeFile(config, JSON.stringify({ limits, limit_store }));
  statusAddress = `127.0.0.1:${await freePort()}`;
  const serve = (workers: number): Promise<Served> => {
    const status = workers === 1 ? ['--status-bind', statusAddress] : [];
    const args = ['-c', config, '-w', `${workers}`, '--log-level', 'debug', ...status];
    const timeout = ['--limit-store-timeout', `${PATIENCE_MS / 1000}`];
    return serveNode(app, [...args, ...timeout], { readyWorkers: workers });
  };
  servers = [await serve(1), await serve(2)];
});
after(() => redis.end());

/** How many of so many requests the server let through, and how long the slowest took. */
async function letThrough(served: Served, path: string, count: number): Promise<[number, number]> {
  let granted = 0;
  let slowestMs = 0;
  for (let n = 0; n < count; n++) {
    const beganMs = performance.now();
    const { status } = await ask(served, path);
    slowestMs = Math.max(slowestMs, performance.now() - beganMs);
    assert.ok(status === 200 || status === 429);
    if (status === 200) granted += 1;
  }
  return [granted, slowestMs];
}

function linesOf(served: Served, text: RegExp): number {
  return served
    .log()
    .split('\n')
    .filter((line) => text.test(line)).length;
}

/** What the first server tells of its store. */
async function storeMetrics(): Promise<readonly number[]> {
  const text = await (await fetch(`http://${statusAddress}/metrics`)).text();
  return ['silent', 'silences_total', 'requests_without_total'].map((name) => {
    return Number(new RegExp(`^tunicorn_limit_store_${name} (\\d+)$`, 'm').exec(text)?.[1]);
  });
}

const SILENT = /limit store at redis:\/\/127\.0\.0\.1:\d+\/2 does not answer/;
const ANSWERS = /limit store at redis:\/\/127\.0\.0\.1:\d+\/2 answers again/;

test('two servers let through together what the limit allows', async () => {
  const [one, other] = servers;
  const [first] = await letThrough(one, '/first', 12);
  const [second] = await letThrough(other, '/first', 12);
  const [third] = await letThrough(one, '/first', 4);
  assert.deepEqual([first, second, third], [12, 8, 0]);
});

test('under load two servers let through together what the limit allows, within 5 %', async (t) => {
  const endMs = performance.now() + 5000;
  const ports = servers.map(({ port }) => port);
  const load = await offer(ports, () => performance.now() > endMs);
  const { granted } = load;
  // A window's requests are let through when it begins: what comes then for a while is refused.
  const begins: number[] = [];
  for (const [at, ms] of granted.entries()) {
    const lastMs = begins.at(-1) ?? Number.NEGATIVE_INFINITY;
    // One of them may come to the application late, alone.
    if (ms - (granted[at - 1] ?? 0) > 150 && ms - lastMs > 500) begins.push(ms);
  }
  const counts: number[] = [];
  for (const [index, fromMs] of begins.entries()) {
    const toMs = (begins[index + 1] ?? Number.POSITIVE_INFINITY) - 1;
    const count = within(granted, [fromMs - 1, toMs]);
    assert.ok(count <= BUSY * 1.05, `${count} in one window`);
    // The last one may be cut off by the end of the test.
    if (toMs < Number.POSITIVE_INFINITY && within(load.refused, [fromMs, toMs]) > 0) {
      counts.push(count);
    }
  }
  t.diagnostic(`${counts} in each window, ${load.refused.length} refused`);
  assert.ok(counts.length > 0, 'the machine is too busy to offer more than the limit');
  for (const count of counts) assert.ok(count >= BUSY * 0.95, `${counts} of ${BUSY} each`);
  // What a healthy store is asked it can answer.
  for (const { server } of servers)
    assert.doesNotMatch(server.log(), /does not answer: (?!it did)/);
});

test('a reload that fails leaves no connection to the store behind', async () => {
  const [one] = servers;
  await eventually(() => openConnections(redis.port) === 2);
  await writeFile(app, 'throw new Error("a release that does not load");');
  one.server.signal('SIGHUP');
  await one.server.line(/a release that does not load/);
  await one.server.line(/The old workers stay\./);
  await writeFile(app, APP);
  await eventually(() => openConnections(redis.port) === 2);
  assert.equal((await letThrough(one, '/first', 1))[0], 0);
});

test('a store that is stopped holds a request up once and no longer than the timeout', async () => {
  const [one] = servers;
  redis.stop();
  const [granted, slowestMs] = await letThrough(one, '/second', 25);
  const [silent = 0, silences = 0, without = 0] = await storeMetrics();
  redis.go();
  assert.ok(silent === 1 && silences >= 1 && without >= 10, `${[silent, silences, without]}`);
  // Its share: two hosts were seen.
  assert.equal(granted, 10);
  assert.ok(slowestMs < PATIENCE_MS * 3, `${slowestMs} ms`);
  assert.equal(linesOf(one, SILENT), 1);
  await eventually(async () => {
    await ask(one, '/second');
    return linesOf(one, ANSWERS) === 1 && (await storeMetrics())[0] === 0;
  });
  const [again] = await letThrough(servers[1], '/third', 15);
  const [rest] = await letThrough(one, '/third', 15);
  assert.deepEqual([again, rest], [15, 5]);
});

test('a store that is killed is done without, told once, and found again when it is back', async () => {
  const [, other] = servers;
  const { port } = redis;
  await redis.end();
  await eventually(() => linesOf(other, SILENT) === 1);
  const [granted, slowestMs] = await letThrough(other, '/fourth', 30);
  assert.equal(granted, 10);
  assert.ok(slowestMs < PATIENCE_MS * 3, `${slowestMs} ms`);
  assert.equal(linesOf(other, SILENT), 1);
  redis = await startRedis(port, '--requirepass', PASSWORD);
  await eventually(() => linesOf(other, ANSWERS) === 1);
  // The store has heard of it.
  assert.equal((await letThrough(servers[0], '/fourth', 15))[0], 10);
});

test('the password is nowhere to be read, and a server with a store ends as any other', async () => {
  for (const served of servers) {
    const beganMs = performance.now();
    await served.stop();
    assert.ok(performance.now() - beganMs < 20_000);
    assert.ok(!served.log().includes(PASSWORD));
  }
  const printed = await runToEnd(['--print-config', '-c', config, './listener.mjs'], NODE_APPS);
  assert.match(printed.output, /limit_store += "redis:\/\/127\.0\.0\.1:\d+\/2"/);
  assert.ok(!printed.output.includes(PASSWORD));
  const wrong = await runToEnd(
    ['--limit-store', `redis://:${PASSWORD}@h/x`, './listener.mjs'],
    NODE_APPS,
  );
  assert.match(
    wrong.output,
    /limit_store must be redis:\/\/.*: "redis:\/\/\.\.\." on the command line/,
  );
  assert.ok(!wrong.output.includes(PASSWORD));
});
