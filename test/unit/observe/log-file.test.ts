// Log files that are opened as root where somebody else may have had their hands on the way: what is followed and what is
// not. Faults put in by hand and seen here: links followed in folders that are open to others; pipes waited for, guarded or not; a pipe that nobody
// reads opened at first as later.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openFirstLogFile, openLogFile, openOwnFile } from '../../../src/observe/log-file.ts';

/** Ours, and another in it that everybody may change. */
function places(t: TestContext): { firm: string; open: string } {
  const firm = fs.mkdtempSync(join(fs.realpathSync(tmpdir()), 'tunicorn-log-file-'));
  t.after(() => fs.rmSync(firm, { recursive: true }));
  const open = join(firm, 'open');
  fs.mkdirSync(open);
  fs.chmodSync(open, 0o777);
  return { firm, open };
}

function writes(path: string): void {
  const fd = openLogFile(path, true);
  fs.writeSync(fd, 'line\n');
  fs.closeSync(fd);
}

function descriptors(): number {
  return fs.readdirSync('/proc/self/fd').length;
}

function assertRefused(path: string, says: RegExp): void {
  const before = descriptors();
  for (const open of [() => openLogFile(path, true), () => openOwnFile(path)]) {
    assert.throws(open, { name: 'LogFileError', code: 'log-unwritable', message: says });
  }
  assert.equal(descriptors(), before, 'nothing stays open');
}

test('a plain file is made and appended to, in folders of others as well', (t) => {
  const { firm, open } = places(t);
  const before = descriptors();
  for (const path of [join(firm, 'a.log'), join(open, 'a.log'), `${open}/../open//a.log`])
    writes(path);
  assert.equal(fs.readFileSync(join(firm, 'a.log'), 'utf8'), 'line\n');
  assert.equal(fs.readFileSync(join(open, 'a.log'), 'utf8'), 'line\nline\n');
  assert.equal(fs.statSync(join(open, 'a.log')).mode & 0o777, 0o644 & ~process.umask());
  assert.equal(descriptors(), before);
});

test('links in a folder that is ours alone are followed, wherever they lead', (t) => {
  const { firm, open } = places(t);
  fs.symlinkSync('open', join(firm, 'folder'));
  fs.symlinkSync(join(firm, 'folder', 'b.log'), join(firm, 'absolute'));
  fs.symlinkSync('../firm.log', join(firm, 'outside'));
  fs.symlinkSync('./folder/../absolute', join(firm, 'relative'));
  for (const name of ['folder/b.log', 'absolute', 'relative']) writes(join(firm, name));
  assert.equal(fs.readFileSync(join(open, 'b.log'), 'utf8'), 'line\n'.repeat(3));
});

test('links in a folder that others may write in are not, at the end or on the way', (t) => {
  const { firm, open } = places(t);
  const secrets = join(firm, 'secrets');
  fs.mkdirSync(secrets);
  fs.writeFileSync(join(secrets, 'log'), 'secret');
  fs.symlinkSync(join(secrets, 'log'), join(open, 'file'));
  fs.symlinkSync(secrets, join(open, 'folder'));
  fs.symlinkSync(join(open, 'folder', 'log'), join(firm, 'round'));
  const says =
    /^Cannot open the log file .*: (file|folder) in .*\/open is a symbolic link, and others than root may write in that folder\.$/;
  for (const path of [join(open, 'file'), join(open, 'folder/log'), join(firm, 'round')]) {
    assertRefused(path, says);
  }
  assert.equal(fs.readFileSync(join(secrets, 'log'), 'utf8'), 'secret');
});

test('a pipe, read or not, a folder and a file with two names are refused, and what goes round in a circle', (t) => {
  const { firm } = places(t);
  const pipe = join(firm, 'pipe');
  execFileSync('mkfifo', [pipe]);
  assertRefused(pipe, /: it is a pipe or a socket that nobody reads\.$/);
  const reader = fs.openSync(pipe, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  assertRefused(pipe, /: it is no plain file, and somebody else may have put it there\.$/);
  fs.closeSync(reader);
  assertRefused(firm, /: illegal operation on a directory\.$/);
  fs.writeFileSync(join(firm, 'one'), '');
  fs.linkSync(join(firm, 'one'), join(firm, 'two'));
  assertRefused(join(firm, 'two'), /: it is a file with several names \(hard links\), and/);
  fs.symlinkSync('circle', join(firm, 'circle'));
  assertRefused(join(firm, 'circle'), /: too many symbolic links on the way\.$/);
  assertRefused(join(firm, 'missing/log'), /: no such file or directory\.$/);
});

test("devices and standard streams are opened, and are nobody else's to be given", (t) => {
  const { firm, open } = places(t);
  // What the shell has opened for us: perhaps a file, which stays whose it is.
  const stream = fs.openSync(join(open, 'redirected'), 'a');
  t.after(() => fs.closeSync(stream));
  fs.symlinkSync(`/dev/fd/${stream}`, join(firm, 'stream'));
  for (const path of ['/dev/null', `/dev/fd/${stream}`, join(firm, 'stream')]) {
    writes(path);
    assert.equal(openOwnFile(path), null, path);
  }
  assert.equal(fs.readFileSync(join(open, 'redirected'), 'utf8'), 'line\nline\n');
});

test('without a guard everything is opened as before', (t) => {
  const { open } = places(t);
  fs.symlinkSync('target', join(open, 'link'));
  fs.closeSync(openLogFile(join(open, 'link'), false));
  assert.ok(fs.existsSync(join(open, 'target')));
});

test('a pipe that nobody reads is no log to change to, and one to begin with: its next reader has the lines', (t) => {
  const pipe = join(places(t).firm, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const says = /^Cannot open the log file .*: it is a pipe or a socket that nobody reads\.$/;
  assert.throws(() => openLogFile(pipe, false), { name: 'LogFileError', message: says });
  assert.throws(() => openFirstLogFile(pipe, true), { name: 'LogFileError', message: says });
  const fd = openFirstLogFile(pipe, false);
  fs.writeSync(fd, 'line\n');
  // Full is full, and not waited for.
  assert.throws(() => fs.writeSync(fd, Buffer.alloc(1024 * 1024)) < 0 || fs.writeSync(fd, 'x'), {
    code: 'EAGAIN',
  });
  const reader = fs.openSync(pipe, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  const bytes = Buffer.alloc(5);
  fs.readSync(reader, bytes);
  assert.equal(bytes.toString(), 'line\n');
  for (const each of [reader, fd]) fs.closeSync(each);
});
