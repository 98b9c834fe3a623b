// What the end of a client means: right behind its requests it waits for their answers, later it has given up and what
// has not begun never does.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TICK_MS } from '../../../src/connection/deadlines.ts';
import type { Connection } from '../../../src/connection/machine.ts';
import { PROMPT_END_MS } from '../../../src/connection/states/states.ts';
import type { SimClient } from '../../model/client.ts';
import type { SimThread } from '../../model/thread.ts';
import { World } from '../../model/world.ts';

const OK = { status: '200 OK', fields: '', sendDate: true };
const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc';
const PROBE = 'GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n';
/** The wheel is a tick coarse. */
const LATE_MS = PROMPT_END_MS + TICK_MS;

interface Scene {
  readonly world: World;
  readonly thread: SimThread;
}

function scene(capacity = 1): Scene {
  const world = new World({ limit: 8, threads: 1, capacity, buffered: true });
  const [thread = assert.fail('no thread')] = world.threads;
  return { world, thread };
}

function send(world: World, text: string): { connection: Connection; client: SimClient } {
  world.connect();
  const [connection, client] = [...world.open].at(-1) ?? assert.fail('no room');
  connection.bytes(Buffer.from(text));
  return { connection, client };
}

/** Answers what the thread runs; false when it runs nothing. */
function answer(thread: SimThread): boolean {
  const [job] = thread.jobs;
  if (job === undefined) return false;
  thread.claim(job);
  job.whole(OK, Buffer.from('ok'));
  job.jobOver();
  thread.leave(job);
  return true;
}

test('an end right behind a request that waits for a thread leaves it waiting, and it is answered', () => {
  const { world, thread } = scene();
  send(world, GET);
  const { connection, client } = send(world, GET);
  world.advance(PROMPT_END_MS - TICK_MS);
  connection.ended();
  assert.equal(connection.state.name, 'queued');
  while (answer(thread));
  assert.match(client.received, /^HTTP\/1\.1 200 OK[\s\S]*ok$/);
  assert.equal(client.closing, 'close');
});

test('a client that ends later has given up: its request leaves the queue and never runs', () => {
  const { world, thread } = scene();
  send(world, GET);
  const { connection, client } = send(world, GET);
  world.advance(LATE_MS);
  connection.ended();
  assert.equal(client.closing, 'close');
  assert.equal(world.dispatcher.queued, 0);
  while (answer(thread));
  assert.equal(thread.begun.length, 1);
});

test('a client that ends late behind pipelined requests gets what runs, and the rest never does', () => {
  const { world, thread } = scene();
  const { connection, client } = send(world, GET + GET);
  world.advance(LATE_MS);
  connection.ended();
  while (answer(thread));
  assert.equal(client.responses, 1);
  assert.equal(client.closing, 'close');
  assert.equal(thread.begun.length, 1);
});

test('when others have waited for long, an end right behind a request is answered 503 at once', () => {
  const { world, thread } = scene();
  send(world, GET);
  const { exchange } = send(world, GET).connection;
  world.advance(600);
  assert.ok(exchange !== null && world.overloaded(exchange));
  // What a worker at its limit accepts late: a request and the end of a client that has long gone.
  answer(thread);
  const { connection, client } = send(world, GET);
  assert.equal(connection.state.name, 'queued');
  world.advance(600);
  connection.bytes(Buffer.from(''));
  connection.ended();
  assert.match(client.received, /^HTTP\/1\.1 503 /);
  assert.equal(client.closing, 'close');
});

test('an end while the response streams ends it late, not right behind the request', () => {
  for (const late of [false, true]) {
    const { world, thread } = scene();
    const { connection, client } = send(world, GET);
    const [job = assert.fail('no job')] = thread.jobs;
    job.replyHead(OK);
    job.piece(Buffer.from('first'));
    if (late) world.advance(LATE_MS);
    connection.ended();
    assert.equal(client.closing, late ? 'close' : 'no');
    job.end('');
    assert.equal(client.received.endsWith('0\r\n\r\n'), !late);
    assert.equal(client.closing, 'close');
  }
});

test('a request that is only half there when its client ends is dropped, what came before is answered', () => {
  for (const part of [GET.slice(0, 10), POST.slice(0, -1)]) {
    const { world, thread } = scene();
    const { connection, client } = send(world, GET + GET + part);
    connection.ended();
    while (answer(thread));
    assert.equal(client.responses, 2);
    assert.equal(client.closing, 'close');
  }
});

test('a client of Node.js that waits on is given up when its answer has not begun in time', () => {
  const { world, thread } = scene(2);
  const { connection, client } = send(world, GET);
  connection.ended();
  const [job = assert.fail('no job')] = thread.jobs;
  world.advance(500);
  thread.claim(job);
  // halfClosedGraceMs of World: 800 ms from when it began.
  world.advance(600);
  assert.equal(client.closing, 'no');
  world.advance(500);
  assert.equal(client.closing, 'close');
  assert.ok(thread.told.has(job));
});

test('a client of Node.js that ends later has gone: its application hears of it at once', () => {
  const { world, thread } = scene(2);
  const { connection, client } = send(world, GET);
  const { exchange } = connection;
  const [job = assert.fail('no job')] = thread.jobs;
  thread.claim(job);
  world.advance(LATE_MS);
  connection.ended();
  assert.ok(thread.told.has(job));
  assert.equal(client.closing, 'close');
  assert.equal(exchange?.endCode, 'CR');
});

test('WSGI cannot hear of it: a client that ends later is answered, and the log says that it had given up', () => {
  const { world, thread } = scene();
  const { connection, client } = send(world, GET);
  const { exchange } = connection;
  world.advance(LATE_MS);
  connection.ended();
  answer(thread);
  assert.equal(client.responses, 1);
  assert.equal(exchange?.endCode, 'CR');
});

test('an application whose client has ended is not overdue as well', () => {
  const { world, thread } = scene(2);
  const { connection, client } = send(world, GET);
  const { exchange } = connection;
  const [job = assert.fail('no job')] = thread.jobs;
  thread.claim(job);
  // `timeout` of World is 3000 ms, halfClosedGraceMs 800.
  world.advance(2600);
  connection.bytes(Buffer.from(GET));
  connection.ended();
  world.advance(1200);
  assert.ok(thread.told.has(job));
  assert.equal(client.received, '');
  assert.equal(exchange?.endCode, 'CR');
});

test('whatever is pipelined and however it is cut, an end right behind it leaves every request answered', () => {
  const requests = fc.array(fc.constantFrom(GET, POST, PROBE), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(
      requests,
      fc.array(fc.nat(300), { maxLength: 5 }),
      fc.nat(8),
      (list, cuts, early) => {
        const { world, thread } = scene();
        const text = list.join('');
        const { connection, client } = send(world, '');
        let from = 0;
        for (const cut of [...cuts.sort((a, b) => a - b), text.length]) {
          if (cut > from) connection.bytes(Buffer.from(text.slice(from, cut)));
          from = Math.max(from, cut);
        }
        for (let i = 0; i < early; i++) answer(thread);
        connection.ended();
        while (answer(thread));
        assert.equal(client.responses, list.length);
        const order = client.received.match(/ready|ok(?=HTTP|$)/g) ?? [];
        assert.deepEqual(
          order,
          list.map((one) => (one === PROBE ? 'ready' : 'ok')),
        );
        assert.equal(client.closing, 'close');
      },
    ),
  );
});
