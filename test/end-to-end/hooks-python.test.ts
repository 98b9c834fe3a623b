// The server hooks of a gunicorn.conf.py, on the real server: each is called at its time, in its process, with what
// Gunicorn's config files look at, and none that hangs or fails harms the server. Tried on purpose, and seen to fail:
// hooks called without waiting for pre_fork; child_exit with the pid
// of the loop; a hooks process that is not ended.

import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isAlive } from '../support/processes.ts';
import { launchServer, startServer } from '../support/server.ts';
import { around, folderWith, hooked, type Note } from './hooked.ts';
import { eventually, PYTHON } from './serving.ts';

const LIFE = `
threads = 2

def nworkers_changed(server, new, old):
    note("nworkers_changed", new=new, old=old)

def on_starting(server):
    server.mark = "left on the server"
    note("on_starting", pid=server.pid, listeners=server.LISTENERS)

def when_ready(server):
    # As the buildpack of nginx wants it.
    open("app-initialized", "w").close()
    note("when_ready", mark=server.mark, listeners=server.LISTENERS, threads=server.cfg.threads)
    server.log.info("%s is ready", "everything")

def on_reload(server):
    note("on_reload")

def pre_fork(server, worker):
    if worker.age == 1:
        # Longer than a Python takes to start: it does not begin meanwhile.
        import time
        time.sleep(0.5)
    worker.mark = "left on worker %d" % worker.age
    note("pre_fork", age=worker.age, pid=worker.pid)

def post_fork(server, worker):
    note("post_fork", age=worker.age, pid=worker.pid, ppid=worker.ppid, server=server.pid, modules="web" in __import__("sys").modules)
    server.log.info("Worker spawned (pid: %s)", worker.pid)

def post_worker_init(worker):
    note("post_worker_init", pid=worker.pid, callable=callable(worker.wsgi))

def worker_exit(server, worker):
    note("worker_exit", pid=worker.pid)

def child_exit(server, worker):
    note("child_exit", pid=worker.pid, mark=getattr(worker, "mark", None))

def on_exit(server):
    note("on_exit", pid=server.pid, mark=server.mark)
`;

test("every hook of a server's life is called at its time, in the arbiter's process for hooks or in the worker's Python", async (t) => {
  const { server, folder, configure, notes, note, get } = await hooked(t, LIFE);
  const names = (): string[] => notes().map(({ hook }) => hook);
  assert.deepEqual(names(), [
    'nworkers_changed',
    'on_starting',
    'when_ready',
    'pre_fork',
    'post_fork',
    'post_worker_init',
  ]);
  const [, starting, ready, preFork, postFork, init] = notes();
  const python = Number((await get('/')).body);
  assert.deepEqual([notes()[0]?.['new'], notes()[0]?.['old']], [1, null]);
  assert.deepEqual([starting?.['pid'], starting?.['listeners']], [server.pid, []]);
  assert.equal(ready?.['mark'], 'left on the server');
  assert.deepEqual(ready?.['listeners'], [server.url]);
  assert.equal(ready?.['threads'], 2);
  assert.ok(existsSync(join(folder, 'app-initialized')));
  assert.deepEqual([preFork?.['age'], preFork?.['pid'], preFork?.here], [1, null, starting?.here]);
  const [pid, ppid, modules] = ['pid', 'ppid', 'modules'].map((name) => postFork?.[name]);
  assert.deepEqual([postFork?.here, pid, ppid, modules], [python, python, server.pid, false]);
  assert.deepEqual([init?.here, init?.['callable']], [python, true]);
  await server.line(/\[INFO\] everything is ready/);
  await server.line(new RegExp(`\\[INFO\\] Worker spawned \\(pid: ${python}\\)`));

  server.signal('SIGTTIN');
  assert.deepEqual(pairOf(await note('nworkers_changed', 2)), [2, 1]);
  await server.line(/Worker ready/, 2);
  server.signal('SIGTTOU');
  assert.deepEqual(pairOf(await note('nworkers_changed', 3)), [1, 2]);
  const left = await note('child_exit');
  assert.deepEqual([left['pid'], left['mark']], [python, 'left on worker 1']);
  assert.equal((await note('worker_exit')).here, python);

  // A reload reads the file anew: other hooks, other globals, another process.
  configure(LIFE.replace('left on the server', 'never set').replace('threads = 2', 'workers = 2'));
  const before = notes().length;
  server.signal('SIGHUP');
  await server.line(/Reloaded\./);
  const since = notes()
    .slice(before)
    .map(({ hook }) => hook);
  assert.deepEqual(since.slice(0, 2), ['nworkers_changed', 'on_reload']);
  assert.notEqual((await note('on_reload')).here, starting?.here);
  await note('child_exit', 2);
  await eventually(() => !isAlive(starting?.here ?? 0), 'the old process for hooks to have gone');
  configure(`${LIFE}\ndef on_reload(server):\n    server.mark = "of the last one"\n`);
  server.signal('SIGHUP');
  await server.line(/Reloaded\./, 2);

  const exit = await server.stop();
  assert.equal(exit.code, 0);
  assert.equal(names().at(-1), 'on_exit');
  assert.equal(notes().at(-1)?.['mark'], 'of the last one');
  assert.equal(names().filter((hook) => hook === 'worker_exit').length, 5);
  assert.equal(names().filter((hook) => hook === 'child_exit').length, 5);
});

