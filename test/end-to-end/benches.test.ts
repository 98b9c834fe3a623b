// Every bench runs, for a moment, and prints what it is for, so that none is broken on the day it is wanted. The figures
// of such a run mean nothing and are not looked at.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { demoOptions } from '../../bench/demo-options.ts';
import { descendantsOf, isAlive } from '../support/processes.ts';
import { Program } from '../support/program.ts';
import { PYTHON, ROOT } from './serving.ts';

/** File, arguments that make it short, and what stands in its output when it has measured. */
const BENCHES: readonly (readonly [string, readonly string[], RegExp])[] = [
  ['access-log', ['--lines', '640'], /JSON, browser, to a file: [\d.]+ .* us a line, 0 dropped/],
  [
    'bodies',
    ['--mib', '4'],
    /\| WSGI \| upload \| 4 \| [\d.]+ \| equal \| arbiter \d+, worker \d+, Python \d+ \| 0 \|\n(.*equal.*\| 0 \|\n){3}/,
  ],
  [
    'blocked',
    ['--rounds', '1', '--seconds', '0.3', '--only', 'wait 90 %'],
    /\| wait \| 90 % \| node:cluster, 4 \| [\d.]+ \| [\d.]+ \| /,
  ],
  [
    'demo',
    ['--seconds', '12'],
    /\n {2}2 {2}500 slow clients +\| +\d+ .*(\n.*)*\n\| flood, 500 connections \| \d+ of \d+ \| \d+ ms \|/,
  ],
  [
    'limit',
    ['--rounds', '1', '--seconds', '0.1', '--count-seconds', '0.5'],
    /\| 64 \| \d+ \| [\d.]+ \|\n\nclients served: \d+ of 64; most connections open at once: \d+\n/,
  ],
  [
    'freeze',
    ['--rows', '9', '--seconds', '0.2', '--crowd', '8'],
    /\n\| 9 \| 4 requests end their .*\| 4 got 502 \|.*\| (held|\*\*no\*\*.*) \|\n/,
  ],
  [
    'flood',
    [
      ...['--only', 'Tunicorn, limits', '--seconds', '0.4', '--overload-seconds', '0.4'],
      ...[
        '--flooders',
        '20',
        '--drippers',
        '20',
        '--repeat',
        '1',
        '--rounds',
        '1',
        '--cost-seconds',
        '0.2',
      ],
    ],
    /\n\| Tunicorn, limits \| \d+ \| \d+ of \d+ \| (.*\n)*\| limits that nobody reaches \| \d+ \| [\d.]+ \| [\d.]+ \|\n/,
  ],
  [
    'growth',
    ['--kib', '8', '--rounds', '1'],
    /\| pipeline \| by bytes \| [\d.]+ \| [\d.]+ \| [\d.]+ \| [\d.]+ \|\n/,
  ],
  [
    'memory',
    ['--workers', '1', '--mib', '8', '--seconds', '0.1', '--python', PYTHON],
    /\| --preload \| 2 \| \d+ MiB \| \d+ MiB \| \d+ \|/,
  ],
  [
    'mixed',
    [
      ...['--only', 'n', '--rounds', '1', '--seconds', '0.4', '--warm-seconds', '0.1'],
      ...['--hello-seconds', '0.1', '--stuck-seconds', '0', '--threads', '2'],
    ],
    /\| Tunicorn, 2 workers x 2 threads \| [\d.]+ \|.*\n\| node:cluster, .*\n(.*\n)*\| node:cluster \| [\d.]+ \|/,
  ],
  ['node-thread', ['', '0.1'], /hello-fetch\.mjs: \d+ requests\/s, .* 0 failures/],
  [
    'overload',
    ['--seconds', '1', '--only', 'Node.js fair'],
    /\| Node\.js \| fair \| \d+ \| [\d.]+, [\d.]+ \|/,
  ],
  [
    'page',
    ['--connections', '200', '--rounds', '1', '--seconds', '0.2'],
    /200 connections, 1 workers, \d+ bytes a frame\n(.*\n)*\| together \| \| \| -?[\d.]+ ms\/s \|/,
  ],
  ['parser', ['--rounds', '1', '--round-ms', '2'], /error response +\d+ ns/],
  ['python-bridge', ['0.1', PYTHON], /hello, 4 threads +\d+ req\/s/],
  ['request-tally', ['1000'], /counting one request: \d+ ns; with two looks at the clock: \d+ ns/],
  [
    'speed',
    ['--rounds', '1', '--seconds', '0.1', '--connections', '4', '--only', 'node hello, 1 x 1'],
    /\| node hello, 1 x 1 \| Tunicorn \| \d+ \| .* \| 4 of 4 \|/,
  ],
  [
    'tls',
    ['--rounds', '1', '--seconds', '0.05', '--connections', '4', '--handshakes', '2'],
    /\| TLS, RSA key of 2048 bits \| \d+ \| [\d.]+ \|/,
  ],
  [
    'reload',
    ['--reloads', '1', '--clients', '4', '--between-ms', '200', '--only', 'reloads'],
    /\| 1 reloads \| \d+ s \| \d{2,} \| \d+ \| 0 \| none \|/,
  ],
  [
    'websocket',
    ['--rounds', '1', '--seconds', '0.1', '--connections', '4'],
    /\| 16 \| node:http alone \| \d+ \| 1\.00 \| [\d.]+ \| [\d.]+ \|/,
  ],
  [
    'tracing',
    ['--rounds', '1', '--seconds', '0.1', '--paced-seconds', '0.1', '--turns', '1000'],
    /\| 100 % sampled \| [\d.]+ \| -?[\d.]+ \| [\d.]+ \| -?[\d.]+ \| [\d.]+ \|[\s\S]*: \d+ ns traced, \d+ ns sampled/,
  ],
  ['limits', ['20000'], /from a lease, one client +\d+ ns\n[\s\S]*clients +\d+ MiB/],
  ['spool', ['--mib', '8', '--responses', '50'], /4 MiB, read buffers left to the collector: \d+/],
];

