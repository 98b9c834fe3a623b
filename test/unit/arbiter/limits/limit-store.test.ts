// Two hosts that count in one real Redis: the sum of both is within the limit and close to it; one that is stopped or gone holds
// nobody up, and both come back by themselves.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { StoreLender, windowOf } from '../../../../src/arbiter/limits/limit-store.ts';
import { LocalTokens } from '../../../../src/limits/local.ts';
import { Reach } from '../../../../src/limits/reach.ts';
import { StoredTokens } from '../../../../src/limits/stored-tokens.ts';
import { parseLimitRate } from '../../../../src/settings/limit-rate.ts';
import { parseLimitStore } from '../../../../src/settings/limit-store.ts';
import { eventually } from '../../../support/eventually.ts';
import { openConnections } from '../../../support/open-connections.ts';
import { type Redis, startRedis } from '../../../support/redis.ts';

let redis: Redis;
const hosts: Host[] = [];

before(async () => {
  redis = await startRedis(0, '--requirepass', 'p@ss');
});
after(async () => {
  for (const host of hosts) host.end();
  await redis.end();
});

const now = (): number => performance.now();
const later = (ms: number, deed: () => void): void => {
  if (ms === 0) setImmediate(deed);
  else setTimeout(deed, ms).unref();
};

class Host {
  readonly told: string[] = [];
  readonly reach = new Reach({ timeoutMs: 500, now, later });
  readonly tokens: StoredTokens;
  readonly lender: StoreLender;

  constructor(rate: string, address = `redis://:p%40ss@127.0.0.1:${redis.port}/3`) {
    const store = parseLimitStore(address);
    assert.ok(store !== null);
    const limits = [{ id: `t ${rate}`, rate: parseLimitRate(rate) }];
    this.reach.onChange((state) => this.told.push(state));
    this.lender = new StoreLender({
      store,
      prefix: 'test',
      limits,
      now,
      failed: () => this.reach.failed(),
      asked: () => this.reach.asked(),
    });
    this.lender.open();
    this.tokens = new StoredTokens({
      limits,
      local: new LocalTokens(limits, now),
      lender: this.lender,
      reach: this.reach,
      hosts: () => 1,
      grantedAlone: () => undefined,
      now,
      later,
    });
    hosts.push(this);
  }

  async ask(key: string): Promise<boolean> {
    return (await this.tokens.take(0, key, 1)).granted === 1;
  }

  end(): void {
    this.lender.close();
  }

  async connected(): Promise<this> {
    await eventually(async () => {
      await this.ask(`somebody else ${now()}`);
      return !this.reach.silent;
    });
    this.told.length = 0;
    return this;
  }
}

/** How many keys that begin so have had so much, as the store has it. */
function keysWith(begin: string, count: number): number {
  const script = `local n = 0
    for _, key in ipairs(redis.call('keys', '*:${begin}*')) do
      if redis.call('get', key) == '${count}' then n = n + 1 end
    end
    return n`;
  const args = [
    '-s',
    redis.path,
    '-a',
    'p@ss',
    '--no-auth-warning',
    '-n',
    '3',
    'eval',
    script,
    '0',
  ];
  return Number(execFileSync('redis-cli', args));
}

async function sum(answers: Iterable<Promise<boolean>>): Promise<number> {
  return (await Promise.all(answers)).filter(Boolean).length;
}

test('what is given back when nothing is counted any more is no trouble of the store', async () => {
  const host = await new Host('50/m').connected();
  const told: boolean[] = [];
  host.lender.take(0, 'twice', 5, () => undefined);
  for (let time = 0; time < 3; time++) host.lender.giveBack(0, 'twice', 5);
  host.lender.charge(0, 'twice', 1, (heard) => told.push(heard));
  await eventually(() => told.length === 1);
  assert.deepEqual([told, host.told, keysWith('twice', 1)], [[true], [], 1]);
});

test('a store that nobody wants any more stays closed, whatever comes back late, and is no news', async () => {
  const host = await new Host('51/m').connected();
  await eventually(() => openConnections(redis.port) > 0);
  const before = openConnections(redis.port);
  host.lender.take(0, 'late', 5, () => undefined);
  host.lender.close();
  host.lender.giveBack(0, 'late', 5);
  host.lender.look();
  await eventually(() => openConnections(redis.port) === before - 1);
  await pause(100);
  assert.deepEqual([openConnections(redis.port), host.told], [before - 1, []]);
});

