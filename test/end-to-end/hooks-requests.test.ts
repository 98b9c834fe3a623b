// pre_request and post_request of a gunicorn.conf.py on the real server. Tried on purpose, and seen to fail: post_request
// behind the frame that frees the thread; called again when the frame that it owes is sent.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CountingClients } from '../support/counting-clients.ts';
import { RawClient } from '../support/raw-client.ts';
import { hooked, type Note } from './hooked.ts';
import { eventually } from './serving.ts';

const CONFIG = `
import time
threads = 2
timeout = 1

def pre_request(worker, req):
    req.began = time.monotonic()
    if req.path == "/refused":
        raise RuntimeError("not today")
    worker.log.debug("%s %s", req.method, req.path)

def post_request(worker, req, environ, resp):
    note("post_request", path=req.path, uri=req.uri, method=req.method, status=resp.status, code=resp.status_code, sent=resp.sent,
         host=dict(req.headers).get("HOST"), kind=dict(resp.headers).get("X-Kind"), same=environ["PATH_INFO"] == req.path,
         ms=time.monotonic() - req.began, nr=worker.nr > 0, version=req.version)
    if req.path == "/loud":
        raise RuntimeError("after the response")

def worker_abort(worker):
    note("worker_abort", pid=worker.pid)
`;

test('hooks of requests see the request and its response, whatever becomes of it', async (t) => {
  const { server, note, get } = await hooked(t, CONFIG, ['--log-level', 'debug']);
  assert.equal((await get('/plain?x=1')).status, 200);
  const plain = await note('post_request');
  const python = plain.here;
  const { ms, ...seen } = plain;
  assert.ok(Number(ms) >= 0);
  assert.deepEqual(seen, {
    hook: 'post_request',
    here: python,
    path: '/plain',
    uri: '/plain?x=1',
    method: 'GET',
    status: '200 OK',
    code: 200,
    sent: String(python).length,
    host: 'localhost',
    kind: 'plain',
    same: true,
    nr: true,
    version: [1, 1],
  });
  await server.line(/\[DEBUG\] GET \/plain/);

  assert.equal((await get('/pieces')).body, 'onetwo');
  assert.deepEqual(pick(await note('post_request', 2)), ['/pieces', '200 OK', 6]);
  assert.equal((await get('/raise')).status, 500);
  assert.deepEqual(pick(await note('post_request', 3)), ['/raise', null, 0]);
  assert.equal((await get('/refused')).status, 500);
  await server.line(/RuntimeError: not today/);
  assert.deepEqual(pick(await note('post_request', 4)), ['/refused', null, 0]);
  assert.equal((await get('/loud')).status, 200);
  await server.line(
    /\[ERROR\] Exception in post_request hook\n(.*\n)*RuntimeError: after the resp/,
  );

  assert.equal((await get('/hang')).status, 504);
  assert.deepEqual(pick(await note('post_request', 6)), ['/hang', null, 0]);
  assert.equal((await note('worker_abort'))['pid'], python);
  assert.equal((await get('/plain')).body, String(python));
});

function pick(note: Note): unknown[] {
  return [note['path'], note['status'], note['sent']];
}

test('every request of many, on kept connections, is told once', async (t) => {
  const { server, note, notes } = await hooked(t, CONFIG);
  const clients = await Promise.all([1, 2, 3, 4].map(() => RawClient.connect(t, server.port)));
  for (let turn = 0; turn < 25; turn++)
    await Promise.all(clients.map((each) => each.get('/plain')));
  await note('post_request', 100);
  assert.equal(notes().filter(({ hook }) => hook === 'post_request').length, 100);
});

test('an application that logs to gunicorn.error, or with its handlers, writes into the error log', async (t) => {
  for (const args of [[], ['--preload']]) {
    const { server, get } = await hooked(t, '', args);
    assert.equal((await get('/log')).status, 200);
    await server.line(/\[WARNING\] by the server's logger\n.*\[INFO\] by its own\n/);
    assert.doesNotMatch(server.log(), /too little/);
  }
});

test('reloads under load lose no request, and hooks are told of each once, before and after', async (t) => {
  const { server, note, notes } = await hooked(
    t,
    `
import threading
workers = 2
threads = 2
lock = threading.Lock()
counts = {"before": 0, "after": 0}

def count(which):
    with lock:
        counts[which] += 1

def pre_request(worker, req):
    count("before")

def post_request(worker, req):
    count("after")

def worker_exit(server, worker):
    note("worker_exit", nr=worker.nr, **counts)

def child_exit(server, worker):
    note("child_exit")
`,
  );
  const clients = new CountingClients(server.port, 8, '/pause');
  t.after(() => clients.stop());
  for (let round = 1; round <= 3; round++) {
    const from = clients.answered;
    await eventually(() => clients.answered > from + 50, 'the clients to be served');
    server.signal('SIGHUP');
    await server.line(/Reloaded\./, round);
  }
  await clients.stop();
  assert.deepEqual(clients.lost, []);
  await server.stop();
  await note('child_exit', 8);
  const exits = notes().filter(({ hook }) => hook === 'worker_exit');
  const sums = ['before', 'after', 'nr'].map((name) =>
    exits.reduce((sum, one) => sum + Number(one[name]), 0),
  );
  assert.deepEqual(sums, [clients.answered, clients.answered, clients.answered]);
});
