// The status address beside people who may not ask: whoever shows no token gets one answer and a short time, keeps nobody out, and
// has nothing made of what is sent behind the first head. And what asks workers is done a few times at once. Seen to fail: 401s on
// connections that stayed, each of the heads of one read answered, and every stack taken anew.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { Steered } from '../../../../src/arbiter/control/operator.ts';
import { Refusal } from '../../../../src/arbiter/control/refusal.ts';
import { Questions } from '../../../../src/arbiter/fleet/questions.ts';
import { readPage } from '../../../../src/arbiter/status/page.ts';
import { routesOf } from '../../../../src/arbiter/status/routes.ts';
import { StatusServer } from '../../../../src/arbiter/status/server.ts';
import { Stacks } from '../../../../src/arbiter/status/stacks.ts';
import { Strangers } from '../../../../src/arbiter/status/strangers.ts';
import { eventually } from '../../../support/eventually.ts';

const SHOWN = 'authorization: Bearer s3cret\r\n';
const LARGE = 'x'.repeat(8 * 1024 * 1024);

function get(path: string, fields = ''): string {
  return `GET ${path} HTTP/1.1\r\nhost: a\r\n${fields}\r\n`;
}

describe('an address with a token', () => {
  let server: StatusServer;
  let port: number;
  let answered = 0;
  const sockets: Socket[] = [];

  before(async () => {
    const answer = (text: string) => async () => {
      answered += 1;
      return { type: 'text/plain', text };
    };
    server = await StatusServer.open({ host: '127.0.0.1', port: 0 }, 's3cret', [
      { path: '/', isData: false, answer: answer(LARGE) },
      { path: '/data', isData: true, answer: answer('data') },
    ]);
    port = Number(server.label.split(':').at(-1));
  });
  after(async () => {
    for (const socket of sockets) socket.destroy();
    await server.close();
  });

  async function come(): Promise<Socket> {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    sockets.push(socket);
    await once(socket, 'connect');
    return socket;
  }

  /** All that comes until the server closes. */
  async function told(bytes: string): Promise<string> {
    const socket = await come();
    let text = '';
    socket.setEncoding('latin1').on('data', (more: string) => (text += more));
    socket.write(bytes);
    await once(socket, 'close');
    return text;
  }

  function heads(text: string): number {
    return text.match(/HTTP\/1\.1 /g)?.length ?? 0;
  }

  test('who shows no token is answered once, and the connection closed', async () => {
    for (const [bytes, status] of [
      [get('/data'), 401],
      [get('/data', 'authorization: Bearer wrong\r\n'), 401],
      [get('/data', `${SHOWN}origin: http://evil.example\r\n`), 403],
      [get('/no'), 401],
      [get('/'), 200],
    ] as const) {
      const text = await told(bytes);
      assert.ok(text.startsWith(`HTTP/1.1 ${status} `), text.slice(0, 200));
      assert.match(text, /\r\nconnection: close\r\n/i);
      assert.equal(heads(text), 1);
    }
  });

  test('of what comes behind the first head nothing is made', async () => {
    const before = answered;
    for (const bytes of [get('/').repeat(2000), 'G'.repeat(9000)]) {
      const text = await told(bytes);
      assert.match(text, /^HTTP\/1\.1 400 .*\r\n\r\nOne request at a time.*\n$/s);
    }
    // Nor while it does not read what it was answered.
    const socket = await come();
    socket.pause();
    socket.write(get('/'));
    const more = setInterval(() => socket.write(get('/')), 5);
    await eventually(() => answered > before, 'the first to be answered');
    // Time enough for what must not come.
    await new Promise((resolve) => setTimeout(resolve, 200));
    clearInterval(more);
    assert.equal(answered, before + 1);
    socket.destroy();
  });

  test('who has shown it goes on asking on the same connection, also with a head in pieces', async () => {
    const socket = await come();
    let text = '';
    socket.setEncoding('latin1').on('data', (more: string) => (text += more));
    const bytes = get('/data', SHOWN);
    socket.write(bytes.slice(0, 20));
    await new Promise(setImmediate);
    socket.write(bytes.slice(20));
    while (heads(text) < 1) await once(socket, 'data');
    socket.write(bytes.repeat(3));
    while (heads(text) < 4) await once(socket, 'data');
    assert.equal(text.match(/^HTTP\/1\.1 200 /gm)?.length, 4);
    // And is a stranger again when it does not.
    socket.write(get('/data'));
    await once(socket, 'close');
    assert.match(text, /HTTP\/1\.1 401 .*connection: close/is);
  });

  test('any number of silent ones keep nobody out, and cost nobody the connection that has shown it', async () => {
    const known = await come();
    known.write(get('/data', SHOWN));
    await once(known, 'data');
    const silent = [];
    for (let each = 0; each < 250; each++) silent.push(await come());
    assert.match(await told(get('/data', `${SHOWN}connection: close\r\n`)), /^HTTP\/1\.1 200 /);
    known.write(get('/data', SHOWN));
    const [data] = (await once(known, 'data')) as [Buffer];
    assert.match(data.toString(), /^HTTP\/1\.1 200 /);
  });
});

