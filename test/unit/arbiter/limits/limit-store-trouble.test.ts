// A store of limits in trouble: slow by exactly what is waited for, coming and going, in want of memory or of a password, a replica, or
// none at all. Nobody waits longer than the setting says, one line tells it, what is let through is the host's own count, and it comes
// back by itself. A real Redis, with somebody in between who can be made to answer anything.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Hosts } from '../../../../src/arbiter/limits/hosts.ts';
import { StoreNews, storedTokens } from '../../../../src/arbiter/limits/stored-limits.ts';
import { StoreSilences } from '../../../../src/arbiter/telemetry/store-silences.ts';
import { limitListOf } from '../../../../src/limits/limit-list.ts';
import { LocalTokens } from '../../../../src/limits/local.ts';
import { Reach } from '../../../../src/limits/reach.ts';
import type { Log } from '../../../../src/observe/log.ts';
import { resolveSettings } from '../../../../src/settings/resolve.ts';
import { eventually } from '../../../support/eventually.ts';
import { type Redis, startRedis } from '../../../support/redis.ts';
import { InBetween } from '../../../support/redis-in-between.ts';
import { SimulatedTime } from '../../limits/simulated-time.ts';

/** limit_store_timeout. */
const BOUND_MS = 180;
/** What a busy machine may add. */
const NOISE_MS = 150;

let redis: Redis;
let between: InBetween;

before(async () => {
  redis = await startRedis();
  between = await InBetween.to(redis.port);
});
after(async () => {
  between.end();
  await redis.end();
});

const now = (): number => performance.now();

interface Host {
  readonly lines: string[];
  /** How often it fell silent, as statsd is told. */
  silences: number;
  /** As Prometheus is. */
  readonly metrics: StoreSilences;
  readonly slowestMs: number;
  ask(key: string): Promise<boolean>;
}

let hosts = 0;

/** Each counts under names of its own. */
async function hostOf(
  rate: string,
  during: (host: Host) => Promise<void>,
  connects = true,
): Promise<void> {
  hosts += 1;
  const { port } = between;
  const address = `redis://127.0.0.1:${port}`;
  const names = ['--limit-store-prefix', `h${hosts}`, '--limit-rate', rate];
  const waits = ['--limit-store-timeout', `${BOUND_MS / 1000}`];
  const argv = [...names, '--limit-store', address, ...waits, 'app:app'];
  const { settings } = await resolveSettings({ argv, env: {}, cwd: '/' });
  const { tokens: limits } = limitListOf(settings);
  const lines: string[] = [];
  const log = {
    warning: (line: string, facts?: { readonly value?: number }) => {
      lines.push(line);
      host.silences += facts?.value ?? 0;
    },
  } as unknown as Log;
  const local = new LocalTokens(limits, now);
  const silences = new StoreSilences();
  const { scripts } = between;
  const stored = storedTokens(settings, limits, local, now, () => log, {
    silences,
    hosts: new Hosts(now),
  });
  assert.ok(stored !== null);
  let slowestMs = 0;
  const host = {
    lines,
    silences: 0,
    metrics: silences,
    get slowestMs() {
      return slowestMs;
    },
    ask: async (key: string) => {
      const beganMs = now();
      const { granted } = await stored.tokens.take(0, key, 1);
      slowestMs = Math.max(slowestMs, now() - beganMs);
      return granted === 1;
    },
  };
  try {
    if (connects) await eventually(() => between.scripts > scripts, 'nobody has connected');
    await during(host);
  } finally {
    stored.close();
  }
}

/** Until it was told so often that the store answers again, and it does. */
async function answers(host: Host, times: number): Promise<void> {
  let asked = 0;
  await eventually(async () => {
    asked += 1;
    await host.ask(`somebody ${asked}`);
    return host.lines.filter((line) => line.endsWith('answers again.')).length === times;
  }, host.lines.join('\n'));
}

/** Until it has connected so many times more. */
async function untilTakenAgain(host: Host, times: number): Promise<void> {
  const { taken } = between;
  let asked = 0;
  await eventually(async () => {
    asked += 1;
    await host.ask(`meanwhile ${asked}`);
    return between.taken >= taken + times;
  });
}

async function granted(host: Host, key: string, times: number): Promise<number> {
  const all = await Promise.all(Array.from({ length: times }, () => host.ask(key)));
  return all.filter(Boolean).length;
}

function cli(...args: readonly string[]): void {
  execFileSync('redis-cli', ['-s', redis.path, ...args], { stdio: 'ignore' });
}

interface Trouble {
  readonly what: string;
  begin(): void;
  end(): void;
  readonly told: RegExp;
  /** No connection can be kept. */
  readonly isNoRedis?: boolean;
}

function answering(what: string, answer: string, told: RegExp, isNoRedis = false): Trouble {
  const begin = (): void => {
    between.answer = answer;
  };
  return { what, begin, end: () => between.mend(), told, isNoRedis };
}

const troubles: readonly Trouble[] = [
  {
    what: 'has become a replica',
    begin: () => cli('replicaof', '127.0.0.1', '1'),
    end: () => cli('replicaof', 'no', 'one'),
    told: /READONLY/,
  },
  {
    what: 'is out of memory',
    begin: () => cli('config', 'set', 'maxmemory', '1'),
    end: () => cli('config', 'set', 'maxmemory', '0'),
    told: /OOM/,
  },
  {
    what: 'asks for a password from now on',
    begin: () => {
      cli('config', 'set', 'requirepass', 'x');
      cli('-a', 'x', 'client', 'kill', 'type', 'normal');
    },
    end: () => cli('-a', 'x', 'config', 'set', 'requirepass', ''),
    told: /ECONNRESET|closed|not connected|NOAUTH/,
  },
  answering('is loading', '-LOADING Redis is loading the dataset in memory\r\n', /LOADING/),
  answering('is no Redis', 'HTTP/1.1 400 Bad Request\r\n\r\n', /./, true),
  answering('answers bytes without sense', '\x00\xff\xfe*9\r\n$-7\r\n', /./, true),
  answering('answers something else than numbers', '+OK\r\n', /something else than numbers/),
  answering('answers words in place of numbers', '*2\r\n$1\r\nx\r\n$1\r\ny\r\n', /numbers/),
  answering('answers too little', '*0\r\n', /numbers/),
];

