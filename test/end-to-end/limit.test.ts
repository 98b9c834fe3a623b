// The scenario that froze Gunicorn 21 to 23: one worker, three threads, worker_connections 4.
//
// 1. More keep-alive clients come than the limit allows.
// 2. At the limit the loop stopped looking at its poller, so that the connections it had were never handled again.
// 3. It waited for nothing, in a loop without a pause, and went on saying that it was well: nobody restarted it.
//
// Here: everybody is served, never more than four connections are open, nothing spins.

import assert from 'node:assert/strict';
import { closeSync, constants, openSync } from 'node:fs';
import test from 'node:test';
import { openConnections, queuedConnections } from '../support/open-connections.ts';
import { processorShare } from '../support/processes.ts';
import {
  eventually,
  hasRead,
  makeFifo,
  type RawClient,
  type Served,
  serveWsgi,
} from './serving.ts';

const LIMIT = 4;
const WAITING = 20;
const ARGS = ['-k', 'gthread', '--threads', '3', '--worker-connections', String(LIMIT)];

/** Counts from the kernel's table as often as the event loop lets it, until told to stop; gives the highest count. */
function watchConnections(port: number): () => number {
  let highest = 0;
  let watching = true;
  const look = (): void => {
    highest = Math.max(highest, openConnections(port));
    if (watching) setImmediate(look);
  };
  look();
  return () => {
    watching = false;
    return highest;
  };
}

/** What the server says of itself at level debug: the last heartbeat's count, and the highest of all heartbeats. */
async function toldConnections(server: Served): Promise<{ open: number; highest: number }> {
  const heartbeats = () =>
    [...server.log().matchAll(/: (\d+) connections open, at most (\d+) since the last one/g)].map(
      ([, open, most]) => ({ open: Number(open), most: Number(most) }),
    );
  // One that was sent after this call: what happened before it is in there.
  const before = heartbeats().length;
  await eventually(() => heartbeats().length > before + 1);
  const all = heartbeats();
  return { open: all.at(-1)?.open ?? -1, highest: Math.max(...all.map(({ most }) => most)) };
}

/** A client that wants `wanted` answers, on as many connections as the server makes it use. */
async function persistentClient(server: Served, wanted: number): Promise<number> {
  let answered = 0;
  while (answered < wanted) {
    const client = await server.connect();
    try {
      while (answered < wanted) {
        const reply = await client.get('/');
        assert.equal(reply.status, 200);
        answered += 1;
        if (reply.field('connection')?.toLowerCase() === 'close') break;
      }
    } catch (error) {
      // An idle connection that had to make room: the client does as browsers do and comes again.
      if (!(error instanceof Error) || !/closed|reset/.test(error.message)) throw error;
    } finally {
      client.destroy();
    }
  }
  return answered;
}

/** The share of a core that the server and all below it use while nothing happens. */
function idleProcessorShare(server: Served): Promise<number> {
  // The one place of these tests that lets time pass: that nothing spins can only be seen over a while.
  return processorShare([server.pid, ...server.childPids()], 1500);
}

test('64 keep-alive clients at worker_connections 4 are all served and never more than 4 are open', async () => {
  const server = await serveWsgi('hello:app', [...ARGS, '--log-level', 'debug']);
  const highest = watchConnections(server.port);
  const answers = await Promise.all(Array.from({ length: 64 }, () => persistentClient(server, 5)));
  assert.deepEqual(
    answers,
    Array.from({ length: 64 }, () => 5),
  );
  const most = highest();
  assert.ok(most >= 2 && most <= LIMIT, `${most} connections were open at once`);
  // The kernel's table is looked at now and then; the server sees each one come.
  assert.equal((await toldConnections(server)).highest, LIMIT);
});

