// Reads the cases of test/http1/*.md: a heading in words, the rule it stands for, a fenced block of bytes and one of
// the events that must be heard. In the bytes a line's own end counts for nothing; \r, \n, \t, \0, \xHH are escapes
// and <<a*9000>> is 9,000 times a.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HeadLimits } from '../../../src/http1/limits.ts';
import { DEFAULT_LIMITS } from './feed.ts';

export interface GoldenCase {
  /** "request-line: The shortest request". */
  readonly title: string;
  readonly rule: string;
  readonly bytes: Buffer;
  readonly events: readonly string[];
  readonly limits: HeadLimits;
}

export function goldenCases(): GoldenCase[] {
  const folder = join(projectRoot(), 'test', 'http1');
  const files = readdirSync(folder).filter((name) => name.endsWith('.md'));
  return files.flatMap((name) => {
    const sections = readFileSync(join(folder, name), 'utf8').split(/^## /m);
    return sections.slice(1).map((text) => goldenCase(name.replace('.md', ''), text));
  });
}

/** Compiled tests lie deeper than their sources, so the root is where package.json is. */
function projectRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

function goldenCase(file: string, text: string): GoldenCase {
  const [heading = '', , rule = ''] = text.split('\n');
  const title = `${file}: ${heading}`;
  const bytes = /```http\n(.*?)```/s.exec(text)?.[1];
  const events = /```events\n(.*?)```/s.exec(text)?.[1];
  assert.ok(bytes !== undefined && events !== undefined && rule !== '', `${title} is incomplete`);
  return {
    title,
    rule,
    bytes: Buffer.from(unescaped(bytes.replaceAll('\n', '')), 'latin1'),
    events: repeated(events).split('\n').filter(Boolean),
    limits: limitsOf(/^Limits: (.*)$/m.exec(text)?.[1]),
  };
}

function repeated(text: string): string {
  return text.replace(/<<(.)\*(\d+)>>/g, (_, character: string, times: string) =>
    character.repeat(Number(times)),
  );
}

function unescaped(text: string): string {
  return repeated(text).replace(/\\(?:([rnt0])|x([0-9a-f]{2}))/g, (_, letter, hex) =>
    letter === undefined
      ? String.fromCharCode(Number.parseInt(hex, 16))
      : ({ r: '\r', n: '\n', t: '\t', 0: '\0' }[letter as string] ?? ''),
  );
}

/** "line 20, fields 2, fieldSize 12": what is not named keeps its default. */
function limitsOf(text: string | undefined): HeadLimits {
  const named = Object.fromEntries(
    (text ?? '').split(', ').map((part) => [part.split(' ')[0], Number(part.split(' ')[1])]),
  );
  return text === undefined ? DEFAULT_LIMITS : { ...DEFAULT_LIMITS, ...named };
}
