// Metrics of a real server: the names and kinds are those that Gunicorn sends for the same exchanges, the last ones are not lost with
// the process, and a statsd that is not there costs metrics and no request.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { receiveUdp, receiveUnix } from '../support/datagrams.ts';
import { RawClient } from '../support/raw-client.ts';
import { startServer } from '../support/server.ts';
import { startGunicorn } from './gunicorn.ts';
import {
  ask,
  eventually,
  hasRead,
  PYTHON,
  serveNode,
  serveWsgi,
  temporaryFolder,
  WSGI_APPS,
} from './serving.ts';

interface Metric {
  readonly name: string;
  readonly value: number;
  /** The kind; a sampling rate of 1 says nothing. */
  readonly kind: string;
  /** With the # before them. */
  readonly tags: string;
}

class Receiver {
  readonly metrics: Metric[] = [];

  read(datagram: string): void {
    for (const line of datagram.split('\n')) {
      const found = /^([^:|]+):(-?[\d.]+)\|(\w+)(?:\|@1\.0)?(?:\|(#.*))?$/.exec(line);
      assert.ok(found !== null, `${JSON.stringify(line)} is no metric`);
      const [, name = '', value, kind = '', tags = ''] = found;
      this.metrics.push({ name, value: Number(value), kind, tags });
    }
  }

  sum(name: string): number {
    const all = this.metrics.filter((metric) => metric.name === name);
    return all.reduce((sum, { value }) => sum + value, 0);
  }

  /** Names and kinds, each once, in order. */
  get kinds(): string[] {
    return [
      ...new Set(this.metrics.map(({ name, kind, tags }) => `${name}|${kind}|${tags}`)),
    ].sort();
  }
}

async function overUdp(t: TestContext): Promise<Receiver & { port: number }> {
  const receiver = new Receiver();
  const port = await receiveUdp(t, (datagram) => receiver.read(datagram));
  return Object.assign(receiver, { port });
}

async function exchanges(t: TestContext, port: number): Promise<void> {
  for (const [path, status] of [
    ['/ok', 200],
    ['/ok', 200],
    ['/raise', 500],
  ] as const) {
    const client = await RawClient.connect(t, port);
    assert.equal((await client.get(path)).status, status);
    client.destroy();
  }
}

const NAMED = ['--statsd-prefix', 'shop', '--dogstatsd-tags', 'stage:test,blue'];

test('names, kinds, prefix and tags are those of Gunicorn', async (t) => {
  const theirs = await overUdp(t);
  const port = await startGunicorn(t, [
    ...['-k', 'gthread', '--threads', '2'],
    ...['--statsd-host', `127.0.0.1:${theirs.port}`, ...NAMED, 'endings:app'],
  ]);
  await exchanges(t, port);
  await eventually(
    () => theirs.sum('shop.gunicorn.log.exception') === 1,
    'the exception of Gunicorn',
  );

  const ours = await overUdp(t);
  const server = await startServer(t, {
    app: 'endings:app',
    args: [
      ...['--python', PYTHON, '--threads', '2'],
      ...['--statsd-host', `127.0.0.1:${ours.port}`, ...NAMED],
    ],
    cwd: WSGI_APPS,
  });
  await exchanges(t, server.port);
  // The metrics of the last moments come as well.
  await server.stop();
  await eventually(() => ours.sum('shop.gunicorn.requests') === 3, 'three requests');
  assert.equal(ours.sum('shop.gunicorn.request.status.200'), 2);
  assert.equal(ours.sum('shop.gunicorn.request.status.500'), 1);
  assert.equal(ours.sum('shop.gunicorn.log.exception'), 1);
  const durations = ours.metrics.filter(({ name }) => name === 'shop.gunicorn.request.duration');
  assert.equal(durations.length, 3);
  const workers = ours.metrics.filter(({ name }) => name === 'shop.gunicorn.workers');
  assert.deepEqual([workers[0]?.value, workers.at(-1)?.value], [1, 0], 'as many as there are');

  // An application that raises costs Gunicorn the count of its answer.
  const known = [...theirs.kinds, 'shop.gunicorn.request.status.500|c|#stage:test,blue'];
  assert.deepEqual(ours.kinds, [...new Set(known)].sort());
});

test('a Node.js application is measured as well, also what the server answers by itself', async (t) => {
  const statsd = await overUdp(t);
  const server = await serveNode('./endings.mjs', ['--statsd-host', `127.0.0.1:${statsd.port}`]);
  await ask(server, '/pause');
  await ask(server, '/ok', { fields: ['no field'] });
  await eventually(() => statsd.sum('gunicorn.requests') === 2, 'two requests');
  assert.equal(statsd.sum('gunicorn.request.status.400'), 1);
  assert.equal(statsd.sum('gunicorn.log.warning'), 1);
  const [duration] = statsd.metrics.filter(
    ({ name, value }) => /duration/.test(name) && value > 150,
  );
  assert.ok(duration !== undefined && duration.value < 1500, JSON.stringify(duration));
});

test('a unix socket gets them; one that nobody listens on costs no request', async (t) => {
  const path = join(await temporaryFolder(), 'statsd');
  const server = await serveWsgi('endings:app', ['--statsd-host', `unix://${path}`]);
  assert.equal((await ask(server, '/ok')).status, 200);
  // The arbiter and the worker each.
  await server.server.line(/Cannot send to the unix socket .*statsd: nobody receives there/, 2);
  const receiver = await receiveUnix(t, path);
  await eventually(async () => {
    assert.equal((await ask(server, '/ok')).status, 200);
    return /gunicorn\.requests:\d+\|c/.test(receiver.log());
  }, 'the count of requests');
  await server.server.line(/Cannot send to the unix socket .*: that is over; \d+ lost/);
});

test('a host that no name server knows costs metrics and no request', async () => {
  const server = await serveWsgi('endings:app', ['--statsd-host', 'statsd.invalid:8125']);
  assert.equal((await ask(server, '/ok')).status, 200);
  await server.server.line(
    /Cannot send metrics to statsd at statsd\.invalid:8125: .*\. Requests go on\./,
  );
  assert.equal((await ask(server, '/ok')).status, 200);
});

test('the connections that wait to be accepted are told once a second', async (t) => {
  const statsd = await overUdp(t);
  const server = await serveWsgi('endings:app', [
    ...['--statsd-host', `127.0.0.1:${statsd.port}`, '--enable-backlog-metric'],
    ...['--worker-connections', '1', '--threads', '1'],
  ]);
  const holder = await server.connect();
  await holder.send('GET /hang HTTP/1.1\r\nHost: x\r\n\r\n');
  await eventually(() => hasRead(server, holder), 'the only place to be taken');
  const waiting = await Promise.all([server.connect(), server.connect(), server.connect()]);
  const told = () => statsd.metrics.filter(({ name }) => name === 'gunicorn.backlog');
  await eventually(() => told().some(({ value, kind }) => value === 3 && kind === 'h'), 'three');
  // An end would still leave it its answer.
  for (const client of [holder, ...waiting]) client.reset();
  await eventually(() => told().at(-1)?.value === 0, 'none');
});
