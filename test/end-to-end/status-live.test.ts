// What the status address gives a page, from servers that serve, hang, shed, limit, die and are reloaded: numbers as the clients
// counted them, what hangs with its deadline and its stack, and events that say why. Seen to fail: frames made for each viewer by
// itself, a history that puts a heartbeat into one second, an event without its setting, and /live given to a page of another origin.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { after, before, describe } from 'node:test';
import type { Frame } from '../../src/wire/live.ts';
import { CountingClients } from '../support/counting-clients.ts';
import { freePort } from '../support/listening-socket.ts';
import { LiveViewer } from '../support/live-viewer.ts';
import {
  ask,
  eventually,
  type RawClient,
  type Served,
  serveNode,
  serveWsgi,
  temporaryFolder,
} from './serving.ts';

const DATA = ['/live', '/stack?worker=1&thread=thread%201', '/connections', '/metrics', '/no'];

/** Within 2 %. */
function assertEqual(counted: number, wanted: number, what: string): void {
  assert.ok(Math.abs(counted - wanted) <= 0.02 * wanted, `${what}: ${counted}, and not ${wanted}`);
}

function answered(frame: Frame): number {
  return Object.values(frame.totals.answered).reduce((all, count) => all + count, 0);
}

async function statusOf(url: string, headers: Record<string, string> = {}): Promise<number> {
  const response = await fetch(url, { headers });
  await response.body?.cancel();
  return response.status;
}

