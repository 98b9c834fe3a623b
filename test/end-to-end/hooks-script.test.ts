// The server hooks of a tunicorn.config.ts on the real server: those of the arbiter beside it, those of a worker in the
// application's threads. Tried on purpose, and seen to fail: a process for hooks that does not watch its arbiter.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isAlive } from '../support/processes.ts';
import { launchServer, startServer } from '../support/server.ts';
import { around } from './hooked.ts';
import { eventually, PYTHON, temporaryFolder } from './serving.ts';

/** What the config files begin with: `note` writes a line of JSON into the file `trace`. */
const NOTES = `
import { appendFileSync } from 'node:fs';
import { execSync } from 'node:child_process';
import { threadId } from 'node:worker_threads';
import { setTimeout as pause } from 'node:timers/promises';

function note(hook, more = {}) {
  appendFileSync('trace', JSON.stringify({ hook, here: process.pid, ...more }) + '\\n');
}
`;

/** What else: TypeScript takes each process half a second of processor to load, so that it is left to two of the tests. */
const BEGINS = {
  ts: "import { defineConfig, type Server, type WorkerOfServer } from 'tunicorn';\n",
  mjs: 'const defineConfig = (settings) => settings;\n',
};

const APP = 'export default { fetch: () => new Response(String(process.pid)) };\n';

function folderOf(config: string, kind: keyof typeof BEGINS = 'ts'): Promise<string> {
  return temporaryFolder({
    [`tunicorn.config.${kind}`]: BEGINS[kind] + NOTES + config,
    'app.mjs': APP,
    'web.py': 'def app(environ, start_response):\n    pass\n',
  });
}

const LIFE = `
let marks = 0;

export default defineConfig({
  threads: 1,
  raw_env: ['MARK=from raw_env'],
  nworkers_changed(server, now, before) { note('nworkers_changed', { now, before }); },
  async on_starting(server: Server) {
    await pause(10);
    marks += 1;
    note('on_starting', { listeners: server.listeners, pid: server.pid });
  },
  when_ready(server) {
    marks += 1;
    server.log.info('ready with ' + server.cfg.threads);
    note('when_ready', { marks, listeners: server.listeners, mark: process.env['MARK'] });
  },
  pre_fork(server, worker) { note('pre_fork', { age: worker.age, pid: worker.pid }); },
  child_exit(server, worker: WorkerOfServer) { note('child_exit', { pid: worker.pid, age: worker.age }); },
  on_reload() { note('on_reload'); },
  on_exit(server) { note('on_exit'); },
});
`;

test("hooks of a tunicorn.config.ts are called at their time in the server's life", async (t) => {
  const folder = await folderOf(LIFE);
  const server = await startServer(t, { app: './app.mjs', cwd: folder });
  const { notes, note, get } = around(t, server, folder);
  const first = notes();
  assert.deepEqual(
    first.map(({ hook }) => hook),
    ['nworkers_changed', 'on_starting', 'when_ready', 'pre_fork'],
  );
  const [changed, starting, ready, preFork] = first;
  assert.deepEqual([changed?.['now'], changed?.['before']], [1, null]);
  assert.deepEqual([starting?.['listeners'], starting?.['pid']], [[], server.pid]);
  assert.deepEqual(
    [ready?.['marks'], ready?.['listeners'], ready?.['mark']],
    [2, [server.url], 'from raw_env'],
  );
  assert.deepEqual([preFork?.['age'], preFork?.['pid']], [1, null]);
  assert.ok(first.every(({ here }) => here === starting?.here && here !== server.pid));
  await server.line(/\[INFO\] ready with 1/);
  const worker = Number((await get('/')).body);

  server.signal('SIGHUP');
  await server.line(/Reloaded\./);
  assert.notEqual((await note('on_reload')).here, starting?.here);
  const left = await note('child_exit');
  assert.deepEqual([left['pid'], left['age']], [worker, 1]);
  assert.equal((await server.stop()).code, 0);
  assert.equal(notes().at(-1)?.hook, 'on_exit');
  assert.equal(notes().filter(({ hook }) => hook === 'child_exit').length, 2);
});

test('one that computes for ever, waits for a command or throws is said in the log and harms nobody', async (t) => {
  const config = `
export default defineConfig({
  hook_timeout: 1,
  async when_ready() { note('when_ready'); for (;;); },
  pre_fork() { note('pre_fork'); execSync('echo $$ > command; exec sleep 60'); },
  nworkers_changed() { throw new TypeError('on purpose'); },
  child_exit() { note('child_exit'); for (;;); },
});
`;
  const folder = await folderOf(config, 'mjs');
  const server = await startServer(t, { app: './app.mjs', cwd: folder });
  const { note, get } = around(t, server, folder);
  await server.line(/\[ERROR\] when_ready in tunicorn\.config\.mjs has not returned within 1 s/);
  await server.line(/\[ERROR\] pre_fork in tunicorn\.config\.mjs has not returned within 1 s/);
  await server.line(
    /nworkers_changed in tunicorn\.config\.mjs failed: TypeError: on purpose\n.*\n\s+at /,
  );
  assert.equal((await get('/')).status, 200);
  const command = Number(readFileSync(join(folder, 'command'), 'utf8'));
  assert.ok(command > 1);
  await eventually(() => !isAlive(command), 'the command that it waited for to have gone');
  for (const hook of ['when_ready', 'pre_fork']) {
    const { here } = await note(hook);
    await eventually(() => !isAlive(here), `the process of ${hook} to have gone`);
  }
  // It dies with the arbiter, also while it computes.
  process.kill(server.workerPids()[0] ?? 0, 'SIGKILL');
  const { here } = await note('child_exit');
  await server.kill();
  await eventually(() => !isAlive(here), 'the process for hooks to have gone');
});

