// Addresses and networks of a setting: what Python's ip_network takes and refuses, in pairs, and the sentence for a network
// that is really an address.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CATALOGUE } from '../../../src/settings/catalogue.ts';
import { check } from '../../../src/settings/check.ts';
import { NetworkError, parseNetwork } from '../../../src/settings/networks.ts';
import { SettingError } from '../../../src/settings/setting-error.ts';

const TAKEN: readonly [string, 4 | 6, number][] = [
  ['127.0.0.1', 4, 32],
  ['10.0.0.0/8', 4, 8],
  ['10.0.0.1/32', 4, 32],
  ['0.0.0.0/0', 4, 0],
  ['192.168.16.0/255.255.240.0', 4, 20],
  ['::1', 6, 128],
  ['fd00::/8', 6, 8],
  ['2001:db8::/32', 6, 32],
  ['2001:db8:0:1::/64', 6, 64],
  ['::/0', 6, 0],
  ['::ffff:10.0.0.0/104', 6, 104],
];

for (const [text, family, prefix] of TAKEN) {
  test(`${text} is a network`, () => {
    const found = parseNetwork(text);
    assert.deepEqual([found.family, found.prefix], [family, prefix]);
  });
}

for (const [text, why] of [
  ['10.0.0.1/8', 'it has host bits set, the network is 10.0.0.0/8'],
  ['192.168.16.0/19', 'it has host bits set, the network is 192.168.0.0/19'],
  ['2001:db8::1/32', 'it has host bits set, the network is 2001:db8::/32'],
  ['10.0.0.0/33', 'what follows the / must be a number from 0 to 32'],
  ['fd00::/129', 'what follows the / must be a number from 0 to 128'],
  ['10.0.0.0/', 'what follows the / must be a number from 0 to 32'],
  ['10.0.0.0/-1', 'what follows the / must be a number from 0 to 32'],
  ['10.0.0.0/255.0.255.0', 'what follows the / must be a number from 0 to 32'],
  ['10.0.0', '"10.0.0" is no IP address'],
  ['10.0.0.256', '"10.0.0.256" is no IP address'],
  ['010.0.0.1', '"010.0.0.1" is no IP address'],
  ['proxy.example', '"proxy.example" is no IP address'],
  ['fe80::1%eth0', '"fe80::1%eth0" is no IP address'],
  ['', '"" is no IP address'],
] as const) {
  test(`${JSON.stringify(text)} is none`, () => {
    assert.throws(() => parseNetwork(text), new NetworkError(why));
  });
}

const source = { kind: 'file', file: 'gunicorn.conf.py', line: 7 } as const;

function checked(name: 'forwarded_allow_ips' | 'secure_scheme_headers' | 'forwarder_headers') {
  return (value: unknown): unknown => check(CATALOGUE[name], { name, value, source }, '/');
}

test('a list in one text is parted at commas, blanks do not count, and empty is nobody', () => {
  const allowed = checked('forwarded_allow_ips');
  assert.deepEqual(allowed(' 10.0.0.1 , fd00::/8,,*'), ['10.0.0.1', 'fd00::/8', '*']);
  assert.deepEqual(allowed(['10.0.0.1']), ['10.0.0.1']);
  assert.deepEqual(allowed(''), []);
  assert.deepEqual(allowed([]), []);
  assert.deepEqual(checked('forwarder_headers')('REMOTE_USER,*'), ['REMOTE_USER', '*']);
});

test('one wrong item is named with its place, what is wrong with it and what would be right', () => {
  assert.throws(
    () => checked('forwarded_allow_ips')('10.0.0.0/8, 10.0.0.1/8'),
    (error: unknown) =>
      error instanceof SettingError &&
      error.message ===
        'forwarded_allow_ips must be IP addresses, networks such as 10.0.0.0/8, or *: "10.0.0.1/8" ' +
          'in gunicorn.conf.py, line 7 is not: it has host bits set, the network is 10.0.0.0/8. ' +
          'Leave it out for the default, 127.0.0.1, ::1.',
  );
  assert.throws(() => checked('forwarder_headers')('REMOTE USER'), /"REMOTE USER" in gunicorn/);
});

test('secure_scheme_headers is field names, each with a text', () => {
  const schemes = checked('secure_scheme_headers');
  assert.deepEqual(schemes({ 'X-Scheme': 'https' }), { 'X-Scheme': 'https' });
  assert.deepEqual(schemes({}), {});
  assert.throws(() => schemes({ 'X-Scheme': 1 }), /must be a text for X-Scheme: 1 in gunicorn/);
  assert.throws(() => schemes({ 'X Scheme': 'on' }), /field names, .*: "X Scheme" in gunicorn/);
});
