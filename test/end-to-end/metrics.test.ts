// The metrics of a server with two workers, as monitoring sees them: promtool finds nothing to mend, a Prometheus of Debian scrapes
// them, and no counter goes back while workers are killed and the application is reloaded. Seen to fail: sums of the workers that
// live, and an address that answers whatever name it is asked by.

import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
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
  const args = ['--workers', '2', '--timeout', '1', '--status-bind', status];
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
  assert.match(text, /^tunicorn_resident_memory_bytes\{process="worker",pid="\d+"\} \d{7,}$/m);
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

test('no counter goes back when a worker is killed or the application is reloaded', async () => {
  const before = await value(GOOD);
  const [first] = server.server.workerPids();
  process.kill(Number(first), 'SIGKILL');
  await eventually(() => server.server.workerPids().length >= 3);
  assert.equal(await value(GOOD), before);
  assert.equal(await value('tunicorn_workers_ended_total{how="died"}'), 1);
  process.kill(server.pid, 'SIGHUP');
  await server.server.line(/Reloaded\./);
  assert.equal((await ask(server, '/')).status, 200);
  await eventually(async () => (await value(GOOD)) === before + 1);
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
