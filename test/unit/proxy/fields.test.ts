// What a trusted proxy's fields say: Gunicorn's table of scheme headers, SCRIPT_NAME and its like, and whose request it is
// by X-Forwarded-For, read from the right.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Allowed } from '../../../src/proxy/allowed.ts';
import { ProxyFields } from '../../../src/proxy/fields.ts';
import { CATALOGUE } from '../../../src/settings/catalogue.ts';
import { parseNetwork } from '../../../src/settings/networks.ts';
import { proxiesOf } from '../../../src/worker/proxies.ts';

const { secure_scheme_headers, forwarder_headers } = CATALOGUE;
if (secure_scheme_headers.kind !== 'map' || forwarder_headers.kind !== 'list') assert.fail();
const secureSchemes = secure_scheme_headers.default;
const forwarderHeaders = forwarder_headers.default;
const HOPS = ['10.0.0.0/8', 'fd00::/8'].map(parseNetwork);

const plain = new ProxyFields({ secureSchemes, forwarderHeaders, hops: null });
const addressing = new ProxyFields({
  secureSchemes,
  forwarderHeaders,
  hops: new Allowed(HOPS, false),
});

function said(rules: ProxyFields, ...lines: string[]): unknown {
  const fields = lines.flatMap((line) => {
    const [name = '', value = ''] = line.split(/: (.*)/);
    return [name, value];
  });
  const found = rules.understand(['Host', 'x', ...fields, 'Accept', '*/*']);
  return found !== null && 'code' in found ? found.code : found;
}

const says = (secure: boolean): object => ({ secure, address: null, scriptName: null });

for (const [lines, expected] of [
  [[], null],
  [['X-Forwarded-Proto: https'], says(true)],
  [['x-forwarded-proto: https'], says(true)],
  [['X-Forwarded-Proto: http'], says(false)],
  [['X-Forwarded-Proto: HTTPS'], says(false)],
  [['X-Forwarded-Proto: https, http'], says(false)],
  [['X-Forwarded-Proto: '], says(false)],
  [['X-Forwarded-Protocol: ssl'], says(true)],
  [['X-Forwarded-Ssl: on'], says(true)],
  [['X-Forwarded-Ssl: on', 'X-Forwarded-Proto: https'], says(true)],
  [['X-Forwarded-Ssl: off', 'X-Forwarded-Proto: http'], says(false)],
  [['X-Forwarded-Ssl: on', 'X-Forwarded-Proto: http'], 'contradictory-scheme'],
  [['X-Forwarded-Proto: http', 'X-Forwarded-Proto: https'], 'contradictory-scheme'],
  [['X-Forwarded-Scheme: https', 'X_Forwarded_Proto: https'], null],
] as const) {
  const shown = lines.join(' and ') || 'nothing';
  test(`the scheme by ${shown} is as in Gunicorn`, () => {
    assert.deepEqual(said(plain, ...lines), expected);
  });
}

test('what is said again and again is the same object', () => {
  const fields = ['X-Forwarded-Proto', 'https', 'X-Request-ID', '1'];
  const other = ['X-Forwarded-Proto', 'https', 'X-Request-ID', '2'];
  assert.equal(plain.understand(fields), plain.understand(other));
});

test('SCRIPT_NAME counts by that name alone', () => {
  const at = (scriptName: string): object => ({ secure: null, address: null, scriptName });
  assert.deepEqual(said(plain, 'SCRIPT_NAME: /a'), at('/a'));
  assert.deepEqual(said(plain, 'script_name: /a', 'SCRIPT_NAME: /a'), at('/a'));
  assert.equal(said(plain, 'SCRIPT-NAME: /a'), null);
  const none = new ProxyFields({ secureSchemes, forwarderHeaders: [], hops: null });
  assert.equal(said(none, 'SCRIPT_NAME: /a'), null);
  const all = new ProxyFields({ secureSchemes, forwarderHeaders: ['*'], hops: null });
  assert.deepEqual(said(all, 'SCRIPT_NAME: /a'), at('/a'));
});

