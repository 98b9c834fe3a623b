// What the command prints, what it starts and with which code it ends; without a process, an arbiter or a socket.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { run } from '../../../src/cli/run.ts';
import type { DrillOptions } from '../../../src/drill/options.ts';
import type { ExplainOptions } from '../../../src/explain/options.ts';
import { packageVersion } from '../../../src/package-folder.ts';
import type { Settings } from '../../../src/settings/settings.ts';
import { folderWith } from '../settings/folder.ts';

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly served: readonly Settings[];
  readonly checked: readonly Settings[];
  readonly drilled: readonly Drilled[];
  readonly explained: readonly ExplainOptions[];
}

interface Drilled {
  readonly settings: Settings;
  readonly options: DrillOptions;
}

/** Runs the command; serving ends with 30, checking with 40, a drill with 50. */
async function command(
  argv: readonly string[],
  { env = {}, cwd = '/' }: { env?: { [name: string]: string }; cwd?: string } = {},
): Promise<Ran> {
  let out = '';
  let err = '';
  const served: Settings[] = [];
  const checked: Settings[] = [];
  const drilled: Drilled[] = [];
  const explained: ExplainOptions[] = [];
  const code = await run({
    argv,
    env,
    cwd,
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    serve: async ({ settings }) => {
      served.push(settings);
      return 30;
    },
    checkApplication: async (settings) => {
      checked.push(settings);
      return 40;
    },
    drill: async ({ settings }, options) => {
      drilled.push({ settings, options });
      return 50;
    },
    ctl: async () => 0,
    top: async () => 0,
    explain: async ({ settings }, options) => {
      explained.push(options);
      return `timeout ${settings.timeout}\n`;
    },
  });
  return { code, out, err, served, checked, drilled, explained };
}

