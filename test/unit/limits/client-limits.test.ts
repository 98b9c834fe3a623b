// The limits of clients without a server: who is a client, which networks it is in, which limits a request meets however its path
// is written, by what it is counted, what is refused and counted once, and what responses tell.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { headOfLine } from '../../../src/http1/parsed-head.ts';
import { clientOf } from '../../../src/limits/client.ts';
import { ClientLimits, type ClientLimitsOptions } from '../../../src/limits/client-limits.ts';
import { concerning, limitsOf } from '../../../src/limits/limit.ts';
import { LocalTokens } from '../../../src/limits/local.ts';
import { NetworkSet } from '../../../src/limits/network-set.ts';
import { rateLimitFields, retryAfterSeconds } from '../../../src/limits/rate-limit-fields.ts';
import { Refusals } from '../../../src/limits/refusals.ts';
import type { Answer } from '../../../src/limits/tokens.ts';
import type { Verdict } from '../../../src/limits/verdict.ts';
import { parseLimitRate } from '../../../src/settings/limit-rate.ts';
import { checkLimitRules } from '../../../src/settings/limit-rules.ts';
import type { Peer, RequestHead } from '../../../src/threads/app-thread.ts';
import { LocalPlaces } from './local-places.ts';

function peer(address: string): Peer {
  return { address, port: 1, serverName: 'x', serverPort: 80, scheme: 'http' };
}

function head(method: string, target: string, fields: readonly string[] = []): RequestHead {
  return { ...headOfLine(method, target, 1), fields };
}

interface Made extends Partial<ClientLimitsOptions> {
  readonly rate?: string | null;
  readonly rules?: unknown;
}

/** Answers at once, on a clock that stands until it is moved. */
function make({ rate = null, rules = [], ...options }: Made) {
  const time = { nowMs: 1000 };
  const limits = limitsOf({ limits: checkLimitRules(rules), limit_rate: rate });
  const refusals = new Refusals(() => time.nowMs);
  const made = new ClientLimits({
    limits,
    tokens: new LocalTokens(limits, () => time.nowMs),
    places: null,
    allow: null,
    deny: null,
    exempt: null,
    ipv6Prefix: 64,
    headers: 'refused',
    dryRun: false,
    readsForwarded: false,
    keys: null,
    refusals,
    ...options,
  });
  const ask = (address: string, request = head('GET', '/'), known = true): Verdict => {
    const verdict = made.ask(request, peer(address), known);
    assert.ok(!('then' in verdict), 'answered at once');
    return verdict;
  };
  const statuses = (count: number, address: string, request = head('GET', '/')) =>
    Array.from({ length: count }, () => ask(address, request).refusal?.status ?? 200);
  return { made, ask, statuses, refusals, time };
}

test('a client is an IPv4 address, or a network of IPv6; a mapped IPv4 address is the IPv4 one', () => {
  for (const [address, prefix, client] of [
    ['203.0.113.7', 64, '203.0.113.7'],
    ['::ffff:203.0.113.7', 64, '203.0.113.7'],
    ['::ffff:cb00:7107', 64, '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', 64, '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9', 64, '2001:db8:1:2::/64'],
    ['2001:DB8:1:2ff::9', 56, '2001:db8:1:200::/56'],
    ['2001:db8::1', 48, '2001:db8:0::/48'],
    ['2001:db8::1', 128, '2001:db8:0:0:0:0:0:1'],
    ['fe80::1%eth0', 64, 'fe80:0:0:0::/64'],
    ['', 64, ''],
  ] as const) {
    assert.equal(clientOf(address, prefix), client, address);
  }
});

test('two IPv6 addresses are one client exactly when their first bits are the same', () => {
  const group = fc.integer({ min: 0, max: 0xffff });
  const address = fc.array(group, { minLength: 8, maxLength: 8 });
  const bits = (groups: number[]) => groups.map((g) => g.toString(2).padStart(16, '0')).join('');
  const written = (groups: number[]) => groups.map((g) => g.toString(16)).join(':');
  fc.assert(
    fc.property(address, address, fc.nat(7), fc.integer({ min: 1, max: 128 }), (a, b, same, n) => {
      const other = [...a.slice(0, same), ...b.slice(same)];
      const equal = bits(a).slice(0, n) === bits(other).slice(0, n);
      assert.equal(clientOf(written(a), n) === clientOf(written(other), n), equal);
    }),
  );
});

