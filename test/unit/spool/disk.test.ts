// The disk as it really is: a process killed in the middle leaves no file, a full disk is an error with a name and not
// a crash, and gigabytes pass through a process that does not grow.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { SpoolError } from '../../../src/spool/errors.ts';
import { openNamedSpoolFile, openSpoolFile, type SpoolFile } from '../../../src/spool/file.ts';

const child = fileURLToPath(new URL('./spooling-child.js', import.meta.url));

function folder(t: TestContext): string {
  const directory = fs.mkdtempSync(join(tmpdir(), 'tunicorn-spool-test-'));
  t.after(() => fs.rmSync(directory, { recursive: true }));
  return directory;
}

async function firstLine(process: ChildProcess): Promise<string> {
  assert.ok(process.stdout !== null);
  const [line] = await once(process.stdout, 'data');
  return String(line).trim();
}

function opened(open: typeof openSpoolFile, directory: string): Promise<SpoolFile> {
  return new Promise((resolve, reject) => {
    open(directory, (error, file) => (file === null ? reject(error) : resolve(file)));
  });
}

test('a process killed while it spools leaves no file behind', async (t) => {
  const directory = folder(t);
  const spooling = spawn(process.execPath, [child, 'spool', directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => spooling.kill('SIGKILL'));
  assert.equal(await firstLine(spooling), 'in the file');
  assert.deepEqual(fs.readdirSync(directory), [], 'not even while it runs');
  spooling.kill('SIGKILL');
  await once(spooling, 'exit');
  assert.deepEqual(fs.readdirSync(directory), []);
});

test('without O_TMPFILE the name is gone when the file is open, or kept until it is closed', async (t) => {
  const directory = folder(t);
  const nameless = await opened((where, then) => openNamedSpoolFile(where, false, then), directory);
  assert.deepEqual(fs.readdirSync(directory), []);
  nameless.close();

  const named = await opened((where, then) => openNamedSpoolFile(where, true, then), directory);
  assert.equal(fs.readdirSync(directory).length, 1);
  assert.equal(fs.statSync(named.path).mode & 0o777, 0o600);
  const watched = fs.watch(directory);
  const change = once(watched, 'change');
  named.close();
  await change;
  watched.close();
  assert.deepEqual(fs.readdirSync(directory), []);
});

test('a folder that is a file, or full of nothing, is named in the error', async () => {
  for (const directory of ['/proc/self/status', '/not/there']) {
    await assert.rejects(opened(openSpoolFile, directory), (error: SpoolError) => {
      assert.equal(error.code, 'spool-unwritable');
      return error.message.includes(directory);
    });
  }
});

test('at the limit for the size of a file the spool fails as on a full disk, and the process lives', (t) => {
  const directory = folder(t);
  // 2048 blocks of 512 or 1024 bytes, as the shell counts.
  const command = 'ulimit -f 2048; exec "$0" "$1" fill "$2"';
  const run = spawnSync('sh', ['-c', command, process.execPath, child, directory], {
    encoding: 'utf8',
  });
  assert.equal(run.status, 0, run.stderr);
  assert.deepEqual(JSON.parse(run.stdout), { code: 'spool-full-disk', budget: 0, descriptors: 0 });
});

test('at the limit for the size of a file a response waits in memory, and all of it comes out', (t) => {
  const command = 'ulimit -f 2048; exec "$0" "$1" be-refused "$2"';
  const run = spawnSync('sh', ['-c', command, process.execPath, child, folder(t)], {
    encoding: 'utf8',
  });
  assert.equal(run.status, 0, run.stderr);
  const { code, sound, refusals, budget } = JSON.parse(run.stdout);
  assert.deepEqual({ code, sound, budget }, { code: 'spool-full-disk', sound: true, budget: 0 });
  assert.ok(refusals < 100, `${refusals} attempts`);
});

test('on a full disk the spool fails with the folder in the message, and gives back what it held', (t) => {
  const directory = folder(t);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', directory]);
  if (mounted.status !== 0) {
    t.skip('a small tmpfs can only be mounted by root; the test above simulates it');
    return;
  }
  try {
    const run = spawnSync(process.execPath, [child, 'fill', directory], { encoding: 'utf8' });
    assert.equal(run.status, 0, run.stderr);
    assert.deepEqual(JSON.parse(run.stdout), {
      code: 'spool-full-disk',
      budget: 0,
      descriptors: 0,
    });
    assert.equal(fs.statfsSync(directory).bfree, fs.statfsSync(directory).blocks, 'all is free');
  } finally {
    spawnSync('umount', [directory]);
  }
});

test('without descriptors the spool says so', (t) => {
  const command = 'ulimit -n 64; exec "$0" "$1" no-descriptors "$2"';
  const run = spawnSync('sh', ['-c', command, process.execPath, child, folder(t)], {
    encoding: 'utf8',
  });
  assert.equal(run.status, 0, run.stderr);
  assert.equal(JSON.parse(run.stdout).code, 'spool-out-of-descriptors');
});

test('256 MiB pass through a process that does not grow with them', (t) => {
  const run = spawnSync(process.execPath, [child, 'pass', folder(t), String(256)], {
    encoding: 'utf8',
  });
  assert.equal(run.status, 0, run.stderr);
  const { grownMiB, fileMiB } = JSON.parse(run.stdout);
  assert.ok(fileMiB >= 64, `the file held ${fileMiB} MiB`);
  assert.ok(grownMiB < 24, `grown by ${grownMiB} MiB`);
});
