// The tables of test/http1/oracles: in which cases another reader of HTTP makes something else of the bytes than we do,
// and why. A section of a page is a reason; its lines are cases: `- request-line: Title | here | there`.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../unit/http1/golden-cases.ts';
import { inWords, type Reading, sameReading } from './reading.ts';

/** A case that both have read. */
export interface Compared {
  readonly title: string;
  readonly here: Reading;
  readonly there: Reading;
}

/** Fails unless the page explains every difference and no other. A line marked "(not every release)" may be none. */
export function assertExplained(page: string, compared: readonly Compared[]): void {
  const explained = linesOf(page);
  const found = compared.filter(({ here, there }) => !sameReading(here, there)).map(lineOf);
  const missing = found.filter((line) => !explained.has(line));
  const untrue = [...explained.keys()].filter(
    (line) => explained.get(line) && !found.includes(line),
  );
  assert.deepEqual(
    { missing, untrue },
    { missing: [], untrue: [] },
    `test/http1/oracles/${page}.md`,
  );
}

function lineOf({ title, here, there }: Compared): string {
  return `${title} | ${inWords(here)} | ${inWords(there)}`;
}

/** Each line, and whether it must be true. */
function linesOf(page: string): Map<string, boolean> {
  const text = readFileSync(join(projectRoot(), 'test/http1/oracles', `${page}.md`), 'utf8');
  const lines = new Map<string, boolean>();
  for (const section of text.split(/^## /m).slice(1)) {
    const [reason = '', ...rest] = section.split('\n');
    assert.match(reason, /[.]$/, `${page}: a section is a reason, in a sentence: ${reason}`);
    for (const line of rest.filter((each) => each.startsWith('- '))) {
      const said = line.slice(2).replace(' (not every release)', '');
      assert.ok(!lines.has(said), `${page}: a case stands once: ${said}`);
      lines.set(said, said === line.slice(2));
    }
  }
  return lines;
}
