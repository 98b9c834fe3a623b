// The edge with TLS on real sockets: how a handshake begins, ends and fails there, how each way of ending a connection looks
// to the client, and that what is written waits for a client that does not read.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import net, { type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, test } from 'node:test';
import tls, { type TLSSocket } from 'node:tls';
import type { AcceptedHandle } from '../../../src/connection/edge/socket.ts';
import { SecureEdge, tlsTermsOf } from '../../../src/connection/edge/tls.ts';
import { Connection } from '../../../src/connection/machine.ts';
import type { Job } from '../../../src/threads/app-thread.ts';
import { World } from '../../model/world.ts';
import { makeCertificate } from '../../support/certificates.ts';
import { clientHello } from '../../support/client-hello.ts';
import { eventually } from '../../support/eventually.ts';

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const OK = { status: '200 OK', fields: '', sendDate: true };
/** Of World. */
const HANDSHAKE_TIMEOUT_MS = 1200;

const folder = mkdtempSync(join(tmpdir(), 'tunicorn-tls-'));
after(() => rmSync(folder, { recursive: true }));
const { cert, key } = makeCertificate(folder);
const terms = tlsTermsOf({ cert, key, ticketKeys: Buffer.alloc(48, 'k') });

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

interface Pair {
  readonly world: World;
  readonly connection: Connection;
  readonly edge: SecureEdge;
  /** Below TLS. */
  readonly client: Socket;
  /** What the edge told of handshakes that failed. */
  readonly failures: string[];
}

/** A connection that a world serves, and a client that has not begun the handshake. */
async function pair(path: string | null = null): Promise<Pair> {
  const world = new World({
    limit: 4,
    threads: 1,
    capacity: 1,
    buffered: true,
    bodyFolder: folder,
  });
  const failures: string[] = [];
  world.handshakeFailed = (_connection, detail) => failures.push(detail);
  const server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true });
  ends.push(() => server.close());
  await new Promise<void>((listening) => {
    if (path === null) server.listen(0, '127.0.0.1', listening);
    else server.listen(path, listening);
  });
  const opened = new Promise<Pick<Pair, 'connection' | 'edge'>>((resolve) => {
    server.once('connection', (accepted: Socket) => {
      const handle = Reflect.get(accepted, '_handle') as AcceptedHandle;
      Reflect.set(accepted, '_handle', null);
      const peer = {
        address: '',
        port: 0,
        serverName: '',
        serverPort: 0,
        scheme: 'https',
      } as const;
      world.accepted += 1;
      const edge = new SecureEdge(handle, world.context, terms);
      const connection = new Connection(world.context, edge, peer, 'handshake');
      edge.connect(connection);
      resolve({ connection, edge });
    });
  });
  const address = server.address();
  if (address === null) assert.fail('it does not listen');
  const client = typeof address === 'string' ? net.connect(address) : net.connect(address.port);
  client.on('error', () => {});
  ends.push(() => client.destroy());
  return { world, ...(await opened), client, failures };
}

/** Speaks TLS over the client's socket; resolves when the handshake is done on both sides. */
async function shakeHands(
  { client, connection }: Pair,
  options: tls.ConnectionOptions = {},
): Promise<TLSSocket> {
  const secure = tls.connect({ socket: client, ca: cert, servername: 'localhost', ...options });
  secure.on('error', () => {});
  ends.push(() => secure.destroy());
  await new Promise((resolve) => secure.once('secureConnect', resolve));
  await eventually(() => connection.state.reading === 'new', 'the end of the handshake');
  return secure;
}

/** The job of a request that a client sends. */
async function ask(world: World, client: Socket, request = GET): Promise<Job> {
  client.write(request);
  await eventually(() => world.threads[0]?.jobs.length === 1, 'the request to begin');
  return world.threads[0]?.jobs[0] ?? assert.fail('no job');
}

function reads(client: Socket): { text: string; ended: boolean } {
  const seen = { text: '', ended: false };
  client.on('data', (bytes) => {
    seen.text += bytes.toString('latin1');
  });
  client.on('end', () => {
    seen.ended = true;
  });
  return seen;
}

