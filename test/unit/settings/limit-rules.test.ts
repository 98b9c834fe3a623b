// The limits of a config file: what is read, in TypeScript and in Python, and what is refused, with its place in the list.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CATALOGUE } from '../../../src/settings/catalogue.ts';
import { check } from '../../../src/settings/check.ts';
import { checkLimitRules } from '../../../src/settings/limit-rules.ts';
import { SettingError } from '../../../src/settings/setting-error.ts';
import { folderWith, resolveFrom } from './folder.ts';

test('what a limit leaves out has its meaning, and its name says what it is about', () => {
  assert.deepEqual(checkLimitRules([{ rate: '5/m' }]), [
    { name: '/', path: '/', methods: [], rate: '5/m', key: 'address' },
  ]);
  const written = { path: '/login', methods: ['post', 'PUT', 'POST'], rate: '5/m:1' };
  assert.deepEqual(checkLimitRules([{ ...written, key: 'header:X-Api-Key' }]), [
    {
      name: 'POST PUT /login by header:x-api-key',
      path: '/login',
      methods: ['POST', 'PUT'],
      rate: '5/m:1',
      key: 'header:x-api-key',
    },
  ]);
  assert.equal(checkLimitRules([{ rate: '5/m', key: () => null }])[0]?.key, 'function');
});

function refusal(value: unknown): string {
  const given = { name: 'limits', value, source: { kind: 'file', file: 'x.ts', line: 3 } } as const;
  try {
    check(CATALOGUE.limits, given, '/');
  } catch (error) {
    assert.ok(error instanceof SettingError);
    return error.message;
  }
  throw new assert.AssertionError({ message: `accepts ${JSON.stringify(value)}` });
}

test('what is wrong is told by its place, its value and what would be right', () => {
  const cases: readonly [unknown, RegExp][] = [
    [{}, /^limits must be a list of limits such as .*: \{\} in x\.ts, line 3 is not/],
    [['5/m'], /a list of limits such as/],
    [[{}], /whose limits\[0\]\.rate is a number of requests for each s, m, h or d/],
    [
      [{ path: '/a' }],
      /limits\[0\]\.rate .*: \{"path":"\/a"\} in x\.ts, line 3 is not: it has no rate\./,
    ],
    [[{ rate: 5 }], /limits\[0\]\.rate .*: 5 in x\.ts/],
    [[{ rate: '5/m' }, { rate: '5/week', name: 'x' }], /limits\[1\]\.rate .*a rate ends with/],
    [[{ rate: '5/m', path: 'login' }], /limits\[0\]\.path begins with \/.*"login"/],
    [
      [{ rate: '5/m', path: '/café \ud800' }],
      /path begins with .* is not: write it as a request has it, \/caf%C3%A9%20%EF%BF%BD\./,
    ],
    [[{ rate: '5/m', path: '/a?b' }], /limits\[0\]\.path/],
    [[{ rate: '5/m', path: '/a/../b' }], /no request is known by \. or \.\./],
    [[{ rate: '5/m', methods: [] }], /limits\[0\]\.methods are methods: \[\].*leave it out/],
    [[{ rate: '5/m', methods: ['PO ST'] }], /limits\[0\]\.methods are methods: "PO ST"/],
    [[{ rate: '5/m', key: 'cookie' }], /address, everybody, header:NAME or a function: "cookie"/],
    [[{ rate: '5/m', key: 'header:' }], /header:NAME/],
    [[{ rate: '5/m', name: 'default' }], /names of their own.*"default".*limit_rate has that name/],
    [[{ rate: '5/m', name: 'a"b' }], /limits\[0\]\.name has 1 to 100 letters/],
    [[{ rate: '5/m', burst: 3 }], /rate, path, methods, key, name alone: "burst".*limits\[0\]/],
    [[{ rate: '5/m' }, { rate: '9/m' }], /different names.*"\/".*give them names of their own/],
    [Array(101).fill({ rate: '1/s' }), /at most 100 limits: 101/],
  ];
  for (const [value, message] of cases) assert.match(refusal(value), message);
});

test('a gunicorn.conf.py says them as dicts', async (t) => {
  const limits = "limits = [{'path': '/login', 'methods': ('POST',), 'rate': '5/m'}]\n";
  const cwd = folderWith(t, { 'gunicorn.conf.py': limits });
  const { settings } = await resolveFrom({ argv: ['app:app'], cwd, env: process.env });
  assert.deepEqual(settings.limits, [
    { name: 'POST /login', path: '/login', methods: ['POST'], rate: '5/m', key: 'address' },
  ]);
});
