// Log files that are given to the user of the workers, and those that are not: whoever may write in their folder could put
// something else in their place. Faults put in by hand and seen here: links are followed; files with two names are given away.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  linkSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { giveLogFiles } from '../../../src/arbiter/owner.ts';
import type { Settings } from '../../../src/settings/settings.ts';
import { needsRoot } from '../../support/needs-root.ts';

const OWNER = { uid: 12_345, gid: 23_456, setpriv: null };
function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'tunicorn-owner-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

const give = (accesslog: string, errorlog: string): void =>
  giveLogFiles({ accesslog, errorlog } as Settings, OWNER);

test('plain files are made and given', needsRoot, (t) => {
  const folder = folderOf(t);
  const [fresh, old] = [join(folder, 'fresh'), join(folder, 'old')];
  writeFileSync(old, 'a line\n');
  give(fresh, old);
  for (const path of [fresh, old]) {
    assert.deepEqual([statSync(path).uid, statSync(path).gid], [OWNER.uid, OWNER.gid]);
  }
  assert.equal(readFileSync(old, 'utf8'), 'a line\n');
});

test('what a link names stays whose it is', needsRoot, (t) => {
  const folder = folderOf(t);
  const [symbolic, hard] = [join(folder, 'symbolic'), join(folder, 'hard')];
  for (const [make, path] of [
    [symlinkSync, symbolic],
    [linkSync, hard],
  ] as const) {
    writeFileSync(`${path}-secret`, 'of root');
    make(`${path}-secret`, path);
  }
  give(symbolic, hard);
  for (const path of [symbolic, hard]) assert.equal(statSync(`${path}-secret`).uid, 0, path);
});

test(
  'a pipe that nobody reads, a folder and a place that is not there hold up nothing',
  needsRoot,
  (t) => {
    const folder = folderOf(t);
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    give(pipe, folder);
    give(join(folder, 'missing/log'), '-');
    assert.deepEqual([statSync(pipe).uid, statSync(folder).uid], [0, 0]);
  },
);
