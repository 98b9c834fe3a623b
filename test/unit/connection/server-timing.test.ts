// What Server-Timing says of a request, and who is told.

import assert from 'node:assert/strict';
import test from 'node:test';
import { serverTiming } from '../../../src/connection/answering/server-timing.ts';
import { Moments } from '../../../src/connection/states/moments.ts';
import { ConnectionState } from '../../../src/connection/states/transition.ts';
import { makeToldOfTimes } from '../../../src/worker/telemetry/telling-by-settings.ts';

test('phases that are over last as long as they did, the one that is not until now', () => {
  let ms = 0;
  const moments = new Moments(() => {
    ms += 1.5;
    return ms;
  });
  const state = new ConnectionState('new', moments);
  state.read('first byte');
  state.read('head without body');
  assert.equal(serverTiming(moments, 4), 'Server-Timing: head;dur=1.5, body;dur=0\r\n');
  state.owe('submitted');
  assert.equal(
    serverTiming(moments, 14.5),
    'Server-Timing: head;dur=1.5, body;dur=0, queue;dur=10\r\n',
  );
  state.owe('started');
  assert.match(serverTiming(moments, 26), /queue;dur=1.5, application;dur=20\r\n$/);
  assert.equal(serverTiming(new Moments(() => 0), 1), '');
});

test('those whose address is named are told, and who has none only with everybody', () => {
  const told = (...networks: readonly string[]) => makeToldOfTimes({ server_timing: networks });
  const some = told('10.0.0.0/8', 'fd00::/8');
  const addresses = ['10.1.2.3', '::ffff:10.1.2.3', 'fd00::1', '11.0.0.1', '2001:db8::1', ''];
  assert.deepEqual(
    addresses.map((address) => some?.(address)),
    [true, true, true, false, false, false],
  );
  assert.equal(told('*')?.(''), true);
  assert.equal(told(), null);
});
