// Requests that wait for a thread, seen from outside: whose turn it is, which go first, and what hears 503 at once. Each test holds
// the only thread, lets others wait, and looks at the order in which the access log has them. Tried on purpose, and seen to fail: all
// requests of the same client; every priority the same; codel without shedding.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, type TestContext, test } from 'node:test';
import { RawClient } from '../support/raw-client.ts';
import {
  eventually,
  hasRead,
  requestBytes,
  type Served,
  serveNode,
  serveWsgi,
  temporaryFolder,
} from './serving.ts';

const ONE = ['--threads', '1', '--thread-concurrency', '1'];
const WAITS = '/block?0.02';

let plain: Served;
let codel: Served;

before(async () => {
  const logged = ['--access-logfile', '-', '--access-logformat', 'over: %(a)s'];
  const first = ['--priority', '/first=10,x-batch:=-5'];
  [plain, codel] = await Promise.all([
    serveWsgi('freezes', [...ONE, ...logged, ...first]),
    serveNode('./freezes.mjs', [...ONE, '--queue-discipline', 'codel']),
  ]);
});

/** Sends a request of this name from this address, and waits until the server has read it. */
async function begin(
  t: TestContext,
  { port }: Served,
  [name, localAddress]: readonly [name: string, localAddress: string],
  path: string,
  ...fields: string[]
): Promise<RawClient> {
  const client = await RawClient.connect(t, { host: '127.0.0.1', port, localAddress });
  const all = [...fields, `User-Agent: ${name}`];
  await client.send(requestBytes('GET', path, { fields: all }));
  await eventually(() => hasRead({ port }, client), `${path} to be read`);
  return client;
}

/** Holds the only thread until `free` is called, with a request of this name. */
async function hold(
  t: TestContext,
  name: string,
): Promise<{ readonly client: RawClient; free(): Promise<void> }> {
  const file = join(await temporaryFolder(), 'free');
  const client = await begin(t, plain, [name, '127.0.0.1'], `/stream?${file}`);
  return { client, free: () => writeFile(file, '') };
}

/** The names of the requests that the server was asked since the one with this name, in the order in which they were over. */
async function order(first: string, clients: readonly RawClient[]): Promise<string> {
  for (const client of clients) assert.equal((await client.readResponse()).status, 200);
  const names = (): string[] => {
    const all = [...plain.server.standardOutput().matchAll(/^over: (.*)$/gm)];
    const from = all.findIndex(([, name]) => name === first);
    return from < 0 ? [] : all.slice(from).map(([, name = '']) => name);
  };
  await eventually(() => names().length >= clients.length, 'all to be logged');
  return names().join(' ');
}

test('one address with many requests that wait makes nobody else wait for more than one of them', async (t) => {
  const { client, free } = await hold(t, 'held');
  const clients = [client];
  const ask = async (name: string, address: string): Promise<void> => {
    clients.push(await begin(t, plain, [name, address], WAITS));
  };
  for (let n = 1; n <= 3; n++) await ask(`a${n}`, '127.0.0.2');
  await ask('b1', '127.0.0.3');
  await ask('b2', '127.0.0.3');
  await ask('c1', '127.0.0.4');
  await free();
  assert.equal(await order('held', clients), 'held a1 b1 c1 a2 b2 a3');
});

test('a path or a field goes before others, or behind them', async (t) => {
  const { client, free } = await hold(t, 'held-again');
  const clients = [client];
  const from = '127.0.0.2';
  clients.push(await begin(t, plain, ['batch', from], WAITS, 'X-Batch: nightly'));
  clients.push(await begin(t, plain, ['usual', from], WAITS));
  clients.push(await begin(t, plain, ['first', from], '/first/of/all'));
  await free();
  assert.equal(await order('held-again', clients), 'held-again first usual batch');
});

test('with codel, what has waited too long while everybody has hears 503 at once, and the newest is served', async (t) => {
  const held = await begin(t, codel, ['held', '127.0.0.1'], '/block?3');
  const waiting: RawClient[] = [];
  for (let n = 2; n <= 6; n++)
    waiting.push(await begin(t, codel, ['waits', `127.0.0.${n}`], WAITS));
  const newest = waiting.pop() ?? assert.fail();
  const shed = await Promise.all(waiting.map((client) => client.readResponse()));
  for (const reply of shed) {
    assert.equal(reply.status, 503);
    assert.match(reply.field('retry-after') ?? '', /^\d+$/);
  }
  assert.equal(held.unread().length, 0, 'at once: the thread is still held');
  assert.equal((await held.readResponse()).status, 200);
  assert.equal((await newest.readResponse()).status, 200);
});
