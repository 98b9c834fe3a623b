// docs/errors.md has every code that the source can put into the log, with the status it answers, and no other: a code
// that nobody explains, and an explanation of what no longer exists, are both told here.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { errorsPage } from '../../../src/connection/states/describe-errors.ts';
import { FAILURES, SPOOL_FAILURES } from '../../../src/connection/states/failures.ts';
import { OVERDUE_CASES } from '../../../src/connection/states/overdue-cases.ts';
import { PROTOCOL_ERRORS } from '../../../src/http1/errors.ts';
import { SERVER_CODES } from '../../../src/observe/server-codes.ts';
import { SETTING_NAMES } from '../../../src/settings/catalogue.ts';
import { SETTING_ERRORS } from '../../../src/settings/describe/setting-errors.ts';
import { NOTE_CODES } from '../../../src/wire/python-frame.ts';
import { root, sourceFiles } from '../../house/sources.ts';

const page = readFileSync(`${root}docs/errors.md`, 'utf8');
const sources = sourceFiles(/^src\/(connection|dispatch|limits|threads|worker)\/.*\.ts$/).filter(
  ({ path }) => path !== 'src/connection/states/failures.ts',
);

/** Codes as `code: 'x'`, also behind a condition, and as the second argument of refuse and fail. */
function codesOf(text: string): string[] {
  const found: string[] = [];
  for (const [, value] of text.matchAll(/\bcode: ([^\n,}]*'[a-z-]+'[^\n,}]*)/g)) {
    const chosen = (value ?? '').replace(/[=!]== '[^']*'/g, '');
    found.push(...[...chosen.matchAll(/'([a-z-]+)'/g)].map((match) => match[1] ?? ''));
  }
  for (const [, code] of text.matchAll(/\b(?:refuse|fail)\(\d{3}, '([a-z-]+)'/g)) {
    found.push(code ?? '');
  }
  return found;
}

/** Code and status where both stand in one place. */
function answersOf(text: string): [code: string, status: number][] {
  const pairs = [
    ...text.matchAll(/\bstatus: (?<status>\d{3}),\s*code: '(?<code>[a-z-]+)'/g),
    ...text.matchAll(/\b(?:refuse|fail)\((?<status>\d{3}), '(?<code>[a-z-]+)'/g),
  ];
  return pairs.map(({ groups }) => [groups?.['code'] ?? '', Number(groups?.['status'])]);
}

test('docs/errors.md is what the catalogues say now (npm run docs)', () => {
  assert.equal(page, errorsPage(SETTING_ERRORS, SERVER_CODES));
});

test('every code of the source is in the catalogue, and every code of the catalogue in the source', () => {
  // What Python tells of itself is named where both sides look it up.
  const ofPython = NOTE_CODES.filter((code) => code !== '');
  const used = new Set([...sources.flatMap(({ text }) => codesOf(text)), ...ofPython]);
  assert.ok(used.size > 10, 'the scan found hardly any code: it is broken');
  assert.deepEqual([...used].sort(), Object.keys(FAILURES).sort());
});

test('every code of the server is told somewhere', () => {
  const texts = sourceFiles(/^src\/(arbiter|observe|worker)\/.*\.ts$/).map(({ text }) => text);
  const told = (code: string): boolean =>
    texts.some((text) => new RegExp(`serverCode\\([^)]*'${code}'`).test(text));
  assert.deepEqual(
    Object.keys(SERVER_CODES).filter((code) => !told(code)),
    [],
  );
});

test('the statuses of the catalogue are those of the source', () => {
  for (const [code, status] of sources.flatMap(({ text }) => answersOf(text))) {
    const told = FAILURES[code]?.status ?? [];
    assert.ok(told.includes(status), `${code} answers ${status}, the catalogue says ${told}`);
  }
});

test('the page has a row for every code of every catalogue, and none for another', () => {
  const rows = [...page.matchAll(/^\| `([a-z0-9.-]+)` \|/gm)].map(([, code]) => code);
  const ofRequests = [FAILURES, OVERDUE_CASES, PROTOCOL_ERRORS, SPOOL_FAILURES];
  const catalogues = [...ofRequests, SERVER_CODES, SETTING_ERRORS];
  const codes = catalogues.flatMap(Object.keys);
  assert.deepEqual(rows.sort(), codes.sort());
});

test('every setting that the page advises is there', () => {
  const names = [...page.matchAll(/\b[a-z]+(?:_[a-z]+)+\b/g)].map(([name]) => name);
  const known: readonly string[] = SETTING_NAMES;
  assert.ok(names.length > 10, 'the scan found hardly any setting: it is broken');
  assert.deepEqual(
    names.filter((name) => !known.includes(name)),
    [],
  );
});

test('the scan sees a code behind a condition and no word that is only compared with', () => {
  const text = `{ status: 502, code: state === 'stopping' ? 'stopped' : 'thread-died' }; refuse(413, 'big');`;
  assert.deepEqual(codesOf(text), ['stopped', 'thread-died', 'big']);
});
