// docs/promises.md says for each promise which test holds it. This holds the page: every row names at least one test,
// and each named test is there under exactly that name.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import test from 'node:test';
import { root } from './sources.ts';

interface Row {
  readonly promise: string;
  readonly tests: readonly { readonly file: string; readonly name: string }[];
  readonly measured: string;
}

/** Rows `| promise | `file` "name"; `file` "name" | number |` of every table of the page. */
function rowsOf(text: string): Row[] {
  const rows = text
    .split('\n')
    .filter((line) => /^\| /.test(line) && !/^\| (promise|---)/.test(line));
  return rows.map((line) => {
    const [promise = '', held = '', measured = ''] = line.slice(1, -1).split(' | ');
    const tests = [...held.matchAll(/`([^`]+)` "([^"]+)"/g)].map((found) => ({
      file: found[1] ?? '',
      name: found[2] ?? '',
    }));
    return { promise: promise.trim(), tests, measured: measured.trim() };
  });
}

/** A test by this name in a TypeScript, or a method by it in a Python file of tests. */
function holds(file: string, name: string): boolean {
  if (!existsSync(root + file)) return false;
  const text = readFileSync(root + file, 'utf8');
  if (file.endsWith('.py')) return new RegExp(`def ${name}\\(`).test(text);
  return (
    ["'", '"', '`'].some((quote) => text.includes(quote + name.replaceAll("'", "\\'") + quote)) ||
    text.includes(`"${name}"`) ||
    text.includes(`\`${name}\``)
  );
}

const rows = rowsOf(readFileSync(`${root}docs/promises.md`, 'utf8'));

test('every promise names at least one test and says whether a number was measured', () => {
  assert.ok(rows.length >= 20, `only ${rows.length} promises were read from the page`);
  const bare = rows.filter(
    (row) => row.tests.length === 0 || row.measured === '' || row.promise === '',
  );
  assert.deepEqual(
    bare.map((row) => row.promise),
    [],
  );
});

test('every test that the page of promises names is there', () => {
  const absent = rows.flatMap((row) =>
    row.tests
      .filter(({ file, name }) => !holds(file, name))
      .map(({ file, name }) => `${file}: ${name}`),
  );
  assert.deepEqual(absent, []);
});
