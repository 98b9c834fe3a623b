// The PROXY header, both versions: what is read from good ones, what of bad ones is said, in pairs; and by properties that
// neither the cuts nor what stands behind it change anything.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ProxyHeaderReader, type ProxyVersions } from '../../../src/proxy/header.ts';
import { ADDRESSES, ADDRESSES_6, version1, version2 } from '../../support/proxy-header.ts';

const AUTO: ProxyVersions = { v1: true, v2: true };
const REQUEST = Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n');

interface Heard {
  /** What it came to, in one text; "more" when it wants more. */
  readonly says: string;
  /** The client's own bytes, of what was fed. */
  readonly behind: string;
}

/** Feeds the pieces as a connection would. */
function heard(pieces: readonly Buffer[], versions = AUTO, allowed = true): Heard {
  const reader = new ProxyHeaderReader(versions, allowed);
  let behind = '';
  let isOver = false;
  for (const piece of pieces) {
    // The bytes are another's as soon as the call returns.
    const lent = Buffer.from(piece);
    const next = isOver ? 0 : reader.read(lent, 0);
    assert.ok(next >= 0 && next <= lent.length);
    const { outcome } = reader;
    if (!isOver && outcome?.kind === 'none') behind += outcome.held.toString('latin1');
    isOver = outcome !== null;
    if (isOver) behind += lent.toString('latin1', next);
    lent.fill(0x23);
  }
  const { outcome } = reader;
  if (outcome === null) return { says: 'more', behind };
  if (outcome.kind === 'none') return { says: 'none', behind };
  if (outcome.kind === 'error') return { says: `${outcome.code}: ${outcome.detail}`, behind: '' };
  const { protocol, client, server } = outcome.header;
  const end = (one: typeof client): string => (one === null ? '-' : `${one.address} ${one.port}`);
  return { says: `${protocol} ${end(client)} ${end(server)}`, behind };
}

function said(header: Buffer | string, versions = AUTO): string {
  const bytes = typeof header === 'string' ? Buffer.from(header, 'latin1') : header;
  return heard([bytes], versions).says;
}

const TLV = Buffer.from([0x04, 0x00, 0x03, 1, 2, 3]);
const T4 = 'TCP4 192.0.2.7 4711 198.51.100.1 443';
const T6 = 'TCP6 2001:db8::7 4711 2001:db8::1 443';

const GOOD: readonly [string, Buffer, string][] = [
  ['version 1 for IPv4', version1(ADDRESSES), T4],
  ['version 1 for IPv6', version1(ADDRESSES_6), T6],
  ['version 1 without an address', Buffer.from('PROXY UNKNOWN\r\n'), 'UNKNOWN - -'],
  [
    'version 1 with an address that must be ignored',
    Buffer.from('PROXY UNKNOWN 192.0.2.7 x y z 1 2 3\r\n'),
    'UNKNOWN - -',
  ],
  ['version 2 for IPv4', version2(ADDRESSES), T4],
  ['version 2 for IPv6', version2(ADDRESSES_6), T6],
  ['version 2 with TLVs', version2(ADDRESSES, { rest: TLV }), T4],
  ['version 2, LOCAL', version2(null, { command: 0x20 }), 'LOCAL - -'],
  [
    'version 2, LOCAL with bytes that must be ignored',
    version2(ADDRESSES, { command: 0x20, family: 0xff, rest: TLV }),
    'LOCAL - -',
  ],
  ['version 2, UNSPEC', version2(null, { family: 0x00, rest: TLV }), 'UNSPEC - -'],
  ['version 2, UNSPEC over TCP', version2(null, { family: 0x01 }), 'UNSPEC - -'],
  ['version 2, unix', version2(null, { family: 0x31, rest: Buffer.alloc(216) }), 'UNIX - -'],
];

for (const [what, header, expected] of GOOD) {
  test(`${what} is read, whatever the cuts, and what follows is the client's`, () => {
    const bytes = Buffer.concat([header, REQUEST]);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const { says, behind } = heard([bytes.subarray(0, cut), bytes.subarray(cut)]);
      assert.equal(says, expected, `cut at ${cut}`);
      assert.equal(behind, REQUEST.toString('latin1'), `cut at ${cut}`);
    }
    for (let end = 0; end < header.length; end++) {
      assert.equal(said(header.subarray(0, end)), 'more', `its first ${end} bytes`);
    }
  });
}

