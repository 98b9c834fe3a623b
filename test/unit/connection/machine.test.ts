// What the connection machine does in moments that random events seldom bring together: who is made to wait, whose
// time it is, and what is left when one half ends before the other.

import assert from 'node:assert/strict';
import { openSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Connection } from '../../../src/connection/machine.ts';
import type { BodySource, Job } from '../../../src/threads/app-thread.ts';
import { type SimClient, type SimThread, World } from '../../model/world.ts';
import { eventually } from '../../support/eventually.ts';

const EMPTY = Buffer.alloc(0);
const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const OK = { status: '200 OK', fields: '', sendDate: true };
const CHUNKED = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n';
/** Of World: timeout and stream_timeout 3 s, body_timeout 2 s, queue_timeout 1 s. */
const TIMEOUT_MS = 3000;

function node(bodyBytesMax = 0): World {
  return new World({ limit: 8, threads: 1, capacity: 2, buffered: false, bodyBytesMax });
}

function connect(world: World): { connection: Connection; client: SimClient } {
  world.connect();
  const [connection, client] = [...world.open].at(-1) ?? assert.fail('no room');
  return { connection, client };
}

/** The thread and the job that it was given last, begun. */
function begun(world: World): { thread: SimThread; job: Job } {
  const [thread = assert.fail('no thread')] = world.threads;
  const job = thread.jobs.at(-1) ?? assert.fail('nothing was given to the thread');
  thread.claim(job);
  return { thread, job };
}

function post(length: number): string {
  return `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`;
}

function sourceOf({ body }: Job): BodySource {
  return body.kind === 'stream' ? body.source : assert.fail('the body does not stream');
}

function over(thread: SimThread, job: Job): void {
  job.jobOver();
  thread.leave(job);
}

test('a response whose pieces come in time goes on for longer than stream_timeout', () => {
  const world = node();
  const { connection, client } = connect(world);
  connection.bytes(Buffer.from(GET));
  const { job } = begun(world);
  job.replyHead(OK);
  for (let second = 0; second < 8; second++) {
    job.piece(Buffer.from('tick'));
    world.advance(1000);
    assert.equal(client.closing, 'no', `after ${second + 1} s`);
  }
  world.advance(TIMEOUT_MS);
  assert.equal(client.closing, 'reset', 'a pause of stream_timeout ends it');
});

test('an upload may take longer than timeout while its client sends', () => {
  const world = node();
  const { connection, client } = connect(world);
  connection.bytes(Buffer.from(post(1000)));
  const { job } = begun(world);
  for (let second = 0; second < 8; second++) {
    connection.bytes(Buffer.alloc(100, 'b'));
    sourceOf(job).take(1000);
    world.advance(1000);
    assert.equal(client.received, '', `after ${second + 1} s`);
  }
  connection.bytes(Buffer.alloc(200, 'b'));
  world.advance(TIMEOUT_MS + 500);
  assert.match(client.received, /^HTTP\/1\.1 504 /, 'from the last of its bytes on timeout counts');
});

test('a client that waits for the application to read its body is not too slow', () => {
  const world = node();
  const { connection, client } = connect(world);
  connection.bytes(Buffer.from(post(400_000)));
  const { job } = begun(world);
  job.replyHead(OK);
  connection.bytes(Buffer.alloc(200_000));
  assert.ok(client.paused);
  for (let second = 0; second < 6; second++) {
    job.piece(Buffer.from('busy'));
    world.advance(1000);
  }
  assert.equal(client.closing, 'no', 'body_timeout has passed three times');
  while (sourceOf(job).take(65_536) !== null);
  assert.ok(!client.paused);
  connection.bytes(Buffer.alloc(100_000));
  assert.ok(!client.finished, 'its rate does not count the time of the application');
  world.advance(2500);
  assert.notEqual(client.closing, 'no', 'from here on it is the time of the client');
});

test('a body that is read after its answer still comes whole, and the next request after it', () => {
  const world = node();
  const { connection, client } = connect(world);
  connection.bytes(Buffer.from(`${post(10)}01234`));
  const { thread, job } = begun(world);
  job.whole(OK, Buffer.alloc(0));
  assert.equal(client.responses, 1);
  connection.bytes(Buffer.from(`56789${GET}`));
  const source = sourceOf(job);
  assert.equal(Buffer.concat([source.take(9) ?? EMPTY, source.take(9) ?? EMPTY]).length, 10);
  assert.ok(source.ended);
  over(thread, job);
  begun(world).job.whole(OK, Buffer.alloc(0));
  assert.equal(client.responses, 2);
});

test('a body that nobody reads is dropped, and the next request comes after it', () => {
  const world = node();
  const { connection, client } = connect(world);
  connection.bytes(Buffer.concat([Buffer.from(post(400_000)), Buffer.alloc(200_000)]));
  assert.ok(client.paused);
  const { thread, job } = begun(world);
  job.whole(OK, Buffer.alloc(0));
  over(thread, job);
  assert.ok(!client.paused, 'nobody is waited for');
  connection.bytes(Buffer.concat([Buffer.alloc(200_000), Buffer.from(GET)]));
  begun(world).job.whole(OK, Buffer.alloc(0));
  assert.equal(client.responses, 2);
});