test('fields of one such name that disagree are a contradiction, whichever counts', () => {
  const twice = (name: string, ...values: string[]): string[] =>
    values.map((value) => `${name}: ${value}`);
  const wrong = 'contradictory-forwarder';
  assert.equal(said(plain, ...twice('SCRIPT_NAME', '/a', '/b')), wrong);
  assert.equal(said(plain, 'script_name: /a', 'X-Between: c', 'SCRIPT_NAME: /b'), wrong);
  assert.equal(said(plain, ...twice('PATH_INFO', '/a', '/a', '/b')), wrong);
  assert.equal(said(plain, ...twice('PATH_INFO', '/a', '/a')), null);
  const users = new ProxyFields({ secureSchemes, forwarderHeaders: ['Remote_User'], hops: null });
  assert.equal(said(users, ...twice('REMOTE_USER', 'ada', 'eve')), wrong);
  assert.equal(said(users, ...twice('SCRIPT_NAME', '/a', '/b')), null);
});

test('the names that a proxy may send are known in any case, and * is all', () => {
  const some = new ProxyFields({ secureSchemes, forwarderHeaders: ['Remote_User'], hops: null });
  assert.equal(some.keeps('REMOTE_USER'), true);
  assert.equal(some.keeps('REMOTE_HOST'), false);
  const all = new ProxyFields({ secureSchemes, forwarderHeaders: ['*'], hops: null });
  assert.equal(all.keeps('ANY_THING'), true);
});

for (const [lines, address] of [
  [['192.0.2.1'], '192.0.2.1'],
  [['192.0.2.1, 198.51.100.2'], '198.51.100.2'],
  [['192.0.2.1, 198.51.100.2, 10.0.0.1, fd00::2'], '198.51.100.2'],
  [['192.0.2.1', '10.0.0.1', '10.0.0.2'], '192.0.2.1'],
  [['10.0.0.3, 10.0.0.1', '10.0.0.2'], '10.0.0.3'],
  [['192.0.2.1,10.0.0.1'], '192.0.2.1'],
  [['192.0.2.1, , 10.0.0.1,'], '192.0.2.1'],
  [[',192.0.2.1'], '192.0.2.1'],
  [['192.0.2.1:4711'], '192.0.2.1'],
  [['[2001:db8::1]:4711, [fd00::1]'], '2001:db8::1'],
  [['2001:db8::1'], '2001:db8::1'],
  [['192.0.2.1, unknown'], null],
  [['192.0.2.1, unknown, 10.0.0.1'], '10.0.0.1'],
  [['192.0.2.1, 198.51.100.2, 10.0.0.1%eth0'], null],
  [['fe80::1%eth0'], null],
  [['192.0.2.1:123456'], null],
  [['[192.0.2.1]'], null],
  [['_hidden'], null],
  [[''], null],
  [[`192.0.2.1, ${'x'.repeat(8000)}`], null],
] as const) {
  const shown = lines.join(' | ').slice(0, 60);
  const told = address ?? 'not known';
  test(`the client by X-Forwarded-For: ${shown} is ${told}`, () => {
    const found = said(addressing, ...lines.map((line) => `X-Forwarded-For: ${line}`));
    const expected = address === null ? null : { secure: null, address, scriptName: null };
    assert.deepEqual(found, expected);
  });
}

test('a chain of trusted hops without an end is read 32 hops far', () => {
  const chain = (trusted: number): string =>
    ['192.0.2.1', ...new Array<string>(trusted).fill('10.0.0.1')].join(', ');
  const clientOf = (list: string): unknown =>
    (said(addressing, `X-Forwarded-For: ${list}`) as { address: string }).address;
  assert.equal(clientOf(chain(31)), '192.0.2.1');
  assert.equal(clientOf(chain(32)), '10.0.0.1');
});

test('X-Forwarded-For says nothing unless it is asked for', () => {
  assert.equal(said(plain, 'X-Forwarded-For: 192.0.2.1'), null);
});

test('with * the last address is the client, whatever stands left of it', () => {
  const { headLimits } = proxiesOf(
    {
      forwarded_allow_ips: ['*'],
      secure_scheme_headers: {},
      forwarder_headers: [],
      forwarded_for: true,
      proxy_protocol: 'off',
      proxy_allow_ips: [],
    },
    { line: 100, fields: 10, fieldSize: 100 },
  );
  const fields = ['X-Forwarded-For', '127.0.0.1, 192.0.2.1'];
  assert.deepEqual(headLimits.forwarding?.understand(fields), {
    secure: null,
    address: '192.0.2.1',
    scriptName: null,
  });
});