describe('the command', () => {
  it('serves with the settings it resolved, and ends as the arbiter ends', async () => {
    const { code, out, err, served } = await command(['shop:app', '-w', '3']);
    assert.equal(code, 30);
    assert.equal(out + err, '');
    assert.equal(served.length, 1);
    assert.equal(served[0]?.workers, 3);
    assert.equal(served[0]?.app, 'shop:app');
  });

  it('explains a request with the settings of serving, starts nothing and needs no APP', async () => {
    const words = ['--method', 'POST', '--timeout', '7', '--path=/login', '--json'];
    const { code, out, served, explained } = await command(['explain', ...words]);
    assert.deepEqual({ code, out, served }, { code: 0, out: 'timeout 7\n', served: [] });
    const question = { method: 'POST', target: '/login', from: '127.0.0.1', fields: [] };
    assert.deepEqual(explained, [{ question, json: true }]);
  });

  it('says in one line what is wrong with a request that is to be explained', async () => {
    const { code, out, err } = await command(['explain', '--path', 'login']);
    assert.deepEqual({ code, out }, { code: 2, out: '' });
    assert.equal(
      err,
      'tunicorn: error: --path must be a path that begins with /, a URL or *, as a client sends it: "login" is not.\n',
    );
  });

  it('refuses to stream bodies to a WSGI application, and streams them to a Node.js one', async (t) => {
    const off = ['--request-buffering', 'off'];
    const { code, err, served } = await command([...off, 'shop:app']);
    assert.equal(code, 2);
    assert.equal(
      err,
      'tunicorn: error: request_buffering must be auto or on for a WSGI application, whose threads wait for nobody: ' +
        '"off" on the command line (--request-buffering) is not. Leave it out for the default, auto.\n',
    );
    assert.equal(served.length, 0);
    const cwd = folderWith(t, { 'app.ts': '' });
    assert.equal((await command([...off, './app.ts'], { cwd })).code, 30);
  });

  it('refuses an access log format that cannot be written, if there is an access log', async () => {
    const wrong = ['--access-logformat', '%(h', 'shop:app'];
    const { code, err } = await command(['--access-logfile', '-', ...wrong]);
    assert.equal(code, 2);
    assert.match(
      err,
      /access_log_format is wrong at character 1 of .* \(--access-logformat\)\.\n$/,
    );
    const unused = await command(wrong);
    assert.equal(unused.code, 30);
    assert.match(unused.err, /^Warning: access_log_format is wrong at character 1 .*\)\.\n$/);
  });

  it('warns of names in an access log format that nobody knows', async () => {
    const format = (text: string): string[] => ['--access-logformat', text, 'shop:app'];
    const wrong = await command([...format('%(h)s %(nope)s %({x}i)s'), '--access-logfile', '-']);
    assert.equal(wrong.code, 30);
    assert.equal(
      wrong.err,
      'Warning: access_log_format on the command line (--access-logformat): ' +
        'nobody knows %(nope)s, which is "-" in every line.\n',
    );
    assert.equal((await command(format('%(h)s %({x}i)s %({Y}e)s %% %(head_ms)s'))).err, '');
  });

  it('refuses a log file that cannot be there, by setting and source, as Gunicorn with 1', async (t) => {
    const cwd = folderWith(t, { 'logs/old.log': '', 'conf.json': '{ "accesslog": "logs" }' });
    const missing = await command(['--error-logfile', 'nope/x.log', 'shop:app'], { cwd });
    assert.equal(missing.code, 1);
    assert.equal(
      missing.err,
      `Error: errorlog must be a file that can be written: "${cwd}/nope/x.log" ` +
        `on the command line (--error-logfile) is not: no folder ${cwd}/nope can be found.\n`,
    );
    const folder = await command(['-c', 'conf.json', 'shop:app'], { cwd });
    assert.equal(folder.code, 1);
    assert.match(
      folder.err,
      /^Error: accesslog must .* in conf\.json, line 1 is not: it is a folder\./,
    );
    for (const path of ['logs/old.log', 'logs/new.log', '/dev/stderr', '/dev/null']) {
      assert.equal((await command(['--error-logfile', path, 'shop:app'], { cwd })).code, 30, path);
    }
  });

  it('refuses a pid file, a unix socket and authorities of clients that cannot be, by their source', async (t) => {
    const cwd = folderWith(t, { 'conf.json': '{\n"pidfile": "nope/pid" }', 'in/it': '' });
    const pid = await command(['-c', 'conf.json', 'shop:app'], { cwd });
    const inFile = `"nope/pid" in conf.json, line 2 is not: no folder ${cwd}/nope can be found.`;
    assert.deepEqual([pid.code, pid.err.includes(inFile)], [1, true], pid.err);
    const bind = ['-b', 'unix:nope/x.sock', 'shop:app'];
    const socket = await command(bind, { cwd });
    assert.equal(socket.code, 1);
    assert.match(
      socket.err,
      /bind must be where a socket .*"unix:nope\/x\.sock" on the command line \(-b\)/,
    );
    // systemd's are served then, and nobody makes that one.
    assert.equal((await command(bind, { cwd, env: { LISTEN_FDS: '1' } })).code, 30);
    const authorities = await command(['--ca-certs', 'ca.pem', 'shop:app'], { cwd });
    assert.match(authorities.err, /ca_certs must be left out without certfile, .*\(--ca-certs\)/);
    for (const args of [
      ['--pid', 'in/pid'],
      ['-b', 'unix:in/x.sock'],
      ['-b', 'unix:in/it'],
    ]) {
      assert.equal((await command([...args, 'shop:app'], { cwd })).code, 30, args.join(' '));
    }
  });

  it('refuses an application in the file that is none, also where the command line has another', async (t) => {
    for (const app of ['-5', '{}', 'true']) {
      const cwd = folderWith(t, { 'conf.json': `{ "wsgi_app": ${app} }` });
      const { code, err } = await command(['-c', 'conf.json', 'shop:app'], { cwd });
      assert.equal(code, 1, app);
      assert.match(err, /^Error: app must be a text: .* in conf\.json, line 1 is not\./);
    }
    const cwd = folderWith(t, { 'conf.json': '{ "wsgi_app": "other:app" }' });
    assert.equal((await command(['-c', 'conf.json', 'shop:app'], { cwd })).code, 30);
  });

  it('checks the application with --check-config, and serves nothing', async () => {
    const { code, out, err, served, checked } = await command(['--check-config', 'shop:app']);
    assert.equal(code, 40);
    assert.equal(out + err, '');
    assert.deepEqual([served.length, checked.length], [0, 1]);
  });

  it('prints the settings with --print-config, also without an application, and starts nothing', async () => {
    const { code, out, served, checked } = await command(['--print-config', '-w2']);
    assert.equal(code, 0);
    assert.match(out, /^workers += 2 +# command line -w$/m);
    assert.deepEqual([served.length, checked.length], [0, 0]);
  });

  it('prints and checks when both are asked for', async () => {
    const { code, out, served, checked } = await command([
      '--print-config',
      '--check-config',
      'shop:app',
    ]);
    assert.equal(code, 40);
    assert.match(out, /^app /m);
    assert.deepEqual([served.length, checked.length], [0, 1]);
  });

  it('prints its version as Gunicorn does', async () => {
    for (const flag of ['--version', '-v']) {
      const { code, out, served } = await command([flag]);
      assert.deepEqual(
        [code, out, served.length],
        [0, `tunicorn (version ${packageVersion()})\n`, 0],
      );
    }
    assert.match(packageVersion(), /^\d+\.\d+\.\d+$/);
  });

  it('prints its help', async () => {
    const { code, out, served } = await command(['--help']);
    assert.equal(code, 0);
    assert.match(out, /^usage: tunicorn \[OPTIONS\] APP\n/);
    assert.equal(served.length, 0);
  });
});