const isGone = ({ world, connection }: Pair): Promise<boolean> =>
  eventually(() => world.gone.has(connection), 'the connection to be gone');

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`with ${version} a request is answered and the connection kept`, async () => {
    const both = await pair();
    const { world, connection } = both;
    assert.equal(connection.state.reading, 'handshake');
    const client = await shakeHands(both, { minVersion: version, maxVersion: version });
    const seen = reads(client);
    for (let turn = 1; turn <= 2; turn++) {
      const job = await ask(world, client);
      job.whole(OK, Buffer.from(`turn ${turn}`));
      job.jobOver();
      world.threads[0]?.leave(job);
      await eventually(() => seen.text.endsWith(`turn ${turn}`), 'the answer');
      await eventually(() => connection.state.reading === 'keep-alive', 'it to be kept');
    }
  });
}

test('a client that has said nothing is not greeted, one that has said hello is', async () => {
  const both = await pair();
  const { connection, client } = both;
  const hello = await clientHello();
  client.write(hello.subarray(0, 40));
  await eventually(() => client.bytesWritten === 40, 'half a hello to leave');
  assert.equal(connection.greeted, false);
  client.write(hello.subarray(40));
  await eventually(() => client.readableLength > 0, 'the answer to the hello');
  assert.equal(connection.greeted, true);
  assert.equal(connection.state.reading, 'handshake');
});

for (const [how, said] of [
  ['says nothing', 0],
  ['has said half a hello', 40],
  ['has said hello and nothing more', 10_000],
] as const) {
  test(`a handshake whose client ${how} ends at handshake_timeout`, async () => {
    const both = await pair();
    const { world, connection, client } = both;
    const left = new Promise((resolve) => client.once('close', resolve));
    client.resume();
    client.write((await clientHello()).subarray(0, said));
    if (said > 1000) await eventually(() => connection.greeted, 'the answer to the hello');
    world.advance(HANDSHAKE_TIMEOUT_MS / 2);
    assert.equal(world.gone.has(connection), false);
    world.advance(HANDSHAKE_TIMEOUT_MS);
    await isGone(both);
    await left;
    assert.deepEqual(both.failures, []);
  });
}

test('plain HTTP is no handshake: told once, and closed', async () => {
  const both = await pair();
  both.client.write(GET);
  await isGone(both);
  assert.deepEqual(both.failures, ['http request']);
});

test('a client that asks for HTTP/2 alone is refused in the handshake', async () => {
  const both = await pair();
  const client = tls.connect({
    socket: both.client,
    ca: cert,
    servername: 'localhost',
    ALPNProtocols: ['h2'],
  });
  ends.push(() => client.destroy());
  const error = await new Promise<Error>((resolve) => client.once('error', resolve));
  assert.match(error.message, /no application protocol/);
  await isGone(both);
  assert.equal(both.failures.length, 1);
});

test('a reset in the middle of a handshake ends the connection once', async () => {
  const both = await pair();
  both.client.write((await clientHello()).subarray(0, 40));
  both.client.resetAndDestroy();
  await isGone(both);
});

test('a client that resets right after its request is gone before anything is written to it', async () => {
  const both = await pair();
  const { world, client } = both;
  const secure = tls.connect({ socket: client, ca: cert, servername: 'localhost' });
  secure.on('error', () => {});
  await new Promise((resolve) => secure.once('secureConnect', resolve));
  // In one turn with the last message of the handshake: our session tickets meet the reset.
  await new Promise((resolve) => secure.write(GET, resolve));
  client.resetAndDestroy();
  await isGone(both);
  assert.equal(world.done.size, world.submitted.size, 'its request is over');
});

test('bytes that are no TLS after the handshake end the connection', async () => {
  const both = await pair();
  await shakeHands(both);
  both.client.write('these bytes are no record of TLS');
  await isGone(both);
  assert.deepEqual(both.failures, []);
});