test('a list of networks has what lies in one of them, as comparing bit by bit says', () => {
  const address = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 4, maxLength: 4 });
  const bits = (parts: number[]) => parts.map((p) => p.toString(2).padStart(8, '0')).join('');
  const network = fc.tuple(address, fc.integer({ min: 0, max: 32 })).map(([parts, prefix]) => {
    const kept = bits(parts).slice(0, prefix).padEnd(32, '0');
    const whole = [0, 8, 16, 24].map((at) => Number.parseInt(kept.slice(at, at + 8), 2));
    return { text: `${whole.join('.')}/${prefix}`, kept: kept.slice(0, prefix) };
  });
  fc.assert(
    fc.property(fc.array(network, { maxLength: 8 }), address, (networks, asked) => {
      const set = new NetworkSet(networks.map(({ text }) => text));
      const expected = networks.some(({ kept }) => bits(asked).startsWith(kept));
      assert.equal(set.has(asked.join('.')), expected);
      assert.equal(set.has(`::ffff:${asked.join('.')}`), expected);
    }),
  );
  const ipv6 = new NetworkSet(['2001:db8::/32', '::ffff:10.0.0.0/104']);
  assert.deepEqual(
    ['2001:db8:ffff::1', '2001:db9::', '10.1.2.3', '11.0.0.0', '', 'x'].map((a) => ipv6.has(a)),
    [true, false, true, false, false, false],
  );
});

test('what a URL makes of a path meets the limit of that path', () => {
  const limits = limitsOf({
    limits: checkLimitRules([{ path: '/login', rate: '5/m', name: 'login' }]),
    limit_rate: null,
  });
  const segment = fc.constantFrom(
    '',
    '.',
    '..',
    '%2e',
    '%2E.',
    'a',
    'a%2fb',
    'a%5cb',
    'login',
    'LOGIN',
    '%6cogin',
  );
  const separator = fc.constantFrom('/', '//', '\\');
  fc.assert(
    fc.property(fc.array(fc.tuple(separator, segment), { minLength: 1, maxLength: 6 }), (parts) => {
      const path = `/${parts.map(([between, part]) => `${between}${part}`).join('')}`;
      const meets = concerning(limits, head('GET', path)).length > 0;
      // The second has a host in a path that begins with two slashes, and some are none.
      for (const text of [`http://example.org${path}`, path]) {
        if (!URL.canParse(text, 'http://example.org')) continue;
        const { pathname } = new URL(text, 'http://example.org');
        const isLogin = [pathname, decodeURIComponent(pathname)].some((one) =>
          /^\/+login/i.test(one),
        );
        assert.ok(meets || !isLogin, `${path} is ${pathname}`);
      }
    }),
  );
});

test('no way of writing a path goes around its limit, and another path does not meet it', () => {
  const limits = limitsOf({
    limits: checkLimitRules([
      { path: '/login', methods: ['POST'], rate: '5/m', name: 'login' },
      { path: '/API/v1', methods: 'get', rate: '9/s', name: 'api' },
      { rate: '1/h', name: 'all', key: 'everybody' },
    ]),
    limit_rate: '100/s',
  });
  const names = (method: string, target: string) =>
    concerning(limits, head(method, target))
      .map(({ name }) => name)
      .filter((name) => name !== 'all' && name !== 'default');
  const around = [
    '/login',
    '/login?x=1',
    '/%6cogin',
    '/%6C%6F%67%69%6E',
    '//login',
    '///login/',
    '/LOGIN',
    '/login.json',
    '/login/x',
    '/./login',
    '/a/../login',
    '/a/%2e%2E/login',
    '/login/../x',
    '/x%2fy/../login',
    '/a%5cb/../login',
    '/api//../login',
    '/x%2fy//../login',
    '/%2flogin',
    '/\\login',
    'http://example.org/login',
    'http://example.org//%6cogin',
  ];
  for (const target of around) assert.deepEqual(names('POST', target), ['login'], target);
  assert.deepEqual(names('post', '/login'), ['login'], 'to some applications it is POST');
  for (const target of ['/', '/logi', '/x/login', '/%256cogin', '/x?/login']) {
    assert.deepEqual(names('POST', target), [], target);
  }
  assert.deepEqual(names('GET', '/login'), []);
  assert.deepEqual(names('HEAD', '/api/v1/x'), ['api'], 'GET is HEAD, too');
  assert.deepEqual(names('PUT', '/api/v1/x'), []);
  const all = ['*', 'example.org:443'].map((target) =>
    concerning(limits, head(target === '*' ? 'OPTIONS' : 'CONNECT', target)).map((l) => l.name),
  );
  assert.deepEqual(all, [
    ['all', 'default'],
    ['all', 'default'],
  ]);
});

