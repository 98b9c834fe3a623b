// Row 15, disk: the folder of temporary files is missing or takes no more, and logs cannot be written. A request body gets 507
// and responses wait in memory, with a clear log line; everybody else is served, nothing spins, and it is as before when there is
// room again. Faults put in by hand and seen here: a response that is cut; a process that dies of SIGXFSZ.

import assert from 'node:assert/strict';
import { open, rename } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import {
  ask,
  eventually,
  makeFifo,
  type Served,
  serveWsgi,
  temporaryFolder,
} from '../end-to-end/serving.ts';
import { KINDS } from './kinds.ts';

const MIB = 1024 * 1024;
const BIG = 10 * MIB;
/** A tenth of a mebibyte more than may be in memory. */
const UPLOAD = { method: 'POST', body: Buffer.alloc(230_000) };
/** Blocks of 512 bytes, or of 1024 in some shells: far less than a large response, more than a log of this test. */
const SMALL_FILES = { ulimit: '-f 200' };

/** A client that lets the server wait before it reads all of a large response. */
async function readsLate(served: Served): Promise<number> {
  const client = await served.connect();
  client.pauseReading();
  await client.send('GET /big HTTP/1.1\r\nHost: x\r\n\r\n');
  await served.server.line(/\(spool-refused\)/);
  client.resumeReading();
  return (await client.readResponse()).body.length;
}

for (const { name, serve } of KINDS) {
  const gathers = name === 'WSGI' ? [] : ['--request-buffering', 'on'];
  const args = ['--threads', '2', ...gathers];

  test(`${name}: without a folder for temporary files uploads get 507 and downloads come whole`, async () => {
    const folder = await temporaryFolder();
    const served = await serve([...args, '--tmp-dir', folder]);
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
  });

  test(`${name}: where temporary files take no more uploads get 507 and downloads come whole`, async () => {
    const folder = await temporaryFolder();
    const served = await serve([...args, '--tmp-dir', folder], SMALL_FILES);
    assert.equal((await ask(served, '/', { method: 'POST', body: Buffer.alloc(MIB) })).status, 507);
    await served.server.line(/Cannot write a temporary file in .*: EFBIG.* \(spool-failed\)/);
    assert.equal(await readsLate(served), BIG);
    assert.equal((await ask(served, '/')).status, 200);
  });
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
