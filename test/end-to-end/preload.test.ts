// `--preload` on the real server: the application is loaded once for all workers, which share its memory; reloads take it
// anew; what cannot be loaded, and the death of the process that has loaded it, cost what they should and no more. Tried on
// purpose, and seen to fail: workers that load for themselves; the old preloading process left behind by a reload.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { CountingClients } from '../support/counting-clients.ts';
import { takeDescriptors } from '../support/descriptors.ts';
import { needsRoot } from '../support/needs-root.ts';
import { isAlive, sharedAndOwnKiB, titleOf } from '../support/processes.ts';
import { publicCopy } from '../support/public-copy.ts';
import { getOnce } from '../support/raw-client.ts';
import { launchServer, type Server, startServer } from '../support/server.ts';
import { eventually, NODE_APPS, PYTHON, temporaryFolder } from './serving.ts';

const MEBIBYTES = 60;
// Lines in one write each: two processes may say theirs at once.
const appOf = (mebibytes: number): string => `
import os, sys, time
LOADED_IN = os.getpid()
ATE = b"x" * (${mebibytes} << 20)
os.write(1, b"loaded\\n")

def app(environ, start_response):
    if environ["PATH_INFO"] == "/pause":
        time.sleep(0.05)
    start_response("200 OK", [])
    umask = os.umask(0)
    os.umask(umask)
    told = (LOADED_IN, os.getpid(), os.getcwd(), os.environ.get("GREETING"), umask, os.getuid(), len(sys.path) - len(set(sys.path)))
    return [" ".join(map(str, told)).encode()]
`;
const APP = appOf(1);
/** For the test that looks at memory. */
const LARGE = appOf(MEBIBYTES);

const ENDLESS = 'import time\nwhile True: time.sleep(1)';

interface Told {
  readonly loadedIn: number;
  readonly pid: number;
  readonly rest: string;
}

async function ask(t: TestContext, { port }: Server): Promise<Told> {
  const [loadedIn, pid, ...rest] = (await getOnce(t, port)).body.toString().split(' ');
  return { loadedIn: Number(loadedIn), pid: Number(pid), rest: rest.join(' ') };
}

const loadsOf = (server: Server): number => server.log().match(/^loaded$/gm)?.length ?? 0;

function preloaderOf(server: Server, count = 1): number {
  const all = [...server.log().matchAll(/Preloading the application \(pid: (\d+)\)/g)];
  assert.equal(all.length, count);
  return Number(all.at(-1)?.[1]);
}

/** As many different Pythons as there are workers. */
async function allOf(t: TestContext, server: Server, count: number): Promise<Told[]> {
  const found = new Map<number, Told>();
  await eventually(async () => {
    const told = await ask(t, server);
    found.set(told.pid, told);
    return found.size === count;
  }, `${count} Pythons to answer`);
  return [...found.values()];
}

const PRELOAD = ['--preload', '--python', PYTHON] as const;

/** A server over this source. */
async function serve(t: TestContext, source: string, workers = 1): Promise<Server> {
  const cwd = await temporaryFolder({ 'main.py': source });
  const args = [...PRELOAD, '-w', String(workers)];
  return startServer(t, { app: 'main:app', cwd, args, readyWorkers: workers });
}

