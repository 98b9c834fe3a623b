// The words of `tunicorn drill` that are its own, and that they stay apart from the server's.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DRILL_FLAGS, DRILL_HELP, DRILL_ROWS, takeOptions } from '../../../src/drill/options.ts';
import { privateSettings } from '../../../src/drill/private-settings.ts';
import { CATALOGUE, SETTING_NAMES, type SettingName } from '../../../src/settings/catalogue.ts';
import { SettingError } from '../../../src/settings/setting-error.ts';
import { resolveFrom } from '../settings/folder.ts';

describe('the options of a drill', () => {
  it('are taken out of the command line, and the rest is left as it was', () => {
    const { own, rest } = takeOptions(['-w', '2', '--path', '/a', 'app:app', '--rows=2,6']);
    assert.deepEqual(own, { path: '/a', seconds: 35, rows: [2, 6] });
    assert.deepEqual(rest, ['-w', '2', 'app:app']);
  });

  it('end where only positionals follow', () => {
    assert.deepEqual(takeOptions(['--', '--path']).rest, ['--', '--path']);
  });

  it('are refused when they make no sense', () => {
    for (const argv of [
      ['--path', 'a'],
      ['--path=/a b'],
      ['--seconds', '0'],
      ['--seconds', 'x'],
      ['--rows', '1'],
      ['--rows', ''],
      ['--rows'],
    ]) {
      assert.throws(
        () => takeOptions(argv),
        (error) => error instanceof SettingError && error.isUsage,
        argv.join(' '),
      );
    }
  });

  it('are no flags of a setting, nor the beginning of one', () => {
    const flags = SETTING_NAMES.flatMap((name) => CATALOGUE[name].flags);
    for (const own of DRILL_FLAGS) {
      assert.deepEqual(
        flags.filter((flag) => flag.startsWith(own)),
        [],
      );
    }
  });

  it('are all in the help, in 80 columns', () => {
    for (const flag of DRILL_FLAGS) assert.ok(DRILL_HELP.includes(`  ${flag} `), flag);
    assert.ok(DRILL_HELP.includes(`[${DRILL_ROWS.join(',')}]`));
    for (const line of DRILL_HELP.split('\n')) assert.ok(line.length <= 80, line);
  });
});

describe('the settings of a drill', () => {
  /** What names a place outside, and why a drill may leave it as it is. */
  const LEFT_ALONE: Partial<Record<SettingName, string>> = {
    config: 'read before, and not again',
    chdir: 'read',
    pythonpath: 'read',
    tmp_dir: 'its files have no name',
    certfile: 'read',
    ca_certs: 'read',
    keyfile: 'read',
  };

  it('write nothing outside: every setting that names a place is replaced, or only read', async () => {
    const { settings } = await resolveFrom({
      argv: ['app:app', '--access-logfile', 'a.log', '--pid', 'a.pid', '--log-syslog'],
    });
    const made = privateSettings(settings, '/private/socket');
    const places = SETTING_NAMES.filter((name) => {
      const setting = CATALOGUE[name];
      const isPath = setting.kind === 'text' && /file|director/.test(setting.form);
      return isPath || (setting.kind === 'list' && setting.form === 'address');
    });
    assert.ok(places.includes('accesslog') && places.includes('bind'));
    const untouched = places.filter(
      (name) =>
        !(name in LEFT_ALONE) &&
        !['accesslog', 'errorlog', 'pidfile', 'control_socket', 'bind'].includes(name),
    );
    assert.deepEqual(untouched, [], 'think of what a drill does with it');
    assert.equal(made.accesslog, null);
    assert.equal(made.control_socket_disable, true);
    assert.equal(made.errorlog, '-');
    assert.equal(made.pidfile, null);
    assert.equal(made.syslog, false);
    assert.deepEqual(made.bind, ['unix:/private/socket']);
  });
});