const LONGEST = `PROXY TCP6 ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535\r\n`;
const port = (first: string, second = '443'): string =>
  `PROXY TCP4 192.0.2.7 198.51.100.1 ${first} ${second}\r\n`;

for (const [what, good, bad] of [
  ['ports', port('65535'), port('65536')],
  ['ports', port('0'), port('-1')],
  ['ports', port('1'), port('01')],
  ['ports', port('80', '65535'), port('80', '65536')],
  ['ports', port('80'), port('')],
  ['ports', port('80'), port('8 0')],
  ['ports', port('80'), port('080000')],
  ['protocol', version1(ADDRESSES), 'PROXY TCP5 192.0.2.7 198.51.100.1 1 2\r\n'],
  ['protocol', 'PROXY UNKNOWN\r\n', 'PROXY unknown\r\n'],
  ['protocol', 'PROXY UNKNOWN\r\n', 'PROXY \r\n'],
  ['family', version1(ADDRESSES_6), 'PROXY TCP4 2001:db8::7 2001:db8::1 1 2\r\n'],
  ['family', version1(ADDRESSES), 'PROXY TCP6 192.0.2.7 198.51.100.1 1 2\r\n'],
  ['address', version1(ADDRESSES), 'PROXY TCP4 192.0.2.256 198.51.100.1 1 2\r\n'],
  ['address', version1(ADDRESSES_6), 'PROXY TCP6 fe80::1%eth0 2001:db8::1 1 2\r\n'],
  ['parts', version1(ADDRESSES), 'PROXY TCP4 192.0.2.7 198.51.100.1 1 2 3\r\n'],
  ['parts', version1(ADDRESSES), 'PROXY TCP4 192.0.2.7 198.51.100.1 1\r\n'],
  ['line end', 'PROXY UNKNOWN\r\n', 'PROXY UNKNOWN\n'],
  ['length', LONGEST, `${LONGEST.slice(0, -2)} \r\n`],
  ['length', `PROXY UNKNOWN ${'x'.repeat(91)}\r\n`, `PROXY UNKNOWN ${'x'.repeat(92)}\r\n`],
  ['version', version2(ADDRESSES), version2(ADDRESSES, { command: 0x31 })],
  ['command', version2(ADDRESSES, { command: 0x20 }), version2(ADDRESSES, { command: 0x22 })],
  ['transport', version2(ADDRESSES), version2(ADDRESSES, { family: 0x12 })],
  ['transport', version2(null, { family: 0x01 }), version2(null, { family: 0x02 })],
  ['family', version2(null, { family: 0x31 }), version2(null, { family: 0x41 })],
  [
    'addresses',
    version2(null, { family: 0x11, rest: Buffer.alloc(12) }),
    version2(null, { family: 0x11, rest: Buffer.alloc(11) }),
  ],
  [
    'addresses',
    version2(null, { family: 0x21, rest: Buffer.alloc(36) }),
    version2(null, { family: 0x21, rest: Buffer.alloc(35) }),
  ],
] as const) {
  const shown = JSON.stringify(bad.toString('latin1')).slice(0, 70);
  test(`${what}: ${shown} is refused, and the last good one is not`, () => {
    assert.doesNotMatch(said(good as Buffer | string), /^(bad|more|none)/);
    assert.match(said(bad as Buffer | string), /^bad-proxy-header: it/);
  });
}

test('a line without an end is refused at 107 bytes, not kept', () => {
  const line = Buffer.from(`PROXY ${'x'.repeat(1000)}`);
  assert.equal(said(line.subarray(0, 106)), 'more');
  assert.match(said(line.subarray(0, 107)), /no end within 107 bytes/);
});

test('65,535 bytes of TLVs are passed over', () => {
  const header = version2(null, { command: 0x20, rest: Buffer.alloc(65_535) });
  const { says, behind } = heard([header.subarray(0, 5000), header.subarray(5000), REQUEST]);
  assert.deepEqual([says, behind], ['LOCAL - -', REQUEST.toString('latin1')]);
});

