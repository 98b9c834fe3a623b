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
import { FOREIGN_FLAGS, FOREIGN_SETTINGS } from '../../../src/settings/gunicorn-only.ts';

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
      assert.ok(!FOREIGN_SETTINGS.includes(name), name);
      for (const flag of CATALOGUE[name].flags) assert.ok(!FOREIGN_FLAGS.includes(flag), flag);
    }
    assertDistinct(FOREIGN_SETTINGS);
    assertDistinct(FOREIGN_FLAGS);
  });

  it('has no flag that begins like a whole one that is listed as missing, or that would be taken for ours', () => {
    for (const flag of SETTING_NAMES.flatMap((name) => CATALOGUE[name].flags)) {
      assert.deepEqual(
        FOREIGN_FLAGS.filter((missing) => missing.length > 2 && flag.startsWith(missing)),
        [],
      );
    }
  });

  it('names settings with underscores, flags with dashes, and gives every setting but APP, dicts and rules a flag', () => {
    for (const name of SETTING_NAMES) {
      assert.match(name, /^[a-z]+(_[a-z0-9]+)*$/);
      const { flags } = CATALOGUE[name];
      const { kind } = CATALOGUE[name];
      assert.equal(flags.length > 0, name !== 'app' && kind !== 'map' && kind !== 'rules', name);
      for (const flag of flags) assert.match(flag, /^(-[a-zA-Z]|--[a-z]+([-_][a-z0-9]+)*)$/);
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
});