test('a client gets its rate and burst, another its own, and a wait earns what it says', () => {
  const { statuses, ask, time } = make({ rate: '2/s:3' });
  assert.deepEqual(statuses(5, '192.0.2.1'), [200, 200, 200, 429, 429]);
  assert.deepEqual(statuses(3, '192.0.2.2'), [200, 200, 200]);
  assert.equal(ask('192.0.2.1').refusal?.retryAfterSeconds, 1);
  time.nowMs += 500;
  assert.deepEqual(statuses(2, '192.0.2.1'), [200, 429]);
});

test('keys: a header, or the address where it is missing; everybody; no header is taken for an address', () => {
  const rules = [{ rate: '1/h', key: 'header:X-Api-Key' }];
  const { statuses } = make({ rules });
  const keyed = (key: string) => head('GET', '/', ['x-API-key', key]);
  assert.deepEqual(statuses(2, '192.0.2.1', keyed('a')), [200, 429]);
  assert.deepEqual(statuses(1, '192.0.2.9', keyed('a')), [429], 'from wherever it comes');
  assert.deepEqual(statuses(1, '192.0.2.1', keyed('192.0.2.1')), [200]);
  assert.deepEqual(statuses(2, '192.0.2.1'), [200, 429], 'its own address is not spent by that');
  assert.deepEqual(statuses(1, '192.0.2.1', keyed('')), [429], 'an empty one is none');
  const everybody = make({ rules: [{ rate: '1/h', key: 'everybody' }] });
  assert.deepEqual(everybody.statuses(1, '192.0.2.1'), [200]);
  assert.deepEqual(everybody.statuses(1, '192.0.2.2'), [429]);
});

test('the first limit that refuses ends it: what comes behind is not spent', () => {
  const rules = [{ path: '/login', rate: '1/h', name: 'login' }];
  const { statuses } = make({ rules, rate: '3/h' });
  assert.deepEqual(statuses(5, '192.0.2.1', head('GET', '/login')), [200, 429, 429, 429, 429]);
  assert.deepEqual(statuses(3, '192.0.2.1'), [200, 200, 429]);
});

test('exempt clients meet no rate and take no place, and are denied all the same', () => {
  const { statuses, ask } = make({
    rate: '1/h',
    exempt: new NetworkSet(['10.0.0.0/8']),
    deny: new NetworkSet(['10.6.6.6']),
    places: new LocalPlaces([{ id: 'x', most: 1 }]),
  });
  assert.deepEqual(statuses(3, '10.0.0.1'), [200, 200, 200]);
  assert.equal(ask('10.0.0.1', undefined, false).place, null);
  assert.equal(ask('10.6.6.6', undefined, false).refusal?.status, 403);
});

test('a connection is let in by allow and deny, and while its client has a place', () => {
  const { made, refusals } = make({
    allow: new NetworkSet(['192.0.2.0/24']),
    deny: new NetworkSet(['192.0.2.66']),
    places: new LocalPlaces([{ id: 'x', most: 2 }]),
  });
  const refused = (address: string) => {
    const entry = made.enter(address);
    assert.ok(!('then' in entry));
    return entry.refused;
  };
  assert.deepEqual(['192.0.2.66', '198.51.100.1', '192.0.2.1'].map(refused), [true, true, false]);
  assert.deepEqual([refused('192.0.2.1'), refused('192.0.2.1')], [false, true]);
  made.leave('192.0.2.1');
  assert.equal(refused('192.0.2.1'), false);
  assert.deepEqual(refusals.totals, { denied: 2, connections: 1 });
});

