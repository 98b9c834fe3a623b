// What workers tell of whom they refuse, added up, with the rule and where it was set.

import assert from 'node:assert/strict';
import test from 'node:test';
import { limitedClients } from '../../../../src/arbiter/control/limited.ts';
import { limitsTable } from '../../../../src/ctl/limits-table.ts';
import { CATALOGUE } from '../../../../src/settings/catalogue.ts';
import { checkLimitRules } from '../../../../src/settings/limit-rules.ts';
import type { Sources } from '../../../../src/settings/resolve.ts';
import type { Settings } from '../../../../src/settings/settings.ts';
import type { LimitedLook } from '../../../../src/wire/control.ts';

const settings = {
  limits: checkLimitRules([
    { path: '/api/', rate: '20/s', key: 'header:x-api-key', name: 'api' },
    { path: '/login', methods: ['POST'], rate: '5/m', name: 'login' },
  ]),
  limit_rate: '100/s',
  limit_connections: 50,
  deny: ['192.0.2.0/24'],
  allow: [],
} as unknown as Settings;
const sources = Object.fromEntries(
  Object.keys(CATALOGUE).map((name) => [
    name,
    name === 'limits'
      ? { kind: 'file', file: 'tunicorn.config.ts', line: 7 }
      : { kind: 'arguments', from: 'command line', flag: `--${name}` },
  ]),
) as unknown as Sources;

function look(more: Partial<LimitedLook>): LimitedLook {
  const nothing = { limit: '', by: 'address', client: '203.0.113.7', dry: false, retryMs: 0 };
  const times = { refused: 1, lately: 1, sinceMs: 100, lastMs: 100 };
  return { reason: 'rate', key: '203.0.113.7', ...nothing, ...times, ...more };
}

test('counts of all workers are added up by client and limit, and each has its rule', () => {
  const one = [
    look({ limit: 'login', refused: 5, lately: 2, sinceMs: 9000, lastMs: 400, retryMs: 100 }),
    look({ reason: 'connections', lately: 0 }),
    look({ limit: 'default', dry: true }),
  ];
  const other = [
    look({ limit: 'login', refused: 3, lately: 3, sinceMs: 2000, lastMs: 200, retryMs: 7000 }),
    look({ limit: 'api', by: 'header:x-api-key', key: 'sha256:5dc1d6bb3a22' }),
    look({ reason: 'denied', key: '192.0.2.9', client: '192.0.2.9' }),
    look({ limit: 'of an old generation' }),
  ];
  const told = (clients: LimitedLook[], refused: number) => ({
    answer: { about: 'limits', refused, clients } as const,
  });
  const { clients, unlisted } = limitedClients([told(one, 7), told(other, 16)], settings, sources);
  assert.equal(unlisted, 10);
  assert.deepEqual(
    clients.map((each) => [
      each.reason,
      each.limit,
      each.refused,
      each.lately,
      each.rule,
      each.set,
    ]),
    [
      ['rate', 'login', 8, 5, '5/m for POST /login', 'tunicorn.config.ts:7'],
      ['rate', 'default', 1, 1, 'limit_rate 100/s', 'command line --limit_rate'],
      ['rate', 'api', 1, 1, '20/s for /api/', 'tunicorn.config.ts:7'],
      ['denied', '', 1, 1, 'deny', 'command line --deny'],
      ['rate', 'of an old generation', 1, 1, null, null],
      ['connections', '', 1, 0, 'limit_connections 50', 'command line --limit_connections'],
    ],
  );
  assert.deepEqual(
    [clients[0]?.sinceMs, clients[0]?.lastMs, clients[0]?.retryMs],
    [9000, 200, 7000],
  );
  const lately = { seconds: 5, refused: { 'rate login': 5 } };
  const answer = { refused: { 'rate login': 18 }, lately, clients, unlisted, silent: [4711] };
  const text = limitsTable(answer);
  assert.match(text, /^refused in 5\.0 s: rate login 5; since start: rate login 18\nWHO /);
  assert.match(text, /^203\.0\.113\.7 +login +5 +8 +9\.0s +0\.2s +7\.0s +5\/m for POST \/login /m);
  assert.match(text, /^203\.0\.113\.7 +default \(dry run\) /m);
  assert.match(text, /^x-api-key sha256:5dc1d6bb3a22 +api /m);
  assert.match(text, /^203\.0\.113\.7 +connections +0 +1 /m);
  assert.match(text, /\nand 10 times others, .*\nWorker 4711 does not answer\.\n$/);
});
