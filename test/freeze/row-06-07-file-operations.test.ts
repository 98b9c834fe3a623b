// Rows 6 and 7 where what hangs are file operations of a Node.js application: they hold threads of libuv's pool, which the
// worker's own files (logs, bodies, responses) go through as well. Seen to fail with Node.js's pool of four: no line of a
// log, no upload and no large response until the end; and without the watch over the pool: nobody is replaced.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { ask, eventually, makeFifo, type Served, temporaryFolder } from '../end-to-end/serving.ts';
import { isAlive } from '../support/processes.ts';
import { serveFreezes } from './family.ts';
import { assertAllGet504, hang } from './hung.ts';

const HUNG = 8;
const MEGABYTE = Buffer.alloc(1_000_000, 'x');
const ARGS = [
  ...['--threads', '2', '--timeout', '1', '--graceful-timeout', '2'],
  ...['--request-buffering', 'on', '--request-memory', '65536', '--response-memory', '65536'],
];

async function assertFilesGoOn(served: Served): Promise<void> {
  assert.equal((await ask(served, '/read', { method: 'POST', body: MEGABYTE })).status, 200);
  const slow = await served.connect();
  slow.pauseReading();
  await slow.send('GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n');
  assert.equal((await ask(served, '/')).status, 200);
  slow.resumeReading();
  assert.equal((await slow.readResponse()).body.length, 10 * 1024 * 1024);
}

test('file operations that hang get 504, and keep no log, no upload and no large response waiting', async (t) => {
  const accessLog = join(await temporaryFolder(), 'access');
  const served = await serveFreezes(t, 'node', [...ARGS, '--access-logfile', accessLog]);
  const workers = served.server.workerPids();
  const hung = await hang(served, `/file?${await makeFifo()}`, HUNG);
  await assertAllGet504(hung);
  await eventually(() => served.log().split('(overdue)').length > HUNG, 'a line about each');
  await assertFilesGoOn(served);
  const lines = async (): Promise<string> => readFile(accessLog, 'latin1');
  await eventually(async () => (await lines()).includes('"GET /big HTTP/1.1" 200'), 'its line');
  assert.equal((await lines()).split('" 504 ').length - 1, HUNG);
  assert.deepEqual(served.server.workerPids(), workers);
});

test('when they hold the whole pool the worker is replaced, and the next one serves', async (t) => {
  const served = await serveFreezes(t, 'node', ARGS, { UV_THREADPOOL_SIZE: '4' });
  const [old = assert.fail('no worker')] = served.server.workerPids();
  await assertAllGet504(await hang(served, `/file?${await makeFifo()}`, HUNG));
  await served.server.line(/is to be replaced: no file operation has come back for \d+\.\d s/);
  await served.server.line(/takes over from worker/);
  await eventually(() => !isAlive(old), 'the end of the old worker');
  await assertFilesGoOn(served);
});