test('behind a proxy requests at once count, by the client that it names, and each gives its place back', () => {
  const { made, ask } = make({ places: new LocalPlaces([{ id: 'x', most: 1 }]) });
  const first = ask('192.0.2.1', undefined, false);
  assert.equal(ask('192.0.2.1', undefined, false).refusal?.code, 'too-many-requests-at-once');
  assert.equal(ask('192.0.2.2', undefined, false).refusal, null);
  made.over(first);
  assert.equal(ask('192.0.2.1', undefined, false).refusal, null);
});

test('a request that a rate refuses keeps no place', () => {
  const { ask } = make({ rate: '1/h', places: new LocalPlaces([{ id: 'x', most: 2 }]) });
  assert.equal(ask('192.0.2.1', undefined, false).refusal, null);
  for (let n = 0; n < 3; n++) {
    assert.equal(ask('192.0.2.1', undefined, false).refusal?.code, 'rate-limited');
  }
});

test('a dry run refuses nobody, and counts what it would have refused', () => {
  const deny = new NetworkSet(['192.0.2.0/24']);
  const { statuses, ask, refusals } = make({ rate: '1/h', deny, dryRun: true });
  assert.deepEqual(statuses(3, '192.0.2.1'), [200, 200, 200]);
  assert.equal(ask('192.0.2.2', undefined, false).refusal, null);
  assert.deepEqual(refusals.totals, { 'dry rate default': 2, 'dry denied': 1 });
  assert.match(
    refusals.takeUntold().words,
    /2 requests by the limit "default".*served all the same/,
  );
});

test('every refused request is counted exactly once, whatever refuses it', () => {
  const request = fc.record({
    address: fc.constantFrom('192.0.2.1', '192.0.2.2', '198.51.100.1'),
    target: fc.constantFrom('/', '/login', '/a/../login'),
    known: fc.boolean(),
    wait: fc.constantFrom(0, 0, 700),
    ends: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(request, { maxLength: 60 }), (requests) => {
      const { made, ask, refusals, time } = make({
        rate: '1/s:2',
        rules: [{ path: '/login', rate: '1/m' }],
        deny: new NetworkSet(['198.51.100.0/24']),
        places: new LocalPlaces([{ id: 'x', most: 2 }]),
      });
      let refused = 0;
      for (const { address, target, known, wait, ends } of requests) {
        time.nowMs += wait;
        const verdict = ask(address, head('GET', target), known);
        if (verdict.refusal !== null) refused += 1;
        if (ends) made.over(verdict);
      }
      const counted = Object.values(refusals.totals).reduce((sum, count) => sum + count, 0);
      assert.equal(counted, refused);
    }),
  );
});

test('the fields are lists of structured fields, and their rate is the one that is kept', () => {
  const answer = { remaining: 3, resetMs: 1201 };
  const met = [
    { name: 'login', rate: parseLimitRate('5/m'), answer },
    { name: 'default', rate: parseLimitRate('100/s:150'), answer: { remaining: 0, resetMs: 0 } },
  ];
  assert.equal(
    rateLimitFields(met),
    'RateLimit-Policy: "login";q=5;w=60, "default";q=150;w=2\r\n' +
      'RateLimit: "login";r=3;t=2, "default";r=0;t=0\r\n',
  );
  assert.equal(rateLimitFields([]), '');
  assert.deepEqual([0, 1, 1000, 1001].map(retryAfterSeconds), [1, 1, 1, 2]);
});

test('answers that come later are waited for one after another, and the verdict is the same', async () => {
  const asked: number[] = [];
  const later = (limit: number): Promise<Answer> => {
    asked.push(limit);
    const granted = limit === 0;
    return Promise.resolve({ granted, remaining: 1, resetMs: 5, retryMs: granted ? 0 : 2500 });
  };
  const { made } = make({
    rules: [{ path: '/a', rate: '1/s' }],
    rate: '1/s',
    headers: 'all',
    tokens: { ask: later },
    keys: { keyOf: () => Promise.resolve(null) },
  });
  const verdict = await made.ask(head('GET', '/a'), peer('192.0.2.1'), true);
  assert.deepEqual(asked, [0, 1]);
  assert.equal(verdict.refusal?.retryAfterSeconds, 3);
  assert.match(verdict.fields, /RateLimit: "\/a";r=1;t=1, "default";r=1;t=1\r\n/);
});
