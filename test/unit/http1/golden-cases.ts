// Reads the cases of test/http1/*.md: a heading in words, the rule it stands for, a fenced block of bytes and one of
// the events that must be heard. In the bytes a line's own end counts for nothing; \r, \n, \t, \0, \xHH are escapes
// and <<ab*9000>> is 9,000 times ab. test/http1/README.md tells it to a stranger.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HeadLimits } from '../../../src/http1/limits.ts';
import { STRICT, type Tolerance } from '../../../src/http1/tolerance.ts';
import { type LooseningSettings, toleranceOf } from '../../../src/worker/tolerance.ts';
import { DEFAULT_LIMITS } from './feed.ts';

export interface GoldenCase {
  /** "request-line: The shortest request". */
  readonly title: string;
  /** "RFC 9112, 6.1", or in words whose rule it is. */
  readonly rule: string;
  /** How much the rule binds; `ours` where it is no RFC's. */
  readonly level: Level;
  readonly bytes: Buffer;
  readonly events: readonly string[];
  readonly limits: HeadLimits;
  /** Settings that differ from their defaults: "permit_obsolete_folding", "header_map=refuse". */
  readonly settings: readonly string[];
}

export type Level = 'MUST' | 'SHOULD' | 'MAY' | 'ours';

export function goldenCases(): GoldenCase[] {
  const folder = join(projectRoot(), 'test', 'http1');
  const files = readdirSync(folder).filter((name) => /^[^A-Z]*\.md$/.test(name));
  return files.flatMap((name) => {
    const sections = readFileSync(join(folder, name), 'utf8').split(/^## /m);
    return sections.slice(1).map((text) => goldenCase(name.replace('.md', ''), text));
  });
}

/** Compiled tests lie deeper than their sources, so the root is where package.json is. */
export function projectRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

export function goldenCase(file: string, text: string): GoldenCase {
  const [heading = '', , ruleLine = ''] = text.split('\n');
  const [, rule, level] = /^(.+): (MUST|SHOULD|MAY|ours)$/.exec(ruleLine) ?? [];
  const title = `${file}: ${heading}`;
  const bytes = /```http\n(.*?)```/s.exec(text)?.[1];
  const events = /```events\n(.*?)```/s.exec(text)?.[1];
  assert.ok(bytes !== undefined && events !== undefined, `${title} has no bytes or no events`);
  assert.ok(rule !== undefined, `${title} names no rule and level: "${ruleLine}"`);
  const settings = /^Settings: (.*)$/m.exec(text)?.[1]?.split(', ') ?? [];
  return {
    title,
    rule,
    level: level as Level,
    bytes: Buffer.from(unescaped(bytes.replaceAll('\n', '')), 'latin1'),
    events: repeated(events).split('\n').filter(Boolean),
    limits: {
      ...limitsOf(/^Limits: (.*)$/m.exec(text)?.[1]),
      tolerance: toleranceFor(settings),
    },
    settings,
  };
}

function repeated(text: string): string {
  return text.replace(/<<(.+?)\*(\d+)>>/g, (_, piece: string, times: string) =>
    piece.repeat(Number(times)),
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

/** The parser as the settings of a WSGI application make it. */
function toleranceFor(named: readonly string[]): Tolerance {
  if (named.length === 0) return STRICT;
  const strict: LooseningSettings = {
    permit_unconventional_http_method: false,
    casefold_http_method: false,
    permit_unconventional_http_version: false,
    strip_header_spaces: false,
    permit_obsolete_folding: false,
    tolerate_dangerous_framing: false,
    header_map: 'dangerous',
  };
  const changed = named.map((text) => {
    const [name = '', value] = text.split('=');
    assert.ok(name in strict, `${name} loosens nothing`);
    return [name, value ?? true];
  });
  return toleranceOf({ ...strict, ...Object.fromEntries(changed) }, 'wsgi');
}
