// What the server says of its own health: which requests are questions about it, when it is ready, and that no thread
// is needed for the answer.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Connection } from '../../../src/connection/machine.ts';
import type { SimClient } from '../../model/client.ts';
import type { SimThread } from '../../model/thread.ts';
import { World } from '../../model/world.ts';

const OK = { status: '200 OK', fields: '', sendDate: true };
const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
/** queue_timeout of World. */
const QUEUE_MS = 1000;

function makeWorld(): World {
  return new World({ limit: 8, threads: 1, capacity: 1, buffered: true });
}

function connect(world: World): { connection: Connection; client: SimClient } {
  world.connect();
  const [connection, client] = [...world.open].at(-1) ?? assert.fail('no room');
  return { connection, client };
}

/** What one request gets, on a connection of its own. */
function ask(world: World, line: string, rest = ''): string {
  const { connection, client } = connect(world);
  connection.bytes(Buffer.from(`${line} HTTP/1.1\r\nHost: x\r\n${rest}\r\n`));
  client.gone = true;
  world.settleSockets();
  return client.received;
}

/** Gives the only thread something to run. */
function occupy(world: World): { thread: SimThread; client: SimClient } {
  const { connection, client } = connect(world);
  connection.bytes(Buffer.from(GET));
  const [thread = assert.fail('no thread')] = world.threads;
  assert.equal(thread.room, 0);
  return { thread, client };
}

function finish(thread: SimThread): void {
  const [job = assert.fail('no job')] = thread.jobs;
  job.whole(OK, Buffer.alloc(0));
  job.jobOver();
  thread.leave(job);
}

test('both paths are answered in words, fit for no cache, and HEAD without the words', () => {
  const world = makeWorld();
  const alive = ask(world, 'GET /healthz');
  assert.match(alive, /^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nalive\n$/);
  assert.match(alive, /\r\nContent-Type: text\/plain\r\n/);
  assert.match(alive, /\r\nCache-Control: no-store\r\n/);
  assert.match(ask(world, 'GET /readyz'), /^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nready\n$/);
  const head = ask(world, 'HEAD /readyz');
  assert.match(head, /^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\nContent-Length: 6\r\n[\s\S]*\r\n\r\n$/);
  assert.equal(world.submitted.size, 0, 'no thread has seen any of them');
});

test("a query and an authority count for nothing; other methods and paths are the application's", () => {
  const world = makeWorld();
  for (const target of ['/healthz?verbose=1', '/healthz?', 'http://other:1/healthz?a']) {
    assert.match(ask(world, `GET ${target}`), /alive/, target);
  }
  const others = ['POST /healthz', 'OPTIONS /readyz', 'GET /healthz/', 'GET /Healthz', 'GET /a'];
  for (const line of others) assert.equal(ask(world, line), '', line);
  assert.equal(world.submitted.size, others.length);
});

test('while every thread is stuck it lives, and is ready until queue_timeout has passed', () => {
  const world = makeWorld();
  world.advance(500);
  const { thread } = occupy(world);
  world.advance(QUEUE_MS - 100);
  assert.match(ask(world, 'GET /readyz'), /^HTTP\/1\.1 200 /);
  world.advance(300);
  assert.match(ask(world, 'GET /healthz'), /^HTTP\/1\.1 200 /);
  const answer = ask(world, 'GET /readyz');
  assert.match(answer, /^HTTP\/1\.1 503 Service Unavailable\r\n/);
  assert.match(answer, /not ready: no thread has had room .* longer than queue_timeout \(1 s\)\n$/);
  finish(thread);
  assert.match(ask(world, 'GET /readyz'), /^HTTP\/1\.1 200 /, 'at once when a thread is free');
});

test('under load, when no thread is ever seen free, it is ready as long as requests are begun', () => {
  const world = makeWorld();
  const { thread } = occupy(world);
  for (let round = 0; round < 10; round++) {
    connect(world).connection.bytes(Buffer.from(GET));
    assert.equal(world.dispatcher.queued, 1);
    world.advance(QUEUE_MS / 2);
    finish(thread);
    assert.equal(thread.room, 0, 'it has taken the next');
    for (const client of world.open.values()) client.gone ||= client.responses > 0;
    world.settleSockets();
    assert.match(ask(world, 'GET /readyz'), /^HTTP\/1\.1 200 /, `round ${round}`);
  }
});

test('a pause of our own loop is no reason not to be ready', () => {
  const world = makeWorld();
  occupy(world);
  world.nowMs += 60_000;
  world.advance(100);
  assert.match(ask(world, 'GET /readyz'), /^HTTP\/1\.1 200 /);
});

test('without a live thread it lives and is not ready, until there is one', () => {
  const world = makeWorld();
  const [thread = assert.fail('no thread')] = world.threads;
  thread.die({ status: 502, code: 'thread-died', detail: 'test' });
  assert.match(ask(world, 'GET /healthz'), /^HTTP\/1\.1 200 /);
  assert.match(ask(world, 'GET /readyz'), / 503 [\s\S]*not ready: no thread is there/);
  world.addThread();
  assert.match(ask(world, 'GET /readyz'), /^HTTP\/1\.1 200 /);
});

test('a worker that drains lives and is not ready', () => {
  const world = makeWorld();
  const alive = connect(world);
  const ready = connect(world);
  world.drain();
  alive.connection.bytes(Buffer.from('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'));
  ready.connection.bytes(Buffer.from('GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n'));
  assert.match(alive.client.received, /^HTTP\/1\.1 200 [\s\S]*Connection: close/);
  assert.match(ready.client.received, /^HTTP\/1\.1 503 [\s\S]*not ready: the worker is ending\n$/);
});

test('it is answered in its turn, and what is sent behind it goes on', () => {
  const world = makeWorld();
  const { connection, client } = connect(world);
  const probe = 'GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n';
  connection.bytes(Buffer.from(GET + probe + GET + probe));
  assert.equal(client.received, '');
  const [thread = assert.fail('no thread')] = world.threads;
  finish(thread);
  assert.equal(client.responses, 2, 'the first and the probe behind it');
  assert.match(client.received, /ready\n$/);
  finish(thread);
  assert.equal(client.responses, 4);
  assert.equal(connection.state.name, 'keep-alive');
});

test('a body behind it is read and dropped, and the connection goes on', () => {
  const world = makeWorld();
  const { connection, client } = connect(world);
  connection.bytes(Buffer.from('GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\nbo'));
  assert.equal(client.responses, 1, 'before its body has come');
  connection.bytes(Buffer.from(`dydydy${GET}`));
  const [thread = assert.fail('no thread')] = world.threads;
  finish(thread);
  assert.equal(client.responses, 2);
});