test('a stranger has ten seconds, whatever it does', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const strangers = new Strangers();
  const come = () => new PassThrough() as unknown as Socket;
  const [silent, dribbling, known] = [come(), come(), come()];
  for (const socket of [silent, dribbling, known]) strangers.came(socket, () => undefined);
  strangers.isNone(known);
  t.mock.timers.tick(9_000);
  assert.equal(silent.destroyed, false);
  dribbling.write('G');
  t.mock.timers.tick(1_001);
  assert.deepEqual(
    [silent, dribbling, known].map(({ destroyed }) => destroyed),
    [true, true, false],
  );
  assert.equal(strangers.dismiss(known), true);
  assert.equal(strangers.dismiss(known), false);
  t.mock.timers.tick(10_001);
  assert.equal(known.destroyed, true);
});

/** What is asked stays open until `answer`. */
class Held {
  asked = 0;
  readonly #open: (() => void)[] = [];

  async ask(): Promise<never> {
    this.asked += 1;
    await new Promise<void>((resolve) => this.#open.push(resolve));
    throw new Error('answered');
  }

  answer(): void {
    for (const open of this.#open.splice(0)) open();
  }
}

test('workers are asked for metrics and connections a few times at once, and whoever else wants them is refused', async () => {
  const held = new Held();
  const ask = () => held.ask();
  const routes = routesOf({
    server: {} as Steered,
    operator: { connections: ask, threads: () => new Promise<never>(() => undefined), stack: ask },
    live: { isFull: false, watch: () => undefined },
  });
  for (const path of ['/metrics', '/connections']) {
    const route = routes.find((one) => one.path === path);
    held.asked = 0;
    const all = Array.from({ length: 64 }, () =>
      Promise.resolve(route?.answer(new URLSearchParams())).catch((error: unknown) => error),
    );
    // prom-client is loaded.
    while (held.asked < 8) await new Promise(setImmediate);
    held.answer();
    const refused = (await Promise.all(all)).filter((error) => error instanceof Refusal);
    assert.equal(held.asked, 8, path);
    assert.equal(refused.length, 56);
    assert.ok(refused.every((error) => error.status === 503));
  }
});

test('stacks of many threads leave places for who asks the worker meanwhile', () => {
  const asked: string[] = [];
  const questions = new Questions((message) => {
    if (message.kind === 'ask') asked.push(message.question.about);
  });
  for (let n = 0; n < 100; n++) void questions.ask({ about: 'stack', thread: `${n}` }, 1000);
  void questions.ask({ about: 'lanes', marks: 1 }, 1000);
  assert.equal(asked.at(-1), 'lanes');
  assert.equal(asked.length, 49);
  questions.end();
});

test('a stack is taken four times a second for each thread, however often it is asked for', async () => {
  let nowMs = 0;
  const taken: string[] = [];
  const take = async (worker: number, thread: string): Promise<object> => {
    await new Promise(setImmediate);
    if (thread === 'no') throw new Refusal(404, 'no');
    return { at: taken.push(`${worker} ${thread}`) };
  };
  const stacks = new Stacks(take, () => nowMs);
  const first = await Promise.all(Array.from({ length: 20 }, () => stacks.of(1, 'thread 1')));
  assert.equal(new Set(first).size, 1);
  for (; nowMs < 1000; nowMs += 10) await stacks.of(1, 'thread 1');
  assert.equal(taken.length, 4);
  await stacks.of(2, 'thread 1');
  assert.equal(taken.at(-1), '2 thread 1');
  // What there is not is asked for anew.
  for (let each = 0; each < 2; each++) await assert.rejects(stacks.of(1, 'no'), { status: 404 });
  const others = ['a', 'b', 'c', 'd', 'e'].map((thread) => stacks.of(1, thread));
  const outcomes = await Promise.allSettled(others);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'fulfilled', 'fulfilled', 'rejected'],
  );
});

test('the page comes compressed to whoever names gzip, and is the same', async () => {
  const page = await readPage();
  const route = {
    path: '/',
    isData: false,
    answer: () => Promise.resolve({ type: 'text/html', ...page }),
  };
  const server = await StatusServer.open({ host: '127.0.0.1', port: 0 }, null, [route]);
  const ask = async (takes: string): Promise<[coding: string | undefined, body: Buffer]> => {
    const asked = httpGet(`http://${server.label}/`, { headers: { 'accept-encoding': takes } });
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    assert.equal(response.headers.vary, 'accept-encoding');
    return [response.headers['content-encoding'], await buffer(response)];
  };
  try {
    for (const takes of ['gzip', 'br, GZIP;q=0.5', 'deflate,gzip ; q=1']) {
      const [coding, body] = await ask(takes);
      assert.equal(coding, 'gzip', takes);
      assert.ok(body.length < page.text.length / 2, `${body.length} bytes`);
      assert.equal(gunzipSync(body).toString(), page.text);
    }
    for (const takes of ['', '*', 'br', 'gzip;q=0', 'gzip;q=0.000', 'x-gzip']) {
      const [coding, body] = await ask(takes);
      assert.equal(coding, undefined, takes);
      assert.equal(body.toString(), page.text);
    }
  } finally {
    await server.close();
  }
});
