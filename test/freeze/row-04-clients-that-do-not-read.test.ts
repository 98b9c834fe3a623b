// Row 4: 200 clients ask for 10 MB each and read nothing. Everybody else is served, memory and temporary files keep to
// their bounds, what is full makes room, the 200 are reset at their deadline, nothing is left on disk. Faults put in by hand
// and seen here: nobody gives way (the normal clients wait for write_timeout); no deadline while writing.

import assert from 'node:assert/strict';
import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ask,
  eventually,
  type RawClient,
  type RawResponse,
  type Served,
  serveNode,
  serveWsgi,
  temporaryFolder,
} from '../end-to-end/serving.ts';
import { openConnections } from '../support/open-connections.ts';
import { residentBytes } from '../support/processes.ts';
import { NormalClients } from './normal-clients.ts';

const MIB = 1024 * 1024;
const CLIENTS = 200;
const NORMAL = 8;
/** Two gigabytes are asked for; a small part may wait on disk, a quarter of worker_spool, so that it is soon full. */
const SPOOL_BYTES = 128 * MIB;
/** The budget has its bytes back as soon as a file is given up; closing it takes the disk a moment longer. */
const CLOSING_BYTES = 64 * MIB;
const ASK_BIG = 'GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n';
/** Hundreds of megabytes go through a machine that is busy with other things. */
const LONG_MS = 60_000;

/** A look goes through hundreds of descriptors, and what is full stays so for seconds. */
const LOOK_MS = 250;

/** Watches what the server's processes hold. */
class Watch {
  residentMost = 0;
  spooledMost = 0;
  readonly #served: Served;
  readonly #folder: string;
  readonly #timer: NodeJS.Timeout;

  constructor(t: TestContext, served: Served, folder: string) {
    this.#served = served;
    this.#folder = folder;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    t.after(() => clearInterval(this.#timer));
  }

  /** Bytes of the temporary files, which have no name. */
  spooled(): number {
    return this.#served.childPids().reduce((sum, pid) => sum + spooledBy(pid, this.#folder), 0);
  }

  #look(): void {
    const resident = this.#served
      .childPids()
      .map(residentBytes)
      .reduce((sum, bytes) => sum + bytes, 0);
    this.residentMost = Math.max(this.residentMost, resident);
    this.spooledMost = Math.max(this.spooledMost, this.spooled());
  }
}

function spooledBy(pid: number, folder: string): number {
  let bytes = 0;
  try {
    for (const name of readdirSync(`/proc/${pid}/fd`)) {
      const path = `/proc/${pid}/fd/${name}`;
      if (readlinkSync(path).startsWith(folder)) bytes += statSync(path).size;
    }
  } catch {
    // The file was closed, or the process has gone, between two looks.
  }
  return bytes;
}

async function ignoreAnswers(served: Served): Promise<RawClient[]> {
  const clients: RawClient[] = [];
  for (let index = 0; index < CLIENTS; index++) {
    const client = await served.connect();
    client.pauseReading();
    await client.send(ASK_BIG);
    clients.push(client);
  }
  return clients;
}

for (const { kind, serve, app, residentMax, writeTimeout, givesWay } of [
  // Time enough that what is full makes room before the deadline does.
  {
    ...{ kind: 'WSGI', serve: serveWsgi, app: 'freezes:app', writeTimeout: '8' },
    ...{ residentMax: 300 * MIB, givesWay: true },
  },
  // Four threads with their own heaps are 150 MiB before anybody asks. A response waits there without its thread.
  {
    ...{ kind: 'Node.js', serve: serveNode, app: './freezes.mjs', writeTimeout: '4' },
    ...{ residentMax: 700 * MIB, givesWay: false },
  },
]) {
  test(`${kind}: 200 clients that do not read 10 MB each keep nobody from being served`, async (t) => {
    const folder = await temporaryFolder();
    const served = await serve(app, [
      ...['--threads', '4', '--tmp-dir', folder, '--worker-spool', `${4 * SPOOL_BYTES}`],
      ...['--write-timeout', writeTimeout],
    ]);
    const watch = new Watch(t, served, folder);
    const normal = new NormalClients(t, served, NORMAL);
    await normal.allServed(5);
    const ignorant = await ignoreAnswers(served);
    // The rush is taken in: from here on nobody notices the 200.
    await normal.allServed(20, LONG_MS);
    normal.forget();
    if (givesWay) await served.server.line(/\(gave-way\)/);
    await eventually(() => openConnections(served.port) <= NORMAL, 'the 200 to be reset', LONG_MS);
    await eventually(() => watch.spooled() === 0, 'the files to be gone');
    await normal.allServed(5);
    await normal.stop();
    t.diagnostic(
      `most resident ${Math.round(watch.residentMost / MIB)} MiB, most spooled ${Math.round(watch.spooledMost / MIB)} MiB, slowest normal answer ${Math.round(normal.slowestMs)} ms`,
    );
    assert.deepEqual(normal.failures, [], `${normal.failures}\n${served.log().slice(-8000)}`);
    assert.ok(watch.residentMost < residentMax, `${watch.residentMost} bytes resident`);
    assert.ok(watch.spooledMost > 0, 'nothing was spooled: the test tests nothing');
    assert.ok(
      watch.spooledMost <= SPOOL_BYTES + CLOSING_BYTES,
      `${watch.spooledMost} bytes spooled`,
    );
    assert.deepEqual(await readdir(folder), []);
    const [first = assert.fail('nobody')] = ignorant;
    first.resumeReading();
    await first.waitClosed();
    assert.ok(first.receivedBytes < 10 * MIB, 'the first one has its response cut');
  });
}

