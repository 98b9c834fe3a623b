// The beginning of a connection that may bring a PROXY header: however the bytes are cut the same is read, nothing of the
// client's own bytes is lost, and what is kept of a header is bounded.

import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { ProxyHeaderReader } from '../../../src/proxy/header.ts';
import { ADDRESSES, ADDRESSES_6, version1, version2 } from '../../support/proxy-header.ts';
import { waysToCut } from '../pieces.ts';
import type { Target } from '../target.ts';

const REQUEST = Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
const VERSIONS = [
  { v1: true, v2: true },
  { v1: true, v2: false },
  { v1: false, v2: true },
] as const;

export const proxyTarget: Target = {
  name: 'proxy',
  holds: 'every way of cutting reads the same PROXY header, and leaves the same bytes to HTTP',
  words: [
    'PROXY ',
    'TCP4 ',
    'TCP6 ',
    'UNKNOWN',
    '\r\n',
    '\r\n\r\n\0\r\nQUIT\n',
    '::1',
    '127.0.0.1',
  ],
  seeds: [
    version1(ADDRESSES),
    version1(ADDRESSES_6),
    Buffer.from('PROXY UNKNOWN\r\n'),
    version2(ADDRESSES),
    version2(ADDRESSES_6, { rest: Buffer.from([4, 0, 1, 7]) }),
    version2(null, { command: 0x20 }),
  ].map((header) => Buffer.concat([header, REQUEST])),

  run(input) {
    const versions = VERSIONS[input.length % VERSIONS.length] ?? VERSIONS[0];
    const [whole, ...others] = waysToCut(input).map((pieces) => heard(pieces, versions));
    for (const other of others) assert.deepEqual(other, whole, 'another cut, another outcome');
    return whole?.says ?? '';
  },
};

function heard(
  pieces: readonly Buffer[],
  versions: (typeof VERSIONS)[number],
): { says: string; behind: string; told: unknown } {
  const reader = new ProxyHeaderReader(versions, true);
  const behind: Buffer[] = [];
  for (const piece of pieces) {
    const isOver = reader.outcome !== null;
    const next = isOver ? 0 : reader.read(piece, 0);
    const { outcome } = reader;
    assert.ok(outcome !== null || next === piece.length, 'what it leaves over it has decided on');
    if (!isOver && outcome?.kind === 'none') behind.push(Buffer.from(outcome.held));
    if (outcome !== null) behind.push(piece.subarray(next));
  }
  const { outcome } = reader;
  if (outcome === null) return { says: 'more', behind: '', told: null };
  if (outcome.kind === 'error') return { says: outcome.detail, behind: '', told: null };
  const rest = Buffer.concat(behind).toString('latin1');
  if (outcome.kind === 'none') {
    assert.equal(rest, Buffer.concat(pieces).toString('latin1'), 'nothing is lost');
    return { says: 'none', behind: rest, told: null };
  }
  const { protocol, client, server } = outcome.header;
  for (const end of [client, server]) {
    if (end === null) continue;
    assert.equal(isIP(end.address), protocol === 'TCP4' ? 4 : 6, end.address);
    assert.ok(end.port >= 0 && end.port <= 65_535);
  }
  return { says: protocol, behind: rest, told: outcome.header };
}
