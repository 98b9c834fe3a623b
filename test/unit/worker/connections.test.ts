// Which idle connections give way at the limit, and that a pause of our own loop closes nobody whose request has come.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SimClient } from '../../model/client.ts';
import { World } from '../../model/world.ts';

function fullWorld(): World {
  const world = new World({ limit: 2, threads: 1, capacity: 1, buffered: true });
  world.connect();
  world.connect();
  return world;
}

const clients = (world: World): SimClient[] => [...world.open.values()];

test('at the limit the oldest idle connection gives way after a moment, and one at a time', () => {
  const world = fullWorld();
  const [first, second] = clients(world);
  world.advance(100);
  assert.equal(world.open.size, 2);
  world.advance(50);
  assert.notEqual(first?.closing, 'no');
  assert.equal(second?.closing, 'no');
});

test('when our loop stood still, nobody is closed before the sockets were read', () => {
  const world = fullWorld();
  // A pause of a second: the timers come first, then what the clients had sent meanwhile.
  world.nowMs += 1000;
  world.context.wheel.turn(world.nowMs);
  world.connections.makeRoom();
  assert.deepEqual(
    clients(world).map((client) => client.closing),
    ['no', 'no'],
  );
  for (const connection of world.open.keys()) {
    connection.bytes(Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
  }
  world.advance(500);
  assert.deepEqual(
    clients(world).map((client) => client.closing),
    ['no', 'no'],
  );
});