function pairOf(note: Note): unknown[] {
  return [note['new'], note['old']];
}

test('a hook that hangs or fails is said in the log and harms nobody', async (t) => {
  const { server, note, notes, get } = await hooked(
    t,
    `
import time

def nworkers_changed(server, new_value, old_value):
    os.write(3, b"3\\n")

def when_ready(server):
    note("when_ready")
    time.sleep(60)

def pre_fork(server, worker):
    raise RuntimeError("in pre_fork")

def child_exit(server, worker):
    note("child_exit", pid=worker.pid)
    if worker.age == 1:
        os._exit(9)
`,
    ['--hook-timeout', '0.4'],
  );
  await server.line(
    /\[ERROR\] nworkers_changed in gunicorn\.conf\.py has written to descriptor 3, which is not its own\./,
  );
  await server.line(
    /\[ERROR\] when_ready in gunicorn\.conf\.py has not returned within 0\.4 s \(hook_timeout\)\./,
  );
  await server.line(/\[ERROR\] pre_fork in gunicorn\.conf\.py failed: RuntimeError: in pre_fork\n/);
  const python = Number((await get('/')).body);
  const hanging = notes()[0]?.here ?? 0;
  assert.ok(!isAlive(hanging));

  // The Python process alone dies: its pid is the one to forget, and the worker goes on with another.
  process.kill(python, 'SIGKILL');
  assert.equal((await note('child_exit'))['pid'], python);
  await server.line(/\[ERROR\] child_exit in gunicorn\.conf\.py ended with exit code 9\./);
  const next = await eventually(async () => Number((await get('/')).body), 'another Python');
  process.kill(next, 'SIGKILL');
  assert.equal((await note('child_exit', 2))['pid'], next);

  // Nothing is left, also when nobody could end it.
  const family = server.childPids();
  const hooks = notes().at(-1)?.here ?? 0;
  await eventually(async () => (await get('/')).status === 200, 'a third one');
  await server.kill();
  await eventually(() => ![...family, hooks].some(isAlive), 'the whole family to have gone');
});

test('a pre_fork that takes its time takes none of that which a worker may load for', async (t) => {
  const { server } = await hooked(
    t,
    `
import time
boot_timeout = 5

def pre_fork(server, worker):
    time.sleep(5.2)
`,
  );
  assert.doesNotMatch(server.log(), /ERROR/);
});

test('SIGQUIT calls worker_int and worker_exit before the worker goes', async (t) => {
  const { server, notes } = await hooked(
    t,
    `
def worker_int(worker):
    note("worker_int", pid=worker.pid)

def worker_exit(server, worker):
    note("worker_exit", pid=worker.pid)

def child_exit(server, worker):
    note("child_exit", pid=worker.pid)

def on_exit(server):
    note("on_exit")
`,
  );
  assert.equal((await server.stop('SIGQUIT')).code, 0);
  const [int] = notes();
  assert.deepEqual(
    notes().map(({ hook }) => hook),
    ['worker_int', 'worker_exit', 'child_exit', 'on_exit'],
  );
  assert.deepEqual(
    notes().map(({ pid }) => pid),
    [int?.here, int?.here, int?.here, undefined],
  );
});

