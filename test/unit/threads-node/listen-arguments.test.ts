// Every form of the arguments of `listen`, of which Node.js itself says what they mean. Tried on purpose, and seen to fail: a path
// taken for a port.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { readListenArguments } from '../../../src/threads/node/guest/program/listen-arguments.ts';
import { joinAsked, splitAsked } from '../../../src/wire/addresses.ts';

const folder = mkdtempSync(join(tmpdir(), 'tunicorn-listens-'));
after(() => rmSync(folder, { recursive: true }));

/** Where Node.js listens when it is asked so. */
async function listensAt(args: readonly unknown[]): Promise<net.AddressInfo | string | null> {
  const server = net.createServer();
  Reflect.apply(server.listen, server, args);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return address;
}

const callback = (): void => {};
const path = join(folder, 'listens.sock');

for (const args of [
  [],
  [callback],
  [0],
  ['0', callback],
  [undefined, '127.0.0.1'],
  [null, '127.0.0.1', 10],
  [0, '127.0.0.1', callback],
  [0, '127.0.0.1', 10, callback],
  [{ port: 0 }],
  [{ port: '0', host: '127.0.0.1', backlog: 5 }, callback],
  [{ path }],
  [path, callback],
  [path, 5, callback],
] as readonly unknown[][]) {
  it(`listen(${args.map((each) => (typeof each === 'function' ? 'callback' : JSON.stringify(each))).join(', ')}) is read as Node.js reads it`, async () => {
    const asked = readListenArguments(args);
    const meant = await listensAt(args);
    assert.equal(asked?.callback ?? null, args.includes(callback) ? callback : null);
    const address = asked?.address;
    if (typeof meant === 'string') assert.deepEqual(address, { kind: 'path', path: meant });
    else if (meant?.address === '::')
      assert.deepEqual(address, { kind: 'port', host: null, port: 0 });
    else assert.deepEqual(address, { kind: 'port', host: meant?.address, port: 0 });
  });
}

for (const args of [
  [-1],
  [65_536],
  [{ port: 1.5 }],
  [{ host: '::1', port: 'http' }],
  [{}],
] as const) {
  it(`listen(${JSON.stringify(args[0])}) is an error of Node.js's own or none of ours`, () => {
    const server = net.createServer();
    let failure: unknown = null;
    try {
      Reflect.apply(server.listen, server, args);
    } catch (error) {
      failure = error;
    }
    server.close();
    assert.equal(readListenArguments(args) === null, failure !== null);
  });
}

for (const [options, more] of [
  [{ host: '::', port: 1, ipv6Only: true }, { ipv6Only: true }],
  [{ path, readableAll: true, writableAll: true }, { opens: 0o666 }],
] as const) {
  it(`listen(${JSON.stringify(options)}) keeps what else it says`, () => {
    const address = readListenArguments([options])?.address ?? null;
    const { host, port } = { host: null, port: null, ...options };
    const where = port === null ? { kind: 'path', path } : { kind: 'port', host, port };
    assert.deepEqual(address, { ...where, ...more });
    assert.deepEqual(splitAsked(joinAsked(address)), address);
  });
}
