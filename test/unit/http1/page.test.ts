// docs/http.md names every refusal of the parser with its status, and every setting that loosens a rule.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PROTOCOL_ERRORS } from '../../../src/http1/errors.ts';
import { http } from '../../../src/settings/catalogue/http.ts';
import { projectRoot } from './golden-cases.ts';

const page = readFileSync(join(projectRoot(), 'docs/http.md'), 'utf8');

test('the page names every refusal with its status, and no other', () => {
  const named = [...page.matchAll(/(\d{3}) `([a-z0-9.-]+)`/g)].map(
    ([, status, code]) => `${status} ${code}`,
  );
  const catalogue = Object.entries(PROTOCOL_ERRORS).map(
    ([code, { status }]) => `${status} ${code}`,
  );
  assert.deepEqual([...new Set(named)].sort(), catalogue.sort());
});

test('the page names every setting that loosens a rule', () => {
  for (const name of Object.keys(http.settings)) assert.ok(page.includes(`\`${name}\``), name);
});