for (const { what, begin, end, told, isNoRedis = false } of troubles) {
  test(`a store that ${what} is done without, is told once, and found again`, async () => {
    await hostOf('5/h', async (host) => {
      begin();
      try {
        await eventually(async () => {
          await host.ask('finds out');
          return host.lines.length > 0;
        });
        assert.equal(await granted(host, 'k', 20), 5);
        // Also one that is connected to again and again.
        if (isNoRedis) await untilTakenAgain(host, 2);
        else await pause(300);
        assert.equal(await granted(host, 'k', 1), 0);
        assert.equal(host.lines.length, 1, host.lines.join('\n'));
        assert.match(host.lines[0] ?? '', /The limit store at redis:.* does not answer: /);
        assert.match(host.lines[0] ?? '', told);
        assert.doesNotMatch(host.lines[0] ?? '', /[\n\r\0]/);
        assert.equal(host.silences, 1);
        assert.deepEqual([host.metrics.isSilent, host.metrics.times], [true, 1]);
        assert.ok(host.metrics.tokens >= 5, `${host.metrics.tokens}`);
      } finally {
        end();
      }
      await answers(host, 1);
      assert.deepEqual([host.metrics.isSilent, host.metrics.times], [false, 1]);
      assert.equal(await granted(host, 'other', 20), 5);
      assert.equal(host.lines.length, 2, host.lines.join('\n'));
      assert.ok(host.slowestMs < BOUND_MS + NOISE_MS, `${host.slowestMs} ms`);
    });
  });
}

test('a store that wants a password is told of by what it says, and needs no restart when it wants none', async () => {
  cli('config', 'set', 'requirepass', 'x');
  const passes = async (host: Host): Promise<void> => {
    await eventually(() => host.lines.length > 0);
    assert.match(host.lines[0] ?? '', /does not answer: .*NOAUTH/);
    assert.equal(await granted(host, 'k', 9), 5);
    cli('-a', 'x', 'config', 'set', 'requirepass', '');
    await answers(host, 1);
  };
  await hostOf('5/h', passes, false);
});

test('a store that is slow by exactly what is waited for slows nobody by more', async () => {
  await hostOf('5/h', async (host) => {
    between.delayMs = BOUND_MS;
    let sum = 0;
    for (let key = 0; key < 8; key++) sum += await granted(host, `k${key}`, 9);
    assert.equal(sum, 8 * 5);
    assert.ok(host.slowestMs > BOUND_MS / 2, `${host.slowestMs} ms: nobody waited`);
    assert.ok(host.slowestMs < BOUND_MS + NOISE_MS, `${host.slowestMs} ms`);
    assert.ok(host.lines.filter((line) => line.includes('does not answer')).length <= 1);
    between.mend();
    await eventually(async () => {
      const beganMs = now();
      await host.ask(`after ${beganMs}`);
      return now() - beganMs < BOUND_MS / 2;
    });
  });
});

test('a store that comes and goes slows nobody by more, and is told once in a while', async () => {
  await hostOf('20/h', async (host) => {
    let sum = 0;
    for (let times = 0; times < 5; times++) {
      between.cut();
      for (let n = 0; n < 8; n++) sum += await granted(host, 'k', 2);
      between.mend();
      await untilTakenAgain(host, 1);
      sum += await granted(host, 'k', 1);
    }
    assert.equal(sum, 20);
    assert.ok(host.slowestMs < BOUND_MS + NOISE_MS, `${host.slowestMs} ms`);
    const silent = host.lines.filter((line) => line.includes('does not answer'));
    assert.equal(silent.length, 1, host.lines.join('\n'));
  });
});

test('one that falls silent again soon is told of as soon as that may be said, and with how often it was', async () => {
  const time = new SimulatedTime();
  const reach = new Reach({ timeoutMs: 20, now: time.now, later: time.later });
  const said: [string, number | undefined][] = [];
  const log = {
    warning: (line: string, facts?: { readonly value?: number }) => said.push([line, facts?.value]),
  } as unknown as Log;
  const parts = { label: 'x', now: time.now, later: time.later, log: () => log };
  new StoreNews(reach, { ...parts, why: () => 'it is gone' });
  for (let times = 0; times < 3; times++) {
    reach.failed();
    reach.answered();
    await time.goTo(time.nowMs + 1000);
  }
  assert.deepEqual(
    said.map(([line]) => /does not answer|answers again/.exec(line)?.[0]),
    ['does not answer', 'answers again'],
  );
  reach.failed();
  await time.goTo(time.nowMs + 20_000);
  assert.match(said[2]?.[0] ?? '', /does not answer: it is gone/);
  assert.deepEqual(
    said.map(([, value]) => value),
    [1, undefined, 3],
  );
  reach.answered();
  await time.goTo(time.nowMs + 20_000);
  assert.equal(said.length, 4);
  // Twice again, and it answers when that may be said: statsd counts all of them.
  for (let times = 0; times < 3; times++) {
    reach.failed();
    reach.answered();
  }
  await time.goTo(time.nowMs + 20_000);
  assert.match(said.at(-1)?.[0] ?? '', /did not answer 2 times more: it is gone. It does now/);
  assert.equal(said.at(-1)?.[1], 2);
});
