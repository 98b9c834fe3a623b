// What the error log says when an application ends its thread: the stack in the lines that somebody wrote, the thread, and
// the requests that it ran. One that catches its errors by itself, as Node.js lets it, ends nothing. Tried on purpose, and
// seen to fail: source maps left off, requests that had been answered told as well.

import assert from 'node:assert/strict';
import test, { before } from 'node:test';
import {
  ask,
  eventually,
  type RawClient,
  type Served,
  serveNode,
  temporaryFolder,
} from './serving.ts';

/** Compiled from shop.ts: its first line is line 5 there, and so on. */
const COMPILED = `export default function app(req, res) {
  if (req.url === '/raise') throw new Error('asked to raise');
  if (req.url === '/throw') setTimeout(() => { throw new Error('asked to throw', { cause: new Error('deeper') }); }, 20);
  else if (req.url === '/reject') setTimeout(() => Promise.reject(new Error('asked to reject')), 20);
  else if (req.url === '/exit') process.exit(7);
  else if (req.url === '/catch') { for (const event of ['uncaughtException', 'unhandledRejection']) process.on(event, caught); res.end(); }
  else if (req.url === '/caught') res.end(String(seen));
  else if (req.url === '/begin') res.write('begun');
  else if (!req.url.startsWith('/wait')) res.end('Hello, World!');
}
const seen = [];
function caught(error) { seen.push(error.message); }
//# sourceMappingURL=shop.mjs.map
`;
const MAP = JSON.stringify({
  version: 3,
  file: 'shop.mjs',
  sources: ['shop.ts'],
  names: [],
  mappings: ['AAIA', ...Array.from({ length: 11 }, () => 'AACA')].join(';'),
});

let server: Served;

before(async () => {
  const cwd = await temporaryFolder({ 'shop.mjs': COMPILED, 'shop.mjs.map': MAP });
  server = await serveNode('./shop.mjs', ['--threads', '1'], { cwd });
});

/** Requests that the thread has begun and does not answer, but for the last one, which it begins to. */
async function waiting(count: number): Promise<RawClient[]> {
  const clients: RawClient[] = [];
  for (let each = 1; each <= count; each++) {
    const client = await server.connect();
    const path = each === count ? '/begin' : `/wait/${each}?secret`;
    await client.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    clients.push(client);
  }
  await eventually(() => (clients.at(-1)?.receivedBytes ?? 0) > 0, 'the response to begin');
  return clients;
}

test('a stack names the lines of the source, for 500 as for an error that nobody catches', async () => {
  assert.equal((await ask(server, '/raise')).status, 500);
  await server.server.line(/Error: asked to raise\n\s+at .*shop\.ts:6/);
  assert.equal((await ask(server, '/throw')).status, 502);
  await server.server.line(
    /Error: asked to throw\n\s+at .*shop\.ts:7[\s\S]*?\[cause\]: Error: deeper\n\s+at .*shop\.ts:7/,
  );
});

test('an error that nobody catches is told with the thread and the one request that it ran', async () => {
  assert.equal((await ask(server, '/')).status, 200);
  assert.equal((await ask(server, '/reject')).status, 502);
  const [line] = await server.server.line(/thread \d+ is gone: .*\nError: asked to reject/);
  assert.match(
    line,
    /thread \d died of an error that nobody caught, while it ran GET \/reject for 0\.\d s\. \(thread-died\)/,
  );
  const ofRequest = /Error handling request GET \/reject: thread .*\n(?!Error)/;
  assert.match(server.log(), ofRequest, 'the stack once');
  assert.equal((await ask(server, '/exit')).status, 502);
  await server.server.line(
    /process\.exit\(7\), while it ran GET \/exit for 0\.\d s\. \(thread-died\)/,
  );
});

test('where it ran several, the latest are told with their ages and without their queries', async () => {
  // The thread that the test before has ended has a successor: who waits for one may be begun in another order.
  assert.equal((await ask(server, '/')).status, 200);
  const clients = await waiting(6);
  assert.equal((await ask(server, '/throw')).status, 502);
  const [line] = await server.server.line(/thread \d+ is gone: .* while it ran \d requests: .*/);
  assert.match(
    line,
    /ran 7 requests: GET \/throw for 0\.\d s(, GET \/(begin|wait\/\d) for \d\.\d s){4} and 2 more\. \(/,
  );
  assert.doesNotMatch(line, /secret/);
  for (const client of clients) client.destroy();
});

test('an application that listens to uncaughtException and unhandledRejection lives on, as under Node.js', async () => {
  assert.equal((await ask(server, '/catch')).status, 200);
  const clients = await Promise.all(
    ['/throw', '/reject'].map(async (path) => {
      const client = await server.connect();
      await client.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      return client;
    }),
  );
  const before = server.log().match(/is gone/g)?.length;
  let seen = '';
  while (seen.split(',').length < 2) seen = (await ask(server, '/caught')).body.toString();
  assert.deepEqual(seen.split(',').sort(), ['asked to reject', 'asked to throw']);
  assert.equal(server.log().match(/is gone/g)?.length, before);
  for (const client of clients) client.destroy();
});
