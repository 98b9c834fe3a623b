// Row 15, disk: the folder of temporary files is missing or full, or what may be in it is taken, and logs cannot be written. A
// request body gets 507 or 503 and responses wait in memory, with a clear log line; everybody else is served, nothing spins, and
// it is as before when there is room again. Faults put in by hand and seen here: a response that is cut; a process that dies of
// SIGXFSZ; bodies that count in no total.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { open, rename, statfs } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import {
  ask,
  eventually,
  fieldOf,
  hasRead,
  makeFifo,
  type Question,
  type Served,
  serveWsgi,
  temporaryFolder,
} from '../end-to-end/serving.ts';
import { needsRoot } from '../support/needs-root.ts';
import { KINDS } from './kinds.ts';
import { NormalClients } from './normal-clients.ts';

const MIB = 1024 * 1024;
const BIG = 10 * MIB;
/** A tenth of a mebibyte more than may be in memory. */
const UPLOAD = { method: 'POST', body: Buffer.alloc(230_000) };
/** Blocks of 512 bytes, or of 1024 in some shells: far less than a large response, more than a log of this test. */
const SMALL_FILES = { ulimit: '-f 200' };

/** A client that lets the server wait before it reads all of a large response. `until`: what the log says then. */
async function readsLate(
  served: Served,
  until: RegExp | null = /\(spool-refused\)/,
): Promise<number> {
  const client = await served.connect();
  client.pauseReading();
  await client.send('GET /big HTTP/1.1\r\nHost: x\r\n\r\n');
  if (until !== null) await served.server.line(until);
  client.resumeReading();
  return (await client.readResponse()).body.length;
}

/** A client of whose body of so many bytes the server has most, and that pauses: its file stays. `finish` sends the rest. */
async function pausingUpload(
  served: Served,
  bytes: number,
): Promise<{ readonly finish: () => Promise<number> }> {
  const client = await served.connect();
  const body = Buffer.alloc(bytes);
  const rest = 100_000;
  await client.send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${bytes}\r\n\r\n`);
  await client.send(body.subarray(rest));
  await eventually(() => hasRead(served, client), 'the server to have most of the body');
  return {
    finish: async () => {
      await client.send(body.subarray(0, rest));
      return (await client.readResponse()).status;
    },
  };
}

/** A folder on a disk of its own, of so many bytes; gone after the test. */
async function smallDisk(t: TestContext, bytes: number): Promise<string> {
  const folder = await temporaryFolder();
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder]);
  // Lazily: the server that has files in it ends after the test.
  t.after(() => execFileSync('umount', ['-l', folder]));
  return folder;
}

async function usedBytes(folder: string): Promise<number> {
  const { blocks, bfree, bsize } = await statfs(folder);
  return (blocks - bfree) * bsize;
}

for (const { name, serve } of KINDS) {
  const gathers = name === 'WSGI' ? [] : ['--request-buffering', 'on'];
  const args = ['--threads', '2', ...gathers];
  const upload = (bytes: number): Question => ({ method: 'POST', body: Buffer.alloc(bytes) });

  test(`${name}: without a folder for temporary files uploads get 507, beyond worker_spool 503, and downloads come whole`, async () => {
    const folder = await temporaryFolder();
    const served = await serve([...args, '--tmp-dir', folder, '--worker-spool', '4m']);
    assert.equal((await ask(served, '/', UPLOAD)).status, 200);
    await rename(folder, `${folder}-away`);
    assert.equal((await ask(served, '/', UPLOAD)).status, 507);
    await served.server.line(
      /Cannot take in a request .*: Cannot create a temporary file in .*: ENOENT.* \(spool-failed\)/,
    );
    assert.equal(await readsLate(served), BIG);
    assert.equal((await ask(served, '/')).status, 200);
    await rename(`${folder}-away`, folder);
    assert.equal((await ask(served, '/', UPLOAD)).status, 200);

    // Of the 4 MiB that all files may have, request bodies have three.
    const first = await pausingUpload(served, 3 * MIB - 1000);
    const second = await ask(served, '/', upload(MIB));
    assert.deepEqual([second.status, fieldOf(second, 'retry-after')], [503, '1']);
    await served.server.line(/The temporary files of this worker .* \(spool-taken\)/);
    assert.equal((await ask(served, '/', upload(3 * MIB + 1))).status, 413);
    assert.equal(await readsLate(served, null), BIG);
    assert.equal(await first.finish(), 200);
    assert.equal((await ask(served, '/', { ...upload(3 * MIB + 1), chunked: true })).status, 413);
    assert.equal((await ask(served, '/', upload(MIB))).status, 200);
  });

  test(
    `${name}: on a full disk uploads get 507 and downloads come whole, and nobody else notices`,
    needsRoot,
    async (t) => {
      const folder = await smallDisk(t, 3 * MIB);
      const served = await serve([...args, '--tmp-dir', folder]);
      const normal = new NormalClients(t, served, 4);
      const first = await pausingUpload(served, 2 * MIB);
      await eventually(async () => (await usedBytes(folder)) > MIB, 'the first to be on the disk');
      for (let times = 0; times < 5; times++) {
        assert.equal((await ask(served, '/', upload(2 * MIB))).status, 507);
      }
      await served.server.line(/Cannot write a temporary file in .*: ENOSPC.* \(spool-failed\)/);
      assert.equal([...served.log().matchAll(/\(spool-failed\)/g)].length, 1, 'said once');
      assert.equal(await readsLate(served), BIG);
      assert.equal(await first.finish(), 200);
      assert.equal((await ask(served, '/', upload(2 * MIB))).status, 200);
      await eventually(async () => (await usedBytes(folder)) === 0, 'the files to be gone');
      await normal.allServed(5);
      await normal.stop();
      assert.deepEqual(normal.failures, []);
    },
  );
}

test('clients that do not read, where no file can be had, give way when others wait for their threads', async () => {
  const served = await serveWsgi('freezes', ['--threads', '2'], SMALL_FILES);
  for (let index = 0; index < 4; index++) {
    const client = await served.connect();
    client.pauseReading();
    await client.send('GET /big HTTP/1.1\r\nHost: x\r\n\r\n');
  }
  assert.equal((await ask(served, '/')).status, 200);
  await served.server.line(/\(gave-way\)/);
});

test('an access log on a full disk is said once, and requests go on', async () => {
  const served = await serveWsgi('freezes', ['--access-logfile', '/dev/full']);
  for (let index = 0; index < 20; index++) assert.equal((await ask(served, '/')).status, 200);
  await served.server.line(/Cannot write the log \/dev\/full: ENOSPC.*Requests go on/);
  assert.equal([...served.log().matchAll(/Cannot write the log/g)].length, 1);
  assert.deepEqual(await served.server.stop(), { code: 0, signal: null });
});

/** Both ends of a named pipe that nobody reads. */
async function stalledPipe(t: TestContext): Promise<string> {
  const path = await makeFifo();
  const both = await open(path, 'r+');
  t.after(() => both.close());
  return path;
}

test('an access log whose reader stands still holds up no request, and no end', async (t) => {
  const path = await stalledPipe(t);
  const served = await serveWsgi('freezes', ['--access-logfile', path, '--graceful-timeout', '3']);
  const client = await served.connect();
  const target = `/${'x'.repeat(2000)}`;
  for (let index = 0; index < 100; index++) assert.equal((await client.get(target)).status, 200);
  client.destroy();
  await eventually(async () => (await ask(served, '/')).status === 200);
  const { code } = await served.server.stop();
  assert.equal(code, 0);
});
