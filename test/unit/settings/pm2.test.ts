// PM2's ecosystem.config.js: that every key of PM2 is known, what each becomes, and what is said about the rest.

import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { describe, it, type TestContext } from 'node:test';
import { PM2_KEYS, type Pm2Key, pm2KeyNamed } from '../../../src/settings/pm2/keys.ts';
import type { Pm2Choice } from '../../../src/settings/pm2/read.ts';
import { isPm2File, takePm2 } from '../../../src/settings/pm2/read.ts';
import type { Resolved } from '../../../src/settings/resolve.ts';
import { SettingError } from '../../../src/settings/setting-error.ts';
import type { Settings } from '../../../src/settings/settings.ts';
import { errorFrom, folderWith, resolveFrom } from './folder.ts';
import { PM2_7_KEYS } from './pm2-keys.ts';

const KEYS: { readonly [key: string]: Pm2Key } = PM2_KEYS;

interface Read {
  readonly settings: { readonly [name: string]: unknown };
  readonly warnings: readonly string[];
}

/** What becomes of one app. */
function read(app: object, choice: Partial<Pm2Choice> = {}, text = ''): Read {
  const exported = { apps: [{ script: './server.js', ...app }] };
  const taken = takePm2(exported, 'ecosystem.config.js', text, {
    app: null,
    env: null,
    cores: 8,
    ...choice,
  });
  const settings = Object.fromEntries(taken.given.map(({ name, value }) => [name, value]));
  return { settings, warnings: taken.warnings };
}

function errorOf(app: object): string {
  try {
    read(app);
  } catch (error) {
    assert.ok(error instanceof SettingError);
    return error.message;
  }
  return assert.fail('no error');
}

describe('the table of PM2 keys', () => {
  it('has every key of PM2 7, by each of its names, and no other', () => {
    assert.deepEqual(Object.keys(PM2_KEYS).sort(), Object.keys(PM2_7_KEYS).sort());
    for (const [key, aliases] of Object.entries(PM2_7_KEYS)) {
      if (key === 'env_*') continue;
      const camel = key.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
      for (const name of [key, camel, ...aliases]) assert.equal(pm2KeyNamed(name), key, name);
    }
    assert.equal(pm2KeyNamed('env_production'), 'env_*');
    assert.equal(pm2KeyNamed('instence'), null);
  });

  it('tells the truth about what each key becomes', () => {
    const samples: { readonly [key: string]: unknown } = {
      script: './other.js',
      args: '--seed 1',
      cwd: 'api',
      name: 'api',
      instances: 6,
      env: { A: '1' },
      port: 3000,
      node_args: '--max-old-space-size=256 --inspect=9230',
      source_map_support: true,
      max_memory_restart: '300M',
      kill_timeout: 5000,
      wait_ready: true,
      listen_timeout: 90_000,
      watch: ['views'],
      error_file: 'error.log',
      out_file: 'out.log',
      log_file: 'all.log',
      log_type: 'json',
      pid_file: 'api.pid',
      uid: 'www-data',
      gid: 33,
      instance_var: 'INSTANCE',
    };
    const before = read({}).settings;
    for (const [key, { fate, settings = [] }] of Object.entries(KEYS)) {
      if (fate !== 'read' || key === 'env_*') continue;
      assert.ok(key in samples, `a sample of ${key}`);
      const after = read({ [key]: samples[key] }).settings;
      const changed = Object.keys(after).filter(
        (name) => JSON.stringify(after[name]) !== JSON.stringify(before[name]),
      );
      const expected = key === 'script' ? ['app'] : [...settings];
      assert.deepEqual(changed.sort(), expected.sort(), key);
    }
  });

  it('names what has no effect, and says nothing about what asks for nothing', () => {
    for (const [key, { fate, quiet = [] }] of Object.entries(KEYS)) {
      if (fate === 'read' || fate === 'refused') continue;
      const { warnings } = read({ [key]: 'something' });
      assert.equal(warnings.length, 1, key);
      assert.match(warnings[0] ?? '', new RegExp(`\\b${key}\\b.* no effect`));
      for (const value of quiet) assert.deepEqual(read({ [key]: value }).warnings, [], key);
    }
  });

  it('what nobody misses is one sentence for the file', () => {
    const { warnings } = read({ vizion: 1, ignore_watch: ['x'], max_restarts: 3, treekill: false });
    assert.equal(warnings.length, 2);
    assert.match(
      warnings[1] ?? '',
      /^ecosystem\.config\.js: vizion, ignore_watch, max_restarts have no effect/,
    );
  });
});

