// Requests about which limits are asked elsewhere: what comes meanwhile is kept and no more than that, a client that ends meanwhile
// is treated as at any other time, and a word that does not come holds nobody up.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TICK_MS } from '../../../src/connection/deadlines.ts';
import type { Connection } from '../../../src/connection/machine.ts';
import { PROMPT_END_MS } from '../../../src/connection/states/states.ts';
import { type SimClient, World } from '../../model/world.ts';

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const post = (length: number) => `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`;

interface Scene {
  readonly world: World;
  readonly connection: Connection;
  readonly client: SimClient;
  /** About the request. */
  readonly say: Say;
}

/** `enters`: also about the connection itself others are asked. */
function asked(text: string, enters = false): Scene {
  const world = new World({
    limit: 4,
    threads: 1,
    capacity: 1,
    buffered: true,
    bodyBytesMax: 100_000,
    limited: true,
  });
  const { admission } = world;
  assert.ok(admission !== null);
  admission.alwaysLater = !enters;
  admission.entersLater = enters;
  world.connect();
  const [entry] = world.open;
  assert.ok(entry !== undefined);
  const [connection, client] = entry;
  const say = (granted: boolean) => {
    admission.answer(0, granted, new Set([connection.peer]));
    world.settleSockets();
  };
  send(connection, client, text);
  assert.equal(connection.state.reading, 'asking');
  return { world, connection, client, say };
}

type Say = (granted: boolean) => void;

function send(connection: Connection, client: SimClient, text: string): void {
  client.sends(text);
  connection.bytes(Buffer.from(text, 'latin1'));
}

test('what comes while limits are asked is kept up to a bound, and goes on when they have spoken', () => {
  const { world, connection, client, say } = asked(post(40_000) + 'x'.repeat(20_000));
  assert.ok(client.paused, 'the client has to wait');
  assert.equal(world.submitted.size, 0);
  say(true);
  assert.ok(!client.paused);
  assert.equal(connection.state.reading, 'body');
  send(connection, client, 'x'.repeat(20_000));
  const [job] = world.submitted;
  assert.ok(job?.body.kind === 'bytes');
  assert.equal(job.body.bytes.length, 40_000);
});

test('a client that ends in the middle of its body is gone as soon as the limits have spoken', () => {
  const { connection, client, say } = asked(`${post(20)}abc`);
  connection.ended();
  assert.equal(connection.state.reading, 'asking');
  say(true);
  assert.equal(client.closing, 'close');
});

test('a client that ends right behind its request is answered, and one that ends later is gone', () => {
  const waits = asked(GET);
  waits.connection.ended();
  waits.say(false);
  assert.match(waits.client.received, /^HTTP\/1.1 429 /);
  const gone = asked(GET);
  gone.world.advance(PROMPT_END_MS + TICK_MS);
  assert.equal(gone.connection.state.reading, 'asking');
  gone.connection.ended();
  assert.equal(gone.client.closing, 'close');
});

test('without a word in time the request goes on, and one that comes then changes nothing', () => {
  const { world, client, say } = asked(GET + GET);
  world.advance(1000);
  assert.equal(world.submitted.size, 1);
  assert.equal(world.admission?.lateOnes, 1);
  say(false);
  assert.equal(client.received, '');
});

test('what is refused is dropped, and the next request of the connection is asked about', () => {
  const { connection, client, say } = asked(`${post(3)}abc${GET}`);
  say(false);
  assert.match(client.received, /^HTTP\/1.1 429 /);
  assert.equal(connection.state.reading, 'asking');
  say(false);
  assert.equal(client.responses, 2);
});

test('a connection about which others are asked waits with its first head, and is served or reset', () => {
  const served = asked(GET + GET, true);
  served.connection.ended();
  assert.equal(served.world.submitted.size, 0);
  enter(served, true);
  assert.equal(served.world.submitted.size, 1);
  const refused = asked(`${post(3)}abc`, true);
  enter(refused, false);
  assert.equal(refused.client.closing, 'reset');
  assert.equal(refused.client.received, '');
  assert.equal(refused.world.submitted.size, 0);
});

test('its first request is asked about once it may stay', () => {
  const scene = asked(GET, true);
  const { admission } = scene.world;
  assert.ok(admission !== null);
  admission.alwaysLater = true;
  assert.equal(admission.pending.length, 0);
  enter(scene, true);
  assert.equal(scene.connection.state.reading, 'asking');
  scene.say(false);
  assert.match(scene.client.received, /^HTTP\/1.1 429 /);
});

test('without a word about the connection in time it stays, and one that comes then changes nothing', () => {
  const scene = asked(GET, true);
  scene.world.advance(1000);
  assert.equal(scene.world.submitted.size, 1);
  assert.equal(scene.world.admission?.lateOnes, 1);
  enter(scene, false);
  assert.equal(scene.client.closing, 'no');
});

test('a client that leaves before the word about its connection has come leaves no place behind', () => {
  const scene = asked(GET, true);
  scene.client.gone = true;
  scene.world.settleSockets();
  enter(scene, true);
  assert.equal(scene.world.submitted.size, 0);
  assert.equal(scene.world.admission?.places, 0);
});

function enter({ world }: Scene, granted: boolean): void {
  world.admission?.answerEntering(0, granted);
  world.settleSockets();
}
