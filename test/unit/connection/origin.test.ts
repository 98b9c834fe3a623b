// Whose request it is: one stable object for each thing that can be said, so that what threads have written down for it
// can be used again.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Origin } from '../../../src/connection/origin.ts';
import type { Forwarded } from '../../../src/threads/app-thread.ts';
import { requestHead } from '../../support/request-head.ts';

const PROXY = {
  address: '10.0.0.1',
  port: 4711,
  serverName: '127.0.0.1',
  serverPort: 8000,
  scheme: 'http',
} as const;

function forwarded(says: Partial<Forwarded>): ReturnType<typeof requestHead> {
  return requestHead('/', {
    forwarded: { secure: null, address: null, scriptName: null, ...says },
  });
}

test('who says nothing, or nothing new, is the client itself', () => {
  const origin = new Origin(PROXY);
  assert.equal(origin.of(requestHead('/')), PROXY);
  assert.equal(origin.of(forwarded({ secure: false })), PROXY);
  assert.equal(origin.of(forwarded({ scriptName: '/a' })), PROXY);
});

test('another scheme is another peer, the same one each time, also in turn with the first', () => {
  const origin = new Origin(PROXY);
  const secure = origin.of(forwarded({ secure: true }));
  assert.deepEqual(secure, { ...PROXY, scheme: 'https' });
  assert.equal(origin.of(forwarded({ secure: false })), PROXY);
  assert.equal(origin.of(forwarded({ secure: true })), secure);
  const behindTls = new Origin({ ...PROXY, scheme: 'https' });
  assert.equal(behindTls.of(forwarded({ secure: false })).scheme, 'http');
});

test('another address has no port, and the same one again is the same peer', () => {
  const origin = new Origin(PROXY);
  const client = origin.of(forwarded({ address: '192.0.2.1' }));
  const proxy = { address: PROXY.address, port: PROXY.port };
  assert.deepEqual(client, { ...PROXY, address: '192.0.2.1', port: 0, proxy });
  assert.equal(origin.of(forwarded({ address: '192.0.2.1' })), client);
  assert.equal(origin.of(forwarded({ address: '192.0.2.2' })).address, '192.0.2.2');
  const secure = origin.of(forwarded({ address: '192.0.2.1', secure: true }));
  assert.deepEqual(secure, { ...client, scheme: 'https' });
  assert.equal(origin.peer, PROXY, 'who is connected stays who it is');
});
