// One line into words, as a POSIX shell and Python's shlex would.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { SettingError } from '../../../src/settings/setting-error.ts';
import { shellSplit } from '../../../src/settings/shell-split.ts';

const split = (line: string): readonly string[] => shellSplit(line, 'TUNICORN_CMD_ARGS');

describe('shellSplit', () => {
  it('splits at any blanks', () => {
    assert.deepEqual(split('  -w 4\t--bind=:80\n app '), ['-w', '4', '--bind=:80', 'app']);
    assert.deepEqual(split(''), []);
    assert.deepEqual(split('  '), []);
  });

  it('keeps quoted blanks, joins quoted and plain pieces, keeps empty quotes', () => {
    assert.deepEqual(split(`--env 'A=b c' "d e"f'g h'`), ['--env', 'A=b c', 'd efg h']);
    assert.deepEqual(split(`'' a ""`), ['', 'a', '']);
  });

  it('takes a backslash as a shell does: everywhere outside quotes, before some inside ", never inside single ones', () => {
    assert.deepEqual(split(String.raw`a\ b \'c`), ['a b', "'c"]);
    assert.deepEqual(split(String.raw`"a\"b\\c\n"`), [String.raw`a"b\c\n`]);
    assert.deepEqual(split(String.raw`'a\b'`), [String.raw`a\b`]);
  });

  it('expands nothing', () => {
    assert.deepEqual(split('$HOME *.py ~ #x `y`'), ['$HOME', '*.py', '~', '#x', '`y`']);
  });

  it('refuses a quote that is not closed and a backslash at the end, as wrong usage', () => {
    for (const [line, says] of [
      [`-e 'A=b`, `TUNICORN_CMD_ARGS has a quote that is not closed: 'A=b.`],
      ['-e "A', 'TUNICORN_CMD_ARGS has a quote that is not closed: "A.'],
      ['a\\', 'TUNICORN_CMD_ARGS ends in a backslash.'],
    ] as const) {
      assert.throws(
        () => split(line),
        (error) => error instanceof SettingError && error.isUsage && error.message === says,
      );
    }
  });

  it('gives back any words that were quoted for a shell', () => {
    const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
    const doubled = (word: string): string => `"${word.replaceAll(/["\\$`]/g, '\\$&')}"`;
    for (const quote of [quoted, doubled]) {
      fc.assert(
        fc.property(fc.array(fc.string()), (words) => {
          assert.deepEqual(split(words.map(quote).join(' ')), words);
        }),
      );
    }
  });
});
