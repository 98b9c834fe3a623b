// The metrics of a server with two workers, as monitoring sees them: promtool finds nothing to mend, a Prometheus of Debian scrapes
// them, and no counter goes back while workers are killed and the application is reloaded. Seen to fail: sums of the workers that
// live, and an address that answers whatever name it is asked by.

import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePort } from '../support/listening-socket.ts';
import {
  ask,
  eventually,
  runToEnd,
  type Served,
  serveWsgi,
  temporaryFolder,
  WSGI_APPS,
} from './serving.ts';

const PROMTOOL = '/usr/bin/promtool';
const PROMETHEUS = '/usr/bin/prometheus';
const CONTRIB = fileURLToPath(new URL('../../../contrib/', import.meta.url));

let server: Served;
let status: string;

before(async () => {
  const port = await freePort();
  status = `127.0.0.1:${port}`;
  const args = [
    '--workers',
    '2',
    '--timeout',
    '1',
    '--head-timeout',
    '0.5',
    '--status-bind',
    status,
  ];
  server = await serveWsgi('freezes:app', args, { readyWorkers: 2 });
});

async function metrics(): Promise<string> {
  const response = await fetch(`http://${status}/metrics`);
  assert.equal(response.status, 200);
  return response.text();
}

async function value(series: string): Promise<number> {
  const line = (await metrics()).split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? 0 : Number(line.slice(series.length + 1));
}

const GOOD = 'tunicorn_requests_total{status="2xx",application="freezes:app"}';

/** Prometheus's programs come with Debian; on other machines the tests of them say so. */
const needs = (path: string): { skip: string | false } => ({
  skip: !existsSync(path) && process.env['CI'] === undefined && `${path} is not installed`,
});

test('requests are counted by status, and what timed out by its code', async () => {
  for (let each = 0; each < 10; each++) assert.equal((await ask(server, '/')).status, 200);
  assert.equal((await ask(server, '/spin')).status, 504);
  await eventually(async () => (await value(GOOD)) === 10);
  await eventually(
    async () => (await value('tunicorn_requests_failed_total{code="overdue"}')) === 1,
  );
  const text = await metrics();
  assert.match(text, /^tunicorn_request_duration_seconds_bucket\{le="\+Inf"\} 11$/m);
  assert.match(text, /^tunicorn_workers\{state="ready"\} 2$/m);
  assert.match(text, /^tunicorn_threads\{state="idle"\} \d+$/m);
  for (const process of ['arbiter', 'worker', 'python']) {
    const resident = `^tunicorn_resident_memory_bytes\\{process="${process}",pid="\\d+"\\} \\d{7,}$`;
    assert.match(text, new RegExp(resident, 'm'));
  }
  assert.match(text, /^tunicorn_deadlines_passed_total\{setting="timeout"\} 1$/m);
  assert.match(text, /^tunicorn_limits_uncounted_total 0$/m);
});

test('how long a client took for half a head is no time that an answer took', async () => {
  const socket = connect({ port: server.port, host: '127.0.0.1' });
  socket.write('GET / HTTP/1.1\r\nHost:');
  let answer = '';
  for await (const piece of socket) answer += String(piece);
  assert.match(answer, /^HTTP\/1.1 408 /);
  const refused = 'tunicorn_requests_total{status="4xx",application="freezes:app"}';
  await eventually(async () => (await value(refused)) === 1);
  assert.equal(await value('tunicorn_request_duration_seconds_count'), 11);
});