test('WSGI: early hints to a client that does not read wait nowhere', async () => {
  const served = await serveWsgi('freezes:app', ['--threads', '1', '--log-level', 'debug']);
  const client = await served.connect();
  client.pauseReading();
  await client.send('GET /hints HTTP/1.1\r\nHost: localhost\r\n\r\n');
  // The 64 MB of them hold up nobody else either: the thread is free again.
  assert.equal((await ask(served, '/')).status, 200);
  client.resumeReading();
  let hints = 0;
  let reply = await client.readResponse();
  for (; reply.status === 103; reply = await client.readResponse()) hints += 1;
  assert.equal(reply.status, 200);
  assert.ok(hints > 0 && client.receivedBytes < 32 * MIB, `${hints} hints`);
});

test('Node.js: a client that pauses keeps its response when what others wait for is the processor', async () => {
  const served = await serveNode('./freezes.mjs', [
    ...['--threads', '1', '--response-memory', '100000', '--worker-spool', '0'],
    ...['--log-level', 'debug'],
  ]);
  const pausing = await served.connect();
  pausing.pauseReading();
  await pausing.send(ASK_BIG);
  await served.server.line(/1 with 1 of 1 threads/);
  // For longer than after which a pause is one; what comes meanwhile is queued once the thread is seen to stand still.
  const holding = ask(served, '/block?2.5');
  const others: Promise<RawResponse>[] = [];
  const sender = setInterval(() => others.push(ask(served, '/')), 50);
  await served.server.line(/[1-9]\d* requests queued/);
  assert.equal((await holding).status, 200);
  clearInterval(sender);
  for (const { status } of await Promise.all(others)) assert.equal(status, 200);
  pausing.resumeReading();
  assert.equal((await pausing.readResponse()).body.length, 10 * MIB);
  assert.doesNotMatch(served.log(), /gave-way/);
});

/** Reads at a steady pace, and a little at a time: what it does not read is left to the kernels. */
class SlowReader {
  receivedBytes = 0;
  readonly #socket: Socket;
  #stopped = false;

  constructor(t: TestContext, port: number, bytesPerSecond: number, atOnce = 16 * 1024) {
    const callback = (bytes: number): boolean => {
      this.receivedBytes += bytes;
      this.#socket.pause();
      setTimeout(() => this.#goOn(), (1000 * bytes) / bytesPerSecond);
      return true;
    };
    const onread = { buffer: Buffer.alloc(atOnce), callback };
    this.#socket = connect({ port, host: '127.0.0.1', onread });
    this.#socket.on('error', () => {});
    this.#socket.write(ASK_BIG);
    t.after(() => this.#socket.destroy());
  }

  stop(): void {
    this.#stopped = true;
  }

  #goOn(): void {
    if (!this.#stopped) this.#socket.resume();
  }
}

test('a client that reads slowly, behind a kernel that holds megabytes, keeps its response beyond write_timeout; one that reads so slowly that no kernel tells does not', async (t) => {
  const timeoutMs = 5000;
  const served = await serveWsgi('freezes:app', ['--write-timeout', `${timeoutMs / 1000}`]);
  // Far less within write_timeout than the third of the kernel's buffer that must be free before the server writes again.
  const client = new SlowReader(t, served.port, 200_000);
  // Faster than write_min_rate, and too slow for its own kernel to make room for more in time: nobody can see that it reads.
  const unseen = new SlowReader(t, served.port, 2000, 200);
  const begun = (): boolean => client.receivedBytes > 0 && unseen.receivedBytes > 0;
  await eventually(begun, 'the responses to begin');
  const readBefore = unseen.receivedBytes;
  await sleep(2 * timeoutMs);
  const read = unseen.receivedBytes - readBefore;
  assert.ok(read > (500 * timeoutMs) / 1000, `${read} bytes are less than write_min_rate`);
  const before = client.receivedBytes;
  await eventually(() => client.receivedBytes > before + 100_000, 'the response to go on');
  assert.equal(openConnections(served.port), 1);
  t.diagnostic(`${client.receivedBytes} bytes read after twice write_timeout`);
  client.stop();
  await eventually(() => openConnections(served.port) === 0, 'the reset of one that has stopped');
});
