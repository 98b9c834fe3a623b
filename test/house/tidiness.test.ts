// Tidiness is a test and no remark in a review: headers, sizes, names that say nothing, left-overs, titles and links
// of the documents. A broken rule is named with its file and line.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import test from 'node:test';
import { proseLines, pythonFunctions, root, sourceFiles, typescriptFunctions } from './sources.ts';

const FILE_LINES_MAX = 400;
const FUNCTION_LINES_MAX = 70;

const code = sourceFiles(/\.(tsx?|mjs|py)$/);
const documents = sourceFiles(/\.md$/);

test('every file of code says in its first lines what it is for', () => {
  const silent = code
    // The applications of the tests are named by what they do, and some are wrong on purpose.
    .filter((file) => file.text.trim() !== '' && !file.path.startsWith('test/apps/'))
    .filter((file) => {
      const start = file.text.replace(/^#!.*\n/, '');
      const header = file.path.endsWith('.py')
        ? /^(?:#[^\n]*\n)*\s*"""([\s\S]*?)"""/.exec(start)?.[1]
        : /^((?:\/\/[^\n]*\n)+)/.exec(start)?.[1];
      return header === undefined || header.length < 20 || !/[.:](\s|$)/.test(header);
    });
  assert.ok(code.length > 20, 'the scan found hardly any file: it is broken');
  assert.deepEqual(
    silent.map((file) => file.path),
    [],
  );
});

test(`no file of code is longer than ${FILE_LINES_MAX} lines`, () => {
  const long = code.filter((file) => file.lines.length - 1 > FILE_LINES_MAX);
  assert.deepEqual(
    long.map((file) => `${file.path}: ${file.lines.length - 1} lines`),
    [],
  );
});

test(`no function is longer than ${FUNCTION_LINES_MAX} lines`, () => {
  const all = code.flatMap((file) => {
    const spans = file.path.endsWith('.py') ? pythonFunctions(file) : typescriptFunctions(file);
    return spans.map((span) => ({ ...span, path: file.path }));
  });
  assert.ok(all.length > 50, 'the scan found hardly any function: it is broken');
  const long = all.filter((span) => span.length > FUNCTION_LINES_MAX);
  assert.deepEqual(
    long.map((span) => `${span.path}:${span.line}: ${span.length} lines: ${span.head}`),
    [],
  );
});

test('the scan for functions measures methods, arrows and signatures over several lines', () => {
  const lines = [
    'class A {',
    '  method(a: number): void {',
    '    if (a) {',
    '    }',
    '  }',
    '}',
    'export function long(',
    '  a: number,',
    '): Promise<void> {',
    '  go();',
    '}',
    "test('x', async () => {",
    '  await y();',
    '});',
  ];
  const spans = typescriptFunctions({ path: 'x.ts', text: lines.join('\n'), lines });
  assert.deepEqual(
    spans.map(({ line, length }) => [line, length]),
    [
      [2, 4],
      [7, 5],
      [12, 3],
    ],
  );
});

test('no file, folder or class has a name that tells nothing', () => {
  const empty = /^(utils?|helpers?|managers?|commons?|misc|stuff|shared|base)$/i;
  const byPath = [...code, ...documents].filter((file) =>
    file.path.split(/[/.]/).some((part) => empty.test(part)),
  );
  const byClass = code.flatMap((file) =>
    [...file.text.matchAll(/\bclass (\w*(?:Manager|Helper|Utils?))\b/g)].map(
      (found) => `${file.path}: class ${found[1]}`,
    ),
  );
  assert.deepEqual([...byPath.map((file) => file.path), ...byClass], []);
});

test('nothing unfinished and no switched-off test is left in the code', () => {
  // Written in two halves so that this file does not find itself.
  const leftOver = new RegExp(
    [
      'TO' + 'DO\\b',
      'FIX' + 'ME\\b',
      'XX' + 'X\\b',
      '\\b(test|it|describe)\\.(only|sk' + 'ip|to' + 'do)\\(',
    ].join('|'),
  );
  const found = code.flatMap((file) =>
    file.lines.flatMap((line, index) =>
      leftOver.test(line) ? [`${file.path}:${index + 1}: ${line.trim()}`] : [],
    ),
  );
  assert.deepEqual(found, []);
});

/** The page runs in browsers, where the other one cannot. */
const CLOCKS = ['src/clock.ts', 'src/page/clock.ts'];

test('only the clock, the tests and the benches ask what time it is', () => {
  const asks = /\b(Date\.now\(|new Date\(\)|performance\.now\(|process\.hrtime)/;
  const found = code
    .filter((file) => file.path.startsWith('src/') && !CLOCKS.includes(file.path))
    .flatMap((file) =>
      file.lines.flatMap((line, index) =>
        asks.test(line) && !/^\s*(\/\/|\*)/.test(line) ? [`${file.path}:${index + 1}`] : [],
      ),
    );
  assert.deepEqual(found, []);
});

test('every document has one title, at its top, and leaves out no level of headings', () => {
  const wrong = documents.flatMap((file) => {
    const headings = proseLines(file).filter((line) => /^#{1,6} /.test(line));
    const levels = headings.map((line) => line.indexOf(' '));
    const problems: string[] = [];
    if (!/^(<!--[\s\S]*?-->\s*)?# /.test(file.text)) problems.push('does not begin with a title');
    if (levels.filter((level) => level === 1).length !== 1) problems.push('has not one title');
    if (levels.some((level, at) => level > (levels[at - 1] ?? 0) + 1))
      problems.push('leaves out a level');
    return problems.map((problem) => `${file.path} ${problem}`);
  });
  assert.ok(documents.length > 3, 'the scan found hardly any document: it is broken');
  assert.deepEqual(wrong, []);
});

test('every link from a document to a file of the repository leads somewhere', () => {
  const dead = documents.flatMap((file) =>
    [
      ...proseLines(file)
        .join('\n')
        .matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)(#[^)]*)?\)/g),
    ]
      .map((found) => found[1] ?? '')
      .filter((target) => !existsSync(root + posix.join(posix.dirname(file.path), target)))
      .map((target) => `${file.path}: ${target}`),
  );
  assert.deepEqual(dead, []);
});

test('every package that is installed runs on Node.js 20.19, so that npm ci warns of nothing', () => {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: {
      readonly [path: string]: { readonly engines?: { readonly node?: string } };
    };
  };
  const runs = (range: string): boolean =>
    range.split('||').some((part) => {
      const bound = /^\s*(>=?|\^|~)?\s*v?(\d+|\*|x)(?:\.(\d+))?/.exec(part);
      const [, operator = '', major = '', minor = '0'] = bound ?? [];
      if (major === '*' || major === 'x') return true;
      const isBefore = Number(major) < 20 || (major === '20' && Number(minor) <= 19);
      return operator.startsWith('>') ? isBefore : major === '20' && isBefore;
    });
  const later = Object.entries(lock.packages).filter(
    ([, { engines }]) => !runs(engines?.node ?? '*'),
  );
  assert.ok(
    Object.keys(lock.packages).length > 20,
    'the scan found hardly any package: it is broken',
  );
  assert.deepEqual(
    later.map(([path, { engines }]) => `${path}: ${engines?.node}`),
    [],
  );
});
