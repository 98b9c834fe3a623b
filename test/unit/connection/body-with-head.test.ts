// A request body that comes in the same read as its head: it goes with the request, and one that is broken there never
// reaches the application.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { World } from '../../model/world.ts';

/** What of the body was there when the thread was given the request, and the answer that the client has so far. */
function playedAtOnce(bytes: string): { given: string[]; received: string } {
  const world = new World({
    limit: 8,
    threads: 1,
    capacity: 2,
    buffered: false,
    bodyBytesMax: 100,
  });
  const [thread = assert.fail('no thread')] = world.threads;
  const given: string[] = [];
  const take = thread.take.bind(thread);
  thread.take = (job) => {
    const { body } = job;
    let text = '';
    const piece = (): Buffer | null => (body.kind === 'stream' ? body.source.take(1000) : null);
    for (let bytes = piece(); bytes !== null; bytes = piece()) text += bytes;
    given.push(text);
    take(job);
  };
  world.connect();
  const [connection, client] = [...world.open].at(-1) ?? assert.fail('no room');
  connection.bytes(Buffer.from(bytes));
  return { given, received: client.received };
}

const HEAD = 'POST / HTTP/1.1\r\nHost: x\r\n';

test('what of a body comes with its head goes with the request', () => {
  assert.deepEqual(playedAtOnce(`${HEAD}Content-Length: 5\r\n\r\nhello`).given, ['hello']);
  assert.deepEqual(playedAtOnce(`${HEAD}Content-Length: 50\r\n\r\nhal`).given, ['hal']);
  const chunked = `${HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n`;
  assert.deepEqual(playedAtOnce(chunked).given, ['abc']);
  assert.deepEqual(playedAtOnce(`${HEAD}Content-Length: 5\r\n\r\n`).given, ['']);
});

test('a body that is broken or too large where it comes with its head reaches no application', () => {
  const broken = playedAtOnce(`${HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n`);
  assert.deepEqual(broken.given, []);
  assert.match(broken.received, /^HTTP\/1\.1 400 /);
  const large = playedAtOnce(`${HEAD}Transfer-Encoding: chunked\r\n\r\n100\r\n${'x'.repeat(256)}`);
  assert.deepEqual(large.given, []);
  assert.match(large.received, /^HTTP\/1\.1 413 /);
});
