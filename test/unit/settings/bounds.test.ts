// Every bound of the catalogue as a pair: at the bound passes, one step outside fails with a sentence that names the
// setting, the value and its source. One loop, so that a new setting is tested by being declared.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CATALOGUE, SETTING_NAMES, type SettingName } from '../../../src/settings/catalogue.ts';
import { check } from '../../../src/settings/check.ts';
import { isNumberForm, type Setting } from '../../../src/settings/declaration.ts';
import { SettingError } from '../../../src/settings/setting-error.ts';
import type { Source } from '../../../src/settings/source.ts';

const SOURCES: readonly { source: Source; says: string }[] = [
  { source: { kind: 'file', file: 'tunicorn.config.ts' }, says: 'in tunicorn.config.ts' },
  {
    source: { kind: 'environment', variable: 'SOME_NAME' },
    says: 'in the environment (SOME_NAME)',
  },
  {
    source: { kind: 'arguments', from: 'command line', flag: '--flag' },
    says: 'on the command line (--flag)',
  },
  {
    source: { kind: 'arguments', from: 'TUNICORN_CMD_ARGS', flag: '-f' },
    says: 'in TUNICORN_CMD_ARGS (-f)',
  },
];

function refusal(name: SettingName, value: unknown, source: Source): SettingError {
  try {
    check(CATALOGUE[name], { name, value, source }, '/');
  } catch (error) {
    if (error instanceof SettingError) return error;
    throw error;
  }
  throw new assert.AssertionError({ message: `${name} accepts ${String(value)}` });
}

function assertRefused(name: SettingName, value: unknown): void {
  for (const { source, says } of SOURCES) {
    const error = refusal(name, value, source);
    assert.equal(error.code, 'bad-value');
    assert.equal(error.setting, name);
    assert.equal(error.source, source);
    assert.ok(error.message.startsWith(`${name} must be ${error.rule}: `), error.message);
    assert.ok(error.message.includes(`${JSON.stringify(value)} ${says} is not`), error.message);
  }
}

function assertTaken(name: SettingName, value: unknown, becomes: unknown): void {
  for (const { source } of SOURCES) {
    assert.deepEqual(check(CATALOGUE[name], { name, value, source }, '/'), becomes);
  }
}

/** Values just outside, and of the wrong kind altogether. */
function outside(setting: Setting): unknown[] {
  switch (setting.kind) {
    case 'count':
      return [
        setting.min - 1,
        setting.max + 1,
        setting.min + 0.5,
        true,
        null,
        [1],
        'many',
        '',
        '1e3',
        '0x10',
      ];
    case 'bytes': {
      const above = setting.max === Number.MAX_SAFE_INTEGER ? 2 ** 54 : setting.max + 1;
      return [setting.min - 1, above, setting.min + 0.5, true, null, 'much', '1.5m', '1t', 'k'];
    }
    case 'seconds':
      return [setting.min - 0.001, setting.max + 0.001, true, null, '', '30s', 'soon', '1e3', '.'];
    case 'switch':
      return ['yes', '', 1, 0, null];
    case 'choice':
      return [
        `${setting.choices[0]}x`,
        '',
        setting.synonyms === undefined ? 1 : -1,
        ...('true' in (setting.synonyms ?? {}) ? [] : [null, true]),
      ];
    case 'list':
      return [1, true, null, [1]];
    case 'map':
      return [1, 'X-Field', null, ['X-Field']];
    case 'rules':
      return [1, true, null, 'POST /login', {}];
    case 'text':
      return [
        isNumberForm(setting.form) ? -1 : 1,
        true,
        ['text'],
        ...(setting.default === null ? [] : [null]),
      ];
  }
}

