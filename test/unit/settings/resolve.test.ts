// Which source wins, what is remembered of it, and the sentences for what cannot be.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { SETTING_NAMES } from '../../../src/settings/catalogue.ts';
import { labelOf } from '../../../src/settings/source.ts';
import { errorFrom, folderWith, resolveFrom } from './folder.ts';

describe('resolveSettings', () => {
  it('gives every setting its default when nothing says otherwise', async () => {
    const { settings, sources, warnings } = await resolveFrom({});
    assert.deepEqual(Object.keys(settings), SETTING_NAMES);
    assert.deepEqual(Object.keys(sources), SETTING_NAMES);
    for (const source of Object.values(sources)) assert.equal(labelOf(source), 'default');
    assert.deepEqual(warnings, []);
    assert.deepEqual(settings.bind, ['127.0.0.1:8000']);
    assert.equal(settings.worker_connections, 1000);
    assert.equal(settings.app, null);
  });

  it('gives plain data that survives the way to a worker', async () => {
    const { settings } = await resolveFrom({ argv: ['app', '-e', 'A=b', '--log-json'] });
    assert.deepEqual(JSON.parse(JSON.stringify(settings)), settings);
    assert.ok(Object.isFrozen(settings));
  });

  it('lets a stronger source win: default, environment, file, TUNICORN_CMD_ARGS, command line', async (t) => {
    const file = { 'tunicorn.config.json': '{ "workers": 3 }' };
    const withFile = folderWith(t, file);
    const steps: [Parameters<typeof resolveFrom>[0], number, string][] = [
      [{}, 1, 'default'],
      [{ env: { WEB_CONCURRENCY: '2' } }, 2, 'environment WEB_CONCURRENCY'],
      [{ env: { WEB_CONCURRENCY: '2' }, cwd: withFile }, 3, 'tunicorn.config.json:1'],
      [
        { env: { WEB_CONCURRENCY: '2', TUNICORN_CMD_ARGS: '-w 4' }, cwd: withFile },
        4,
        'TUNICORN_CMD_ARGS -w',
      ],
      [
        {
          env: { WEB_CONCURRENCY: '2', TUNICORN_CMD_ARGS: '-w 4' },
          cwd: withFile,
          argv: ['--workers=5'],
        },
        5,
        'command line --workers',
      ],
    ];
    for (const [start, workers, label] of steps) {
      const { settings, sources } = await resolveFrom(start);
      assert.equal(settings.workers, workers);
      assert.equal(labelOf(sources.workers), label);
    }
  });

  it('asks for client certificates only with TLS and with authorities', async (t) => {
    const tls = ['--certfile', 'cert.pem'];
    const reqs = ['--cert-reqs', '2'];
    const { settings } = await resolveFrom({ argv: [...tls, ...reqs, '--ca-certs', 'ca.pem'] });
    assert.equal(settings.cert_reqs, 'required');
    const withoutCa = await errorFrom({ argv: [...tls, ...reqs] });
    assert.match(
      withoutCa.message,
      /^cert_reqs must be none without ca_certs, .*: "2" on the command line \(--cert-reqs\) is not\. Give --ca-certs\.$/,
    );
    const cwd = folderWith(t, { 'tunicorn.config.json': '{ "cert_reqs": 1 }' });
    const withoutTls = await errorFrom({ cwd, argv: ['--ca-certs', 'ca.pem'] });
    assert.match(
      withoutTls.message,
      /^cert_reqs must be none without certfile, .*: 1 in tunicorn\.config\.json, line 1 is not/,
    );
  });

  it('replaces a list of a weaker source and never extends it', async (t) => {
    const cwd = folderWith(t, { 'tunicorn.config.json': '{ "bind": [":1", ":2"] }' });
    const env = { PORT: '9' };
    assert.deepEqual((await resolveFrom({ env })).settings.bind, ['0.0.0.0:9']);
    assert.deepEqual((await resolveFrom({ env, cwd })).settings.bind, [':1', ':2']);
    assert.deepEqual((await resolveFrom({ env, cwd, argv: ['-b', ':3'] })).settings.bind, [':3']);
  });

  it('takes the application from any source, and the name wsgi_app from a file', async (t) => {
    const cwd = folderWith(t, { 'tunicorn.config.json': '{ "wsgi_app": "file:app" }' });
    assert.equal((await resolveFrom({ cwd })).settings.app, 'file:app');
    const env = { TUNICORN_CMD_ARGS: 'variable:app' };
    assert.equal((await resolveFrom({ cwd, env })).settings.app, 'variable:app');
    assert.equal((await resolveFrom({ cwd, env, argv: ['line:app'] })).settings.app, 'line:app');
  });

  it('counts an empty variable as unset', async () => {
    const { settings } = await resolveFrom({
      env: { PORT: '', WEB_CONCURRENCY: '', VIRTUAL_ENV: '', TMPDIR: '', TUNICORN_CMD_ARGS: '' },
    });
    assert.deepEqual(settings, (await resolveFrom({})).settings);
  });

  it('names the variable that has a bad value', async () => {
    const port = await errorFrom({ env: { PORT: 'http' } });
    assert.match(
      port.message,
      /"0\.0\.0\.0:http" in the environment \(PORT\) is not: 'http' is not a valid port/,
    );
    const workers = await errorFrom({ env: { WEB_CONCURRENCY: 'auto' } });
    assert.match(
      workers.message,
      /^workers must be a whole number, 1 or more: "auto" in the environment/,
    );
  });

  it('takes the Python of an active virtual environment, unless told which', async () => {
    const env = { VIRTUAL_ENV: '/venv$&' };
    assert.equal((await resolveFrom({})).settings.python, 'python3');
    assert.equal((await resolveFrom({ env })).settings.python, '/venv$&/bin/python3');
    assert.equal(
      (await resolveFrom({ env, argv: ['--python', 'pypy3'] })).settings.python,
      'pypy3',
    );
  });

  it('starts relative paths at chdir, and those of chdir, config and python at the start directory', async (t) => {
    const cwd = folderWith(t, { 'conf/t.json': '{ "chdir": "app" }', 'app/tmp/x': '' });
    const { settings } = await resolveFrom({
      cwd,
      argv: [
        ...['-c', 'conf/t.json', '--python', 'venv/bin/python', '--pythonpath', 'lib, /usr/lib,'],
        ...['--tmp-dir', 'tmp', '--access-logfile', 'log/access', '--log-file', '-'],
      ],
    });
    assert.equal(settings.config, join(cwd, 'conf/t.json'));
    assert.equal(settings.chdir, join(cwd, 'app'));
    assert.equal(settings.python, join(cwd, 'venv/bin/python'));
    assert.equal(settings.pythonpath, `${join(cwd, 'app/lib')},/usr/lib`);
    assert.equal(settings.tmp_dir, join(cwd, 'app/tmp'));
    assert.equal(settings.accesslog, join(cwd, 'app/log/access'));
    assert.equal(settings.errorlog, '-');
  });

  it('lets a queue_limit of 0 be worker_connections', async () => {
    const argv = ['--worker-connections', '7'];
    assert.equal((await resolveFrom({ argv })).settings.queue_limit, 7);
    assert.equal(
      (await resolveFrom({ argv: [...argv, '--queue-limit', '3'] })).settings.queue_limit,
      3,
    );
  });

  it('asks for nothing but the command line when help or version is wanted', async (t) => {
    const cwd = folderWith(t, { 'tunicorn.config.ts': 'throw new Error("read");' });
    assert.equal((await resolveFrom({ cwd, argv: ['--help'], env: { PORT: 'x' } })).show, 'help');
    assert.equal((await resolveFrom({ cwd, argv: ['--version'] })).show, 'version');
    assert.equal(
      (await resolveFrom({ env: { TUNICORN_CMD_ARGS: '-w2 --version' } })).show,
      'version',
    );
    assert.equal((await resolveFrom({})).show, null);
  });
});

