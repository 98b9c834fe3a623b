// More time for one request, as the connection grants it: when it is overdue then, what bounds it, and that it ends with
// the request.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Connection } from '../../../src/connection/machine.ts';
import type { Job } from '../../../src/threads/app-thread.ts';
import { type SimClient, type SimThread, World } from '../../model/world.ts';

const EMPTY = Buffer.alloc(0);
const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const OK = { status: '200 OK', fields: '', sendDate: true };
/** Of World: timeout and stream_timeout 3 s, timeout_limit 6 s. */
const TIMEOUT_MS = 3000;

interface Running {
  readonly world: World;
  readonly connection: Connection;
  readonly client: SimClient;
  readonly thread: SimThread;
  readonly job: Job;
}

/** A request that the application has begun. */
function running(): Running {
  const world = new World({ limit: 8, threads: 1, capacity: 2, buffered: false });
  world.connect();
  const [connection, client] = [...world.open].at(-1) ?? assert.fail('no room');
  return { world, connection, client, ...begin(world, connection) };
}

function begin(world: World, connection: Connection): { thread: SimThread; job: Job } {
  connection.bytes(Buffer.from(GET));
  const [thread = assert.fail('no thread')] = world.threads;
  const job = thread.jobs.at(-1) ?? assert.fail('nothing was given to the thread');
  thread.claim(job);
  return { thread, job };
}

/** Runs until the response is there, and tells after how many ms that was; a second more than `withinMs` at most. */
function overdueAfter(world: World, client: SimClient, withinMs: number): number {
  const before = world.nowMs;
  while (!/HTTP\/1\.1 504/.test(client.received) && client.closing === 'no') {
    if (world.nowMs - before > withinMs + 1000) assert.fail('it is never overdue');
    world.advance(50);
  }
  return world.nowMs - before;
}

function isAbout(actualMs: number, wantedMs: number): void {
  assert.ok(actualMs >= wantedMs && actualMs <= wantedMs + 250, `${actualMs} for ${wantedMs} ms`);
}

test('a request that asks for more time is overdue when that has passed, and not before', () => {
  const { world, client, job } = running();
  world.advance(2000);
  assert.equal(job.extend(3000), 3000);
  isAbout(overdueAfter(world, client, 3000), 3000);
  assert.equal(job.extend(1000), 0, 'too late: it was answered');
});

test('asking for less than there is shortens nothing', () => {
  const { world, client, job } = running();
  assert.equal(job.extend(100), 100);
  isAbout(overdueAfter(world, client, TIMEOUT_MS), TIMEOUT_MS);
});

test('timeout_limit bounds what a request can have in all, however often it asks', () => {
  const { world, client, job } = running();
  for (let second = 0; second < 5; second++) {
    world.advance(1000);
    job.extend(60_000);
  }
  assert.equal(job.extend(60_000), 1000);
  isAbout(overdueAfter(world, client, 1000), 1000);
});

test('an extension is kept by a response that begins and goes on, and does not shorten its pauses', () => {
  const { world, client, job } = running();
  job.extend(5500);
  world.advance(1000);
  job.replyHead(OK);
  job.piece(Buffer.from('one'));
  world.advance(3500);
  assert.equal(client.closing, 'no', 'stream_timeout alone would have ended it');
  job.piece(Buffer.from('two'));
  isAbout(overdueAfter(world, client, TIMEOUT_MS), TIMEOUT_MS);
});

test('what one request asked for is nothing to the next one on its connection', () => {
  const { world, connection, client, thread, job } = running();
  job.extend(6000);
  job.whole(OK, EMPTY);
  job.jobOver();
  thread.leave(job);
  client.received = '';
  begin(world, connection);
  isAbout(overdueAfter(world, client, TIMEOUT_MS), TIMEOUT_MS);
});