test('at the limit an idle server uses no processor time, and new clients still get in', async () => {
  const server = await serveWsgi('hello:app', [...ARGS, '--keep-alive', '60']);
  const idle = await idleClients(server, LIMIT);
  const waiting = Array.from({ length: 20 }, () => persistentClient(server, 1));
  assert.deepEqual(
    await Promise.all(waiting),
    Array.from({ length: 20 }, () => 1),
  );
  await eventually(() => openConnections(server.port) <= LIMIT);
  const share = await idleProcessorShare(server);
  assert.ok(share < 0.1, `${(share * 100).toFixed(1)} % of a core while nothing happens`);
  for (const client of idle) client.destroy();
});

test('with the limit full of running requests and a queue in the kernel nothing spins, and all get in', async () => {
  const server = await serveWsgi('wait_for_signal:app', [...ARGS, '--log-level', 'debug']);
  const fifo = await makeFifo();
  let answered = 0;
  for (let index = 0; index < LIMIT + WAITING; index++) {
    const client = await server.connect();
    void client.get(`/?fifo=${fifo}`, 'Connection: close\r\n').then(() => answered++);
    // Whoever has asked for nothing yet would have to make room for the next one.
    if (index < LIMIT) await eventually(() => hasRead(server, client));
  }
  await eventually(() => queuedConnections(server.port) === WAITING);
  assert.equal(openConnections(server.port), LIMIT);
  assert.deepEqual(await toldConnections(server), { open: LIMIT, highest: LIMIT });
  const share = await idleProcessorShare(server);
  assert.ok(share < 0.1, `${(share * 100).toFixed(1)} % of a core while nothing happens`);
  await eventually(() => {
    letReadersGo(fifo);
    return answered === LIMIT + WAITING;
  });
});

test('silent clients at the limit keep nobody out, and are let go', async () => {
  const server = await serveWsgi('hello:app', [...ARGS, '--first-byte-timeout', '1']);
  const highest = watchConnections(server.port);
  const silent = await silentClients(server, 3 * LIMIT);
  assert.equal(await persistentClient(server, 3), 3);
  for (const client of silent) await client.waitClosed();
  assert.ok(highest() <= LIMIT);
});

test('clients that keep a connection open that the server has closed give way when others wait', async () => {
  // Refused requests: the server ends the connection and waits for the client's end, which never comes.
  const server = await serveWsgi('hello:app', [...ARGS, '--linger-timeout', '14']);
  const stay = await Promise.all(Array.from({ length: LIMIT }, () => server.connect()));
  for (const client of stay) {
    await client.send('no HTTP\r\n\r\n');
    assert.equal((await client.readResponse()).status, 400);
  }
  const startMs = performance.now();
  assert.equal(await persistentClient(server, 3), 3);
  assert.ok(performance.now() - startMs < 10_000, 'long before linger_timeout');
});

test('idle keep-alive connections give way when others wait, the oldest first', async () => {
  const server = await serveWsgi('hello:app', [...ARGS, '--keep-alive', '60']);
  const idle = await idleClients(server, LIMIT);
  const closed: number[] = [];
  idle.forEach((client, index) => {
    client.waitClosed().then(
      () => closed.push(index),
      () => {},
    );
  });
  for (let newcomer = 1; newcomer < LIMIT; newcomer++) {
    const client = await server.connect();
    assert.equal((await client.get('/')).status, 200);
    await eventually(() => closed.length >= newcomer);
    assert.ok(openConnections(server.port) <= LIMIT);
  }
  assert.deepEqual(
    closed,
    closed.map((_, place) => place),
  );
});

/** Clients that had one answer each, in this order, and keep their connection. */
async function idleClients(server: Served, count: number): Promise<RawClient[]> {
  const clients: RawClient[] = [];
  for (let index = 0; index < count; index++) {
    const client = await server.connect();
    assert.equal((await client.get('/')).status, 200);
    clients.push(client);
  }
  return clients;
}

/** Clients that connect and say nothing. */
async function silentClients(server: Served, count: number): Promise<RawClient[]> {
  return Promise.all(Array.from({ length: count }, () => server.connect()));
}

/** Opens and closes the fifo without waiting: whoever reads it now sees its end. */
function letReadersGo(fifo: string): void {
  try {
    closeSync(openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK));
  } catch {
    // Nobody reads it at this moment.
  }
}
