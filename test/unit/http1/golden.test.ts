// Every case of test/http1/*.md, played in these ways: whole, a byte at a time, cut in two at every position, behind a
// good request on the same connection, and before one. However the bytes arrive, the same must be heard.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PROTOCOL_ERRORS } from '../../../src/http1/errors.ts';
import { http } from '../../../src/settings/catalogue/http.ts';
import { heard } from './feed.ts';
import type { GoldenCase } from './golden-cases.ts';
import { goldenCases } from './golden-cases.ts';

const GOOD = Buffer.from('GET /good HTTP/1.1\r\nHost: good\r\n\r\n');
const GOOD_EVENTS = ['GET /good HTTP/1.1 keep', 'Host: good', 'end'];

/** Longer cases are cut where something happens, near their ends, and here and there between. */
const CUT_EVERYWHERE_BYTES = 400;

const cases = goldenCases();

for (const golden of cases) {
  test(golden.title, () => {
    const { bytes, limits } = golden;
    assert.deepEqual(heard([bytes], limits), golden.events, 'whole');
    assert.deepEqual(heard(singleBytes(bytes), limits), golden.events, 'a byte at a time');
    for (const cut of cutsOf(bytes)) {
      const pieces = [bytes.subarray(0, cut), bytes.subarray(cut)];
      assert.deepEqual(heard(pieces, limits), golden.events, `cut at ${cut}`);
    }
    if (!fitsGood(golden)) return;
    playBefore(golden);
    const both = Buffer.concat([GOOD, bytes]);
    assert.deepEqual(heard([both], limits), [...GOOD_EVENTS, ...golden.events], 'pipelined');
    const drip = heard(singleBytes(both), limits);
    assert.deepEqual(drip, [...GOOD_EVENTS, ...golden.events], 'pipelined, a byte at a time');
  });
}

describe('the golden cases', () => {
  test('are more than three hundred, and no two have the same heading', () => {
    assert.ok(cases.length >= 300, `${cases.length} cases`);
    assert.equal(new Set(cases.map((golden) => golden.title)).size, cases.length);
  });

  test('name a clause of an RFC for whatever binds', () => {
    for (const { title, rule, level } of cases) {
      if (level !== 'ours') assert.match(rule, /^RFC \d{4}, [A-C0-9][.\d]*$/, title);
    }
  });

  test('show every setting that loosens a rule', () => {
    const shown = new Set(
      cases.flatMap(({ settings }) => settings.map((text) => text.split('=')[0])),
    );
    assert.deepEqual([...shown].sort(), Object.keys(http.settings).sort());
  });

  test('show every error of the catalogue with its status, and no other', () => {
    const shown = new Set(cases.flatMap((golden) => golden.events.filter(isError)));
    // These only a proxy that is believed can make (forwarded.test.ts).
    const catalogue = Object.entries(PROTOCOL_ERRORS).filter(
      ([code]) => !code.startsWith('contradictory-'),
    );
    assert.deepEqual(
      [...shown].sort(),
      catalogue.map(([code, { status }]) => `error ${status} ${code}`).sort(),
    );
  });
});

/** Behind an error nothing is heard; behind a complete request the good one. What waits for more would swallow it. */
function playBefore({ bytes, events, limits }: GoldenCase): void {
  const last = events.at(-1);
  const failed = last?.startsWith('error ') === true;
  if (!failed && last !== 'end') return;
  const both = Buffer.concat([bytes, GOOD]);
  const expected = failed ? events : [...events, ...GOOD_EVENTS];
  assert.deepEqual(heard([both], limits), expected, 'before a good request');
  assert.deepEqual(heard(singleBytes(both), limits), expected, 'before, a byte at a time');
  const next = heard([bytes, GOOD], limits);
  assert.deepEqual(next, expected, 'before a good request that comes later');
}

function singleBytes(bytes: Buffer): Buffer[] {
  return Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
}

function cutsOf(bytes: Buffer): number[] {
  const cuts = Array.from({ length: bytes.length }, (_, i) => i);
  if (bytes.length <= CUT_EVERYWHERE_BYTES) return cuts;
  return cuts.filter((cut) => cut < 60 || cut > bytes.length - 60 || cut % 997 === 0);
}

/** Some limits are too small for the good request. */
function fitsGood(golden: GoldenCase): boolean {
  const { line, fieldSize } = golden.limits;
  return (line === 0 || line >= 18) && (fieldSize === 0 || fieldSize >= 12);
}

function isError(event: string): boolean {
  return event.startsWith('error ');
}
