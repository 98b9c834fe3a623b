// Imports point one way, as the table of may-import.ts says for each folder, and nothing goes round in a circle.

import assert from 'node:assert/strict';
import { posix } from 'node:path';
import test from 'node:test';
import { MAY_IMPORT, MAY_IMPORT_TYPES } from './may-import.ts';
import { type SourceFile, sourceFiles } from './sources.ts';

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

const FOLDERS = Object.keys(MAY_IMPORT).sort((a, b) => b.length - a.length);

function folderOf(path: string): string {
  const folder = FOLDERS.find((name) => path === name || path.startsWith(`${name}/`));
  return folder ?? posix.dirname(path);
}

function importsOf(file: SourceFile): Import[] {
  const found: Import[] = [];
  const statement = /^(?:import|export)\s+(type\s+)?([^;'"]*?)\s*from\s+'(\.[^']+)'/gms;
  for (const [, type, names, target] of file.text.matchAll(statement)) {
    const listed = (names ?? '').replace(/[{}]/g, '').split(',');
    const allTypes = listed.every((name) => name.trim() === '' || name.trim().startsWith('type '));
    found.push(edge(file, target ?? '', type !== undefined || allTypes));
  }
  for (const [, target] of file.text.matchAll(/(?:^import|\bimport\()\s*'(\.[^']+)'/gm)) {
    found.push(edge(file, target ?? '', false));
  }
  return found;
}

function edge(file: SourceFile, target: string, typeOnly: boolean): Import {
  return { from: file.path, to: posix.join(posix.dirname(file.path), target), typeOnly };
}

function allowed(found: Import): boolean {
  const from = folderOf(found.from);
  const inside = (place: string) => found.to === place || found.to.startsWith(`${place}/`);
  // A folder knows itself, but not a folder in it that has a rule of its own (threads/node/guest and its host).
  if (folderOf(found.to) === from) return true;
  if ((MAY_IMPORT[from] ?? []).some(inside)) return true;
  return found.typeOnly && (MAY_IMPORT_TYPES[from] ?? []).some(inside);
}

function cycles(imports: readonly Import[]): string[] {
  const targets = new Map<string, string[]>();
  for (const { from, to } of imports) targets.set(from, [...(targets.get(from) ?? []), to]);
  const found: string[] = [];
  const done = new Set<string>();
  const walk = (path: string, way: readonly string[]): void => {
    if (way.includes(path)) {
      found.push([...way.slice(way.indexOf(path)), path].join(' > '));
      return;
    }
    if (done.has(path)) return;
    for (const next of targets.get(path) ?? []) walk(next, [...way, path]);
    done.add(path);
  };
  for (const path of targets.keys()) walk(path, []);
  return found;
}

const files = sourceFiles(/^src\/.*\.tsx?$/);
const imports = files.flatMap(importsOf);

test('every folder of src has its line in the table of imports', () => {
  const without = files.map((file) => folderOf(file.path)).filter((name) => !(name in MAY_IMPORT));
  assert.deepEqual([...new Set(without)], []);
});

test('imports of src point down the list of folders and nowhere else', () => {
  assert.ok(imports.length > 10, 'the scan found hardly any import: it is broken');
  const wrong = imports.filter((found) => !allowed(found));
  assert.deepEqual(
    wrong.map(({ from, to, typeOnly }) => `${from} imports ${typeOnly ? 'types of ' : ''}${to}`),
    [],
  );
});

test('no import of src goes round in a circle', () => {
  // Shapes of one folder may name each other: nothing of that is left at run time, and the table above holds between
  // folders for types as well.
  assert.deepEqual(cycles(imports.filter(({ typeOnly }) => !typeOnly)), []);
});

test('the scan sees a wrong import and a circle when there is one', () => {
  const text =
    "import { a } from '../worker/worker.ts';\nimport type { B } from '../http1/b.ts';\n";
  const bad = importsOf({ path: 'src/http1/a.ts', text, lines: text.split('\n') });
  assert.deepEqual(bad.map(allowed), [false, true]);
  const circle = [
    { from: 'a', to: 'b', typeOnly: false },
    { from: 'b', to: 'a', typeOnly: true },
  ];
  assert.deepEqual(cycles(circle), ['a > b > a']);
});

test('every import names a file that is there', () => {
  const paths = new Set(files.map((file) => file.path));
  const dangling = imports.filter(({ to }) => to.startsWith('src/') && !paths.has(to));
  assert.deepEqual(
    dangling.map(({ from, to }) => `${from} imports ${to}`),
    [],
  );
});
