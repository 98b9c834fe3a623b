// `--threads 0`: the application runs on the worker's own loop. What threads refuse works there; what ends or holds the
// application ends its worker, and the next one serves. Tried on purpose, and seen to fail: threads 0 taken for 1, and an
// end of the process that nobody tells.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import test, { before } from 'node:test';
import { ask, runToEnd, type Served, serveNode, temporaryFolder, WSGI_APPS } from './serving.ts';

/** As addons were before there were threads: one `node_module` for the process, and no word of contexts. */
const ADDON = `
struct node_module {
  int version; unsigned flags; void *handle; const char *file;
  void (*begin)(void *, void *, void *); void *begin_in_context;
  const char *name; void *more; struct node_module *next;
};
void node_module_register(void *);
static void begin(void *exports, void *module, void *more) {}
static struct node_module module = { VERSION, 0, 0, __FILE__, begin, 0, "old", 0, 0 };
__attribute__((constructor)) static void load(void) { node_module_register(&module); }
`;

/** Its path; built for the Node.js that this runs on. */
async function buildAddon(): Promise<string> {
  const folder = await temporaryFolder({ 'old.c': ADDON });
  const path = join(folder, 'old.node');
  const version = `-DVERSION=${process.versions.modules}`;
  execFileSync('cc', ['-shared', '-fPIC', version, '-o', path, join(folder, 'old.c')]);
  return path;
}

let server: Served;
/** Workers that have become ready so far, the one that serves last. */
const ready = (): number => server.server.workerPids().length;

before(async () => {
  const env = { ADDON: await buildAddon() };
  server = await serveNode('./loop-only.mjs', ['--threads', '0', '--timeout', '1'], { env });
});

async function get(path: string): Promise<string> {
  return (await ask(server, path)).body.toString();
}

test('without threads an application may change its folder and its umask, and has no channel to the arbiter', async () => {
  assert.equal(await get('/'), `/ 27 ${server.server.workerPids()[0]}`);
  assert.equal(await get('/channel'), 'function undefined 0');
  assert.match(server.log(), /Without threads .* --workers 2 or more is better/);
});

test('without threads a native addon that refuses them is loaded', async () => {
  assert.equal(await get('/addon'), 'loaded');
});

test('without threads bodies stream both ways', async () => {
  const body = Buffer.alloc(3_000_000, 'tunicorn');
  const reply = await ask(server, '/', { method: 'POST', body, chunked: true });
  assert.ok(reply.body.equals(body));
});

test('without threads a request that waits is answered 504, and its worker goes on', async () => {
  const before = ready();
  assert.equal((await ask(server, '/hang')).status, 504);
  await server.server.line(/GET \/hang .* on the loop of its worker .*\(overdue\)/);
  assert.equal((await ask(server, '/')).status, 200);
  assert.equal(ready(), before);
});

test('without threads an error that the application catches ends nothing', async () => {
  const before = ready();
  assert.equal(await get('/catch'), 'caught from now on');
  const thrown = ask(server, '/throw');
  assert.equal((await thrown).status, 504);
  assert.equal(ready(), before);
});

for (const [path, told] of [
  [
    '/throw',
    /nobody caught, while it ran GET \/throw for 0\.\d s\. \(app-ended\)\nError: asked to, in a callback\n.*loop-only\.mjs:\d+/,
  ],
  [
    '/reject',
    /nobody caught, while it ran GET \/reject for 0\.\d s\. \(app-ended\)\nError: asked to, in a promise\n.*loop-only\.mjs:\d+/,
  ],
  [
    '/exit',
    /The application called process\.exit\(7\), while it ran GET \/exit for 0\.\d s\. \(app-ended\)/,
  ],
] as const) {
  test(`without threads ${path} ends the worker, which is told, and the next one serves`, async () => {
    await assert.rejects(ask(server, path), /closed where|reset/);
    assert.equal((await ask(server, '/')).status, 200);
    assert.match(server.log(), told);
  });
}

test('without threads a loop that stands still is seen by the arbiter, and the next worker serves', async () => {
  const before = ready();
  await assert.rejects(ask(server, '/spin'), /closed where|reset/);
  await server.server.line(/WORKER TIMEOUT/);
  assert.equal((await ask(server, '/')).status, 200);
  assert.equal(ready(), before + 1);
});

test('TERM ends a server without threads with 0', async () => {
  assert.deepEqual(await server.server.stop(), { code: 0, signal: null });
});

test('a WSGI application without threads is refused in one line', async () => {
  const { code, output } = await runToEnd(['--threads', '0', 'hello:app'], WSGI_APPS);
  assert.equal(code, 2);
  assert.match(output, /^tunicorn: error: threads must be 1 or more for a WSGI application.*\n$/);
});