describe('GUNICORN_CMD_ARGS', () => {
  it('is read, and weaker than TUNICORN_CMD_ARGS and the command line', async () => {
    const env = { GUNICORN_CMD_ARGS: '-w 4 --threads 3 --backlog 9' };
    const alone = await resolveFrom({ env });
    assert.equal(alone.settings.workers, 4);
    assert.equal(labelOf(alone.sources.workers), 'GUNICORN_CMD_ARGS -w');
    const all = await resolveFrom({
      env: { ...env, TUNICORN_CMD_ARGS: '--threads 5 --backlog 8' },
      argv: ['--backlog', '7'],
    });
    const { workers, threads, backlog } = all.settings;
    assert.deepEqual([workers, threads, backlog], [4, 5, 7]);
  });

  it('is named where a flag of it is wrong', async () => {
    const error = await errorFrom({ env: { GUNICORN_CMD_ARGS: '--workers x' } });
    assert.match(error.message, /"x" in GUNICORN_CMD_ARGS \(--workers\) is not/);
  });
});

describe('what settings refuse', () => {
  it('says rule, value, source and default of a bad value in one sentence', async () => {
    const error = await errorFrom({ env: { TUNICORN_CMD_ARGS: '--worker-connections many' } });
    assert.equal(
      error.message,
      'worker_connections must be a whole number, 1 or more: "many" in TUNICORN_CMD_ARGS (--worker-connections) ' +
        'is not. Leave it out for the default, 1000.',
    );
    assert.deepEqual(
      { ...error, detail: undefined, name: undefined },
      {
        name: undefined,
        code: 'bad-value',
        setting: 'worker_connections',
        value: 'many',
        source: { kind: 'arguments', from: 'TUNICORN_CMD_ARGS', flag: '--worker-connections' },
        rule: 'a whole number, 1 or more',
        suggestion: 'Leave it out for the default, 1000.',
        detail: undefined,
      },
    );
  });

  it('says why an address is none', async () => {
    const error = await errorFrom({ argv: ['-b', ':80', '-b', 'localhost:abc'] });
    assert.equal(
      error.message,
      'bind must be HOST:PORT, [IPV6]:PORT, :PORT, unix:PATH or fd://N: "localhost:abc" on the command line (-b) is not: ' +
        "'abc' is not a valid port number. Leave it out for the default, 127.0.0.1:8000.",
    );
  });

  it('takes no address twice, but port 0 as often as wanted', async () => {
    const error = await errorFrom({ argv: ['-b', '[::1]:80', '-b', '[::1]:080'] });
    assert.match(error.message, /"\[::1\]:080" .* is not: it stands there twice\./);
    const { settings } = await resolveFrom({ argv: ['-b', ':0', '-b', ':0'] });
    assert.deepEqual(settings.bind, [':0', ':0']);
  });

  it('makes gthread of sync with more than one thread', async () => {
    assert.equal((await resolveFrom({ argv: ['-k', 'sync'] })).settings.worker_class, 'sync');
    const { settings } = await resolveFrom({ argv: ['-k', 'sync', '--threads', '4'] });
    assert.deepEqual([settings.worker_class, settings.threads], ['gthread', 4]);
  });

  it('refuses one path for both questions about health', async () => {
    assert.equal(
      (await errorFrom({ argv: ['--health-path', '/readyz'] })).message,
      'ready_path must be another path than health_path: "/readyz" by default is not. Choose another.',
    );
  });

  it('refuses a status address that bind has already', async () => {
    assert.equal(
      (await errorFrom({ argv: ['-b', ':9000', '-b', ':9001', '--status-bind', '9001'] })).message,
      'status_bind must be another address than bind (:9001): "9001" on the command line (--status-bind) is not: ' +
        'status_bind and bind are the same address. Give one of them another port.',
    );
  });

  it('tells who asks for another kind of worker what there is, and what does its job here', async () => {
    const unknown = await errorFrom({ argv: ['-k', 'fast'] });
    assert.equal(
      unknown.message,
      'worker_class must be gthread or sync: "fast" on the command line (-k) is not. Leave it out for the default, gthread.',
    );
    for (const kind of [
      'gevent',
      'gevent_wsgi',
      'eventlet',
      'tornado',
      'gunicorn.workers.ggevent.GeventWorker',
    ]) {
      assert.match((await errorFrom({ argv: ['-k', kind] })).message, /Threads do that job here/);
    }
    for (const kind of ['asgi', 'uvicorn.workers.UvicornWorker']) {
      assert.match(
        (await errorFrom({ argv: ['-k', kind] })).message,
        /does not run ASGI applications/,
      );
    }
  });

  it('refuses directories that do not exist', async () => {
    for (const flag of ['--chdir', '--tmp-dir']) {
      for (const path of ['/nowhere/at/all', '/etc/passwd', '/etc/passwd/behind-a-file']) {
        const error = await errorFrom({ argv: [flag, path] });
        assert.match(error.message, new RegExp(`must be an existing directory: "${path}"`));
      }
    }
  });

  it('refuses extra files that do not exist, and takes patterns that fit nothing yet', async (t) => {
    const cwd = folderWith(t, { 'there.txt': '' });
    const backwards = '[z-a]*.txt';
    for (const text of ['missing.txt', 'there.txt/behind', '', 'a\0b', backwards]) {
      assert.match(
        (await errorFrom({ argv: ['--reload-extra-file', text], cwd })).message,
        /^reload_extra_files must be an existing file or folder, or a pattern such as "\*\.html": /,
      );
    }
    assert.match(
      (await errorFrom({ argv: ['--reload-extra-file', backwards], cwd })).message,
      /"\[z-a\]\*\.txt" on the command line .* is not: a range in its brackets runs backwards\./,
    );
    const flags = ['there.txt', '.', '[a-z]*.txt'].flatMap((path) => ['--reload-extra-file', path]);
    const { settings } = await resolveFrom({ argv: flags, cwd });
    const paths = ['there.txt', '', '[a-z]*.txt'].map((name) => join(cwd, name));
    assert.deepEqual(settings.reload_extra_files, [paths[0], cwd, paths[2]]);
    assert.match(
      (await errorFrom({ argv: ['--reload-engine', 'magic'] })).message,
      /^reload_engine must be auto, poll or inotify: "magic" /,
    );
  });

  it('refuses an environment variable without a name or without =', async () => {
    for (const text of ['FOO', '=x', '']) {
      assert.match(
        (await errorFrom({ argv: ['-e', text] })).message,
        /^raw_env must be KEY=VALUE: /,
      );
    }
    const { settings } = await resolveFrom({ argv: ['-e', 'A=', '--env', 'B=c=d'] });
    assert.deepEqual(settings.raw_env, ['A=', 'B=c=d']);
  });

  it('does not look at a value that a stronger source replaces', async () => {
    const { settings } = await resolveFrom({ env: { WEB_CONCURRENCY: 'auto' }, argv: ['-w2'] });
    assert.equal(settings.workers, 2);
  });

  it('is wrong usage when it came from a flag, and not when it came from elsewhere', async () => {
    assert.equal((await errorFrom({ argv: ['-w', 'x'] })).isUsage, true);
    assert.equal((await errorFrom({ env: { TUNICORN_CMD_ARGS: '-w x' } })).isUsage, true);
    assert.equal((await errorFrom({ env: { WEB_CONCURRENCY: 'x' } })).isUsage, false);
  });
});