describe('values of PM2', () => {
  it('instances: as many copies as there were', () => {
    const shape = (instances: unknown): unknown[] => {
      const { workers, threads } = read({ instances }).settings;
      return [workers, threads];
    };
    assert.deepEqual(shape(1), [1, 1]);
    assert.deepEqual(shape(2), [2, 1]);
    assert.deepEqual(shape('4'), [2, 2]);
    assert.deepEqual(shape(3), [1, 3]);
    assert.deepEqual(shape('max'), [2, 4]);
    assert.deepEqual(shape(0), [2, 4]);
    assert.deepEqual(shape(-1), [1, 7]);
    assert.deepEqual(shape(-20), [1, 1]);
    assert.match(
      errorOf({ instances: 'many' }),
      /instances must be a whole number or "max": "many"/,
    );
  });

  it('milliseconds are seconds, and memory is for each thread of a worker', () => {
    const { settings } = read({ kill_timeout: 2500, max_memory_restart: '1G', instances: 4 });
    assert.equal(settings['graceful_timeout'], 2.5);
    assert.equal(settings['max_worker_memory'], 2 * 2 ** 30);
    assert.equal(read({ listen_timeout: 3000 }).settings['boot_timeout'], undefined);
    assert.match(errorOf({ max_memory_restart: 'much' }), /a number of bytes, such as 300M/);
  });

  it('the environment: env, then that of the choice, then port, as texts', () => {
    const app = {
      env: { A: 'base', B: 2, C: true, D: { e: 1 } },
      env_production: { A: 'production' },
      env_staging: { A: 'staging' },
      port: 3000,
    };
    const rest = ['B=2', 'C=true', 'D={"e":1}', 'PORT=3000'];
    assert.deepEqual(read(app).settings['raw_env'], ['A=base', ...rest]);
    const { settings } = read(app, { env: 'production' });
    assert.deepEqual(settings['raw_env'], ['A=production', ...rest]);
  });

  it('node_args go into NODE_OPTIONS, as far as that can say them', () => {
    const env = { NODE_OPTIONS: '--no-warnings' };
    const node_args = ['--max-old-space-size=256', '-r ./setup.js'];
    assert.deepEqual(read({ env, node_args }).settings['raw_env'], [
      'NODE_OPTIONS=--no-warnings --max-old-space-size=256 -r ./setup.js',
    ]);
    const { settings, warnings } = read({
      node_args: '--cpu-prof --inspect=9229 --trace-warnings',
    });
    assert.deepEqual(settings['raw_env'], ['NODE_OPTIONS=--trace-warnings']);
    assert.equal(settings['inspect'], '9229');
    assert.deepEqual(
      warnings.map((warning) => warning.replace(/ has no effect.*/, '')),
      ['node_args: --cpu-prof'],
    );
  });

  it('one log: error_file before log_file before out_file', () => {
    const { settings, warnings } = read({ out_file: 'out.log', error_file: 'error.log' });
    assert.equal(settings['errorlog'], 'error.log');
    assert.equal(settings['capture_output'], true);
    assert.match(warnings.join('\n'), /out_file is not written: .* error_file, error\.log/);
    const same = read({ out_file: 'a.log', error_file: 'a.log' });
    assert.deepEqual(same.warnings, []);
    assert.equal(read({ out_file: '/dev/null' }).settings['errorlog'], undefined);
  });

  it('watch: everything that was loaded, and what is named', () => {
    assert.deepEqual(read({ watch: false }).settings['reload'], undefined);
    const { settings } = read({ watch: true });
    assert.deepEqual([settings['reload'], settings['reload_extra_files']], [true, undefined]);
  });

  it('a program that starts others is refused, and so is what Node.js does not run', () => {
    for (const script of ['npm', '/usr/bin/yarn', 'npm start', './run.sh', 'app.py']) {
      assert.match(errorOf({ script }), /starts a program instead of being one/, script);
    }
    assert.match(
      errorOf({ interpreter: 'python3' }),
      /interpreter "python3" is not there\. .*Node/,
    );
    assert.deepEqual(read({ interpreter: 'node' }).warnings, []);
    assert.deepEqual(read({ interpreter: '/usr/bin/node' }).warnings, []);
  });

  it('a key that nobody knows is named, with its line', () => {
    const text = '{ apps: [{\n  script: "a",\n  instence: 2\n}] }';
    const { warnings } = read({ instence: 2 }, {}, text);
    assert.deepEqual(warnings, [
      'ecosystem.config.js:3: nobody knows instence, neither PM2 nor Tunicorn. Did you mean instances?',
    ]);
  });
});

