// Node.js's own parser reads every case of the corpus, and where it makes something else of the bytes than we do, the
// page test/http1/oracles/llhttp.md says why.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertExplained, type Compared } from '../../support/differences.ts';
import { requestsByLlhttp } from '../../support/llhttp.ts';
import { type Reading, readingOf, readRequest } from '../../support/reading.ts';
import { goldenCases } from './golden-cases.ts';

test('where llhttp reads otherwise is explained, one by one, and nothing else is', () => {
  const cases = goldenCases().filter(({ settings }) => settings.length === 0);
  const compared = cases.map(({ title, bytes, events }): Compared => {
    const here = readingOf(events);
    return { title, here, there: readByLlhttp(bytes, here) };
  });
  assert.ok(compared.length > 500, `${compared.length} cases`);
  assertExplained('llhttp', compared);
});

function readByLlhttp(bytes: Buffer, here: Reading): Reading {
  const { messages, error, upgraded } = requestsByLlhttp(bytes);
  const requests = messages
    .filter(({ complete }) => complete)
    .map(({ method, target, body }) => readRequest(method ?? '', target, body.toString('latin1')));
  if (error !== null) return { requests, ending: `refuses ${error}` };
  if (messages.some(({ complete }) => !complete)) return { requests, ending: 'waits' };
  if (upgraded && requests.length < here.requests.length) return { requests, ending: 'upgrades' };
  // It does not tell half a head from nothing.
  return { requests, ending: here.ending === 'waits' ? 'waits' : '' };
}