test('whoever may not send one is refused at its signature, and may send anything else', () => {
  for (const header of [version1(ADDRESSES), version2(ADDRESSES)]) {
    const known = header.subarray(0, header === undefined ? 0 : header[0] === 0x50 ? 6 : 12);
    assert.match(heard([known], AUTO, false).says, /^proxy-not-allowed/);
    assert.equal(heard([known.subarray(0, -1)], AUTO, false).says, 'more');
  }
  assert.equal(heard([REQUEST], AUTO, false).says, 'none');
});

test('what is no header is known at the first byte that fits neither, and all of it is the client’s', () => {
  for (const text of [
    'GET / HTTP/1.1\r\n',
    'PUT / HTTP/1.1\r\n',
    'PROXYX',
    '\r\nGET /',
    '\x16\x03',
  ]) {
    const bytes = Buffer.from(text, 'latin1');
    for (let cut = 0; cut <= bytes.length; cut++) {
      const { says, behind } = heard([bytes.subarray(0, cut), bytes.subarray(cut)]);
      assert.deepEqual([says, behind], ['none', text]);
    }
  }
});

test('a version that is not asked for is the client’s own bytes', () => {
  const header1 = version1(ADDRESSES);
  const header2 = version2(ADDRESSES);
  assert.equal(said(header1, { v1: false, v2: true }), 'none');
  assert.equal(said(header2, { v1: true, v2: false }), 'none');
  assert.equal(said(header1, { v1: true, v2: false }), T4);
  assert.equal(said(header2, { v1: false, v2: true }), T4);
});

const addresses = fc.oneof(
  fc.record({ client: fc.ipV4(), server: fc.ipV4() }),
  fc.record({ client: fc.ipV6(), server: fc.ipV6() }),
);
const ports = fc.record({ clientPort: fc.nat(65_535), serverPort: fc.nat(65_535) });

/** The same bytes in pieces of these lengths. */
function cut(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  let from = 0;
  for (const length of lengths) {
    pieces.push(bytes.subarray(from, from + length));
    from += length;
  }
  return [...pieces, bytes.subarray(from)];
}

const lengths = fc.array(fc.nat(40), { maxLength: 8 });

test('what a proxy writes of any addresses is what is read, in any pieces', () => {
  const both = fc.tuple(fc.record({ client: fc.ipV4(), server: fc.ipV4() }), ports);
  fc.assert(
    fc.property(
      both,
      fc.boolean(),
      lengths,
      fc.uint8Array(),
      ([ends, at], isFirst, sizes, rest) => {
        const told = { ...ends, ...at };
        const tail = Buffer.from(rest);
        const header = isFirst ? version1(told) : version2(told, { rest: tail });
        const { says, behind } = heard(cut(Buffer.concat([header, REQUEST]), sizes));
        assert.equal(
          says,
          `TCP4 ${told.client} ${told.clientPort} ${told.server} ${told.serverPort}`,
        );
        assert.equal(behind, REQUEST.toString('latin1'));
      },
    ),
  );
});

test('any bytes behind any beginning of a header come to the same in any pieces', () => {
  const header = fc.tuple(addresses, ports, fc.boolean()).map(([ends, at, isFirst]) => {
    const told = { ...ends, ...at };
    // fast-check writes IPv6 in forms that the encoder of version 2 does not know.
    return isFirst || told.client.includes(':') ? version1(told) : version2(told);
  });
  const broken = fc
    .tuple(header, fc.nat(60), fc.uint8Array({ maxLength: 80 }))
    .map(([bytes, keep, garbage]) => Buffer.concat([bytes.subarray(0, keep), garbage]));
  fc.assert(
    fc.property(broken, lengths, fc.boolean(), (bytes, sizes, allowed) => {
      const whole = heard([bytes], AUTO, allowed);
      assert.deepEqual(heard(cut(bytes, sizes), AUTO, allowed), whole);
      if (whole.says === 'none') assert.equal(whole.behind, bytes.toString('latin1'));
    }),
    { numRuns: 500 },
  );
});
