// Which idle connections give way at the limit and in a worker that drains, and that nobody is closed whose request has come.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DRAIN_GRACE_MS } from '../../../src/worker/connections.ts';
import type { SimClient } from '../../model/client.ts';
import { World } from '../../model/world.ts';
import { ADDRESSES, version1 } from '../../support/proxy-header.ts';

function fullWorld(tls = false, proxied = false): World {
  const world = new World({ limit: 2, threads: 1, capacity: 1, buffered: true, tls, proxied });
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

test('at the limit a TLS client that says nothing gives way like any other', () => {
  const world = fullWorld(true);
  const [first] = clients(world);
  world.advance(150);
  assert.notEqual(first?.closing, 'no');
});

test('at the limit a TLS client that has said hello is let be for a second, and again for its first request', () => {
  const world = fullWorld(true);
  const [first, second] = clients(world);
  const [connection] = world.open.keys();
  if (first === undefined || second === undefined || connection === undefined) assert.fail();
  first.greeted = true;
  second.greeted = true;
  world.advance(800);
  connection.beginning.secured();
  assert.deepEqual([first.closing, second.closing], ['no', 'no']);
  world.advance(400);
  assert.deepEqual(
    [first.closing, second.closing],
    ['no', 'close'],
    'the one that went no further',
  );
  world.connect();
  world.advance(700);
  assert.equal(first.closing, 'close', 'a second after its handshake');
});

test('at the limit a client that has sent its PROXY header has the time for its request again', () => {
  const world = fullWorld(false, true);
  const [first, second] = clients(world);
  const [connection] = world.open.keys();
  if (first === undefined || second === undefined || connection === undefined) assert.fail();
  world.advance(100);
  connection.bytes(version1(ADDRESSES));
  world.advance(50);
  assert.deepEqual([first.closing, second.closing], ['no', 'close'], 'the one that said nothing');
  world.connect();
  world.advance(100);
  assert.equal(first.closing, 'close');
});

test('at the limit one that says nothing goes before an older one that has said hello', () => {
  const world = fullWorld(true);
  const [first, second] = clients(world);
  if (first === undefined || second === undefined) assert.fail();
  first.greeted = true;
  world.advance(150);
  assert.deepEqual([first.closing, second.closing], ['no', 'close']);
});

test('a TLS client that has had its answer is an idle one like any other', () => {
  const world = fullWorld(true);
  const [first, second] = clients(world);
  const [connection] = world.open.keys();
  if (first === undefined || second === undefined || connection === undefined) assert.fail();
  first.greeted = true;
  second.greeted = true;
  connection.beginning.secured();
  connection.bytes(Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
  const job = world.threads[0]?.jobs[0] ?? assert.fail('no job');
  job.whole({ status: '200 OK', fields: '', sendDate: true }, Buffer.alloc(0));
  world.advance(300);
  assert.equal(first.closing, 'close');
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

const HEAD = 'GET / HTTP/1.1\r\nHost: x\r\n';
/** drainHeadMs of World. */
const DRAIN_HEAD_MS = 700;

test('a head that has begun when the worker drains, or begins then, is given a moment and not head_timeout', () => {
  const world = fullWorld();
  const [begun, begins] = [...world.open.keys()];
  begun?.bytes(Buffer.from(HEAD));
  world.drain();
  begins?.bytes(Buffer.from(HEAD));
  world.advance(DRAIN_HEAD_MS - 100);
  assert.deepEqual(
    clients(world).map((client) => client.received),
    ['', ''],
  );
  world.advance(300);
  for (const client of clients(world)) {
    assert.match(client.received, /^HTTP\/1\.1 408 /);
    assert.ok(client.finished);
  }
});

test('a head that is complete in that moment is answered, and the connection closes', () => {
  const world = fullWorld();
  const [connection] = [...world.open.keys()];
  connection?.bytes(Buffer.from(HEAD));
  world.drain();
  world.advance(DRAIN_HEAD_MS - 100);
  connection?.bytes(Buffer.from('\r\n'));
  const [client] = clients(world);
  const job = world.threads[0]?.jobs[0];
  job?.whole({ status: '200 OK', fields: '', sendDate: true }, Buffer.alloc(0));
  assert.match(client?.received ?? '', /^HTTP\/1\.1 200 [\s\S]*Connection: close/);
});

test('a drain gives nobody more time than head_timeout has left', () => {
  const world = fullWorld();
  const [connection] = [...world.open.keys()];
  connection?.bytes(Buffer.from(HEAD));
  // head_timeout of World: 1500 ms.
  world.advance(1400);
  world.drain();
  world.advance(300);
  assert.match(clients(world)[0]?.received ?? '', /^HTTP\/1\.1 408 /);
});

const GET = `${HEAD}\r\n`;

/** The first client of a world of two has had an answer and is idle, the other one runs a request. */
function idleWorld(limit: number): { world: World; client: SimClient; answer: () => void } {
  const world = new World({ limit, threads: 1, capacity: 1, buffered: true });
  world.connect();
  world.connect();
  const [first, other] = [...world.open.keys()];
  const answer = (): void => {
    const [thread = assert.fail('no thread')] = world.threads;
    const [job = assert.fail('no request has come')] = thread.jobs;
    job.whole({ status: '200 OK', fields: '', sendDate: true }, Buffer.alloc(0));
    job.jobOver();
    thread.leave(job);
  };
  first?.bytes(Buffer.from(GET));
  answer();
  other?.bytes(Buffer.from(HEAD));
  const [client = assert.fail('no client')] = clients(world);
  return { world, client, answer };
}

for (const [name, limit, drains] of [
  ['a worker that drains', 10, true],
  ['a worker at its limit', 2, false],
  ['keepalive', 10, false],
] as const) {
  test(`${name} closes no idle connection whose request has come, however late our loop is`, () => {
    for (let idleMs = 0; ; idleMs += 50) {
      const { world, client, answer } = idleWorld(limit);
      if (drains) world.drain();
      world.advance(idleMs);
      if (client.finished || client.closing !== 'no') {
        assert.ok(idleMs > 100, 'it was idle for a while');
        return;
      }
      client.unread = GET;
      world.pause(300);
      answer();
      assert.equal(client.responses, 2, `idle for ${idleMs} ms`);
    }
  });
}

test('who has been idle for long when the worker drains has a moment for one more request', () => {
  const { world, client, answer } = idleWorld(10);
  world.advance(1000);
  world.drain();
  world.advance(DRAIN_GRACE_MS - 100);
  assert.ok(!client.finished);
  client.unread = GET;
  world.advance(50);
  answer();
  assert.match(client.received, /HTTP\/1\.1 200 [\s\S]*HTTP\/1\.1 200 [\s\S]*Connection: close/);
});

test('a worker that drains sends its end first: a request that crosses it meets no reset', () => {
  const { world, client } = idleWorld(10);
  const [connection] = world.open.keys();
  world.drain();
  world.advance(DRAIN_GRACE_MS + 50);
  assert.ok(client.finished);
  assert.equal(client.closing, 'no');
  connection?.bytes(Buffer.from(GET));
  world.advance(DRAIN_GRACE_MS + 50);
  assert.equal(client.closing, 'close');
  assert.equal(client.responses, 1, 'it is not run either');
  assert.equal(world.submitted.size, 1);
});

test('however late those are looked at who are to go, a sixteenth of all is chosen and no more', () => {
  const world = new World({ limit: 64, threads: 1, capacity: 1, buffered: true });
  for (let count = 0; count < 64; count++) world.connect();
  world.advance(100);
  const chosen = (): number => clients(world).filter(({ wantsLook }) => wantsLook).length;
  world.nowMs += 50;
  world.context.wheel.turn(world.nowMs);
  // As often as somebody comes while the sockets are not read.
  for (let accepts = 0; accepts < 20; accepts++) world.connections.makeRoom();
  assert.equal(chosen(), 4);
  // One of them turns out to have sent something, and another may go for it.
  const [asks] = [...world.open].find(([, { wantsLook }]) => wantsLook) ?? assert.fail('nobody');
  asks.bytes(Buffer.from('GET'));
  for (let accepts = 0; accepts < 20; accepts++) world.connections.makeRoom();
  assert.equal(chosen(), 5);
});
