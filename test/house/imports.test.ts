// Imports point one way: what each folder of src may know of the others, as a table, and that nothing goes round in a
// circle. A line that has to be added here is a decision about the architecture; docs/architecture.md tells it.

import assert from 'node:assert/strict';
import { posix } from 'node:path';
import test from 'node:test';
import { type SourceFile, sourceFiles } from './sources.ts';

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

/** For each folder, longest name first where one lies in another: what it may import beside itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'src/cli': [
    'src/ctl',
    'src/top',
    'src/drill',
    'src/package-folder.ts',
    'src/explain',
    'src/settings',
    'src/observe',
    'src/arbiter/boot.ts',
    'src/arbiter/check.ts',
    'src/arbiter/service/daemon.ts',
    'src/clock.ts',
    'src/start-folder.ts',
  ],
  'src/ctl': [
    'src/arbiter/control/place.ts',
    'src/settings',
    'src/observe',
    'src/durations.ts',
    'src/message-of.ts',
  ],
  // Runs in browsers: of the rest it may know what crosses the wire, and how times are told.
  'src/page': ['src/wire', 'src/durations.ts', 'src/message-of.ts'],
  'src/top': [
    'src/ctl',
    'src/durations.ts',
    'src/settings',
    'src/clock.ts',
    'src/message-of.ts',
    'src/package-folder.ts',
  ],
  'src/drill': [
    'src/arbiter/boot.ts',
    'src/settings',
    'src/wire/probe.ts',
    'src/clock.ts',
    'src/package-folder.ts',
  ],
  'src/explain': [
    'src/arbiter/stage/network-lists.ts',
    'src/worker',
    'src/message-of.ts',
    'src/connection',
    'src/limits',
    'src/proxy',
    'src/http1',
    'src/settings',
  ],
  'src/arbiter': [
    'src/arbiter/status',
    'src/arbiter/control',
    'src/arbiter/reload',
    'src/arbiter/service',
    'src/arbiter/stage',
    'src/arbiter/hooks',
    'src/arbiter/fleet',
    'src/arbiter/limits',
    'src/arbiter/sockets',
    'src/arbiter/telemetry',
    'src/arbiter/exit-codes.ts',
    'src/arbiter/owner.ts',
    'src/arbiter/unless-stopped.ts',
    'src/settings',
    'src/observe',
    'src/wire',
    'src/clock.ts',
    'src/package-folder.ts',
    'src/message-of.ts',
  ],
  'src/arbiter/status': [
    'src/arbiter/control',
    'src/arbiter/telemetry',
    'src/limits',
    'src/settings',
    'src/wire',
    'src/clock.ts',
    'src/package-folder.ts',
    'src/message-of.ts',
  ],
  'src/arbiter/control': [
    'src/arbiter/service/pid-file.ts',
    'src/arbiter/sockets/socket-path.ts',
    'src/connection/states/state-names.ts',
    'src/limits',
    'src/settings',
    'src/wire',
    'src/clock.ts',
    'src/package-folder.ts',
    'src/message-of.ts',
  ],
  'src/arbiter/reload': ['src/arbiter/stage', 'src/settings', 'src/message-of.ts'],
  'src/arbiter/service': [
    'src/arbiter/stage/ticket-keys.ts',
    'src/arbiter/sockets',
    'src/arbiter/exit-codes.ts',
    'src/settings',
    'src/observe',
    'src/clock.ts',
    'src/start-folder.ts',
    'src/child-end.ts',
    'src/message-of.ts',
  ],
  'src/arbiter/stage': [
    'src/arbiter/hooks',
    'src/arbiter/fleet',
    'src/arbiter/sockets',
    'src/arbiter/owner.ts',
    'src/arbiter/exit-codes.ts',
    'src/arbiter/unless-stopped.ts',
    'src/trace/sdk.ts',
    'src/settings',
    'src/observe',
    'src/wire',
    'src/clock.ts',
    'src/open-files.ts',
    'src/bridge-path.ts',
    'src/package-folder.ts',
    'src/child-end.ts',
    'src/message-of.ts',
  ],
  'src/arbiter/hooks': [
    'src/arbiter/unless-stopped.ts',
    'src/settings',
    'src/wire',
    'src/bridge-path.ts',
    'src/package-folder.ts',
    'src/child-end.ts',
    'src/process-tree.ts',
    'src/message-of.ts',
  ],
  'src/arbiter/fleet': [
    'src/arbiter/telemetry',
    'src/arbiter/owner.ts',
    'src/arbiter/exit-codes.ts',
    'src/settings',
    'src/observe',
    'src/child-end.ts',
    'src/process-tree.ts',
    'src/message-of.ts',
  ],
  'src/arbiter/limits': [
    'src/limits',
    'src/settings',
    'src/observe',
    'src/wire',
    'src/clock.ts',
    'src/message-of.ts',
  ],
  'src/arbiter/sockets': ['src/settings'],
  'src/arbiter/telemetry': ['src/limits', 'src/wire'],
  'src/arbiter/exit-codes.ts': [],
  'src/arbiter/owner.ts': ['src/settings', 'src/observe'],
  'src/arbiter/unless-stopped.ts': [],
  'src/worker': [
    'src/worker/application',
    'src/worker/accepting',
    'src/worker/telemetry',
    'src/worker/limits',
    'src/worker/ending.ts',
    'src/connection',
    'src/http1',
    'src/proxy',
    'src/limits',
    'src/dispatch',
    'src/threads',
    'src/trace/trace.ts',
    'src/wire',
    'src/spool',
    'src/observe',
    'src/settings',
    'src/clock.ts',
    'src/open-files.ts',
    'src/process-tree.ts',
    'src/message-of.ts',
    'src/package-folder.ts',
  ],
  'src/worker/application': [
    'src/worker/telemetry',
    'src/worker/ending.ts',
    'src/threads',
    'src/observe',
    'src/settings',
    'src/wire',
    'src/clock.ts',
    'src/open-files.ts',
    'src/process-tree.ts',
    'src/message-of.ts',
  ],
  'src/worker/accepting': ['src/connection', 'src/observe'],
  'src/worker/telemetry': [
    'src/worker/limits',
    'src/connection',
    'src/proxy',
    'src/trace/trace.ts',
    'src/observe',
    'src/settings',
    'src/wire',
    'src/clock.ts',
    'src/message-of.ts',
    'src/package-folder.ts',
  ],
  'src/worker/limits': [
    'src/limits',
    'src/observe',
    'src/settings',
    'src/wire',
    'src/clock.ts',
    'src/message-of.ts',
    'src/package-folder.ts',
  ],
  'src/worker/ending.ts': ['src/observe', 'src/wire', 'src/process-tree.ts'],
  'src/connection/edge': ['src/connection', 'src/proxy', 'src/clock.ts'],
  'src/connection': [
    'src/connection/reading',
    'src/connection/answering',
    'src/connection/states',
    'src/http1',
    'src/proxy',
    'src/limits',
    'src/dispatch',
    'src/spool',
    'src/trace/trace.ts',
    'src/observe',
  ],
  'src/connection/reading': [
    'src/connection/states',
    'src/connection/rate.ts',
    'src/http1',
    'src/spool',
  ],
  'src/connection/answering': [
    'src/connection/states',
    'src/http1',
    'src/spool',
    'src/trace/trace.ts',
  ],
  'src/connection/states': ['src/http1'],
  'src/dispatch': ['src/threads/app-thread.ts', 'src/observe', 'src/clock.ts'],
  'src/threads/node/guest': ['src/wire', 'src/clock.ts', 'src/package-folder.ts'],
  'src/threads': [
    'src/wire',
    'src/observe',
    'src/clock.ts',
    'src/percent.ts',
    'src/process-tree.ts',
    'src/bridge-path.ts',
    'src/package-folder.ts',
    'src/message-of.ts',
  ],
  'src/trace': ['src/wire', 'src/package-folder.ts', 'src/message-of.ts'],
  'src/wire': [],
  'src/limits': ['src/proxy', 'src/settings', 'src/clock.ts', 'src/percent.ts'],
  'src/proxy': ['src/http1'],
  'src/http1': [],
  'src/observe': ['src/clock.ts', 'src/percent.ts', 'src/message-of.ts'],
  'src/settings': [
    'src/bridge-path.ts',
    'src/package-folder.ts',
    'src/child-end.ts',
    'src/process-tree.ts',
  ],
  'src/spool': ['src/clock.ts'],
  'src/bridge-path.ts': ['src/package-folder.ts'],
  'src/child-end.ts': [],
  'src/clock.ts': [],
  'src/durations.ts': [],
  'src/message-of.ts': [],
  'src/open-files.ts': [],
  'src/package-folder.ts': [],
  'src/percent.ts': [],
  'src/process-tree.ts': [],
  'src/start-folder.ts': [],
};

/** Shapes that may be named from further away; `import type` leaves nothing of them at run time. */
const MAY_IMPORT_TYPES: Readonly<Record<string, readonly string[]>> = {
  'src/worker/application': ['src/dispatch'],
  'src/worker/accepting': ['src/threads/app-thread.ts', 'src/open-files.ts', 'src/wire'],
  'src/worker/telemetry': ['src/threads/app-thread.ts', 'src/dispatch'],
  'src/worker/limits': ['src/threads/app-thread.ts'],
  'src/arbiter/status': ['src/arbiter/fleet', 'src/observe'],
  'src/arbiter/control': ['src/arbiter/fleet', 'src/arbiter/telemetry', 'src/observe'],
  'src/arbiter/hooks': ['src/arbiter/fleet', 'src/observe'],
  'src/arbiter/service': ['src/arbiter/fleet'],
  'src/arbiter/reload': ['src/arbiter/fleet', 'src/arbiter/hooks', 'src/arbiter/sockets'],
  'src/arbiter/stage': ['src/arbiter/limits', 'src/arbiter/telemetry'],
  'src/arbiter/fleet': ['src/arbiter/sockets', 'src/arbiter/limits', 'src/wire'],
  'src/arbiter/telemetry': ['src/observe', 'src/settings'],
  'src/arbiter/sockets': ['src/arbiter/owner.ts', 'src/wire'],
  'src/connection': ['src/threads/app-thread.ts', 'src/settings'],
  'src/connection/edge': ['src/threads/app-thread.ts'],
  'src/connection/reading': [
    'src/connection/asking.ts',
    'src/connection/beginning.ts',
    'src/connection/context.ts',
    'src/connection/effects.ts',
    'src/connection/pair-deadlines.ts',
    'src/threads/app-thread.ts',
  ],
  'src/connection/answering': [
    'src/connection/asking.ts',
    'src/connection/context.ts',
    'src/connection/effects.ts',
    'src/connection/pair-deadlines.ts',
    'src/connection/stalled.ts',
    'src/dispatch',
    'src/limits',
    'src/threads/app-thread.ts',
  ],
  'src/connection/states': [
    'src/observe',
    'src/settings',
    'src/spool',
    'src/threads/app-thread.ts',
  ],
  'src/proxy': ['src/threads/app-thread.ts'],
  'src/limits': ['src/threads/app-thread.ts'],
  'src/http1': ['src/threads/app-thread.ts'],
  'src/wire': ['src/settings', 'src/threads/app-thread.ts'],
  'src/observe': ['src/settings'],
  'src/dispatch': ['src/settings'],
  'src/threads': ['src/settings'],
};

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
