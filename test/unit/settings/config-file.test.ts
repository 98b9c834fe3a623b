// Config files in every language they may be written in, and what is said when one is wrong.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { loadConfig } from '../../../src/settings/config-file.ts';
import type { TunicornConfig } from '../../../src/settings/define-config.ts';
import { defineConfig } from '../../../src/settings/define-config.ts';
import { labelOf } from '../../../src/settings/source.ts';
import { errorFrom, folderWith, resolveFrom } from './folder.ts';

const FILES: readonly [name: string, text: string][] = [
  // An enum is what Node's own type stripping cannot do.
  [
    'tunicorn.config.ts',
    'enum N { four = 4 }\nconst n: number = N.four;\nexport default { workers: n };',
  ],
  ['tunicorn.config.mts', 'export default { workers: (await Promise.resolve(4)) as number };'],
  ['tunicorn.config.js', 'module.exports = { workers: 4 };'],
  ['tunicorn.config.mjs', 'export default { workers: await Promise.resolve(4) };'],
  ['tunicorn.config.cjs', 'module.exports = { workers: 4 };'],
  ['tunicorn.config.json', '\uFEFF{ "$schema": "x", "workers": 4 }'],
];

describe('a config file', () => {
  for (const [name, text] of FILES) {
    it(`is found in the start directory and read when it is ${name}`, async (t) => {
      const { settings, sources } = await resolveFrom({ cwd: folderWith(t, { [name]: text }) });
      assert.equal(settings.workers, 4);
      const line = text.split('\n').length;
      assert.equal(labelOf(sources.workers), `${name}:${line}`);
      assert.match(settings.config ?? '', new RegExp(`/${name}$`));
    });
  }

  it('may be an ES module by its package, and a CommonJS one by .cts', async (t) => {
    const cwd = folderWith(t, {
      'package.json': '{ "type": "module" }',
      'tunicorn.config.js': 'export default { workers: 5 };',
      'other.cts': 'module.exports = { default: { workers: 6 as number } };',
    });
    assert.equal((await resolveFrom({ cwd })).settings.workers, 5);
    assert.equal((await resolveFrom({ cwd, argv: ['-c', 'other.cts'] })).settings.workers, 6);
  });

  it('may import its own modules, and defineConfig by the name of the package', async (t) => {
    const cwd = folderWith(t, {
      'tunicorn.config.ts':
        "import { defineConfig } from 'tunicorn';\nimport { cores } from './cores.ts';\nexport default defineConfig({ workers: cores });",
      'cores.ts': 'export const cores: number = 8;',
    });
    assert.equal((await resolveFrom({ cwd })).settings.workers, 8);
  });

  it('in TypeScript is preferred to one in JavaScript, and -c to both', async (t) => {
    const cwd = folderWith(t, {
      'tunicorn.config.ts': 'export default { workers: 2 };',
      'tunicorn.config.js': 'module.exports = { workers: 3 };',
      'sub/mine.json': '{ "workers": 4 }',
    });
    assert.equal((await resolveFrom({ cwd })).settings.workers, 2);
    for (const argv of [
      ['-c', 'sub/mine.json'],
      ['--config', `file:${join(cwd, 'sub/mine.json')}`],
    ]) {
      const { settings, sources } = await resolveFrom({ cwd, argv });
      assert.equal(settings.workers, 4);
      assert.equal(labelOf(sources.config), `command line ${argv[0]}`);
    }
    const env = { TUNICORN_CMD_ARGS: '-c sub/mine.json' };
    assert.equal((await resolveFrom({ cwd, env })).settings.workers, 4);
  });

  for (const [name, text] of FILES) {
    it(`is read anew each time, as a reload wants it, when it is ${name}`, async (t) => {
      const cwd = folderWith(t, { [name]: text });
      assert.equal((await resolveFrom({ cwd })).settings.workers, 4);
      writeFileSync(join(cwd, name), text.replaceAll('4', '9'));
      assert.equal((await resolveFrom({ cwd })).settings.workers, 9);
    });
  }

  it('may leave a setting undefined, and say null where nothing is the default', async (t) => {
    const text = 'module.exports = { workers: undefined, accesslog: null, wsgi_app: null };';
    const { settings, sources } = await resolveFrom({
      cwd: folderWith(t, { 'tunicorn.config.cjs': text }),
    });
    assert.equal(settings.workers, 1);
    assert.equal(labelOf(sources.workers), 'default');
    assert.equal(labelOf(sources.accesslog), 'tunicorn.config.cjs:1');
  });

  it('may write one text for a list, numbers and switches as texts', async (t) => {
    const text = JSON.stringify({ bind: ':1', workers: '2', log_json: 'True', worker_spool: '1g' });
    const { settings } = await resolveFrom({
      cwd: folderWith(t, { 'tunicorn.config.json': text }),
    });
    assert.deepEqual(settings.bind, [':1']);
    assert.equal(settings.workers, 2);
    assert.equal(settings.log_json, true);
    assert.equal(settings.worker_spool, 1024 ** 3);
  });
});