describe('an ecosystem file', () => {
  it('is known by its form', () => {
    const app = { script: 'server.js' };
    for (const exported of [{ apps: [app] }, { apps: app }, { pm2: [app] }, [app], app]) {
      assert.equal(isPm2File(exported), true);
    }
    for (const exported of [{}, [], { workers: 2 }, undefined, 'script', { wsgi_app: 'a:b' }]) {
      assert.equal(isPm2File(exported), false);
    }
  });

  it('with several apps wants one of them chosen', () => {
    const apps = [{ name: 'api', script: 'a.js' }, { script: './lib/worker.js' }];
    const take = (app: string | null): unknown =>
      takePm2({ apps }, 'e.js', '', { app, env: null }).given.find(({ name }) => name === 'app')
        ?.value;
    assert.equal(take('api'), 'a.js');
    assert.equal(take('worker'), './lib/worker.js');
    assert.throws(
      () => take(null),
      /e\.js has the apps api, worker\. Choose one with --ecosystem-app NAME/,
    );
    assert.throws(() => take('web'), /e\.js has the apps api, worker, and no "web"\. Choose one/);
    assert.throws(() => takePm2({ apps: [] }, 'e.js', '', { app: null, env: null }), /has no app/);
  });

  const ECOSYSTEM = `module.exports = {
  apps: [{
    name: 'shop',
    script: 'server.js',
    cwd: 'shop',
    instances: 'max',
    exec_mode: 'cluster',
    kill_timeout: 'soon',
    env: { NODE_ENV: 'development' },
    env_production: { NODE_ENV: 'production' },
  }],
  deploy: {},
};
`;

  function serve(t: TestContext, text: string, rest: object = {}): Promise<Resolved> {
    const cwd = folderWith(t, { 'ecosystem.config.js': text, 'shop/server.js': '' });
    return resolveFrom({ cwd, argv: ['-c', 'ecosystem.config.js'], ...rest });
  }

  it('is a config file: read, checked, weaker than flags', async (t) => {
    const text = ECOSYSTEM.replace("'soon'", '2000');
    const argv = ['-c', 'ecosystem.config.js', '--threads', '5'];
    const { settings, warnings } = await serve(t, text, { argv, env: { NODE_ENV: 'production' } });
    const { app, app_type, proc_name, threads, graceful_timeout, raw_env } = settings;
    assert.deepEqual({ app, app_type, proc_name, threads, graceful_timeout, raw_env }, {
      ...{ app: 'server.js', app_type: 'node', proc_name: 'shop', threads: 5 },
      graceful_timeout: 2,
      raw_env: ['NODE_ENV=production'],
    } satisfies Partial<Settings>);
    assert.equal(settings.instance_var, 'NODE_APP_INSTANCE');
    assert.equal(settings.workers, availableParallelism() % 2 === 0 ? 2 : 1);
    assert.match(settings.chdir, /\/shop$/);
    assert.equal(warnings.length, 1, warnings.join('\n'));
    assert.match(warnings[0] ?? '', /deploy of PM2 is not read/);
  });

  it('says in one line what is wrong and where', async (t) => {
    const cwd = folderWith(t, { 'ecosystem.config.js': ECOSYSTEM, 'shop/server.js': '' });
    const error = await errorFrom({ cwd, argv: ['-c', 'ecosystem.config.js'] });
    assert.equal(
      error.message,
      'kill_timeout must be a number of milliseconds: "soon" in ecosystem.config.js, line 8 is not.',
    );
  });
});