test('bytes are counted in both directions, each once', async () => {
  const received = await value('tunicorn_received_bytes_total');
  const sent = await value('tunicorn_sent_bytes_total');
  const request = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\nConnection: close\r\n\r\n${'x'.repeat(5000)}`;
  const socket = connect({ port: server.port, host: '127.0.0.1' });
  socket.end(request);
  let bytes = 0;
  for await (const piece of socket) bytes += (piece as Buffer).length;
  assert.ok(bytes > 0);
  await eventually(
    async () => (await value('tunicorn_received_bytes_total')) === received + request.length,
  );
  assert.equal(await value('tunicorn_sent_bytes_total'), sent + bytes);
});

test('promtool finds nothing to mend in the metrics', needs(PROMTOOL), async () => {
  const {
    status: code,
    stdout,
    stderr,
  } = spawnSync(PROMTOOL, ['check', 'metrics'], {
    input: await metrics(),
    encoding: 'utf8',
  });
  assert.deepEqual([code, stdout, stderr], [0, '', '']);
});

test('promtool finds nothing to mend in the alert rules', needs(PROMTOOL), () => {
  const output = execFileSync(PROMTOOL, ['check', 'rules', join(CONTRIB, 'prometheus-alerts.yml')]);
  assert.match(String(output), /SUCCESS/);
});

test('the rules and the dashboard name only metrics that there are', async () => {
  const { readFile } = await import('node:fs/promises');
  const known = new Set([...(await metrics()).matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
  for (const file of ['prometheus-alerts.yml', 'grafana-dashboard.json']) {
    const text = await readFile(join(CONTRIB, file), 'utf8');
    for (const [name] of text.matchAll(/\btunicorn_[a-z_]+/g)) {
      assert.ok(known.has(name.replace(/_(bucket|sum|count)$/, '')), `${name} in ${file}`);
    }
  }
});

/** Every counter and every bucket, by its series. */
async function counters(): Promise<ReadonlyMap<string, number>> {
  const text = await metrics();
  const kinds = [...text.matchAll(/^# TYPE (\S+) (counter|histogram)$/gm)].map(([, name]) => name);
  const found = new Map<string, number>();
  for (const [, series = '', name = '', number] of text.matchAll(/^((\w+)(?:\{.*\})?) (\S+)$/gm)) {
    const base = name.replace(/_(bucket|sum|count)$/, '');
    if (kinds.includes(name) || kinds.includes(base)) found.set(series, Number(number));
  }
  return found;
}

test('no counter goes back when a worker is killed, more and fewer serve, or the application is reloaded', async () => {
  let last = await counters();
  assert.ok(last.size > 90, `${last.size} counters`);
  let looks = 0;
  const look = async (): Promise<void> => {
    const now = await counters();
    for (const [series, was] of last) {
      const is = now.get(series);
      assert.ok(is !== undefined && is >= was, `${series} was ${was} and is ${is}`);
    }
    last = now;
    looks += 1;
  };
  const good = await value(GOOD);
  const meanwhile = async (done: () => unknown): Promise<void> => {
    await eventually(async () => {
      await look();
      return done();
    });
  };
  const [first] = server.server.workerPids();
  process.kill(Number(first), 'SIGKILL');
  await meanwhile(() => server.server.workerPids().length >= 3);
  assert.equal(await value('tunicorn_workers_ended_total{how="died"}'), 1);
  const isReady = (workers: number) => async () =>
    (await value('tunicorn_workers{state="ready"}')) === workers;
  process.kill(server.pid, 'SIGTTIN');
  await meanwhile(isReady(3));
  process.kill(server.pid, 'SIGTTOU');
  await meanwhile(isReady(2));
  process.kill(server.pid, 'SIGHUP');
  await meanwhile(() => server.log().includes('Reloaded.'));
  assert.equal((await ask(server, '/')).status, 200);
  await meanwhile(async () => (await value(GOOD)) === good + 1);
  assert.ok(looks >= 5);
});

test('a Prometheus scrapes them', needs(PROMETHEUS), async () => {
  const folder = await temporaryFolder({
    'prometheus.yml': `global: { scrape_interval: 200ms }
scrape_configs: [{ job_name: tunicorn, static_configs: [{ targets: ['${status}'] }] }]
`,
  });
  const port = await freePort();
  const scraper = spawn(
    PROMETHEUS,
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  );
  const ended = new Promise((resolve) => scraper.once('exit', resolve));
  after(async () => {
    scraper.kill('SIGKILL');
    await ended;
  });
  const wanted = await value(GOOD);
  const query = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(GOOD)}`;
  await eventually(async () => {
    const text = await fetch(query).then(
      (response) => response.text(),
      () => '',
    );
    return new RegExp(`"application":"freezes:app".*"${wanted}"\\]`).test(text);
  });
});

test('who names this machine is answered, and others only with a token', async () => {
  const named = await fetch(`http://${status}/metrics`, { headers: { accept: 'text/plain' } });
  assert.equal(named.status, 200);
  const { hostname, port } = new URL(`http://${status}`);
  const { request } = await import('node:http');
  const stranger = await new Promise<number>((resolve, reject) => {
    const asked = request({ hostname, port, path: '/metrics', headers: { host: 'evil.example' } });
    asked.on('response', (response) => resolve(response.resume().statusCode ?? 0));
    asked.on('error', reject);
    asked.end();
  });
  assert.equal(stranger, 403);
  const { code, output } = await runToEnd(['--status-bind', '0.0.0.0:0', 'hello:app'], WSGI_APPS);
  assert.equal(code, 2, output);
  assert.match(
    output,
    /status_bind must be an address of this machine, or status_token must be set/,
  );
});
