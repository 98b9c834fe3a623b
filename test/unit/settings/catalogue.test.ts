// The catalogue itself: that no two declarations collide, that none collides with what Gunicorn means by a name, and
// that every declaration says enough.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  CATALOGUE,
  SECTIONS,
  SETTING_NAMES,
  settingNamed,
} from '../../../src/settings/catalogue.ts';
import { MISSING_FLAGS, MISSING_SETTINGS } from '../../../src/settings/gunicorn-only.ts';

function assertDistinct(words: readonly string[]): void {
  assert.deepEqual(
    words.filter((word, index) => words.indexOf(word) !== index),
    [],
  );
}

describe('the catalogue', () => {
  it('holds every setting of every section, in the order of the sections', () => {
    assert.deepEqual(
      SECTIONS.flatMap(({ settings }) => Object.keys(settings)),
      SETTING_NAMES,
    );
  });

  it('gives no name and no flag twice', () => {
    assertDistinct([
      ...SETTING_NAMES,
      ...SETTING_NAMES.flatMap((name) => CATALOGUE[name].aliases ?? []),
    ]);
    assertDistinct([
      '-h',
      '--help',
      '-v',
      '--version',
      ...SETTING_NAMES.flatMap((name) => CATALOGUE[name].flags),
    ]);
  });

  it('has nothing that is also listed as missing', () => {
    for (const name of SETTING_NAMES) {
      assert.ok(!MISSING_SETTINGS.includes(name), name);
      for (const flag of CATALOGUE[name].flags) assert.ok(!MISSING_FLAGS.includes(flag), flag);
    }
    assertDistinct(MISSING_SETTINGS);
    assertDistinct(MISSING_FLAGS);
  });

  it('has no flag that begins like a whole one that is listed as missing, or that would be taken for ours', () => {
    for (const flag of SETTING_NAMES.flatMap((name) => CATALOGUE[name].flags)) {
      assert.deepEqual(
        MISSING_FLAGS.filter((missing) => missing.length > 2 && flag.startsWith(missing)),
        [],
      );
    }
  });

  it('names settings with underscores, flags with dashes, and gives every setting but APP a flag', () => {
    for (const name of SETTING_NAMES) {
      assert.match(name, /^[a-z]+(_[a-z]+)*$/);
      const { flags } = CATALOGUE[name];
      assert.equal(flags.length > 0, name !== 'app', name);
      for (const flag of flags) assert.match(flag, /^(-[a-z]|--[a-z]+([-_][a-z]+)*)$/);
    }
  });

  it('says what each setting means in one line that ends in a full stop or an example', () => {
    for (const name of SETTING_NAMES) {
      const { meaning, details, doesNot } = CATALOGUE[name];
      assert.ok(meaning.length <= 72, `${name}: ${meaning.length} characters`);
      for (const text of [meaning, details, doesNot])
        if (text !== undefined) assert.match(text, /[.]$/, name);
    }
  });

  it('says what 0 means wherever 0 is not a plain number', () => {
    for (const name of ['timeout', 'keepalive', 'limit_request_body', 'queue_limit'] as const) {
      const setting = CATALOGUE[name];
      assert.ok('zero' in setting && setting.zero !== undefined, name);
    }
  });

  it('lets no deadline of our own be switched off', () => {
    for (const name of SETTING_NAMES) {
      const setting = CATALOGUE[name];
      if (setting.kind === 'seconds' && setting.gunicorn === 'new')
        assert.ok(setting.min > 0, name);
    }
  });

  it('finds a setting by its name and by its other name, and nothing by a name of Object.prototype', () => {
    assert.equal(settingNamed('workers'), 'workers');
    assert.equal(settingNamed('wsgi_app'), 'app');
    for (const name of ['constructor', '__proto__', 'toString', ''])
      assert.equal(settingNamed(name), null);
  });

  it("keeps Gunicorn's flags and defaults", () => {
    const gunicorn: readonly [keyof typeof CATALOGUE, readonly string[], unknown][] = [
      ['config', ['-c', '--config'], null],
      ['bind', ['-b', '--bind'], ['127.0.0.1:8000']],
      ['backlog', ['--backlog'], 2048],
      ['certfile', ['--certfile'], null],
      ['keyfile', ['--keyfile'], null],
      ['workers', ['-w', '--workers'], 1],
      ['worker_class', ['-k', '--worker-class'], 'gthread'],
      ['threads', ['--threads'], 1],
      ['worker_connections', ['--worker-connections'], 1000],
      ['timeout', ['-t', '--timeout'], 30],
      ['graceful_timeout', ['--graceful-timeout'], 30],
      ['keepalive', ['--keep-alive'], 2],
      ['limit_request_line', ['--limit-request-line'], 4094],
      ['limit_request_fields', ['--limit-request-fields'], 100],
      ['limit_request_field_size', ['--limit-request-field_size'], 8190],
      ['chdir', ['--chdir'], '.'],
      ['pythonpath', ['--pythonpath'], null],
      ['raw_env', ['-e', '--env'], []],
      ['accesslog', ['--access-logfile'], null],
      [
        'access_log_format',
        ['--access-logformat'],
        '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"',
      ],
      ['errorlog', ['--error-logfile', '--log-file'], '-'],
      ['loglevel', ['--log-level'], 'info'],
      ['syslog', ['--log-syslog'], false],
      ['syslog_addr', ['--log-syslog-to'], 'udp://localhost:514'],
      ['syslog_prefix', ['--log-syslog-prefix'], null],
      ['syslog_facility', ['--log-syslog-facility'], 'user'],
      ['disable_redirect_access_to_syslog', ['--disable-redirect-access-to-syslog'], false],
    ];
    for (const [name, flags, value] of gunicorn) {
      const setting = CATALOGUE[name];
      for (const flag of flags)
        assert.ok(
          setting.flags.some((known) => known === flag),
          flag,
        );
      assert.deepEqual(setting.default, value, name);
      assert.notEqual(setting.gunicorn, 'new', name);
    }
  });
});
