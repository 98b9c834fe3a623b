// A program and its ecosystem.config.js, as they lie on a machine that PM2 ran them on: served from the file alone.

import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Server, startServer } from '../support/server.ts';
import { temporaryFolder } from './serving.ts';

/** Tells what it sees of its process, and leaves a file for each copy of it. */
const PROGRAM = `const http = require('node:http');
const { writeFileSync } = require('node:fs');
const { getHeapStatistics } = require('node:v8');

const { NODE_APP_INSTANCE: instance, NODE_ENV: mode, SHOP: shop } = process.env;
const heapMiB = Math.round(getHeapStatistics().heap_size_limit / 2 ** 20);
writeFileSync('copy-' + instance, '');
console.log('copy ' + instance + ' prints');
const server = http.createServer((req, res) => {
  const seen = { mode, shop, cwd: process.cwd(), args: process.argv.slice(2), heapMiB };
  res.end(JSON.stringify(seen));
});
server.listen(process.env.PORT, '127.0.0.1', () => process.send('ready'));
`;

const ECOSYSTEM = `module.exports = {
  apps: [
    {
      name: 'shop',
      cwd: './shop',
      script: 'server.js',
      args: '--seed "two words"',
      node_args: '--max-old-space-size=96',
      instances: 4,
      exec_mode: 'cluster',
      wait_ready: true,
      kill_timeout: 3000,
      max_memory_restart: '500M',
      error_file: 'logs/shop.log',
      out_file: 'logs/shop-out.log',
      autorestart: false,
      max_restarts: 10,
      port: 0,
      env: { NODE_ENV: 'development', SHOP: 'of all' },
      env_production: { NODE_ENV: 'production' },
    },
    { name: 'mailer', script: 'mailer.js' },
  ],
};
`;

async function served(t: TestContext): Promise<{ server: Server; folder: string }> {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'shop/logs'), { recursive: true });
  await writeFile(join(folder, 'ecosystem.config.js'), ECOSYSTEM);
  await writeFile(join(folder, 'shop/server.js'), PROGRAM);
  const server = await startServer(t, {
    cwd: folder,
    bind: [],
    args: [
      ...['-c', 'ecosystem.config.js', '--ecosystem-app', 'shop', '--ecosystem-env', 'production'],
      // The log of the test is the standard error.
      ...['--error-logfile', '-', '--no-capture-output'],
    ],
    readyWorkers: 2,
  });
  return { server, folder };
}

test('an ecosystem file serves its program as PM2 did', async (t) => {
  const { server, folder } = await served(t);
  const answer = await fetch(server.url);
  const seen = (await answer.json()) as { readonly heapMiB: number };
  assert.deepEqual(
    { ...seen, heapMiB: 0 },
    {
      mode: 'production',
      shop: 'of all',
      cwd: join(folder, 'shop'),
      args: ['--seed', 'two words'],
      heapMiB: 0,
    },
  );
  assert.ok(seen.heapMiB < 256, `a heap of ${seen.heapMiB} MiB`);
  const copies = (await readdir(join(folder, 'shop'))).filter((name) => name.startsWith('copy-'));
  assert.deepEqual(copies.sort(), ['copy-0', 'copy-1', 'copy-2', 'copy-3']);
  assert.match(server.log(), /autorestart has no effect/);
  assert.match(server.log(), /max_restarts has no effect, and nobody should miss it/);
});
