// Who may say what only a proxy may say: addresses at the edges of networks, the forms in which the kernel tells an
// address, and clients without one.

import assert from 'node:assert/strict';
import { BlockList, isIPv4 } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { Allowed, ipv4Number } from '../../../src/proxy/allowed.ts';
import { parseNetwork } from '../../../src/settings/networks.ts';

function allowed(...list: string[]): Allowed {
  return new Allowed(list.filter((item) => item !== '*').map(parseNetwork), list.includes('*'));
}

for (const [network, inside, outside] of [
  ['10.1.0.0/16', ['10.1.0.0', '10.1.255.255'], ['10.0.255.255', '10.2.0.0']],
  ['127.0.0.1', ['127.0.0.1'], ['127.0.0.0', '127.0.0.2', '::1']],
  ['2001:db8::/33', ['2001:db8::', '2001:db8:7fff::1'], ['2001:db8:8000::', '2001:db7::1']],
  ['fe80::/10', ['fe80::1%no-such-0', 'fe80::1'], ['fd00::1%eth0']],
  ['10.0.0.0/8', ['::ffff:10.1.2.3'], ['::ffff:11.1.2.3', '::10.1.2.3']],
  ['0.0.0.0/0', ['255.255.255.255', '::ffff:1.2.3.4'], ['2001:db8::1']],
] as const) {
  test(`a network has the addresses inside it and no others: ${network}`, () => {
    for (const address of inside) assert.equal(allowed(network).admits(address), true, address);
    for (const address of outside) assert.equal(allowed(network).admits(address), false, address);
  });
}

test('everybody is admitted with *, and named by it is nobody', () => {
  assert.equal(allowed('*').admits('192.0.2.1'), true);
  assert.equal(allowed('*').names('192.0.2.1'), false);
  assert.equal(allowed('*', '192.0.2.0/24').names('192.0.2.1'), true);
});

test('a client of a unix socket is admitted even by an empty list, and nobody else is', () => {
  assert.equal(allowed().admits(''), true);
  assert.equal(allowed().admits('127.0.0.1'), false);
  assert.equal(allowed('10.0.0.0/8').names(''), false);
});

test('what is no address is nobody', () => {
  for (const text of ['unknown', '10.0.0', '10.0.0.1:80', '[::1]', 'x'.repeat(10_000)]) {
    assert.equal(allowed('0.0.0.0/0', '::/0').names(text), false, text.slice(0, 20));
  }
});

/** Texts that are nearly IPv4 addresses. */
const nearly = fc
  .array(
    fc.oneof(fc.nat(300).map(String), fc.constantFrom('', '0', '00', '01', '255', '256', ' ', 'a')),
    {
      minLength: 3,
      maxLength: 5,
    },
  )
  .map((parts) => parts.join('.'));

test('what is an IPv4 address, and which, is as Node.js has it', () => {
  fc.assert(
    fc.property(fc.oneof(nearly, fc.ipV4(), fc.string()), (text) => {
      const number = ipv4Number(text);
      assert.equal(number >= 0, isIPv4(text), text);
      const parts = [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256);
      if (number >= 0) assert.equal(parts.join('.'), text);
    }),
    { numRuns: 2000 },
  );
});

test('an IPv4 address is in the networks that Node.js finds it in', () => {
  const network = fc.tuple(fc.ipV4(), fc.nat(32));
  fc.assert(
    fc.property(network, fc.ipV4(), fc.nat(32), ([base, prefix], other, shared) => {
      const width = 2 ** (32 - prefix);
      const first = Math.floor(ipv4Number(base) / width) * width;
      const textOf = (n: number): string =>
        [24, 16, 8, 0].map((shift) => Math.floor(n / 2 ** shift) % 256).join('.');
      const theirs = new BlockList();
      theirs.addSubnet(textOf(first), prefix, 'ipv4');
      const ours = allowed(`${textOf(first)}/${prefix}`);
      // One from anywhere, and one that is near.
      const near = (ipv4Number(base) + 2 ** shared) % 2 ** 32;
      for (const address of [other, textOf(near), textOf(first), textOf(first + width - 1)]) {
        assert.equal(ours.names(address), theirs.check(address, 'ipv4'), address);
      }
    }),
    { numRuns: 1000 },
  );
});
