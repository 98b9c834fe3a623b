// Which kind of application a name is, by its form.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type AppSpec, decideApp } from '../../../src/settings/app-spec.ts';
import { SettingError } from '../../../src/settings/setting-error.ts';
import { folderWith } from './folder.ts';

type Given = Parameters<typeof decideApp>[0];

function decide(app: string | null, chdir: string, app_type: Given['app_type'] = 'auto'): AppSpec {
  return decideApp({ app, app_type, chdir });
}

function refusal(
  app: string | null,
  chdir: string,
  app_type: Given['app_type'] = 'auto',
): SettingError {
  try {
    decide(app, chdir, app_type);
  } catch (error) {
    if (error instanceof SettingError) return error;
    throw error;
  }
  throw new assert.AssertionError({ message: `accepted: ${app}` });
}

const FILES = {
  'server.ts': '',
  'server.mjs': '',
  'src/app.js': '',
  'src/plain': '',
  'web/package.json': '{}',
  'site/package.json': '{}',
  'site/__init__.py': '',
  'empty/x': '',
};

describe('decideApp', () => {
  it('takes dotted names for Python, whatever stands behind the colon', (t) => {
    const chdir = folderWith(t, FILES);
    for (const [spec, module, callable] of [
      ['shop', 'shop', null],
      ['shop.wsgi', 'shop.wsgi', null],
      ['shop.wsgi:application', 'shop.wsgi', 'application'],
      ['shop:create_app()', 'shop', 'create_app()'],
      ['shop:create_app("a.js", path="./x:y")', 'shop', 'create_app("a.js", path="./x:y")'],
      ['größe:app', 'größe', 'app'],
      ['site', 'site', null],
    ] as const) {
      assert.deepEqual(decide(spec, chdir), { type: 'wsgi', spec, module, callable });
    }
  });

  it('takes paths, files with an ending of JavaScript or TypeScript and packages for Node.js', (t) => {
    const chdir = folderWith(t, FILES);
    for (const [app, path, exportName] of [
      ['./server.ts', 'server.ts', null],
      ['server.ts', 'server.ts', null],
      ['server.mjs:handler', 'server.mjs', 'handler'],
      ['src/app.js:$h_1', 'src/app.js', '$h_1'],
      ['./src/plain', 'src/plain', null],
      ['server.ts:default', 'server.ts', null],
      ['web', 'web', null],
      ['./web:fetch', 'web', 'fetch'],
    ] as const) {
      assert.deepEqual(decide(app, chdir), { type: 'node', path: join(chdir, path), exportName });
    }
    assert.deepEqual(decide('.', join(chdir, 'web')), {
      type: 'node',
      path: join(chdir, 'web'),
      exportName: null,
    });
    const absolute = join(chdir, 'server.ts');
    assert.deepEqual(decide(absolute, '/'), { type: 'node', path: absolute, exportName: null });
  });

  it('lets app_type decide where the form misleads', (t) => {
    const chdir = folderWith(t, FILES);
    assert.equal(decide('server.ts', chdir, 'wsgi').type, 'wsgi');
    assert.equal(decide('site', chdir, 'node').type, 'node');
  });

  it('says what to write when there is no application', (t) => {
    const error = refusal(null, folderWith(t));
    assert.match(
      error.message,
      /^No application module specified\. Write a Python application as package\.module:callable/,
    );
    assert.equal(error.code, 'no-application');
    assert.equal(error.isUsage, false);
  });

  for (const [app, says] of [
    ['./nothing.js', /^There is no Node\.js application at .*\/nothing\.js\./],
    ['./empty', /^The directory .*\/empty has no package\.json\. Name the file/],
    [
      'app.py',
      /^"app\.py" is a file; a Python application is named by its module\. Write app:application\.$/,
    ],
    ['./shop/wsgi.py:api', /Write shop\.wsgi:api\.$/],
    ['shop:', /^Nothing stands behind the colon in "shop:"\. Leave the colon out/],
    ['my-app:app', /^"my-app" is not the name of a Python module\./],
    ['shop..wsgi', /is not the name of a Python module\./],
    [':app', /is not the name of a Python module\./],
  ] as const) {
    it(`refuses ${app} and says what would be right`, (t) => {
      assert.match(refusal(app, folderWith(t, FILES)).message, says);
    });
  }
});
