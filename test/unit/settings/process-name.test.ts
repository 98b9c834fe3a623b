// What a server is called, with and without a name of its own.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { processTitle, serverName } from '../../../src/settings/process-name.ts';
import { resolveSettings } from '../../../src/settings/resolve.ts';
import { syslogTarget } from '../../../src/settings/syslog.ts';

async function settingsFor(...argv: string[]) {
  const cwd = process.cwd();
  return (await resolveSettings({ argv: ['--log-syslog', ...argv], env: {}, cwd })).settings;
}

test('the name is proc_name, else the application; syslog writes dots for its colons', async () => {
  const plain = await settingsFor('shop.wsgi:app');
  assert.equal(serverName(plain), 'shop.wsgi:app');
  assert.equal(syslogTarget(plain)?.tag, 'gunicorn.shop.wsgi.app');
  const named = await settingsFor('-n', 'the:shop', 'shop.wsgi:app');
  assert.equal(serverName(named), 'the:shop');
  assert.equal(syslogTarget(named)?.tag, 'gunicorn.the.shop');
  const prefixed = await settingsFor('--name', 'a', '--log-syslog-prefix', 'b', 'shop');
  assert.equal(syslogTarget(prefixed)?.tag, 'gunicorn.b');
  assert.equal(processTitle('arbiter', serverName(named)), 'tunicorn: arbiter [the:shop]');
});
