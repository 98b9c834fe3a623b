// The invariants of DESIGN, asserted over the whole of the model's world after every step: each connection counted once,
// nothing without a deadline, no request twice or for a client that has gone, nobody waiting beside room.

import assert from 'node:assert/strict';
import type { Connection } from '../../src/connection/machine.ts';
import { OWING, READING, waitsForClient } from '../../src/connection/states/states.ts';
import { headOfLine } from '../../src/http1/parsed-head.ts';
import type { Job } from '../../src/threads/app-thread.ts';
import type { SimClient } from './client.ts';
import { QUEUE_LIMIT } from './terms.ts';
import type { SimThread } from './thread.ts';
import { checkUpgraded, GOING_AWAY } from './upgrades.ts';
import type { World } from './world.ts';

const READY = headOfLine('GET', '/readyz', 1);

export function checkWorld(world: World): void {
  assert.equal(world.places, world.gone.size, 'each place is given back once');
  assert.equal(world.accepted - world.places, world.open.size, 'each connection is counted once');
  assert.equal([...world.connections.all].length, world.open.size, 'nobody else is remembered');
  assert.ok(world.open.size <= world.options.limit, 'never above worker_connections');
  const begun = new Set<Job>();
  for (const thread of world.threads) {
    assert.ok(thread.jobs.length <= thread.capacity, 'no thread has more than it can take');
    for (const job of thread.jobs) {
      const forgotten = world.done.has(job) && !thread.told.has(job);
      assert.ok(!forgotten, 'a thread hears when nobody waits for its answer any more');
    }
    for (const job of thread.begun) {
      assert.ok(!begun.has(job), 'a request runs at most once');
      begun.add(job);
      const allowed = world.begunOfGone.get(job.peer);
      assert.ok(allowed?.has(job) ?? true, 'a request whose client has gone never begins');
    }
  }
  const queued = [...world.open.keys()].filter(isQueued).length;
  assert.equal(
    world.dispatcher.queued,
    queued,
    'who waits for a thread is in the queue, nobody else',
  );
  for (const [connection, client] of world.open) checkConnection(world, connection, client);
  checkPool(world);
  checkQueue(world);
  checkWaiting(world);
  checkHealth(world);
  checkUpgraded(world);
}

function checkQueue(world: World): void {
  const { capacity, threads } = world.options;
  // Where a thread begins at once nothing comes back.
  const back = capacity > 1 ? capacity * threads : 0;
  assert.ok(world.dispatcher.queued <= QUEUE_LIMIT + back, 'the queue has a limit');
  if (world.dispatcher.queued === 0) return;
  for (const { room } of world.dispatcher.threads) {
    assert.equal(room, 0, 'nobody waits beside room');
  }
}

function checkPool(world: World): void {
  for (const thread of world.dispatcher.threads) {
    assert.equal(thread.state, 'ready', 'who is dead is no thread of the pool');
    assert.ok(!world.retired.has(thread as SimThread), 'nor who only finishes what it has');
  }
  for (const job of world.gaveWay) assert.ok(world.done.has(job), 'who gives way is gone');
}

/** A thread that waits for its client, though the client has nothing to read, waits for ever. */
function checkWaiting(world: World): void {
  for (const thread of world.threads) {
    for (const job of thread.waiting) {
      if (world.done.has(job)) continue;
      const open = [...world.open].find(([{ exchange }]) => exchange === job);
      const client = open?.[1];
      const holdsBack = client !== undefined && (client.waitingBytes > 0 || client.wantsTurn);
      assert.ok(holdsBack, 'a thread waits only while its client has something to read');
    }
  }
}

function checkHealth(world: World): void {
  const { threads } = world.dispatcher;
  const ready = world.health.answer(READY).status.startsWith('200');
  if (world.draining || threads.length === 0) assert.ok(!ready, 'nobody would serve');
  else if (threads.some(({ room }) => room > 0)) assert.ok(ready, 'a thread is free');
}

function checkConnection(world: World, connection: Connection, client: SimClient): void {
  assert.ok(client.responses <= client.requests, 'at most one response to a request');
  const { reading, owing } = connection.state;
  const idle = reading !== 'closed' && READING[reading].givesWay && owing === 'nothing';
  assert.equal(world.waitsIdle.has(connection), idle, `${reading} is known to be idle or busy`);
  if (reading === 'closed') return;
  const deadlines = [READING[reading].deadline, OWING[owing].deadline];
  assert.ok(
    deadlines.some((setting) => setting !== 'other half'),
    `nothing waits without a deadline: ${reading}, ${owing}`,
  );
  assert.ok(connection.deadlines.isSet, `a deadline is set in ${reading}, ${owing}`);
  const waits = client.waitingBytes > 0 || client.wantsTurn;
  const told = client.received.indexOf(GOING_AWAY);
  const after = client.received.length - told - GOING_AWAY.length;
  assert.ok(told < 0 || after === 0, 'nothing follows our close frame');
  if (waitsForClient(owing))
    assert.ok(waits, 'what is written waits for the client and nobody else');
  const isProbe = connection.exchange?.isProbe === true;
  assert.ok(!isProbe || owing === 'writing', 'a question about health waits for its client only');
  const answered = connection.exchange?.thread === null;
  const waitsForThread = owing === 'running' || owing === 'streaming';
  assert.ok(!(answered && waitsForThread), 'an answered request waits for no thread');
}

function isQueued({ state, exchange }: Connection): boolean {
  return state.owing === 'queued' && exchange !== null && exchange.thread === null;
}
