// gunicorn.conf.py: evaluated by a real Python, its values taken and judged like those of any other config file.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { evaluatePython, PythonConfigError } from '../../../src/settings/python-config.ts';
import { labelOf } from '../../../src/settings/source.ts';
import { eventually } from '../../support/eventually.ts';
import { isAlive } from '../../support/processes.ts';
import { errorFrom, folderWith, resolveFrom } from './folder.ts';

/** The interpreter itself: what a version manager puts on PATH costs each start a tenth of a second. */
const python = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], {
  encoding: 'utf8',
});
const env = { PATH: dirname(python.trim()) };

function conf(t: TestContext, text: string): string {
  return folderWith(t, { 'gunicorn.conf.py': text });
}

describe('gunicorn.conf.py', () => {
  it('is found, evaluated, and each value is known by its line', async (t) => {
    const cwd = conf(
      t,
      [
        'import multiprocessing, os, pathlib',
        'workers = multiprocessing.cpu_count() * 0 + 3',
        'bind = ["127.0.0.1:8010", "unix:/tmp/x.sock"]',
        'keepalive = "7"',
        'if True:',
        '    threads = 5',
        'raw_env = ("A=1",)',
        'accesslog = pathlib.Path("-").name',
        'wsgi_app = "shop:app"',
        'head_timeout = 4',
        'def helper(): return 1',
        '_private = object()',
        'for_ever = float("inf")',
        'anything_else = helper',
      ].join('\n'),
    );
    const { settings, sources, warnings, hooks } = await resolveFrom({ cwd, env });
    assert.deepEqual(
      [settings.workers, settings.threads, settings.keepalive, settings.head_timeout],
      [3, 5, 7, 4],
    );
    assert.deepEqual(settings.bind, ['127.0.0.1:8010', 'unix:/tmp/x.sock']);
    assert.deepEqual(
      [settings.raw_env, settings.accesslog, settings.app],
      [['A=1'], '-', 'shop:app'],
    );
    assert.equal(labelOf(sources.threads), 'gunicorn.conf.py:6');
    assert.deepEqual([warnings, hooks], [[], null]);
  });

  it("takes the constants of Python's ssl module", async (t) => {
    const lines = [
      'import ssl',
      'certfile = ca_certs = "cert.pem"',
      'cert_reqs = ssl.CERT_OPTIONAL',
    ];
    const { settings } = await resolveFrom({ cwd: conf(t, lines.join('\n')), env });
    assert.equal(settings.cert_reqs, 'optional');
  });

  it('that asks the environment for what is not there leaves the setting as it is', async (t) => {
    const none = [
      ...['reload', 'preload_app', 'capture_output', 'daemon', 'raw_env', 'reload_extra_files'],
      ...[
        'bind',
        'errorlog',
        'access_log_format',
        'statsd_prefix',
        'dogstatsd_tags',
        'syslog_addr',
      ],
      ...['worker_class', 'wsgi_app', 'certfile', 'pidfile', 'user', 'statsd_host', 'cert_reqs'],
    ];
    const empty = [
      ...['keyfile', 'ca_certs', 'accesslog', 'proc_name', 'pythonpath', 'chdir', 'ciphers'],
      'syslog_prefix',
    ];
    const lines = [
      'import os',
      ...none.map((name) => `${name} = os.getenv("NOT_THERE")`),
      ...empty.map((name) => `${name} = os.getenv("NOT_THERE", "")`),
    ];
    const asSet = await resolveFrom({
      cwd: conf(t, lines.join('\n')),
      env: { ...env, PORT: '81' },
    });
    const bare = await resolveFrom({ cwd: conf(t, ''), env: { ...env, PORT: '81' } });
    assert.deepEqual(
      { ...asSet.settings, chdir: '', config: '' },
      { ...bare.settings, chdir: '', config: '' },
    );
    assert.deepEqual(asSet.warnings, []);
    const trusting = { ...env, FORWARDED_ALLOW_IPS: '*' };
    const nobody = await resolveFrom({ cwd: conf(t, 'forwarded_allow_ips = None'), env: trusting });
    assert.deepEqual(nobody.settings.forwarded_allow_ips, [], 'None is nobody, as in Gunicorn');
    for (const line of ['workers = None', 'bind = ""', 'user = ""', 'statsd_host = ""']) {
      const { code } = await errorFrom({ cwd: conf(t, line), env });
      assert.equal(code, 'bad-value', line);
    }
  });

  it('may write whole numbers as Python reads them', async (t) => {
    const lines = [
      'workers = "0x2"',
      'threads = True',
      'max_requests = "1_000"',
      'keepalive = "7"',
    ];
    const { settings } = await resolveFrom({ cwd: conf(t, lines.join('\n')), env });
    const { workers, threads, max_requests, keepalive } = settings;
    assert.deepEqual([workers, threads, max_requests, keepalive], [2, 1, 1000, 7]);
    const { code } = await errorFrom({ cwd: conf(t, 'workers = "0y2"'), env });
    assert.equal(code, 'bad-value');
  });

  it('may ask for more than there is where Gunicorn takes it, and is told what it gets', async (t) => {
    const lines = ['timeout = 1_000_001', 'limit_request_fields = 100000', 'backlog = 0'];
    const { settings, warnings } = await resolveFrom({ cwd: conf(t, lines.join('\n')), env });
    const { timeout, limit_request_fields, backlog } = settings;
    assert.deepEqual([timeout, limit_request_fields, backlog], [1_000_000, 32_768, 1]);
    assert.equal(
      warnings[0],
      'gunicorn.conf.py:1: timeout is 1000000, the most there is, and not 1000001.',
    );
    assert.equal(warnings.length, 3);
    const most = ['timeout = 1_000_000', 'limit_request_fields = 32768', 'backlog = 1'];
    const fits = await resolveFrom({ cwd: conf(t, most.join('\n')), env });
    assert.deepEqual(fits.warnings, []);
    const { code } = await errorFrom({ cwd: conf(t, 'workers = 1025'), env });
    assert.equal(code, 'bad-value', 'no clamp where more would be meant');
  });

  it("knows Gunicorn's workers by their whole names and as classes", async (t) => {
    const cwd = folderWith(t, {
      'gunicorn/__init__.py': '',
      'gunicorn/workers/__init__.py': '',
      'gunicorn/workers/gthread.py': 'class ThreadWorker: pass',
      'gunicorn/workers/other.py': 'class OtherWorker: pass',
      'class.py': 'from gunicorn.workers.gthread import ThreadWorker\nworker_class = ThreadWorker',
      'other.py': 'from gunicorn.workers.other import OtherWorker as worker_class',
      'name.py': 'worker_class = "gunicorn.workers.sync.SyncWorker"\nloglevel = "warn"',
    });
    const asClass = await resolveFrom({ cwd, env, argv: ['-c', 'class.py'] });
    assert.deepEqual([asClass.settings.worker_class, asClass.warnings], ['gthread', []]);
    const { settings } = await resolveFrom({ cwd, env, argv: ['-c', 'name.py'] });
    assert.deepEqual([settings.worker_class, settings.loglevel], ['sync', 'warning']);
    const { message } = await errorFrom({ cwd, env, argv: ['-c', 'other.py'] });
    assert.match(
      message,
      /^worker_class must be gthread or sync: "gunicorn\.workers\.other\.Other/,
    );
  });

  it('is weaker than flags and stronger than the environment', async (t) => {
    const cwd = conf(t, 'workers = 3\nthreads = 3\n');
    const { settings } = await resolveFrom({
      cwd,
      env: { ...env, WEB_CONCURRENCY: '9', GUNICORN_CMD_ARGS: '--threads 4' },
    });
    assert.deepEqual([settings.workers, settings.threads], [3, 4]);
  });

  it('is passed over beside a tunicorn.config file and for a Node.js application', async (t) => {
    const beside = folderWith(t, {
      'gunicorn.conf.py': 'workers = 3',
      'tunicorn.config.json': '{ "workers": 2 }',
    });
    assert.equal((await resolveFrom({ cwd: beside, env })).settings.workers, 2);
    const cwd = conf(t, 'workers = 3');
    assert.equal((await resolveFrom({ cwd, env, argv: ['./app.js'] })).settings.workers, 1);
    assert.equal((await resolveFrom({ cwd, env, argv: ['shop:app'] })).settings.workers, 3);
  });

  it('may have any name with -c, and may be a module', async (t) => {
    const cwd = folderWith(t, {
      'conf/mine.py': 'import beside\nworkers = beside.COUNT',
      'beside.py': 'COUNT = 6',
      'package/__init__.py': '',
      'package/settings.py': 'workers = 7',
    });
    assert.equal(
      (await resolveFrom({ cwd, env, argv: ['-c', 'conf/mine.py'] })).settings.workers,
      6,
    );
    const module = await resolveFrom({ cwd, env, argv: ['-c', 'python:package.settings'] });
    assert.equal(module.settings.workers, 7);
    assert.equal(module.settings.config, 'python:package.settings');
    assert.equal(labelOf(module.sources.workers), 'python:package.settings:1');
  });

  it('that raises, exits or is no Python is refused with its own traceback', async (t) => {
    const raises = await errorFrom({ cwd: conf(t, 'a = 1\nworkers = 1 / 0\n'), env });
    assert.equal(raises.code, 'config-file');
    assert.equal(
      raises.message,
      'Failed to read config file gunicorn.conf.py: ZeroDivisionError: division by zero.',
    );
    assert.match(
      raises.detail,
      /^Traceback[^\n]*\n +File "[^"]*gunicorn\.conf\.py", line 2, in <module>/,
    );
    assert.doesNotMatch(raises.detail, /read_config/);
    const exits = await errorFrom({ cwd: conf(t, 'import os\nos._exit(3)\n'), env });
    assert.match(exits.message, /ended with exit code 3 while it was evaluated\.$/);
    const broken = await errorFrom({ cwd: conf(t, 'workers = = 2'), env });
    assert.match(broken.message, /SyntaxError: invalid syntax/);
    const nowhere = await errorFrom({ cwd: conf(t, ''), env, argv: ['-c', 'python:no.such'] });
    assert.match(nowhere.message, /ModuleNotFoundError: No module named/);
  });

  it('with a wrong value is refused by file and line', async (t) => {
    const error = await errorFrom({ cwd: conf(t, '\n\nworkers = "many"\n'), env });
    assert.match(
      error.message,
      /^workers must be a whole number, 1 or more: "many" in gunicorn\.conf\.py, line 3 is not/,
    );
    assert.equal(error.isUsage, false);
    const odd = await errorFrom({ cwd: conf(t, 'workers = object()'), env });
    assert.equal(
      odd.message,
      'workers is a Python object in gunicorn.conf.py, line 1, which is no value of a setting.',
    );
    const endless = await errorFrom({ cwd: conf(t, 'timeout = float("inf")'), env });
    assert.match(
      endless.message,
      /^timeout is a Python float \(inf\) in gunicorn\.conf\.py, line 1/,
    );
    const called = await errorFrom({ cwd: conf(t, 'def bind(): pass'), env });
    assert.match(
      called.message,
      /^bind is a Python function or class in gunicorn\.conf\.py, line 1/,
    );
  });

  it('with a setting that is not there is refused by name or has no effect, and a near miss is warned of', async (t) => {
    const missing = await errorFrom({ cwd: conf(t, '\npaste = "x.ini"\n'), env });
    assert.match(missing.message, /^gunicorn\.conf\.py:2: paste is a Gunicorn setting/);
    const text = 'spew = True\npaste = None\nhttp_parser = "auto"\ndirty_workers = 0';
    const { warnings: said } = await resolveFrom({ cwd: conf(t, text), env });
    assert.equal(said.length, 1);
    assert.match(said[0] ?? '', /^gunicorn\.conf\.py:1: spew has no effect\./);
    const { warnings } = await resolveFrom({ cwd: conf(t, 'wokers = 4\nmy_port = 1'), env });
    assert.deepEqual(warnings, ['gunicorn.conf.py:1: wokers is no setting. Did you mean workers?']);
  });

  it('has its hooks known by line, and those that are called nowhere named', async (t) => {
    const text = [
      'import os',
      'def pre_fork(server, worker): pass',
      'def post_request(worker, req): pass',
      'on_exit = "os.path.join"',
      'when_ready = None',
      'def child_exit(*args): pass',
      'def dirty_post_fork(arbiter, worker): pass',
      'def helper(): pass',
    ];
    const cwd = conf(t, text.join('\n'));
    const { hooks, warnings } = await resolveFrom({ cwd, env });
    assert.deepEqual(hooks?.defined.map(({ name, source }) => [name, labelOf(source)]).sort(), [
      ['child_exit', 'gunicorn.conf.py:6'],
      ['on_exit', 'gunicorn.conf.py:4'],
      ['post_request', 'gunicorn.conf.py:3'],
      ['pre_fork', 'gunicorn.conf.py:2'],
    ]);
    assert.equal(hooks?.where, join(cwd, 'gunicorn.conf.py'));
    assert.equal(hooks?.folder, cwd);
    assert.deepEqual(warnings, [
      'dirty_post_fork in gunicorn.conf.py, line 7 is never called: there is no dirty pool.',
    ]);
  });

  it('with a hook of the wrong number of arguments, or that is none, is refused', async (t) => {
    const pairs: readonly [good: string, bad: string, says: RegExp][] = [
      [
        'def pre_fork(server, worker): pass',
        'def pre_fork(server): pass',
        /^pre_fork in gunicorn\.conf\.py, line 1 takes 1 arguments and is called with 2 \(server, worker\)\./,
      ],
      [
        'def post_request(worker, req): pass',
        'def post_request(worker): pass',
        /^post_request .* takes 1 arguments and is called with 4 \(worker, req, environ, resp\)\./,
      ],
      [
        'on_exit = "os.path.exists"',
        'on_exit = 5',
        /^on_exit must be a function: 5 in gunicorn\.conf\.py, line 1 is not\./,
      ],
      [
        // Looked up where the application is.
        'post_fork = "package.module.function"',
        'pre_fork = "package.module.function"',
        /^pre_fork must be a function: 'package\.module\.function' \(ModuleNotFoundError: .*\) in gunicorn\.conf\.py, line 1 is not\./,
      ],
    ];
    for (const [good, bad, says] of pairs) {
      assert.equal((await resolveFrom({ cwd: conf(t, good), env })).hooks?.defined.length, 1);
      assert.match((await errorFrom({ cwd: conf(t, bad), env })).message, says);
    }
  });

  it('is read anew by each reload, and its Python may be chosen', async (t) => {
    const cwd = conf(t, 'import sys\nraw_env = ["P=" + sys.executable]');
    const first = await resolveFrom({ cwd, env });
    const path = first.settings.raw_env[0]?.slice(2) ?? '';
    const { settings } = await resolveFrom({ cwd, env: {}, argv: ['--python', path] });
    assert.deepEqual(settings.raw_env, [`P=${path}`]);
    const error = await errorFrom({ cwd, env, argv: ['--python', '/nowhere/python'] });
    assert.match(error.message, /\/nowhere\/python cannot be started: it was not found/);
  });

  it('is not waited for by way of what it has forked', async (t) => {
    const text = `
import os, time
forked = os.fork()
if forked == 0:
    time.sleep(60)
    os._exit(0)
workers = 3
raw_env = ["FORKED=%d" % forked]`;
    const cwd = conf(t, text);
    const beganMs = performance.now();
    const { settings } = await resolveFrom({ cwd, env });
    const tookMs = performance.now() - beganMs;
    process.kill(Number(settings.raw_env[0]?.replace('FORKED=', '')), 'SIGKILL');
    assert.equal(settings.workers, 3);
    assert.ok(tookMs < 15_000, `${tookMs} ms`);
  });

  it('that takes too long, or that nobody wants any more, is ended with what it waits for', async (t) => {
    const text = `
import os, subprocess, sys
sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
with open("pids.tmp", "w") as file:
    file.write("%d %d" % (os.getpid(), sleeper.pid))
os.rename("pids.tmp", "pids")
sleeper.wait()`;
    const unwanted = new AbortController();
    const ends: readonly [limitMs: number, says: RegExp][] = [
      [1_000, /^it was not evaluated within 1 s$/],
      [60_000, /^its values are not wanted any more$/],
    ];
    for (const [limitMs, says] of ends) {
      const directory = conf(t, text);
      const place = { kind: 'file', path: join(directory, 'gunicorn.conf.py') } as const;
      const evaluation = { python: python.trim(), directory, env, signal: unwanted.signal };
      const outcome = evaluatePython(place, evaluation, limitMs).catch((error: unknown) => error);
      await eventually(() => existsSync(join(directory, 'pids')), 'the file to be under way');
      if (limitMs > 1_000) unwanted.abort();
      const error = await outcome;
      assert.ok(error instanceof PythonConfigError);
      assert.match(error.message, says);
      const pids = readFileSync(join(directory, 'pids'), 'utf8').split(' ').map(Number);
      await eventually(() => !pids.some(isAlive), `${pids} to have gone`);
    }
  });

  it('that writes to the descriptor of the answer is told so', async (t) => {
    const cwd = conf(t, 'import os\nos.write(3, b"Hello ")\nworkers = 3');
    const error = await errorFrom({ cwd, env });
    assert.match(error.message, /: descriptor 3, .* the file must not write there\.$/);
  });
});
