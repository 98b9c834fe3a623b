// Large bodies both ways: whole, in bounded memory, without holding a thread for a slow client, and with no temporary
// file left on disk, not even after a SIGKILL. Smaller than the 2 GB of the promise, and large enough to tell.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import test from 'node:test';
import { isAlive, residentBytes } from '../support/processes.ts';
import {
  ask,
  eventually,
  json,
  openFilesOf,
  type RawClient,
  type Served,
  serveWsgi,
  temporaryFolder,
} from './serving.ts';

const MIB = 1024 * 1024;
const UPLOAD_MIB = 192;
const DOWNLOAD_MIB = 192;
/** The promise is 250 MB for every process, whatever the size of the body. */
const RESIDENT_MAX = 250 * MIB;

interface Told {
  readonly bytes: number;
  readonly sha256: string;
}

/** The highest resident memory of any process of the server while `work` runs. */
async function highestResident(server: Served, work: () => Promise<void>): Promise<number> {
  let highest = 0;
  const pids = [server.pid, ...server.childPids()];
  const look = () => {
    for (const pid of pids) highest = Math.max(highest, residentBytes(pid));
  };
  const timer = setInterval(look, 50);
  try {
    await work();
    look();
  } finally {
    clearInterval(timer);
  }
  return highest;
}

/** Sends `mebibytes` with a hash of what was sent; `send` waits until the kernel has taken each piece. */
async function upload(client: RawClient, mebibytes: number, chunked: boolean): Promise<string> {
  const framing = chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${mebibytes * MIB}`;
  await client.send(`POST / HTTP/1.1\r\nHost: x\r\n${framing}\r\n\r\n`);
  const digest = createHash('sha256');
  const piece = Buffer.alloc(MIB);
  for (let sent = 0; sent < mebibytes; sent++) {
    piece.fill(sent % 251);
    digest.update(piece);
    if (chunked) await client.send(`${MIB.toString(16)}\r\n`);
    await client.send(Buffer.from(piece));
    if (chunked) await client.send('\r\n');
  }
  if (chunked) await client.send('0\r\n\r\n');
  return digest.digest('hex');
}

for (const chunked of [false, true]) {
  test(`a large upload ${chunked ? 'in chunks' : 'with a length'} arrives whole in bounded memory`, async () => {
    const server = await serveWsgi('count_bytes:app', ['--threads', '2']);
    const highest = await highestResident(server, async () => {
      const client = await server.connect();
      const sha256 = await upload(client, UPLOAD_MIB, chunked);
      const told = json(await client.readResponse()) as Told;
      assert.deepEqual(told, { bytes: UPLOAD_MIB * MIB, sha256 });
    });
    assert.ok(highest < RESIDENT_MAX, `${Math.round(highest / MIB)} MiB resident`);
  });
}

/** Reads a whole response without keeping it: head, then as many bytes as the length says. */
async function discardResponse(client: RawClient): Promise<number> {
  let head = '';
  while (!head.endsWith('\r\n\r\n')) head += (await client.take(1)).toString('latin1');
  const length = Number(/^content-length: (\d+)\r$/im.exec(head)?.[1]);
  for (let left = length; left > 0; ) left -= (await client.take(Math.min(left, MIB))).length;
  return length;
}

test('a large download arrives whole in bounded memory', async () => {
  const server = await serveWsgi('count_bytes:app', ['--threads', '2']);
  const highest = await highestResident(server, async () => {
    const client = await server.connect();
    await client.send(`GET /${DOWNLOAD_MIB} HTTP/1.1\r\nHost: x\r\n\r\n`);
    assert.equal(await discardResponse(client), DOWNLOAD_MIB * MIB);
  });
  assert.ok(highest < RESIDENT_MAX, `${Math.round(highest / MIB)} MiB resident`);
});

test('clients that do not read their large responses hold no thread', async () => {
  const server = await serveWsgi('count_bytes:app', ['--threads', '2']);
  for (let index = 0; index < 8; index++) {
    const client = await server.connect();
    client.pauseReading();
    await client.send('GET /16 HTTP/1.1\r\nHost: x\r\n\r\n');
  }
  // Both threads are through with all eight, or this would wait behind them until their write deadline.
  assert.equal((await ask(server, '/0')).status, 200);
});

test('clients that send their body slowly hold no thread', async () => {
  const server = await serveWsgi('count_bytes:app', ['--threads', '1']);
  const slow = await Promise.all(Array.from({ length: 8 }, () => server.connect()));
  for (const client of slow) {
    await client.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nfour');
  }
  assert.equal((await ask(server, '/0')).status, 200);
  for (const client of slow) {
    await client.send('!');
    assert.equal((json(await client.readResponse()) as Told).bytes, 5);
  }
});

test('a body above limit_request_body is refused with 413, one at the limit passes', async () => {
  const server = await serveWsgi('count_bytes:app', ['--limit-request-body', '1000']);
  for (const chunked of [false, true]) {
    const fits = await ask(server, '/', { method: 'POST', body: 'x'.repeat(1000), chunked });
    assert.equal((json(fits) as Told).bytes, 1000);
    const over = await ask(server, '/', { method: 'POST', body: 'x'.repeat(1001), chunked });
    assert.equal(over.status, 413);
  }
});

test('temporary files are gone after the request, after a client that leaves, and after SIGKILL', async () => {
  const folder = await temporaryFolder();
  const server = await serveWsgi('count_bytes:app', ['--tmp-dir', folder]);
  const whole = await server.connect();
  await upload(whole, 8, false);
  assert.equal((json(await whole.readResponse()) as Told).bytes, 8 * MIB);

  const started = async () => {
    const client = await server.connect();
    await client.send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${8 * MIB}\r\n\r\n`);
    await client.send(Buffer.alloc(4 * MIB));
    return client;
  };
  const leaver = await started();
  await eventually(async () => (await spoolFiles(server, folder)) > 0);
  leaver.reset();
  await eventually(async () => (await spoolFiles(server, folder)) === 0);

  await started();
  await eventually(async () => (await spoolFiles(server, folder)) > 0);
  const family = [server.pid, ...server.childPids()];
  for (const pid of family) process.kill(pid, 'SIGKILL');
  await eventually(() => !family.some(isAlive));
  assert.deepEqual(await readdir(folder), []);
});

/** Descriptors of the server's processes that lead into the folder, unlinked files included. */
async function spoolFiles(server: Served, folder: string): Promise<number> {
  const open = await Promise.all([server.pid, ...server.childPids()].map(openFilesOf));
  return open.flat().filter((name) => name.startsWith(folder)).length;
}
