// The edge of the connection machine on real sockets: how a connection ends there, on TCP and on a unix socket, and
// that a large response leaves turns of the loop to the others.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import net, { type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, mock, test } from 'node:test';
import { type AcceptedHandle, openConnection } from '../../../src/connection/edge/socket.ts';
import type { Connection } from '../../../src/connection/machine.ts';
import type { Job } from '../../../src/threads/app-thread.ts';
import { World } from '../../model/world.ts';
import { eventually } from '../../support/eventually.ts';

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const original = net.Socket.prototype.write;
const OK = { status: '200 OK', fields: '', sendDate: true };

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A connection that is served by a world whose own clients are simulated, and the client at its other end. */
async function pair(
  world: World,
  path: string | null,
): Promise<{ connection: Connection; client: Socket }> {
  const server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true });
  ends.push(() => server.close());
  await new Promise<void>((listening) => {
    if (path === null) server.listen(0, '127.0.0.1', listening);
    else server.listen(path, listening);
  });
  const opened = new Promise<Connection>((resolve) => {
    server.once('connection', (accepted: Socket) => {
      const handle = Reflect.get(accepted, '_handle') as AcceptedHandle;
      Reflect.set(accepted, '_handle', null);
      const peer = { address: '', port: 0, serverName: '', serverPort: 0, scheme: 'http' } as const;
      world.accepted += 1;
      const connection = openConnection(handle, world.context, () => peer);
      if (connection === null || connection === 'turned away') assert.fail('it is let in');
      resolve(connection);
    });
  });
  const address = server.address();
  if (address === null) assert.fail('it does not listen');
  const client = typeof address === 'string' ? net.connect(address) : net.connect(address.port);
  client.on('error', () => {});
  ends.push(() => client.destroy());
  return { connection: await opened, client };
}

function unixPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tunicorn-edge-'));
  ends.push(() => rmSync(folder, { recursive: true }));
  return join(folder, 'socket');
}

function makeWorld(): World {
  return new World({ limit: 4, threads: 1, capacity: 1, buffered: true, bodyFolder: tmpdir() });
}

/** The job of the request that the client sends. */
async function ask(world: World, client: Socket): Promise<Job> {
  client.write(GET);
  await eventually(() => world.threads[0]?.jobs.length === 1, 'the request to begin');
  return world.threads[0]?.jobs[0] ?? assert.fail('no job');
}

for (const [kind, path] of [
  ['TCP', () => null],
  ['a unix socket', unixPath],
] as const) {
  test(`a client that does not read its response is let go on ${kind}`, async () => {
    const world = makeWorld();
    const { connection, client } = await pair(world, path());
    const job = await ask(world, client);
    job.whole(OK, Buffer.alloc(16 * 1024 * 1024));
    await eventually(
      () => connection.state.owing === 'writing' && connection.sending,
      'it to wait',
    );
    world.advance(5000);
    await eventually(() => world.gone.has(connection), 'the connection to be gone');
    assert.equal(world.context.responseBudget.used, 0);
  });

  test(`a client that is refused and never leaves is let go on ${kind}`, async () => {
    const world = makeWorld();
    const { connection, client } = await pair(world, path());
    client.write('GET / HTTP/1.1\r\nHost x\r\n\r\n');
    await eventually(() => connection.state.reading === 'lingering', 'the refusal');
    await eventually(() => client.readableLength > 0, 'the refusal to arrive');
    world.advance(1000);
    await eventually(() => world.gone.has(connection), 'the connection to be gone');
  });
}

test('a response that the kernel takes at once leaves turns of the loop to others', async () => {
  const world = makeWorld();
  const { connection, client } = await pair(world, null);
  const job = await ask(world, client);
  let writes = 0;
  const perTurn: number[] = [];
  const write = mock.method(net.Socket.prototype, 'write', function (this: Socket, ...args: []) {
    writes += 1;
    return Reflect.apply(original, this, args) as boolean;
  });
  ends.push(() => write.mock.restore());
  const count = (): void => {
    perTurn.push(writes);
    writes = 0;
    if (perTurn.length < 20) setImmediate(count);
  };
  connection.sendLater();
  job.replyHead(OK);
  for (let i = 0; i < 24; i++) job.piece(Buffer.alloc(4096));
  setImmediate(count);
  let received = 0;
  client.on('data', (bytes) => {
    received += bytes.length;
  });
  await eventually(() => perTurn.length === 20 && received >= 24 * 4096, 'all of it to arrive');
  assert.ok(Math.max(...perTurn) <= 16, perTurn.join());
});
