// What is generated from the catalogue: the help text, the settings page, the schema, the printed settings. The files in
// docs/ must be what would be written now.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { CATALOGUE, SECTIONS, SETTING_NAMES } from '../../../src/settings/catalogue.ts';
import { fromPm2Page } from '../../../src/settings/describe/from-pm2.ts';
import { helpText } from '../../../src/settings/describe/help.ts';
import { settingsPage } from '../../../src/settings/describe/page.ts';
import {
  currentConfiguration,
  printedConfig,
} from '../../../src/settings/describe/print-config.ts';
import { settingsSchema, settingsSchemaText } from '../../../src/settings/describe/schema.ts';
import { sizeInWords } from '../../../src/settings/describe/words.ts';
import { resolveFrom } from './folder.ts';

/** From dist/test/unit/settings up to the checkout. */
function docs(file: string): string {
  return readFileSync(new URL(`../../../../docs/${file}`, import.meta.url), 'utf8');
}

describe('the files in docs', () => {
  it('settings.md is what the catalogue says (npm run docs)', () => {
    assert.equal(docs('settings.md'), settingsPage());
  });

  it('settings.schema.json is what the catalogue says (npm run docs)', () => {
    assert.equal(docs('settings.schema.json'), settingsSchemaText());
  });

  it('from-pm2.md is what the table of PM2 keys says (npm run docs)', () => {
    assert.equal(docs('from-pm2.md'), fromPm2Page());
  });
});

describe('the help text', () => {
  it('has every flag, every meaning and every section, in 80 columns', () => {
    const text = helpText();
    const flat = text.replaceAll(/\s+/g, ' ');
    for (const { title } of SECTIONS) assert.match(text, new RegExp(`^${title}$`, 'm'));
    for (const name of SETTING_NAMES) {
      const { flags, meaning } = CATALOGUE[name];
      for (const flag of flags) assert.match(text, new RegExp(`^  .*${flag}\\b`, 'm'));
      if (flags.length > 0) assert.ok(flat.includes(meaning), name);
    }
    for (const line of text.split('\n')) assert.ok(line.length <= 80, line);
  });

  it('shows defaults, sizes as people write them', () => {
    assert.match(helpText(), /--worker-connections N .*\[1000\]/s);
    assert.match(helpText(), /--request-memory BYTES .*\[128 KiB\]/);
  });
});

describe('the settings page', () => {
  it('has for every setting its meaning, details, what it does not do, flags and default', () => {
    const page = settingsPage();
    for (const name of SETTING_NAMES) {
      const from = page.indexOf(`### \`${name}\``);
      assert.notEqual(from, -1, name);
      const end = page.indexOf('\n##', from + 4);
      const entry = page.slice(from, end === -1 ? undefined : end);
      const { meaning, details = '', doesNot = '', flags, environment = [] } = CATALOGUE[name];
      const words = [
        meaning,
        details,
        doesNot,
        ...flags,
        ...environment.map((variable) => variable.name),
      ];
      for (const word of words) assert.ok(entry.includes(word), `${name}: ${word}`);
      assert.match(entry, /^- Value: .+$/m);
      assert.match(entry, /^- Default: .+$/m);
      assert.match(entry, /^- Gunicorn: .+$/m);
    }
  });

  it('keeps the order of the catalogue', () => {
    const names = [...settingsPage().matchAll(/^### `(.+)`$/gm)].map(([, name]) => name);
    assert.deepEqual(names, SETTING_NAMES);
  });
});

describe('the schema', () => {
  it('has every setting that may stand in a file, and no other', () => {
    const { properties, additionalProperties } = settingsSchema();
    assert.ok(typeof properties === 'object' && properties !== null);
    const expected = SETTING_NAMES.filter((name) => CATALOGUE[name].inFile !== false);
    assert.ok(!expected.includes('config'));
    assert.deepEqual(Object.keys(properties).sort(), ['$schema', 'wsgi_app', ...expected].sort());
    assert.equal(additionalProperties, false);
  });
});

describe('the printed settings', () => {
  it('have a line for each, with its value and where it came from', async () => {
    const text = printedConfig(
      await resolveFrom({
        argv: ['a:b', '-w4'],
        env: { PORT: '80', TUNICORN_CMD_ARGS: '--log-json' },
      }),
    );
    const lines = text.trimEnd().split('\n');
    assert.deepEqual(
      lines.map((line) => line.split(' ')[0]),
      SETTING_NAMES,
    );
    assert.match(text, /^workers += 4 +# command line -w$/m);
    assert.match(text, /^app += "a:b" +# command line APP$/m);
    assert.match(text, /^bind += \["0\.0\.0\.0:80"\] +# environment PORT$/m);
    assert.match(text, /^log_json += true +# TUNICORN_CMD_ARGS --log-json$/m);
    assert.match(text, /^timeout += 30 +# default$/m);
  });
});

describe('the settings in the log', () => {
  it('stand there by name, without what is secret', async () => {
    const argv = [
      'a:b',
      '-w4',
      '-e',
      'KEY=S3CRET',
      '--status-bind',
      '127.0.0.1:1',
      '--status-token',
      'S3CRET-token-of-the-page',
    ];
    const { settings } = await resolveFrom({ argv });
    const [first, ...lines] = currentConfiguration(settings).split('\n');
    assert.equal(first, 'Current configuration:');
    assert.deepEqual(
      lines.map((line) => /^ {2}(\w+): /.exec(line)?.[1]),
      [...SETTING_NAMES].sort(),
    );
    assert.ok(lines.includes('  workers: 4') && lines.includes('  raw_env: ["KEY=***"]'));
    assert.doesNotMatch(lines.join('\n'), /S3CRET/);
  });
});

describe('sizeInWords', () => {
  it('uses the largest unit that leaves a whole number', () => {
    for (const [bytes, words] of [
      [0, '0'],
      [1023, '1023'],
      [1024, '1 KiB'],
      [1025, '1025'],
      [1536 * 1024, '1536 KiB'],
      [1024 ** 2, '1 MiB'],
      [3 * 1024 ** 3, '3 GiB'],
    ] as const) {
      assert.equal(sizeInWords(bytes), words);
    }
  });
});