test('a rate becomes points in a window of whole seconds', () => {
  const window = (rate: string) => Object.values(windowOf(parseLimitRate(rate)));
  assert.deepEqual(window('100/s:200'), [200, 2]);
  assert.deepEqual(window('100/s'), [100, 1]);
  assert.deepEqual(window('5/m'), [5, 60]);
  assert.deepEqual(window('60/m:5'), [5, 5]);
  // Less than a second, and no whole seconds: what the rate gives in its unit.
  assert.deepEqual(window('100/s:20'), [100, 1]);
  assert.deepEqual(window('7/m:1'), [7, 60]);
  assert.deepEqual(window('7/m:15'), [21, 180]);
});

test('two hosts let through together what the limit allows, whoever asks first', async () => {
  const one = await new Host('40/m').connected();
  const other = await new Host('40/m', `unix://:p%40ss@${redis.path}?db=3`).connected();
  const all = Array.from({ length: 100 }, (_, n) => (n % 2 === 0 ? one : other).ask('a'));
  assert.equal(await sum(all), 40);
  assert.equal(await other.ask('b'), true);
  const refusal = await one.tokens.take(0, 'a', 1);
  assert.equal(refusal.granted, 0);
  assert.ok(refusal.retryMs > 50_000 && refusal.retryMs <= 60_000, `${refusal.retryMs}`);
  assert.deepEqual([...one.told, ...other.told], []);
});

test('under load two hosts get within 5 % of the limit, and never more', async () => {
  const pair = [await new Host('200/s').connected(), await new Host('200/s').connected()];
  let granted = 0;
  const endMs = now() + 3000;
  while (now() < endMs) {
    const asked = pair.flatMap((host) => Array.from({ length: 3 }, () => host.ask('busy')));
    granted += await sum(asked);
    await pause(2);
  }
  // Windows begin with the first request: three whole ones and the beginning of a fourth.
  assert.ok(granted <= 800, `${granted}`);
  assert.ok(granted >= 0.95 * 600, `${granted}`);
});

test('one that is stopped holds nobody up for longer than the timeout, and it comes back', async () => {
  const host = await new Host('5/m').connected();
  redis.stop();
  const beganMs = now();
  const all = await sum(Array.from({ length: 20 }, () => host.ask('c')));
  assert.equal(all, 5, 'the host goes by its own count');
  assert.ok(now() - beganMs < 1500, `${now() - beganMs} ms`);
  const againMs = now();
  for (let times = 0; times < 50; times++) await host.ask(`d${times}`);
  assert.ok(now() - againMs < 400, 'nobody waits any more');
  assert.deepEqual(host.told, ['silent']);
  redis.go();
  await eventually(async () => {
    await host.ask(`e${now()}`);
    return !host.reach.silent;
  });
  assert.deepEqual(host.told, ['silent', 'answers']);
});

test('when it is back it hears what thousands of clients had meanwhile, and goes on answering', async () => {
  const host = await new Host('5/h').connected();
  const keys = Array.from({ length: 3000 }, (_, n) => `many${n}`);
  redis.stop();
  assert.equal(await sum(keys.flatMap((key) => [host.ask(key), host.ask(key)])), 6000);
  redis.go();
  await eventually(async () => {
    await host.ask(`h${now()}`);
    return !host.reach.silent;
  });
  await eventually(() => keysWith('many', 2) === keys.length, 'what they had is not known');
  assert.deepEqual(host.told, ['silent', 'answers']);
});

test('one that is killed and started anew is found again', async () => {
  const host = await new Host('5/m').connected();
  const { port } = redis;
  await redis.end();
  await eventually(async () => {
    await host.ask(`f${now()}`);
    return host.reach.silent;
  });
  assert.equal(await sum(Array.from({ length: 20 }, () => host.ask('g'))), 5);
  redis = await startRedis(port, '--requirepass', 'p@ss');
  await eventually(() => !host.reach.silent, 'it does not answer again');
  assert.deepEqual(host.told, ['silent', 'answers']);
  assert.equal(await host.ask('g'), false, 'what this host knows it still knows');
});