test('a body that goes on for ever after its answer ends with the connection', () => {
  const world = node();
  const { connection, client } = connect(world);
  connection.bytes(Buffer.from(post(1e9)));
  const { thread, job } = begun(world);
  job.whole(OK, Buffer.alloc(0));
  over(thread, job);
  for (let i = 0; i < 20; i++) connection.bytes(Buffer.alloc(65_536));
  assert.ok(client.finished);
  world.advance(1000);
  assert.equal(client.closing, 'reset');
});

test('a client that leaves after its answer ends the body for whoever reads it', () => {
  const world = node();
  const { connection, client } = connect(world);
  connection.bytes(Buffer.from(`${post(10)}01234`));
  const { job } = begun(world);
  job.whole(OK, Buffer.alloc(0));
  client.gone = true;
  world.settleSockets();
  assert.ok(sourceOf(job).failed);
});

test('a thread that began in the moment in which queue_timeout passes is not told of it, and answers', () => {
  const world = node();
  const { connection, client } = connect(world);
  connection.bytes(Buffer.from(GET));
  const [thread = assert.fail('no thread')] = world.threads;
  const [job = assert.fail('no job')] = thread.jobs;
  thread.claimSilently(job);
  world.advance(1500);
  assert.equal(connection.state.owing, 'running');
  job.whole(OK, Buffer.from('in time'));
  assert.match(client.received, /^HTTP\/1\.1 200 OK[\s\S]*in time$/);
});

test('a request that waited in vain is told when to come again', () => {
  const world = node();
  const clients = [connect(world), connect(world), connect(world)];
  for (const { connection } of clients) connection.bytes(Buffer.from(GET));
  const [thread = assert.fail('no thread')] = world.threads;
  for (const job of thread.jobs) thread.claim(job);
  world.advance(1500);
  const received = clients.at(-1)?.client.received ?? '';
  assert.match(received, /^HTTP\/1\.1 503 [\s\S]*\r\nRetry-After: 1\r\n/);
});

test('a large piece that the kernel takes at once does not leave its thread waiting', () => {
  const world = node();
  const { connection, client } = connect(world);
  connection.bytes(Buffer.from(GET));
  const { job } = begun(world);
  job.replyHead(OK);
  assert.ok(
    job.piece(Buffer.alloc(200_000)),
    'nothing waits, so nobody would say that there is room again',
  );
  assert.equal(client.waitingBytes, 0);
});

test('a response that fails while its client does not read holds no connection', () => {
  const world = node();
  const { connection, client } = connect(world);
  connection.bytes(Buffer.from(GET));
  const { job } = begun(world);
  client.kernelRoom = 0;
  job.replyHead(OK);
  job.piece(Buffer.alloc(1000));
  assert.ok(client.waitingBytes > 0);
  job.failed({ status: 500, code: 'app-raised', detail: 'test' });
  assert.equal(client.closing, 'reset');
});

for (const how of ['application', 'server'] as const) {
  test(`a body that breaks after the ${how} has answered takes nothing of the answer away`, () => {
    const world = node();
    const { connection, client } = connect(world);
    client.kernelRoom = 0;
    connection.bytes(Buffer.from(CHUNKED));
    const { job } = begun(world);
    if (how === 'application') job.whole(OK, Buffer.from('all of it'));
    else job.failed({ status: 500, code: 'app-raised', detail: 'test' });
    connection.bytes(Buffer.from('no chunk'));
    assert.equal(client.closing, 'no');
    client.waitingBytes = 0;
    connection.drained();
    assert.ok(client.finished, 'it is the last one');
    assert.equal(connection.state.reading, 'lingering');
  });
}

test('the end of a chunked body stands behind the file that was sent before it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tunicorn-machine-'));
  const file = join(folder, 'file');
  writeFileSync(file, 'the file');
  const world = node();
  const { connection, client } = connect(world);
  connection.bytes(Buffer.from(GET));
  const { job } = begun(world);
  // The head waits for the client, so that what comes later has to wait behind it.
  client.kernelRoom = 0;
  job.interim('103 Early Hints', '');
  job.replyHead(OK);
  job.file(openSync(file, 'r'), 0, 8);
  job.end('');
  client.kernelRoom = Number.POSITIVE_INFINITY;
  client.waitingBytes = 0;
  connection.drained();
  await eventually(() => connection.state.owing === 'nothing', 'the response to leave');
  assert.match(client.received, /\r\n\r\n8\r\nthe file\r\n0\r\n\r\n$/);
  await rm(folder, { recursive: true });
});

function expecting(length: number): string {
  return post(length).replace('Host: x', 'Host: x\r\nExpect: 100-continue');
}

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';