describe('every setting of the catalogue', () => {
  for (const name of SETTING_NAMES) {
    const setting = CATALOGUE[name];

    it(`${name} refuses what is outside its bounds or of another kind`, () => {
      for (const value of outside(setting)) assertRefused(name, value);
    });

    if (setting.kind === 'count' || setting.kind === 'bytes' || setting.kind === 'seconds') {
      it(`${name} takes its smallest and its largest value, as a number and as text`, () => {
        for (const bound of [setting.min, setting.max]) {
          assertTaken(name, bound, bound);
          assertTaken(name, String(bound), bound);
        }
      });

      it(`${name} says its lower bound to who is below it, with a small upper one, and both to who is above`, () => {
        const { source } = SOURCES[0] ?? assert.fail();
        const above = setting.max === Number.MAX_SAFE_INTEGER ? 2 ** 54 : setting.max + 1;
        const both = new RegExp(`from ${setting.min} to ${setting.max}$`);
        const lower = setting.max <= 128 ? both : new RegExp(`, ${setting.min} or more$`);
        assert.match(refusal(name, setting.min - 1, source).rule, lower);
        assert.match(refusal(name, above, source).rule, both);
      });
    }

    if (setting.kind === 'choice') {
      it(`${name} takes each of its choices, in capitals as well`, () => {
        for (const choice of setting.choices) {
          assertTaken(name, choice, choice);
          assertTaken(name, choice.toUpperCase(), choice);
        }
        for (const [written, choice] of Object.entries(setting.synonyms ?? {})) {
          assertTaken(name, written.toUpperCase(), choice);
          if (/^\d+$/.test(written)) assertTaken(name, Number(written), choice);
        }
      });
    }

    if (setting.kind === 'choice' && 'true' in (setting.synonyms ?? {})) {
      it(`${name} takes a switch and nothing, as a config file has them`, () => {
        const { synonyms = {} } = setting;
        assertTaken(name, true, synonyms['true']);
        assertTaken(name, false, synonyms['false']);
        assertTaken(name, null, synonyms['none']);
      });
    }

    it(`${name} takes its own default`, () => {
      const value = check(
        setting,
        { name, value: setting.default, source: { kind: 'default' } },
        '/',
      );
      if (setting.kind !== 'text') assert.deepEqual(value, setting.default);
    });
  }
});

describe('sizes', () => {
  it('end in k, m or g for powers of 1024, in either case', () => {
    assertTaken('worker_spool', '3k', 3 * 1024);
    assertTaken('worker_spool', '16m', 16 * 1024 ** 2);
    assertTaken('worker_spool', '2G', 2 * 1024 ** 3);
  });

  it('with a suffix obey the same bounds', () => {
    assertTaken('write_min_rate', '1g', 1024 ** 3);
    const { source } = SOURCES[0] ?? assert.fail();
    assert.match(
      refusal('write_min_rate', '2g', source).message,
      /from 1 to 1073741824: 2147483648 in/,
    );
  });
});

describe('durations', () => {
  it('may have decimals', () => {
    assertTaken('keepalive', '0.25', 0.25);
    assertTaken('keepalive', '.5', 0.5);
    assertTaken('timeout', 1.5, 1.5);
  });
});

describe('paths of a URL', () => {
  it('begin with a slash and hold nothing that is no path', () => {
    for (const path of ['/', '/healthz', '/a/b.c', '/%20']) {
      assertTaken('health_path', path, path);
    }
    const wrong = ['', 'healthz', '/a b', '/a?b', '/a#b', '/\u00e9', 'http://x/a'];
    for (const path of wrong) assertRefused('health_path', path);
  });
});

describe('TLS', () => {
  it('takes the numbers of cert_reqs that there are, and no other', () => {
    assertTaken('cert_reqs', 2, 'required');
    for (const value of [3, '3', '02', 'cert_all']) assertRefused('cert_reqs', value);
  });

  it('takes versions that are spoken, and says of older ones that they are not', () => {
    assertTaken('ssl_min_version', 1.2, '1.2');
    assertTaken('ssl_min_version', 'TLSv1.3', '1.3');
    const { source } = SOURCES[0] ?? assert.fail();
    for (const value of ['TLSv1.1', 1.1, '1', 'TLSv1', 'SSLv3']) {
      assertRefused('ssl_min_version', value);
      assert.match(refusal('ssl_min_version', value, source).message, /RFC 8996/);
    }
    assertRefused('ssl_min_version', '1.4');
  });

  it('takes every list with a cipher in it, as OpenSSL does, and no other', () => {
    for (const list of [
      'HIGH:!aNULL',
      'ECDHE+AESGCM, ECDHE+CHACHA20',
      'no-cipher:ECDHE-RSA-AES128-GCM-SHA256',
      'TLS_AES_128_GCM_SHA256',
      'TLS_AES_128_GCM_SHA256:ECDHE-RSA-AES128-GCM-SHA256',
      'DEFAULT:@SECLEVEL=0',
    ]) {
      assertTaken('ciphers', list, list);
    }
    for (const list of ['no-cipher', 'HIGH:!ALL', 'TLS_NO_CIPHER', ':', ' ']) {
      assertRefused('ciphers', list);
    }
  });
});

it('the longest times are ones that a timer can wait, two and a minute in a row as well', () => {
  const longest = Object.values(CATALOGUE).map((setting) =>
    setting.kind === 'seconds' ? setting.max : 0,
  );
  assert.ok((2 * Math.max(...longest) + 60) * 1000 <= 2 ** 31 - 1);
});