test('on_starting that throws ends the start, and hooks that cannot run inside a WSGI application are named', async (t) => {
  const config = `
export default defineConfig({
  on_starting() { throw new Error('no licence'); },
});
`;
  const folder = await folderOf(config, 'mjs');
  const failing = launchServer(t, { app: './app.mjs', cwd: folder });
  const other = await folderOf('export default { post_fork() {}, when_ready() {} };', 'mjs');
  const server = await startServer(t, { app: 'web:app', cwd: other, args: ['--python', PYTHON] });
  await server.line(
    /\[WARNING\] tunicorn\.config\.mjs: post_fork is not called, because it would run inside the application, and that is a WSGI/,
  );
  assert.equal((await failing.exited).code, 1);
  assert.match(
    failing.log(),
    /on_starting in tunicorn\.config\.mjs failed: Error: no licence \(cannot-start\)\n/,
  );
});

const INNER = `
let left = '';

export default defineConfig({
  threads: 2,
  timeout: 1,
  post_fork(server, worker) {
    left = 'by post_fork';
    note('post_fork', { thread: worker.thread, pid: worker.pid, ppid: worker.ppid, server: server.pid, app: 'theApp' in globalThis });
  },
  post_worker_init(worker) { note('post_worker_init', { left, booted: worker.booted, app: 'theApp' in globalThis }); },
  async pre_request(worker, req) {
    if (req.path === '/refused') throw new RangeError('not today');
    if (req.path === '/later') await pause(5);
    worker.log.info('begins ' + req.method + ' ' + req.uri);
  },
  post_request(worker, req, resp) {
    note('post_request', {
      path: req.path, query: req.query, status: resp.status, sent: resp.sent, nr: worker.nr > 0,
      kind: resp.headers.find(([name]) => name.toLowerCase() === 'x-kind')?.[1],
      host: req.headers.find(([name]) => name.toLowerCase() === 'host')?.[1],
    });
    if (req.path === '/loud') throw new RangeError('after the response');
  },
  worker_abort() { note('worker_abort'); },
  worker_exit() { note('worker_exit', { thread: threadId > 0 }); },
  worker_int() {},
});
`;

const KINDS = `
globalThis.theApp = true;
const wait = new Promise(() => {});
export default {
  fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === '/hang') return wait;
    if (pathname === '/raise') throw new Error('on purpose');
    const headers = { 'x-kind': 'plain' };
    if (pathname === '/pieces') return new Response(new Blob(['one', 'two']).stream(), { headers });
    return new Response(pathname === '/big' ? 'x'.repeat(300_000) : 'plain', { headers });
  },
};
`;

test('hooks inside a Node.js application run in each of its threads, around each of its requests', async (t) => {
  const folder = await folderOf(INNER);
  writeFileSync(join(folder, 'kinds.mjs'), KINDS);
  const server = await startServer(t, { app: './kinds.mjs', cwd: folder });
  const { notes, note, get } = around(t, server, folder);
  const pid = server.workerPids()[0];
  const forked = notes().filter(({ hook }) => hook === 'post_fork');
  assert.deepEqual(forked.map((one) => one['thread']).sort(), [1, 2]);
  for (const one of forked) {
    assert.deepEqual([one['pid'], one['ppid'], one['server']], [pid, server.pid, server.pid]);
    assert.equal(one['app'], false);
  }
  const init = await note('post_worker_init', 2);
  assert.deepEqual([init['left'], init['booted'], init['app']], ['by post_fork', false, true]);
  await server.line(/worker_int is not called: threads of Node\.js are ended at once/);

  const expected: [string, number, string | null, number, string | undefined][] = [
    ['/plain', 200, '200 OK', 5, 'plain'],
    ['/later', 200, '200 OK', 5, 'plain'],
    ['/pieces', 200, '200 OK', 6, 'plain'],
    ['/big', 200, '200 OK', 300_000, 'plain'],
    ['/raise', 500, null, 0, undefined],
    ['/refused', 500, null, 0, undefined],
    ['/loud', 200, '200 OK', 5, 'plain'],
    ['/hang', 504, null, 0, undefined],
  ];
  for (const [index, [path, answered, status, sent, kind]] of expected.entries()) {
    assert.equal((await get(`${path}?x=1`)).status, answered, path);
    const told = await note('post_request', index + 1);
    assert.deepEqual(
      [told['path'], told['query'], told['status'], told['sent'], told['kind'], told['host']],
      [path, 'x=1', status, sent, kind, 'localhost'],
    );
  }
  await note('worker_abort');
  await server.line(/\[INFO\] begins GET \/plain\?x=1/);
  await server.line(/RangeError: not today/);
  await server.line(/\[ERROR\] Exception in post_request\nRangeError: after the response/);
  await server.stop();
  const exits = notes().filter(({ hook }) => hook === 'worker_exit');
  assert.deepEqual(
    exits.map((one) => one['thread']),
    [true, true],
  );
  assert.equal(notes().filter(({ hook }) => hook === 'post_request').length, expected.length);
});
