// How many requests a second go through host and guest of one Node.js thread and back, without HTTP: the price of the
// wire and of the request and response objects. Prints; asserts nothing. Usage: node dist/bench/node-thread.js [app] [seconds]

import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Job, RequestBody, RequestHead } from '../src/threads/app-thread.ts';
import { NodeThread } from '../src/threads/node/host/node-thread.ts';

const root = packageRoot(import.meta.dirname);
const named = process.argv[2];
const seconds = Number(process.argv[3] ?? 3);
const apps = named
  ? [resolve(named)]
  : ['hello-listener.mjs', 'hello-fetch.mjs'].map((file) =>
      join(root, 'test/apps/node/threads', file),
    );
const inFlight = 64;

const peer = {
  address: '127.0.0.1',
  port: 50_000,
  serverName: '127.0.0.1',
  serverPort: 8000,
  scheme: 'http',
} as const;
const head: RequestHead = {
  method: 'GET',
  target: '/',
  path: '/',
  query: '',
  host: null,
  minorVersion: 1,
  keepAlive: true,
  expects: 'nothing' as const,
  fields: ['Host', '127.0.0.1:8000', 'User-Agent', 'bench', 'Accept', '*/*'],
  upgrade: null,
  forwarded: null,
};
const body: RequestBody = { kind: 'none' };

for (const app of apps) await measure(app);

async function measure(app: string): Promise<void> {
  const thread = new NodeThread(
    {
      name: 'thread 1',
      number: 1,
      app: { path: app, exportName: null },
      concurrency: inFlight,
      chdir: process.cwd(),
      env: process.env,
      log: { ...console, warning: console.warn, critical: console.error },
    },
    { roomMade() {}, died: (_thread, failure) => console.error(failure.detail) },
  );
  await thread.start();
  let answered = 0;
  let running = true;
  let failures = 0;
  const next = (): void => {
    answered += 1;
    if (running) thread.take(job());
  };
  const job = (): Job => ({
    head,
    peer,
    body,
    thread: null,
    started() {},
    handedBack() {},
    interim() {},
    whole: next,
    replyHead() {},
    piece: () => true,
    file() {},
    end: next,
    jobOver() {},
    extend: () => 0,
    upgraded: () => null,
    failed(failure) {
      failures += 1;
      console.error(failure.detail);
      running = false;
    },
  });
  for (let n = 0; n < inFlight; n++) thread.take(job());
  await new Promise((done) => setTimeout(done, Math.min(1, seconds) * 1000));
  const before = answered;
  const start = performance.now();
  const cpu = process.cpuUsage();
  await new Promise((done) => setTimeout(done, seconds * 1000));
  const elapsed = (performance.now() - start) / 1000;
  const used = process.cpuUsage(cpu);
  running = false;
  const rate = Math.round((answered - before) / elapsed);
  const micros = ((used.user + used.system) / (answered - before)).toFixed(1);
  console.log(`${app}: ${rate} requests/s, ${micros} us of CPU each, ${failures} failures`);
  await thread.kill();
}

function packageRoot(from: string): string {
  return existsSync(join(from, 'package.json')) ? from : packageRoot(dirname(from));
}