describe('a wrong config file', () => {
  const wrong: readonly [what: string, file: string, text: string, says: RegExp, code: string][] = [
    [
      'with a mistyped name',
      'tunicorn.config.ts',
      'export default { worker_conections: 4 };',
      /^Unknown setting "worker_conections" in tunicorn\.config\.ts, line 1\. Did you mean worker_connections\?$/,
      'unknown-setting',
    ],
    [
      'with a name like nothing we know',
      'tunicorn.config.json',
      '{ "colour": "red" }',
      /^Unknown setting "colour" in tunicorn\.config\.json, line 1\.$/,
      'unknown-setting',
    ],
    [
      'with a name of Object.prototype',
      'tunicorn.config.json',
      '{ "constructor": 1 }',
      /^Unknown setting "constructor"/,
      'unknown-setting',
    ],
    [
      'with a setting that only Gunicorn has',
      'tunicorn.config.json',
      '{ "paste": "development.ini" }',
      /^tunicorn\.config\.json:1: paste is a Gunicorn setting that Tunicorn does not have yet\. Name/,
      'not-yet',
    ],
    [
      'with a server hook that is no function',
      'tunicorn.config.ts',
      'export default { post_fork: 5 };',
      /^post_fork must be a function: 5 in tunicorn\.config\.ts, line 1 is not\. docs\/hooks\.md says/,
      'bad-value',
    ],
    [
      'that names a config file itself',
      'tunicorn.config.json',
      '{ "config": "other.json" }',
      /^Unknown setting "config"/,
      'unknown-setting',
    ],
    [
      'that sets the application twice',
      'tunicorn.config.json',
      '{ "app": "a:b", "wsgi_app": "c:d" }',
      /^tunicorn\.config\.json sets app twice, once as wsgi_app\.$/,
      'config-file',
    ],
    [
      'with a bad value',
      'tunicorn.config.ts',
      'export default { timeout: "soon" };',
      /^timeout must be a number of seconds, 0 or more: "soon" in tunicorn\.config\.ts, line 1 is not\. Leave it out for the default, 30\.$/,
      'bad-value',
    ],
    [
      'with a function for a value',
      'tunicorn.config.mjs',
      'export default { workers: () => 4 };',
      /^workers must be a whole number, 1 or more: a function in tunicorn\.config\.mjs, line 1 is not\./,
      'bad-value',
    ],
    [
      'without a default export in TypeScript',
      'tunicorn.config.ts',
      'export const workers = 4;',
      /must export its settings as an object by default, and exports nothing\./,
      'config-file',
    ],
    [
      'without a default export in JavaScript',
      'tunicorn.config.mjs',
      'export const workers = 4;',
      /must export its settings as an object by default, and exports nothing\./,
      'config-file',
    ],
    [
      'that exports no object',
      'tunicorn.config.json',
      '[1, 2]',
      /must export its settings as an object by default, and exports \[1,2\]\./,
      'config-file',
    ],
    [
      'with a syntax error in JSON',
      'tunicorn.config.json',
      '{ workers: 4 }',
      /^Failed to read config file tunicorn\.config\.json: /,
      'config-file',
    ],
    [
      'with a syntax error in TypeScript',
      'tunicorn.config.ts',
      'export default { workers: ;',
      /^Failed to read config file tunicorn\.config\.ts: /,
      'config-file',
    ],
    [
      'that throws',
      'tunicorn.config.mjs',
      'throw new Error("no cores");',
      /^Failed to read config file tunicorn\.config\.mjs: no cores$/,
      'config-file',
    ],
  ];
  it('that awaits something for ever is given up', async (t) => {
    const folder = folderWith(t, { 'tunicorn.config.mjs': 'await new Promise(() => {});' });
    const path = join(folder, 'tunicorn.config.mjs');
    await assert.rejects(loadConfig(path, 'tunicorn.config.mjs', 50), {
      message: 'Failed to read config file tunicorn.config.mjs: it was not evaluated within 0.05 s',
    });
  });

  for (const [what, file, text, says, code] of wrong) {
    it(`${what} is refused`, async (t) => {
      const error = await errorFrom({ cwd: folderWith(t, { [file]: text }) });
      assert.match(error.message, says);
      assert.equal(error.code, code);
      assert.equal(error.isUsage, false);
    });
  }

  it('shows the stack of what it threw', async (t) => {
    const text =
      'const cores = (): number => { throw new Error("no cores"); };\nexport default { workers: cores() };';
    const error = await errorFrom({ cwd: folderWith(t, { 'tunicorn.config.ts': text }) });
    assert.match(error.message, /no cores$/);
    assert.match(error.detail, /^ +at cores .*tunicorn\.config\.ts:1/);
  });

  it('that does not exist is refused by its name', async (t) => {
    const error = await errorFrom({ cwd: folderWith(t), argv: ['-c', 'mine.ts'] });
    assert.equal(
      error.message,
      'The config file mine.ts, on the command line (-c), does not exist.',
    );
    assert.equal(error.code, 'config-file');
  });

  it('with an unknown ending is refused', async (t) => {
    const cwd = folderWith(t, { 'tunicorn.toml': '' });
    const error = await errorFrom({ cwd, argv: ['-c', 'tunicorn.toml'] });
    assert.match(
      error.message,
      /tunicorn\.toml is no config file by its name\. It must end in \.ts, /,
    );
  });
});

describe('defineConfig', () => {
  it('gives back what it is given, and its type knows every setting', () => {
    const config = {
      workers: 2,
      bind: ':80',
      worker_spool: '1g',
      loglevel: 'debug',
      wsgi_app: 'a:b',
    } as const;
    assert.equal(defineConfig(config), config);
    // @ts-expect-error a mistyped name
    const mistyped: TunicornConfig = { worker_conections: 4 };
    // @ts-expect-error not one of the choices
    const loud: TunicornConfig = { loglevel: 'loud' };
    // @ts-expect-error a size in letters
    const large: TunicornConfig = { worker_spool: 'large' };
    // @ts-expect-error a config file cannot name another
    const other: TunicornConfig = { config: 'other.ts' };
    assert.equal([mistyped, loud, large, other].length, 4);
  });
});