test('a client that ends its half still gets its answer, and then close_notify', async () => {
  const both = await pair();
  const client = await shakeHands(both, { allowHalfOpen: true } as tls.ConnectionOptions);
  const seen = reads(client);
  const job = await ask(both.world, client);
  client.end();
  await eventually(() => both.connection.state.reading === 'complete', 'its end to come');
  job.whole(OK, Buffer.from('still here'));
  await eventually(() => seen.ended, 'the end');
  assert.match(seen.text, /still here$/);
  await isGone(both);
});

test('a client that ends its half gets a large answer whole, however slowly it reads', async () => {
  const both = await pair();
  const client = await shakeHands(both);
  const job = await ask(both.world, client);
  client.end();
  await eventually(() => both.connection.state.reading === 'complete', 'its end to come');
  job.whole(OK, Buffer.alloc(16 * 1024 * 1024));
  let received = 0;
  for await (const piece of client) {
    received += (piece as Buffer).length;
    // The kernel is full most of the time.
    if (received % 8 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert.ok(received > 16 * 1024 * 1024, `${received} bytes`);
  await isGone(both);
});

for (const [kind, path] of [
  ['TCP', () => null],
  ['a unix socket', () => join(mkdtempSync(join(folder, 'unix-')), 'socket')],
] as const) {
  test(`a client that leaves right after its request, on ${kind}, is gone at the latest when it is answered`, async () => {
    const both = await pair(path());
    const { world, client } = both;
    const secure = tls.connect({ socket: client, ca: cert, servername: 'localhost' });
    secure.on('error', () => {});
    await new Promise((resolve) => secure.once('secureConnect', resolve));
    // In one turn with the last message of the handshake: our session tickets find nobody.
    await new Promise((resolve) => secure.write(GET, resolve));
    if (kind === 'TCP') client.resetAndDestroy();
    else client.destroy();
    // A reset is seen at once; where there is none, the answer may have to be begun.
    const answered = new Set<Job>();
    await eventually(() => {
      for (const job of world.submitted) {
        if (!answered.has(job) && !world.done.has(job)) {
          answered.add(job);
          job.whole(OK, Buffer.alloc(1024 * 1024));
        }
      }
      return world.gone.has(both.connection);
    }, 'the connection to be gone');
    assert.equal(world.done.size, world.submitted.size, 'its request is over');
    assert.equal(world.context.responseBudget.used, 0);
  });

  test(`a client that does not read its response is let go on ${kind}`, async () => {
    const both = await pair(path());
    const { world, connection } = both;
    const client = await shakeHands(both);
    client.pause();
    const job = await ask(world, client);
    job.whole(OK, Buffer.alloc(16 * 1024 * 1024));
    await eventually(
      () => connection.state.owing === 'writing' && connection.sending,
      'it to wait',
    );
    // The kernel still takes some, and every time the deadline counts anew.
    await eventually(() => {
      world.advance(1000);
      return world.gone.has(connection);
    }, 'the connection to be gone');
    assert.equal(world.context.responseBudget.used, 0);
  });

  test(`a client that is refused and never leaves is let go on ${kind}`, async () => {
    const both = await pair(path());
    const client = await shakeHands(both);
    client.write('GET / HTTP/1.1\r\nHost x\r\n\r\n');
    await eventually(() => both.connection.state.reading === 'lingering', 'the refusal');
    await eventually(() => client.readableLength > 0, 'the refusal to arrive');
    both.world.advance(1000);
    await isGone(both);
  });

  test(`our end that the kernel has no room for is not waited for without a bound on ${kind}`, async () => {
    const both = await pair(path());
    const client = await shakeHands(both);
    client.pause();
    // More than the kernel takes: what stands behind it cannot leave either.
    both.edge.write(Buffer.alloc(32 * 1024 * 1024));
    both.edge.close();
    await eventually(() => client.readableLength > 0, 'the first of it to arrive');
    assert.equal(both.world.gone.has(both.connection), false);
    both.world.advance(1000);
    await isGone(both);
  });
}