describe('--preload', { concurrency: 3 }, () => {
  test('the application is loaded once, workers share its memory, and reloads take it anew', async (t) => {
    const cwd = await temporaryFolder({ 'main.py': LARGE });
    const args = [...PRELOAD, '-w', '3', '-e', 'GREETING=hello', '--umask', '027'];
    const server = await startServer(t, { app: 'main:app', cwd, args, readyWorkers: 3 });
    const preloader = preloaderOf(server);
    const told = await allOf(t, server, 3);
    for (const { loadedIn, pid, rest } of told) {
      assert.equal(loadedIn, preloader);
      assert.notEqual(pid, preloader);
      assert.equal(rest, `${cwd} hello 23 ${process.getuid?.()} 0`);
    }
    const titles = [preloader, told[0]?.pid ?? 0].map(titleOf);
    assert.deepEqual(titles, ['tunicorn: preload [main:app]', 'tunicorn: python [main:app]']);
    const memory = told.map(({ pid }) => sharedAndOwnKiB(pid));
    for (const { shared, own } of memory) {
      assert.ok(shared > MEBIBYTES * 1024, `${shared} KiB shared`);
      assert.ok(own < 20 * 1024, `${own} KiB of its own`);
    }

    // One more is forked from the same.
    server.signal('SIGTTIN');
    await server.line(/Worker ready/, 4);
    assert.equal(loadsOf(server), 1);

    writeFileSync(join(cwd, 'main.py'), LARGE.replace('import os', 'import os; 1 / 0'));
    server.signal('SIGHUP');
    await server.line(
      /Reload refused, everything stays as it is: ZeroDivisionError: .+\nTraceback/,
    );
    assert.equal((await ask(t, server)).loadedIn, preloader);

    writeFileSync(join(cwd, 'main.py'), LARGE);
    server.signal('SIGHUP');
    await server.line(/Reloaded\./);
    assert.equal((await ask(t, server)).loadedIn, preloaderOf(server, 3));
    await eventually(() => !isAlive(preloader), 'the first preloading process to go');
    assert.equal(loadsOf(server), 2);
    const family = server.childPids();
    server.signal('SIGTERM');
    assert.equal((await server.exited).code, 0);
    assert.deepEqual(family.filter(isAlive), []);
  });

  test('reloads lose no request', async (t) => {
    const server = await serve(t, APP, 2);
    const clients = new CountingClients(server.port, 8, '/pause');
    t.after(() => clients.stop());
    await eventually(() => clients.answered > 100, 'the clients to be served');
    for (const round of [1, 2]) {
      server.signal('SIGHUP');
      await server.line(/Reloaded\./, round);
    }
    const before = clients.answered;
    await eventually(() => clients.answered > before + 100, 'the clients to be served on');
    await clients.stop();
    assert.deepEqual(clients.lost, []);
    assert.ok(clients.reconnects > 0);
  });

  for (const [what, source, code, words] of [
    ['raises', 'raise OSError("no database")', 3, /OSError: no database/],
    ['holds no application', '', 4, /Failed to find attribute 'app'/],
    [
      'ends its process',
      'import os; os._exit(5)',
      3,
      /Python process \d+ ended with exit code 5 while it loaded main:app/,
    ],
    [
      'does not end to load',
      ENDLESS,
      3,
      /main\.py", line 2[\s\S]*not loaded within 2 s \(boot_timeout\)/,
    ],
  ] as const) {
    test(`an application that ${what} ends the server with exit code ${code}`, async (t) => {
      const cwd = await temporaryFolder({ 'main.py': source });
      const args = [...PRELOAD, '-w', '2', '--boot-timeout', source === ENDLESS ? '2' : '30'];
      const server = launchServer(t, { app: 'main:app', cwd, args });
      assert.equal((await server.exited).code, code);
      assert.match(server.log(), words);
    });
  }

  test('the death of the preloading process costs no request; what comes next is forked from another', async (t) => {
    const server = await serve(t, APP);
    const first = await ask(t, server);
    process.kill(first.loadedIn, 'SIGKILL');
    await server.line(
      /Preloading process \d+ was killed by SIGKILL; the next one is started in 0 ms/,
    );
    assert.deepEqual(await ask(t, server), first);
    await eventually(() => loadsOf(server) === 2, 'another one to load');
    // Nobody is left who could tell how it ended.
    process.kill(first.pid, 'SIGKILL');
    await server.line(/Python process \d+ (ended, and nobody can tell how|closed)/);
    const second = await ask(t, server);
    assert.equal(second.loadedIn, preloaderOf(server, 2));
    process.kill(second.pid, 'SIGKILL');
    await server.line(/Python process \d+ was killed by SIGKILL/);
    assert.equal((await ask(t, server)).loadedIn, second.loadedIn);
  });

  test('an arbiter without descriptors for another preloading process goes on, and starts it when there are some', async (t) => {
    const server = await serve(t, APP);
    const first = await ask(t, server);
    const giveBack = takeDescriptors(server.pid);
    process.kill(first.loadedIn, 'SIGKILL');
    await server.line(
      /Preloading process could not load the application again: Cannot run .*EMFILE; the next one is started in \d+ ms/,
    );
    assert.deepEqual(await ask(t, server), first);
    giveBack();
    await eventually(() => loadsOf(server) === 2, 'another one to load');
    assert.deepEqual(await ask(t, server), first);
  });

  test('what the application forks while it is loaded keeps nobody waiting', async (t) => {
    const fork = `
import os, time
if os.fork() == 0:
    os.write(1, b"forked %d\\n" % os.getpid())
    time.sleep(60)
    os._exit(0)
`;
    const server = await serve(t, fork + APP);
    const endForked = (): void => {
      for (const [, pid] of server.log().matchAll(/^forked (\d+)$/gm)) {
        if (isAlive(Number(pid))) process.kill(Number(pid), 'SIGKILL');
      }
    };
    t.after(endForked);
    process.kill(preloaderOf(server), 'SIGKILL');
    await server.line(/Preloading process \d+ was killed by SIGKILL; the next one is started/);
    await eventually(() => loadsOf(server) === 2, 'another one to load');
    server.signal('SIGTERM');
    await eventually(() => !isAlive(server.pid), 'the arbiter to have left');
    // They have its output.
    endForked();
    assert.deepEqual(await server.exited, { code: 0, signal: null });
  });

  test('while nothing can be forked a worker loads the application itself; one that stands still is replaced', async (t) => {
    const server = await serve(t, APP);
    const first = await ask(t, server);
    // It is there and does not answer.
    process.kill(first.loadedIn, 'SIGSTOP');
    process.kill(first.pid, 'SIGKILL');
    await server.line(/No preloaded application can be had \(.*\): it is loaded anew\./);
    const second = await ask(t, server);
    assert.equal(second.loadedIn, second.pid);
    await server.line(/Preloading process \d+ has not answered for 5 s: killing it\./);
    await server.line(/Preloading process \d+ was killed by SIGKILL; the next one is started in/);
    await eventually(() => !isAlive(first.loadedIn), 'the one that stood still to go');
    await eventually(() => loadsOf(server) === 3, 'another one to load');
    assert.deepEqual(await ask(t, server), second);
    process.kill(second.pid, 'SIGKILL');
    await server.line(/Python process \d+ was killed by SIGKILL/);
    assert.equal((await ask(t, server)).loadedIn, preloaderOf(server, 2));
    // It answers, and stays.
    assert.equal(server.log().match(/has not answered/g)?.length, 1);
  });

  test('threads that the application has started are told of; they are not forked', async (t) => {
    const thread =
      'import threading\nthreading.Thread(target=threading.Event().wait, name="ticker", daemon=True).start()\n';
    const server = await serve(t, thread + APP);
    await server.line(/started threads while it was loaded \(ticker\): no worker has them/);
    assert.notEqual((await ask(t, server)).pid, preloaderOf(server));
  });

  test('the hook post_fork is called in each process that was forked', async (t) => {
    const hook =
      'import os\ndef post_fork(server, worker):\n    os.write(1, b"forked %d\\n" % os.getpid())\n';
    const cwd = await temporaryFolder({ 'main.py': APP, 'gunicorn.conf.py': hook });
    const args = [...PRELOAD, '-w', '2', '-c', 'gunicorn.conf.py'];
    const server = await startServer(t, { app: 'main:app', cwd, args, readyWorkers: 2 });
    const forked = [...server.log().matchAll(/^forked (\d+)$/gm)].map((match) => Number(match[1]));
    const told = await allOf(t, server, 2);
    assert.deepEqual(told.map(({ pid }) => pid).sort(), forked.sort());
  });

  test('a Node.js application is served as without it, and the log says so', async (t) => {
    const server = await startServer(t, {
      app: './promised.mjs',
      cwd: NODE_APPS,
      args: ['--preload'],
    });
    assert.match(server.log(), /\[WARNING\] preload_app has no effect on a Node\.js application/);
  });

  test('a change of the source reloads what was loaded ahead, too', async (t) => {
    const cwd = await temporaryFolder({ 'main.py': 'app =' });
    const args = [...PRELOAD, '--reload'];
    const server = launchServer(t, { app: 'main:app', cwd, args });
    await server.line(/Waiting for a change, because [\s\S]*SyntaxError/);
    writeFileSync(join(cwd, 'main.py'), APP);
    server.port = Number((await server.line(/Listening at: \S+?:(\d+) /))[1]);
    await eventually(async () => (await ask(t, server)).loadedIn === preloaderOf(server, 2));
    writeFileSync(join(cwd, 'main.py'), 'import missing');
    await server.line(/Changed: main\.py[\s\S]*Reload refused[\s\S]*No module named 'missing'/);
    writeFileSync(join(cwd, 'missing.py'), '');
    await server.line(/Changed: missing\.py[\s\S]*Failed to find attribute 'app'/);
    writeFileSync(join(cwd, 'main.py'), APP);
    await server.line(/Reloaded\./, 2);
    await eventually(async () => (await ask(t, server)).loadedIn === preloaderOf(server, 5));
  });

  test(
    'as root for another user: it loads and forks with the rights of that user alone',
    needsRoot,
    async (t) => {
      const cwd = publicCopy(t, ['test/apps/wsgi']);
      writeFileSync(join(cwd, 'main.py'), APP);
      const args = [...PRELOAD, '--user', 'www-data', '--initgroups'];
      const commandPath = join(cwd, 'dist/programs/tunicorn.js');
      const server = await startServer(t, { app: 'main:app', cwd, args, commandPath });
      const { loadedIn, pid, rest } = await ask(t, server);
      assert.equal(loadedIn, preloaderOf(server));
      const uid = rest.split(' ').at(-2);
      assert.notEqual(uid, '0');
      for (const one of [loadedIn, pid]) {
        const status = readFileSync(`/proc/${one}/status`, 'latin1');
        assert.match(status, new RegExp(`^Uid:\\t${uid}\\t${uid}\\t${uid}\\t${uid}$`, 'm'));
      }
      process.kill(pid, 'SIGKILL');
      await server.line(/was killed by SIGKILL/);
      assert.equal((await ask(t, server)).loadedIn, loadedIn);
    },
  );
});