test('last hooks that hang are waited for no longer than one may take, and not at all after a second signal', async (t) => {
  const config = `
import time

workers = 3

def child_exit(server, worker):
    note("child_exit")
    time.sleep(600)

def on_exit(server):
    note("on_exit")
`;
  const patient = await hooked(t, config, ['--hook-timeout', '1']);
  await patient.server.line(/Worker ready/, 3);
  assert.deepEqual(await patient.server.stop('SIGINT'), { code: 0, signal: null });
  assert.match(
    patient.server.log(),
    /Hooks in gunicorn\.conf\.py had not returned 1 s \(hook_timeout\) after the end of all workers, and are given up: (child_exit, )?on_exit\.\n/,
  );
  const asked = await hooked(t, config, ['--hook-timeout', '600', '--workers', '1']);
  asked.server.signal('SIGINT');
  await asked.server.line(/Shutting down: Master/);
  const { here } = await asked.note('child_exit');
  assert.deepEqual(await asked.server.stop('SIGTERM'), { code: 0, signal: null });
  await eventually(() => !isAlive(here), 'the process for hooks to have gone');
});

test('a worker that is forked from a preloaded application is told to hooks like any other', async (t) => {
  const { server, notes, note, get } = await hooked(
    t,
    `
preload_app = True

def post_fork(server, worker):
    note("post_fork", pid=worker.pid, loop=worker.loop_pid, loaded="web" in __import__("sys").modules)

def worker_exit(server, worker):
    note("worker_exit", pid=worker.pid)

def child_exit(server, worker):
    note("child_exit", pid=worker.pid)
`,
  );
  const python = Number((await get('/')).body);
  const fork = await note('post_fork');
  const told = [fork.here, fork['pid'], fork['loop'], fork['loaded']];
  assert.deepEqual(told, [python, python, server.workerPids()[0], true]);
  assert.equal((await server.stop()).code, 0);
  assert.deepEqual(
    notes().map((one) => [one.hook, one['pid']]),
    [
      ['post_fork', python],
      ['worker_exit', python],
      ['child_exit', python],
    ],
  );
});

test('on_starting that raises, or that hangs, ends the start with what it raised', async (t) => {
  for (const [body, says] of [
    [
      'raise RuntimeError("no licence")',
      /on_starting in gunicorn\.conf\.py failed: RuntimeError: no licence \(cannot-start\)\n/,
    ],
    [
      'import time; time.sleep(60)',
      /on_starting in gunicorn\.conf\.py has not returned within 0\.3 s/,
    ],
    ['import sys; sys.exit("no")', /on_starting in gunicorn\.conf\.py failed: SystemExit: no/],
  ] as const) {
    const folder = await folderWith(`def on_starting(server):\n    ${body}\n`);
    const args = ['--python', PYTHON, '--hook-timeout', '0.3', '--pid', 'pid'];
    const server = launchServer(t, { app: 'web:app', cwd: folder, args });
    assert.equal((await server.exited).code, 1);
    assert.match(server.log(), says);
    assert.ok(!existsSync(join(folder, 'pid')));
  }
});

test('post_fork that raises is a worker that cannot boot', async (t) => {
  const folder = await folderWith('def post_fork(server, worker):\n    1 / 0\n');
  const server = launchServer(t, { app: 'web:app', cwd: folder, args: ['--python', PYTHON] });
  assert.equal((await server.exited).code, 3);
  assert.match(
    server.log(),
    /post_fork failed: \(cannot-serve\)\nTraceback[\s\S]*gunicorn\.conf\.py", line \d+, in/,
  );
  assert.match(server.log(), /ZeroDivisionError/);
});

test("a Node.js application's gunicorn.conf.py has its arbiter's hooks called, and the others named", async (t) => {
  const folder = await folderWith(
    'def when_ready(server):\n    note("when_ready")\ndef post_fork(server, worker): pass\n' +
      'def child_exit(server, worker):\n    note("child_exit", pid=worker.pid, loop=worker.loop_pid)\n' +
      'def ssl_context(config, default_ssl_context_factory): pass\n',
  );
  writeFileSync(join(folder, 'app.mjs'), 'export default { fetch: () => new Response("hi") };\n');
  const args = ['-c', 'gunicorn.conf.py', '--python', PYTHON];
  const server = await startServer(t, { app: './app.mjs', cwd: folder, args });
  const { notes, get } = around(t, server, folder);
  await server.line(
    /\[WARNING\] gunicorn\.conf\.py: post_fork is not called, because it would run inside the application, and that is a Node/,
  );
  await server.line(
    /ssl_context in gunicorn\.conf\.py, line \d+ is never called: no Python speaks TLS/,
  );
  assert.equal((await get('/')).body, 'hi');
  const [worker] = server.workerPids();
  await server.stop();
  assert.deepEqual(
    notes().map(({ hook, pid, loop }) => [hook, pid, loop]),
    [
      ['when_ready', undefined, undefined],
      ['child_exit', worker, worker],
    ],
  );
});