test('a client that expects 100 Continue is told when the application reads the body, and not before', () => {
  const world = node();
  const { connection, client } = connect(world);
  connection.bytes(Buffer.from(expecting(5)));
  const { thread, job } = begun(world);
  assert.equal(client.received, '');
  world.advance(2500);
  assert.equal(client.closing, 'no', 'body_timeout has passed: it was not the time of the client');
  sourceOf(job).ask();
  sourceOf(job).ask();
  assert.equal(client.received, CONTINUE, 'told once');
  connection.bytes(Buffer.from('hello'));
  assert.equal(sourceOf(job).take(9)?.toString(), 'hello');
  job.whole(OK, EMPTY);
  over(thread, job);
  assert.doesNotMatch(client.received, /Connection: close/);
  connection.bytes(Buffer.from(GET));
  begun(world).job.whole(OK, EMPTY);
  assert.equal(client.responses, 2);
});

test('from 100 Continue on it is the time of the client', () => {
  const world = node();
  const { connection, client } = connect(world);
  connection.bytes(Buffer.from(expecting(5)));
  const { job } = begun(world);
  sourceOf(job).ask();
  world.advance(2500);
  assert.match(client.received, / 408 /);
});

test('an answer to a client that was not told to send its body closes, and says so', () => {
  const world = node();
  const { connection, client } = connect(world);
  connection.bytes(Buffer.from(expecting(5)));
  const { thread, job } = begun(world);
  job.whole({ ...OK, status: '401 Unauthorized' }, EMPTY);
  sourceOf(job).ask();
  over(thread, job);
  assert.match(client.received, /^HTTP\/1\.1 401 .*\r\nConnection: close\r\n/s);
  assert.doesNotMatch(client.received, /100 Continue/, 'too late');
  connection.bytes(Buffer.from(GET));
  assert.equal(world.submitted.size, 1, 'the body or the next request: nobody can know');
  assert.ok(client.finished);
});

test('a client that does not wait for 100 Continue keeps its connection', () => {
  const world = node();
  const { connection, client } = connect(world);
  connection.bytes(Buffer.from(expecting(5)));
  const { thread, job } = begun(world);
  connection.bytes(Buffer.from('hello'));
  sourceOf(job).ask();
  job.whole(OK, EMPTY);
  over(thread, job);
  connection.bytes(Buffer.from(GET));
  begun(world).job.whole(OK, EMPTY);
  assert.doesNotMatch(client.received, /100 Continue|Connection: close/);
  assert.equal(client.responses, 2);
});

test('an application that streams its answer before it reads the body sends no 100 Continue behind its head', () => {
  const world = node();
  const { connection, client } = connect(world);
  connection.bytes(Buffer.from(expecting(5)));
  const { job } = begun(world);
  job.replyHead(OK);
  job.piece(Buffer.from('early'));
  sourceOf(job).ask();
  assert.doesNotMatch(client.received, /100 Continue/);
  assert.match(client.received, /Connection: close/);
  connection.bytes(Buffer.from('hello'));
  assert.equal(sourceOf(job).take(9)?.toString(), 'hello', 'what comes all the same is read');
});

test('100 Continue of the application itself is said once, and only where it is waited for', () => {
  const world = node();
  const { connection, client } = connect(world);
  connection.bytes(Buffer.from(expecting(5)));
  const { job } = begun(world);
  job.interim('100 Continue', '');
  sourceOf(job).ask();
  assert.equal(client.received, CONTINUE);
});

test('where bodies are gathered the client is told at once, but not when its body is too large', () => {
  const world = new World({ limit: 8, threads: 1, capacity: 2, buffered: true, bodyBytesMax: 100 });
  const { connection, client } = connect(world);
  connection.bytes(Buffer.from(expecting(5)));
  assert.equal(client.received, CONTINUE);
  const other = connect(world);
  other.connection.bytes(Buffer.from(expecting(101)));
  assert.match(other.client.received, /^HTTP\/1\.1 413 /);
});

test('a pipeline is copied once, however many requests are in it and however it is cut', () => {
  for (const cut of [1, 100, 16_000]) {
    const world = node();
    const { connection, client } = connect(world);
    const pipeline = Buffer.from(GET.repeat(200));
    let copied = 0;
    const copy = Buffer.prototype.copy;
    Buffer.prototype.copy = function (this: Buffer, ...of: Parameters<typeof copy>): number {
      const bytes = copy.apply(this, of);
      copied += bytes;
      return bytes;
    };
    try {
      for (let at = 0; at < pipeline.length; at += cut) {
        connection.bytes(pipeline.subarray(at, at + cut));
      }
      for (let n = 0; n < 200; n++) {
        const { thread, job } = begun(world);
        job.whole(OK, EMPTY);
        over(thread, job);
      }
    } finally {
      Buffer.prototype.copy = copy;
    }
    assert.equal(client.responses, 200);
    assert.ok(copied < 4 * pipeline.length, `${copied} bytes copied for ${pipeline.length}`);
  }
});