describe('a mistake', () => {
  it('in a flag ends with 2 and one line', async () => {
    for (const argv of [
      ['shop:app', '--nonsense'],
      ['shop:app', '-w', 'x'],
      ['shop:app', '-w', '0'],
      ['shop:app', '-b'],
      ['shop:app', '--paste', 'site.ini'],
      ['a:b', 'c:d'],
    ]) {
      const { code, out, err, served } = await command(argv);
      assert.equal(code, 2, argv.join(' '));
      assert.match(err, /^tunicorn: error: [^\n]+\n$/);
      assert.deepEqual([out, served.length], ['', 0]);
    }
    const variable = await command(['shop:app'], { env: { TUNICORN_CMD_ARGS: '-w x' } });
    assert.equal(variable.code, 2);
  });

  it('anywhere else ends with 1 and one line', async (t) => {
    const cwd = folderWith(t, { 'tunicorn.config.json': '{ "workers": "x" }' });
    for (const [argv, where] of [
      [['shop:app'], { cwd }],
      [['shop:app'], { env: { WEB_CONCURRENCY: 'x' } }],
      [[], {}],
      [['--check-config'], {}],
      [['./nothing.js'], {}],
      [['-c', 'nowhere.ts', 'shop:app'], {}],
      [['-c', 'nowhere.py', 'shop:app'], {}],
    ] as const) {
      const { code, out, err, served, checked } = await command(argv, where);
      assert.equal(code, 1);
      assert.match(err, /^Error: [^\n]+\n$/);
      assert.deepEqual([out, served.length, checked.length], ['', 0, 0]);
    }
  });

  it('in the code of a config file shows the line and then the stack', async (t) => {
    const cwd = folderWith(t, { 'tunicorn.config.mjs': 'throw new Error("no cores");' });
    const { code, err } = await command(['shop:app'], { cwd });
    assert.equal(code, 1);
    assert.match(err, /^Error: Failed to read config file tunicorn\.config\.mjs: no cores\n +at /);
  });

  it('that is none of the settings is not swallowed', async () => {
    const world = { argv: ['shop:app'], env: {}, cwd: '/', out: () => {}, err: () => {} };
    const broken = async (): Promise<number> => {
      throw new TypeError('a fault of ours');
    };
    await assert.rejects(
      run({
        ...world,
        serve: broken,
        checkApplication: broken,
        drill: broken,
        ctl: async () => 0,
        top: async () => 0,
        explain: async () => '',
      }),
      TypeError,
    );
  });
});