/** What the benches share; not run by itself. */
const PARTS = [
  ...['contenders', 'flood-clients', 'flood-cost', 'flood-scenes', 'flood-servers'],
  ...[
    'demo-options',
    'demo-pinger',
    'freeze-process-rows',
    'freeze-servers',
    'load',
    'mixed-servers',
  ],
  ...['leave-nothing', 'open-loop', 'overloading', 'stuck', 'work'],
];

const folder = fileURLToPath(new URL('../../bench/', import.meta.url));

// They mostly wait.
describe('benches', { concurrency: 2 }, () => {
  for (const [name, args, printed] of BENCHES) {
    test(`bench/${name} measures and prints`, async (t) => {
      const bench = new Program(t, {
        command: process.execPath,
        args: [`${folder}${name}.js`, ...args],
        cwd: ROOT,
        env: { TUNICORN_TEST_PYTHON: PYTHON },
      });
      assert.deepEqual(await bench.exited, { code: 0, signal: null }, bench.log());
      assert.match(bench.standardOutput(), printed);
    });
  }
});

test('the demo ends all it has started when nobody reads it any more, and does what it was told or nothing', async (t) => {
  const args = [`${folder}demo.js`, '--seconds', '12'];
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, TUNICORN_TEST_PYTHON: PYTHON },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill());
  const exited = once(child, 'exit');
  let said = '';
  for await (const text of child.stdout) {
    said += String(text);
    // The first second, when all servers are there.
    if (/^ {2}1 {2}calm/m.test(said)) break;
  }
  const started = descendantsOf(child.pid ?? 0);
  assert.ok(started.length >= 3, `${started}`);
  child.stdout.destroy();
  assert.deepEqual(await exited, [141, null]);
  assert.deepEqual(started.filter(isAlive), []);

  for (const wrong of ['abc', '0', '11', '601', '-5', '', '1e2', '20.5']) {
    assert.deepEqual(demoOptions([`--seconds=${wrong}`]), {
      wrong: `demo: --seconds "${wrong}" is not a whole number from 12 to 600`,
    });
  }
  assert.deepEqual(demoOptions([]), { seconds: 60 });
  for (const wrong of [['--second', '20'], ['20'], ['--seconds']]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [`${folder}demo.js`, ...wrong], {
      encoding: 'utf8',
    });
    assert.deepEqual([status, stdout], [2, '']);
    assert.match(stderr, /^demo: [^\n]+; its options are --seconds N and --help\n$/);
  }
  const help = demoOptions(['--help']);
  assert.ok('help' in help && /--seconds N .*12 to 600/.test(help.help));
});

test('every bench is run here', () => {
  const files = readdirSync(`${ROOT}bench`).map((file) => file.replace(/\.ts$/, ''));
  assert.deepEqual(files.sort(), [...BENCHES.map(([name]) => name), ...PARTS].sort());
});
