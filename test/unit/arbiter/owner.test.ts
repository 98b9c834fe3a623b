// Log files that are given to the user of the workers, and those that are not: whoever may write in their folder could put
// something else in their place. And how programs are started with the rights of that user. Faults put in by hand and seen here:
// links are followed, also those that stand on the way; files with two names are given away.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
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
import { giveLogFiles, ownerOf, startAs } from '../../../src/arbiter/owner.ts';
import { resolvePython } from '../../../src/arbiter/stage/python.ts';
import type { Settings } from '../../../src/settings/settings.ts';
import { needsRoot } from '../../support/needs-root.ts';

const OWNER = { uid: 12_345, gid: 23_456, initgroups: false, setpriv: null };
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
  // The user of the workers may change what stands there.
  chownSync(folder, OWNER.uid, OWNER.gid);
  give(symbolic, hard);
  for (const path of [symbolic, hard]) assert.equal(statSync(`${path}-secret`).uid, 0, path);
});

test("a folder that the user has made a link of leads to no file of root's", needsRoot, (t) => {
  const folder = folderOf(t);
  const [own, secrets] = [join(folder, 'own'), join(folder, 'secrets')];
  for (const path of [own, secrets]) mkdirSync(path);
  writeFileSync(join(secrets, 'error.log'), 'of root');
  chownSync(own, OWNER.uid, OWNER.gid);
  symlinkSync(secrets, join(own, 'logs'));
  give(join(own, 'logs/access.log'), join(own, 'logs/error.log'));
  assert.equal(statSync(join(secrets, 'error.log')).uid, 0);
  assert.equal(existsSync(join(secrets, 'access.log')), false, 'nothing is made there');
});

test(
  'what root has linked is given, and so is what stands in a folder of the user',
  needsRoot,
  (t) => {
    const folder = folderOf(t);
    const own = join(folder, 'own');
    mkdirSync(own);
    chownSync(own, OWNER.uid, OWNER.gid);
    symlinkSync('own', join(folder, 'logs'));
    symlinkSync(join(folder, 'logs/access.log'), join(folder, 'link.log'));
    give(join(folder, 'link.log'), join(folder, 'logs/error.log'));
    for (const name of ['access.log', 'error.log']) {
      assert.equal(statSync(join(own, name)).uid, OWNER.uid, name);
    }
  },
);

test('a program is started with no other groups, or those of the user, and without a way to other rights', () => {
  const owner = { uid: 1, gid: 2, initgroups: false, setpriv: '/usr/bin/setpriv' };
  const { program, before, ids } = startAs(owner, 'node');
  assert.deepEqual(
    [program, before.slice(0, 5), ids],
    [owner.setpriv, ['--reuid', '1', '--regid', '2', '--clear-groups'], {}],
  );
  assert.ok(before.includes('--no-new-privs'));
  assert.deepEqual(before.slice(-2), ['--', 'node']);
  assert.ok(startAs({ ...owner, initgroups: true }, 'node').before.includes('--init-groups'));
  const without = startAs({ ...owner, setpriv: null }, 'node');
  assert.deepEqual(without, { program: 'node', before: [], ids: { uid: 1, gid: 2 } });
  assert.deepEqual(startAs(null, 'node'), { program: 'node', before: [], ids: {} });
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

test(
  'Python is asked for its version with the rights of the workers, the groups of the user among them',
  needsRoot,
  async (t) => {
    const folder = folderOf(t);
    chmodSync(folder, 0o777);
    const [python, told] = [join(folder, 'python3'), join(folder, 'told')];
    const real = '/usr/bin/python3';
    const text = `#!/bin/sh\ngrep -E '^(Uid|Groups|NoNewPrivs)' /proc/self/status > ${told}\nexec ${real} "$@"\n`;
    writeFileSync(python, text, { mode: 0o755 });
    const owner = ownerOf({ user: 'www-data', group: null, initgroups: true } as Settings);
    const search = { python, cwd: folder, env: process.env, owner };
    assert.match(await resolvePython(search), /python3/);
    const { uid = 0, gid = 0 } = owner ?? {};
    const ids = Array(4).fill(uid).join('\t');
    assert.equal(readFileSync(told, 'utf8'), `Uid:\t${ids}\nGroups:\t${gid} \nNoNewPrivs:\t1\n`);

    const missing = resolvePython({ ...search, python: '/nowhere/python3' });
    await assert.rejects(missing, /There is no Python interpreter at \/nowhere\/python3\./);
    await assert.rejects(
      resolvePython({ ...search, python: 'python9' }),
      /python9 was not found on PATH/,
    );
    chmodSync(python, 0o644);
    await assert.rejects(resolvePython(search), /python3 is not executable\./);
  },
);