describe('a WSGI server that is looked at', () => {
  let server: Served;
  let base: string;
  let viewer: LiveViewer;
  let folder: string;
  const hung: RawClient[] = [];

  async function hang(path: string): Promise<void> {
    const client = await server.connect();
    hung.push(client);
    client.send(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
  }

  before(async () => {
    base = `http://127.0.0.1:${await freePort()}`;
    folder = await temporaryFolder({
      'limits.config.mjs': `export default { limits: [{ name: 'login', path: '/login', rate: '1/h:1' }] };\n`,
    });
    server = await serveWsgi('freezes:app', [
      ...['--threads', '2', '--queue-limit', '2', '--worker-connections', '100'],
      ...['--timeout', '8', '--status-bind', base.slice('http://'.length)],
      ...['--config', join(folder, 'limits.config.mjs')],
    ]);
    viewer = await LiveViewer.open(base);
  });
  after(() => viewer.close());

  test('the page is given to everybody, and may do nothing but ask this address', async () => {
    const response = await fetch(`${base}/`, { headers: { 'sec-fetch-site': 'cross-site' } });
    const html = await response.text();
    assert.equal(response.status, 200);
    const policy = response.headers.get('content-security-policy') ?? '';
    for (const tag of ['script', 'style']) {
      const [, block = ''] = new RegExp(`<${tag}[^>]*>([^]*?)</${tag}>`).exec(html) ?? [];
      assert.ok(block.length > 100, `${tag} in the page`);
      const hash = createHash('sha256').update(block).digest('base64');
      assert.ok(policy.includes(`${tag}-src 'sha256-${hash}'`), policy);
    }
    assert.match(policy, /^default-src 'none'; .*connect-src 'self'; .*frame-ancestors 'none'$/);
    const { headers } = response;
    assert.deepEqual(
      ['x-content-type-options', 'referrer-policy', 'cross-origin-opener-policy'].map((name) =>
        headers.get(name),
      ),
      ['nosniff', 'no-referrer', 'same-origin'],
    );
  });

  test('a page of another origin is refused everything else', async () => {
    for (const path of DATA) {
      for (const headers of [
        { 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'same-site' },
        { origin: 'http://evil.example' },
      ]) {
        assert.equal(await statusOf(`${base}${path}`, headers), 403, path);
      }
    }
    assert.equal(
      await statusOf(`${base}/no`, { origin: base, 'sec-fetch-site': 'same-origin' }),
      404,
    );
    assert.equal((await fetch(`${base}/live`, { method: 'POST' })).status, 405);
  });

  test('history and frames have what the clients counted', async () => {
    const clients = new CountingClients(server.port, 2, '/pause?0.005');
    await viewer.frame(({ lanes }) => lanes.some(({ state }) => state === 'running'), 'running');
    const { length } = viewer.frames;
    await eventually(() => viewer.frames.length >= length + 4, 'frames');
    await clients.stop();
    const all = clients.answered;
    await viewer.frame((frame) => answered(frame) === all, `${all} answered`);
    // Until the newest point is one of those that have nothing any more.
    await viewer.frame(({ points }) => points.at(-1)?.perSecond === 0, 'a second of nothing');
    const sum = viewer.points.reduce((counted, { perSecond }) => counted + perSecond, 0);
    assertEqual(sum, all, 'the sum of all points');
    const busy = viewer.points.filter(({ perSecond }) => perSecond > 0);
    for (const { p50Ms, connections } of busy.slice(2, -2)) {
      assert.ok(p50Ms !== null && p50Ms >= 5, `half of them took ${p50Ms} ms`);
      assert.equal(connections, 2);
    }
    const moments = viewer.points.map(({ atMs }) => atMs);
    assert.deepEqual(
      moments.slice(1).map((atMs, at) => Math.round((atMs - (moments[at] ?? 0)) / 100)),
      moments.slice(1).map(() => 10),
    );
    const late = await LiveViewer.open(base);
    const before = late.histories[0]?.points.reduce(
      (counted, point) => counted + point.perSecond,
      0,
    );
    assertEqual(before ?? 0, all, 'for who comes later');
    late.close();
  });

  test('forty who look are sent the same frame', async () => {
    const others = await Promise.all(Array.from({ length: 40 }, () => LiveViewer.open(base)));
    await eventually(() => others.every(({ frames }) => frames.length >= 2), 'two frames each');
    const told = others.flatMap(({ texts }) => texts.slice(0, 2));
    await eventually(() => told.every((text) => viewer.texts.includes(text)), 'the same frames');
    for (const other of others) other.close();
  });

  test('while everything is taken it answers: what hangs, until when, and where it is', async () => {
    for (const path of ['/nap', '/sleep', '/q1', '/q2']) await hang(path);
    const isFull = ({ lanes }: Frame): boolean =>
      lanes.find(({ state }) => state === 'running')?.count === 2 &&
      lanes.find(({ state }) => state === 'queued')?.count === 2;
    await viewer.frame(isFull, 'all taken');
    // Nobody finds a place in the queue any more.
    assert.equal((await ask(server, '/q3')).status, 503);
    const frame = await viewer.frame(
      ({ lanes }) => lanes.some(({ state, bins }) => state === 'running' && (bins[3] ?? 0) > 0),
      'a third of their time is over',
    );
    assert.ok(isFull(frame));
    assert.equal(frame.marks?.length, 4);
    const spins = frame.threads.find(({ requests }) => requests[0]?.path === '/nap');
    const [request] = spins?.requests ?? [];
    assert.equal(request?.deadline?.setting, 'timeout');
    assert.ok((request?.deadline?.used ?? 0) >= 0.3 && (request?.deadline?.inMs ?? 8000) < 5700);
    const thread = encodeURIComponent(spins?.name ?? '');
    const stack = await fetch(`${base}/stack?worker=${spins?.worker}&thread=${thread}`);
    assert.match(
      String(((await stack.json()) as { stack: unknown }).stack),
      /freezes\.py", line \d+/,
    );
    const queued = await fetch(`${base}/connections?state=queued`);
    assert.match(await queued.text(), /"matching":2,.*"path":"\/q1"/);
    assert.equal(await statusOf(`${base}/stack?worker=x`), 400);
    const [first, later] = await eventually(() => {
      const [mark] = frame.marks ?? [];
      const same = viewer.frames.at(-1)?.marks?.find(({ id }) => id === mark?.id);
      return same !== undefined && (same.used ?? 0) > (mark?.used ?? 1) ? [mark, same] : null;
    }, 'the same connection, nearer to its deadline');
    assert.equal(first?.state, later?.state);
  });

  test('events say what was shed, timed out and limited, and why', async () => {
    const shed = await viewer.event(({ kind }) => kind === 'shed', 'shed');
    assert.match(shed.why, /queue_limit \(2\).*GET \/q3 from 127\.0\.0\.1:\d+ was answered 503/);
    const sleeps = await viewer.event(
      ({ kind, why }) => kind === 'timed out' && /GET \/(nap|sleep) /.test(why),
      'timed out',
    );
    assert.match(sleeps.why, /GET \/(nap|sleep) from .* ran for \d\.\d s .*\(timeout 8 s\)/);
    assert.equal((await ask(server, '/login')).status, 200);
    assert.equal((await ask(server, '/login')).status, 429);
    const limited = await viewer.event(({ kind }) => kind === 'limited', 'limited');
    assert.deepEqual(
      [limited.count, limited.why],
      [1, '1 request was refused by the limit "login".'],
    );
    for (const client of hung) client.destroy();
  });

  test('a worker that is killed and a reload are events, and who looks goes on looking', async () => {
    const [victim = 0] = server.server.workerPids();
    process.kill(victim, 'SIGKILL');
    const ended = await viewer.event(({ kind }) => kind === 'worker ended', 'ended');
    assert.equal(ended.worker, victim);
    assert.match(
      ended.why,
      /^Worker \d+ ended by SIGKILL .* after it was ready; perhaps the system was short of memory\.$/,
    );
    process.kill(server.pid, 'SIGHUP');
    await viewer.event(({ why }) => why.startsWith('Reloading:'), 'reloading');
    await viewer.event(({ why }) => why.startsWith('Reloaded:'), 'reloaded');
    await writeFile(join(folder, 'limits.config.mjs'), 'export default { keepalive: "long" };\n');
    process.kill(server.pid, 'SIGHUP');
    const refused = await viewer.event(({ why }) => why.startsWith('Reload refused'), 'refused');
    assert.match(refused.why, /everything stays as it is: keepalive must be /);
    const ids = viewer.events.map(({ id }) => id);
    assert.deepEqual(
      ids,
      ids.map((_, at) => at + 1),
    );
    assert.equal(viewer.histories.length, 1);
  });

  test('it goes on while the server drains, and ends with it', async () => {
    await hang('/pause?2');
    await viewer.frame(({ lanes }) => lanes.some(({ state }) => state === 'running'), 'running');
    process.kill(server.pid, 'SIGTERM');
    await viewer.frame(({ server: { phase } }) => phase === 'draining', 'draining');
    await eventually(() => viewer.hasEnded, 'the end');
    assert.equal((await server.server.exited).code, 0);
  });
});

test('with a token: it has to be shown for data; a JavaScript thread that hangs has its stack, and a worker that is replaced a reason', async () => {
  const base = `http://127.0.0.1:${await freePort()}`;
  const server = await serveNode('./freezes.mjs', [
    ...['--threads', '1', '--timeout', '600', '--max-requests', '3'],
    ...['--status-bind', base.slice('http://'.length), '--status-token', 's3cret'],
  ]);
  const headers = { authorization: 'Bearer s3cret' };
  assert.equal(await statusOf(`${base}/`), 200);
  for (const path of DATA) {
    assert.equal(await statusOf(`${base}${path}`), 401, path);
    assert.equal(await statusOf(`${base}${path}`, { ...headers, origin: 'null' }), 403, path);
  }
  const viewer = await LiveViewer.open(base, headers);
  for (let each = 0; each < 3; each++) await ask(server, '/');
  const replaced = await viewer.event(({ kind }) => kind === 'worker replaced', 'replaced');
  assert.match(replaced.why, /^Worker \d+ is replaced, the new one first: .*max_requests/);
  await viewer.frame(
    ({ workers }) => workers.length === 1 && workers[0]?.pid !== replaced.worker,
    'the next one',
  );
  void ask(server, '/nap').catch(() => undefined);
  const { threads } = await viewer.frame(
    (frame) => frame.threads.some(({ requests }) => requests[0]?.path === '/nap'),
    'it spins',
  );
  const [thread] = threads;
  const query = new URLSearchParams({ worker: `${thread?.worker}`, thread: thread?.name ?? '' });
  const stack = await fetch(`${base}/stack?${query}`, { headers });
  assert.match(String(((await stack.json()) as { stack: unknown }).stack), /freezes\.mjs:\d+/);
  viewer.close();
});

test('what goes wrong in the last moment of a worker that leaves is told as well, all of it', async () => {
  const base = `http://127.0.0.1:${await freePort()}`;
  const server = await serveNode('./traced.mjs', [
    ...['--threads', '1', '--timeout', '3', '--status-bind', base.slice('http://'.length)],
  ]);
  const viewer = await LiveViewer.open(base);
  const hung = Array.from({ length: 8 }, () => ask(server, '/hang'));
  await viewer.frame(
    ({ lanes }) => lanes.some(({ state, count }) => state === 'running' && count === 8),
    'all run',
  );
  const [worker = 0] = server.server.workerPids();
  process.kill(worker, 'SIGTERM');
  for (const answer of await Promise.all(hung)) assert.equal(answer.status, 504);
  const count = (): number =>
    viewer.events.reduce((all, one) => all + (one.kind === 'timed out' ? one.count : 0), 0);
  await eventually(() => count() >= 8, 'eight timed out', 10_000).catch(() => undefined);
  assert.equal(count(), 8, JSON.stringify(viewer.events));
  viewer.close();
});
