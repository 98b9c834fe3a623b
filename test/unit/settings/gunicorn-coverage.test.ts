// Gunicorn's settings against ours: each is in the catalogue with its flags, its environment and its default, or it is
// known as one that we do not have and docs/from-gunicorn.md says why.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { CATALOGUE, SETTING_NAMES, settingNamed } from '../../../src/settings/catalogue.ts';
import {
  FOREIGN_SETTINGS,
  foreignFlag,
  foreignSetting,
} from '../../../src/settings/gunicorn-only.ts';
import { HOOKS } from '../../../src/settings/hooks.ts';
import { root } from '../../house/sources.ts';
import { GUNICORN_HOOKS, GUNICORN_SETTINGS, type GunicornSetting } from './gunicorn-settings.ts';

const page = readFileSync(`${root}docs/from-gunicorn.md`, 'utf8');

/** Names in the first column of the page's table of settings that we do not have. */
function namesOfTable(): string[] {
  const [, table = ''] = page.split('## Settings that Tunicorn does not have\n');
  const rows = (table.split('\n## ')[0] ?? '').split('\n').filter((line) => line.startsWith('| `'));
  return rows.flatMap((row) =>
    [...(row.split(' | ')[0] ?? '').matchAll(/`([a-z0-9_]+)`/g)].map((match) => match[1] ?? ''),
  );
}

function assertOurs(theirs: GunicornSetting): void {
  const name = settingNamed(theirs.name);
  assert.ok(name !== null, theirs.name);
  const ours = CATALOGUE[name];
  assert.notEqual(ours.gunicorn, 'new', `${name} is Gunicorn's`);
  for (const flag of theirs.flags) {
    const plain = ours.kind === 'switch' ? flag.replace(/^--no-/, '--') : flag;
    assert.ok(
      ours.flags.some((known) => known === plain || known === flag),
      flag,
    );
  }
  const variables = (ours.environment ?? []).map((variable) => variable.name);
  for (const variable of theirs.env)
    assert.ok(variables.includes(variable), `${name}: ${variable}`);
  if (ours.gunicorn !== 'same') return;
  const value = ours.kind === 'list' ? listOf(theirs.default) : theirs.default;
  assert.deepEqual(ours.default, value, `default of ${name}`);
}

/** Gunicorn's default of a list may be a text with commas. */
function listOf(value: unknown): unknown {
  if (value === null) return [];
  return typeof value === 'string' ? value.split(',') : value;
}

function assertForeign({ name, flags, default: value }: GunicornSetting): void {
  assert.ok(FOREIGN_SETTINGS.includes(name), `${name} is neither ours nor known`);
  for (const flag of flags) assert.equal(foreignFlag(flag)?.setting, name, flag);
  assert.equal(foreignSetting(name, value)?.kind, 'quiet', `${name} at its default`);
}

describe("Gunicorn's settings", () => {
  it('are ours with the same flags, environment and default, or known as foreign', () => {
    for (const theirs of GUNICORN_SETTINGS) {
      if (settingNamed(theirs.name) === null) assertForeign(theirs);
      else assertOurs(theirs);
    }
  });

  it('are all there, and nothing is said to be theirs that is not', () => {
    const theirs = GUNICORN_SETTINGS.map(({ name }) => name);
    assert.equal(theirs.length, 99);
    assert.deepEqual(
      FOREIGN_SETTINGS.filter((name) => !theirs.includes(name)),
      [],
    );
    // Gunicorn 20.1 had this one.
    const known = [...theirs, 'app', 'tolerate_dangerous_framing'];
    const like = SETTING_NAMES.filter((name) => CATALOGUE[name].gunicorn !== 'new');
    assert.deepEqual(
      like.filter((name) => !known.includes(name)),
      [],
    );
  });

  it('have a row in docs/from-gunicorn.md where we do not have them, and only there', () => {
    assert.deepEqual(namesOfTable().sort(), [...FOREIGN_SETTINGS].sort());
  });

  it('have all their server hooks known, with as many arguments', () => {
    const ours = Object.entries(HOOKS).map(([name, { takes }]) => [name, takes.length]);
    assert.deepEqual(ours.sort(), Object.entries(GUNICORN_HOOKS).sort());
  });
});
